"""A region drawn with the mouse in a real browser: marked, kept with the picture, and shown in the list."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from core.data.marked import area_of
from core.store.pictures import laid_out
from tests.browser.conftest import PATIENCE_MS, Visit

pytestmark = pytest.mark.browser
OpenVisit = Callable[..., Visit]
FIRST_ANSWER_MS = 180_000
"""The first answer after a start waits for torch and the model, on a machine that may be busy."""


def drag(visitor: Visit, *way: tuple[float, float]) -> None:
    """Draw on the image along points that are shares of its width and height."""
    visitor.settle()
    visitor.page.wait_for_timeout(500)  # the browser draws the chart anew after the script has ended
    canvas = visitor.page.locator(".nsewdrag").last
    expect(canvas).to_be_visible(timeout=PATIENCE_MS)
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box is not None
    mouse = visitor.page.mouse
    points = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in way]
    mouse.move(*points[0])
    mouse.down()
    for point in points[1:]:
        mouse.move(*point, steps=5)
    mouse.up()


def regions(page: Page, count: int) -> None:
    expect(page.get_by_text("% of the image")).to_have_count(count, timeout=PATIENCE_MS)


@pytest.mark.parametrize("width", [1200, 390])
def test_miss_is_marked_with_the_mouse_and_kept(visit: OpenVisit, width: int) -> None:
    visitor = visit(width=width)
    page = visitor.go("/defects")
    page.locator('[class*="st-key-defects-sample"] button').nth(0 if width == 390 else 1).click()
    expect(page.get_by_text("What is it really?")).to_be_visible(timeout=FIRST_ANSWER_MS)
    page.get_by_text("This is a defect").click()
    drag(visitor, (0.2, 0.2), (0.5, 0.5))
    regions(page, 1)
    page.get_by_text("Freehand", exact=True).click()
    drag(visitor, (0.6, 0.6), (0.8, 0.6), (0.8, 0.8), (0.6, 0.8))
    regions(page, 2)
    page.get_by_text("Look closer", exact=True).click()
    drag(visitor, (0.0, 0.0), (0.5, 0.5))
    expect(page.get_by_role("button", name="Whole image")).to_be_visible(timeout=PATIENCE_MS)
    page.get_by_text("Box", exact=True).click()
    drag(visitor, (0.5, 0.5), (0.7, 0.7))
    regions(page, 3)
    page.get_by_role("button", name="Undo").click()
    regions(page, 2)
    page.get_by_text("Keep the image, so that the next training can learn from it").click()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("The image is kept until")).to_be_visible(timeout=PATIENCE_MS)
    kept = [sample for _, sample in laid_out(visitor.server.log.parent / "home" / "corrections")]
    assert 1 <= len(kept) <= 2
    assert all([area_of(outline) for outline in each.marked] == pytest.approx([0.09, 0.04], rel=0.1) for each in kept)
    page.locator(".st-key-defects-section").get_by_text("Corrections", exact=True).click()
    expect(page.get_by_text("Take back or delete")).to_be_visible(timeout=PATIENCE_MS)
    expect(page.get_by_test_id("stMain").get_by_test_id("stImage").first).to_be_visible()
    expect(page.get_by_test_id("stException")).to_have_count(0)
    assert visitor.foreign == []
