"""Defect detection in a real browser: a sample and its map, the limit by false alarms, takt, many parts, a phone."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from core.data.surfaces_simulator import draw_part
from tests.browser.conftest import PATIENCE_MS, Visit
from tests.browser.test_medical import FIRST_ANSWER_MS
from tests.ui.test_medical import png

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(600)]
OpenVisit = Callable[..., Visit]
VERDICT = re.compile("OK|DEFECT|UNSURE|NO ANSWER")


def sample(visitor: Visit, file: str) -> Page:
    """Click on a sample and wait for what is said of it."""
    page = visitor.go("/defects")
    page.locator(f".st-key-defects-sample-{file} button").click(timeout=PATIENCE_MS)
    expect(verdict(page)).to_be_visible(timeout=FIRST_ANSWER_MS)
    visitor.settle()
    return page


def verdict(page: Page) -> Locator:
    return page.get_by_test_id("stMain").get_by_role("heading", name=VERDICT)


def last_picture(page: Page) -> str:
    return str(page.get_by_test_id("stImage").locator("img").last.get_attribute("src"))


@pytest.mark.parametrize("dark", [False, True])
def test_a_sample_is_answered_with_a_map_whose_opacity_can_be_set(visit: OpenVisit, dark: bool) -> None:
    visitor = visit(dark=dark)
    page = sample(visitor, "brushed_metal-scratch-jpg")
    expect(page.get_by_text("Synthetic sample, drawn as: Brushed metal, Scratch")).to_be_visible(timeout=PATIENCE_MS)
    before = last_picture(page)
    slider = page.locator(".st-key-defects-opacity").get_by_role("slider")
    slider.press("Home")
    visitor.settle()
    expect(page.get_by_test_id("stImage").locator("img").last).not_to_have_attribute("src", before, timeout=PATIENCE_MS)
    expect(page.get_by_test_id("stException")).to_have_count(0)
    assert visitor.foreign == []


def test_the_limit_follows_the_false_alarms_that_are_chosen(visit: OpenVisit) -> None:
    visitor = visit()
    page = sample(visitor, "brushed_metal-good-jpg")
    slider = page.locator("[class*='st-key-defects-one_in']").get_by_role("slider")
    slider.press("End")
    expect(page.get_by_text("On average at most 1 good part in 241 is called defective")).to_be_visible(
        timeout=PATIENCE_MS
    )
    slider.press("Home")
    expect(page.get_by_text("On average at most 1 good part in 20 is called defective")).to_be_visible(
        timeout=PATIENCE_MS
    )


def test_takt_is_measured_when_somebody_asks_for_it(visit: OpenVisit) -> None:
    visitor = visit()
    page = sample(visitor, "woven_cloth-good-jpg")
    page.get_by_text("Does it keep up with the line?").click()
    expect(page.get_by_text("Not measured yet")).to_be_visible(timeout=PATIENCE_MS)
    page.get_by_role("button", name="Measure on this part").click()
    expect(page.get_by_text("95 of 100 answers took at most")).to_be_visible(timeout=FIRST_ANSWER_MS)
    figure = page.locator(".st-key-defects-takt_chart").get_by_text(re.compile(r"\d+ ms$")).first
    expect(figure).to_be_visible(timeout=PATIENCE_MS)


def test_a_row_of_many_parts_opens_large(visit: OpenVisit) -> None:
    visitor = visit()
    page = visitor.go("/defects")
    kinds = ("good", "stain", "good", "crack")
    parts = [draw_part("brushed_metal", kind, 900 + place).pixels for place, kind in enumerate(kinds)]
    files = [
        {"name": f"{place}.png", "mimeType": "image/png", "buffer": png(pixels)} for place, pixels in enumerate(parts)
    ]
    page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(files)
    table = page.get_by_test_id("stDataFrame").first
    expect(table).to_be_visible(timeout=FIRST_ANSWER_MS)
    visitor.settle()
    expect(page.get_by_text("All: 4")).to_be_visible(timeout=PATIENCE_MS)
    table.scroll_into_view_if_needed()
    table.click(position={"x": 20, "y": 40 + 32})  # the defect stands first
    expect(verdict(page)).to_be_visible(timeout=PATIENCE_MS)
    expect(page.get_by_test_id("stImageCaption").get_by_text("1.png")).to_be_visible(timeout=PATIENCE_MS)
    expect(page.get_by_test_id("stException")).to_have_count(0)


def test_nothing_is_wider_than_a_phone_and_the_verdict_stands_above_the_pictures(visit: OpenVisit) -> None:
    visitor = visit(width=390)
    page = sample(visitor, "brushed_metal-scratch-jpg")
    main = page.get_by_test_id("stMain")
    assert main.evaluate("one => one.scrollWidth <= one.clientWidth")
    said, shown = verdict(page).bounding_box(), page.get_by_test_id("stImage").last.bounding_box()
    assert said is not None and shown is not None and said["y"] < shown["y"]
