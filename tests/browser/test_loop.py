"""The whole loop in a real browser: wrong, correct, retrain, come back by the link, gate, promote, roll back."""

from __future__ import annotations

import io
import re
from collections.abc import Callable

import pytest
from PIL import Image
from playwright.sync_api import FilePayload, Page, expect

from core.data.streams import stream_of
from tests.browser.conftest import PATIENCE_MS, Visit
from tests.browser.test_medical import FIRST_ANSWER_MS, TRAINING_MS, archive, upload

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(1800)]
OpenVisit = Callable[..., Visit]
IMAGES = 160
"""Enough for a gate to tell a model that reads negatives from one that does not."""


def negatives_of_phantoms() -> FilePayload:
    """A zip of our synthetic X-rays as negatives, black for white: a machine that the bundled model never met."""
    stream = stream_of("medical")
    assert stream is not None
    images: list[FilePayload] = []
    for number, shot in enumerate(stream.shots(seed=5, first=0, count=IMAGES)):
        buffer = io.BytesIO()
        Image.fromarray(255 - shot.sample.pixels).save(buffer, "PNG")
        name = f"{shot.label}/{number}.png"
        images.append({"name": name, "mimeType": "image/png", "buffer": buffer.getvalue()})
    return archive("negatives.zip", images)


def correct_a_sample(visitor: Visit) -> None:
    page = visitor.go("/medical")
    page.locator('[class*="st-key-medical-sample"] button').first.click()
    wrong = page.get_by_test_id("stMain").get_by_role("radio", name="Wrong")
    expect(wrong).to_be_visible(timeout=FIRST_ANSWER_MS)
    visitor.settle()
    wrong.click()
    page.get_by_text("Keep the image, so that the next training can learn from it").click()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text(re.compile("Saved: wrong"))).to_be_visible(timeout=PATIENCE_MS)


def start_quick_training(visitor: Visit, data: FilePayload) -> str:
    page = visitor.go("/medical?view=improve")
    page.locator(".st-key-medical-data").get_by_text("My own images").click()
    upload(page, "medical-data_upload", data)
    expect(page.get_by_text(f"--data {data['name']}")).to_be_visible(timeout=PATIENCE_MS)
    visitor.settle()
    mode = page.locator(".st-key-medical-train-mode").get_by_role("combobox")
    mode.click()
    mode.press("ArrowDown")
    page.get_by_role("option", name="Quick").click()
    expect(page.get_by_text("--set mode=quick")).to_be_visible(timeout=PATIENCE_MS)
    page.locator(".st-key-medical-with_corrections").get_by_text("Learn from").click()
    expect(page.get_by_text(f"--data {data['name']} --set mode=quick --corrections")).to_be_visible(timeout=PATIENCE_MS)
    page.get_by_role("button", name="Start training").click()
    page.wait_for_url("**job=*", timeout=PATIENCE_MS)
    return page.url.removeprefix(visitor.address)


def ask(visitor: Visit, place: int, version: str) -> None:
    """Click a sample on an open page; the answer has to come from this version."""
    visitor.page.locator('[class*="st-key-medical-sample"] button').nth(place).click()
    answered = visitor.page.get_by_text(re.compile(f"version {version}\\."))
    expect(answered.first).to_be_visible(timeout=FIRST_ANSWER_MS)
    visitor.settle()


def promote(page: Page) -> None:
    """With a reason exactly where the gate does not let it pass."""
    verdict = page.get_by_text(re.compile("The gate (lets it pass|stops it|cannot decide)"))
    expect(verdict).to_be_visible(timeout=PATIENCE_MS)
    reason = page.locator(".st-key-medical-reason textarea")
    expect(reason).to_have_count(0 if "lets it pass" in verdict.inner_text() else 1)
    if reason.count():
        reason.fill("The negatives are what our machine makes.")
    page.locator(".st-key-medical-promote button").click()
    expect(page.locator(".st-key-medical-rollback button")).to_be_visible(timeout=PATIENCE_MS)


def test_the_loop_from_a_wrong_answer_to_a_promotion_and_back(visit: OpenVisit) -> None:
    first = visit()
    correct_a_sample(first)
    link = start_quick_training(first, negatives_of_phantoms())
    first.page.close()
    second = visit()
    second.go("/medical")
    ask(second, 0, "bundled")

    again = visit()
    page = again.go(link)
    expect(page.get_by_text("is registered as challenger")).to_be_visible(timeout=TRAINING_MS)
    again.settle()
    expect(page.get_by_text("1 corrections joined the training examples")).to_be_visible()
    for part in ("Fixed", "Broke"):
        page.locator(".st-key-medical-changed").get_by_text(re.compile(f"{part} .*see them")).click()
        again.settle()
        expect(page.get_by_test_id("stException")).to_have_count(0)
    promote(page)
    again.settle()

    ask(second, 1, "1")
    page.locator(".st-key-medical-rollback button").click()
    expect(page.locator(".st-key-medical-rollback")).to_have_count(0, timeout=PATIENCE_MS)
    ask(second, 2, "bundled")
    assert again.foreign == second.foreign == []
