"""Teaching a part in a real browser: a dozen good images, the running job, and an answer by the new version."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import FilePayload, expect

from core.data.surfaces_simulator import draw_part
from tests.browser.conftest import PATIENCE_MS, Visit
from tests.browser.test_medical import FIRST_ANSWER_MS, TRAINING_MS, upload
from tests.ui.test_medical import png

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(1800)]
OpenVisit = Callable[..., Visit]
GOOD = 12


def shot(seed: int, defect: str = "good") -> FilePayload:
    pixels = draw_part("brushed_metal", defect, seed).pixels
    return {"name": f"{defect}{seed}.png", "mimeType": "image/png", "buffer": png(pixels)}


def test_a_dozen_good_images_teach_a_part_that_answers_at_once(visit: OpenVisit) -> None:
    visitor = visit()
    page = visitor.go("/defects?view=improve")
    name = page.locator(".st-key-defects-part_name input")
    name.fill("Plate 3")
    name.press("Tab")
    upload(page, "defects-part_good", *(shot(5_000 + place) for place in range(GOOD)))
    expect(page.get_by_text(f"{GOOD} images of good parts are learned from")).to_be_visible(timeout=FIRST_ANSWER_MS)
    expect(page.get_by_text("1 in 13")).to_be_visible()
    expect(page.get_by_text("--data 'Plate 3/'")).to_be_visible(timeout=PATIENCE_MS)
    visitor.settle()
    page.get_by_role("button", name="Start training").click()
    page.wait_for_url("**job=*", timeout=PATIENCE_MS)
    expect(page.get_by_text("is registered as challenger")).to_be_visible(timeout=TRAINING_MS)
    visitor.settle()
    expect(page.get_by_text(f"With {GOOD} held-out good parts")).to_be_visible()
    page.get_by_role("button", name="Try version 1 now").click()
    page.wait_for_url("**model=1*", timeout=PATIENCE_MS)
    visitor.settle()
    upload(page, "defects-upload", shot(6_000))
    verdict = page.get_by_test_id("stMain").get_by_role("heading", name=re.compile("OK|UNSURE|DEFECT"))
    expect(verdict).to_be_visible(timeout=FIRST_ANSWER_MS)
    expect(page.get_by_text(re.compile(r"version 1\."))).to_be_visible(timeout=PATIENCE_MS)
    expect(page.get_by_test_id("stException")).to_have_count(0)
    assert visitor.foreign == []
