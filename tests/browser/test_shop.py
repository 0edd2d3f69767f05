"""Recommendations in a real browser: five clicks, not for me, any user, a box on the map; wide, narrow, and dark."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PATIENCE_MS, Visit

pytestmark = [pytest.mark.browser, pytest.mark.slow]
FIVE = ("0067", "0250", "0216", "0145", "0334")


def key(name: str) -> str:
    return f".st-key-recommendations-{name}"


LISTED = """() => [...document.querySelectorAll('[class*="st-key-recommendations-list-remove-"]')].map(
    one => one.className.match(/list-remove-(\\w+)/)[1])"""


def changed(page: Page, before: list[str]) -> list[str]:
    """Ids of the list once it is ten items long and another one than before, in order."""
    other = f"before => {{ const now = ({LISTED})(); return now.length == 10 && String(now) != String(before) && now }}"
    found: list[str] = page.wait_for_function(other, arg=before, timeout=PATIENCE_MS).json_value()
    return found


def click(visitor: Visit, name: str) -> None:
    # Of a button with a hint Streamlit draws a second one for narrow screens.
    visitor.page.locator(f"{key(name)} button:visible").first.click(timeout=PATIENCE_MS)
    visitor.settle()


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (390, True)])
def test_five_clicks_make_a_list_and_a_sixth_takes_an_item_out(
    visit: Callable[..., Visit], width: int, dark: bool
) -> None:
    visitor = visit(width=width, dark=dark)
    page = visitor.go("/recommendations")
    expect(page.locator(key(f"wall-{FIVE[0]}"))).to_be_visible(timeout=PATIENCE_MS)
    seen = [changed(page, [])]
    for item in FIVE:
        click(visitor, f"wall-{item}")
        expect(page.locator(f"{key(f'wall-{item}')} [data-testid='stBaseButton-primary']")).to_be_visible()
        seen.append(changed(page, seen[-1]))
    first = seen[-1][0]
    click(visitor, f"list-remove-{first}")
    expect(page.locator(key(f"list-back-{first}"))).to_be_visible()
    assert changed(page, seen[-1])[:9] == seen[-1][1:]
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert visitor.foreign == []


def test_any_id_can_be_typed(visit: Callable[..., Visit]) -> None:
    visitor = visit()
    page = visitor.go("/recommendations")
    page.locator(key("shop-who")).get_by_text("Borrow a known user").click(timeout=PATIENCE_MS)
    visitor.settle()
    box = page.locator(f"{key('shop-known')} input")
    box.fill("ghost **<b>")
    box.press("Enter")
    expect(page.get_by_text("The user ghost **<b> is not in the training data.")).to_be_visible(timeout=PATIENCE_MS)


def test_a_box_on_the_map_lists_its_items(visit: Callable[..., Visit]) -> None:
    visitor = visit()
    page = visitor.go("/recommendations?view=catalogue")
    chart = page.locator(f"{key('map')} .plot-container")
    expect(chart).to_be_visible(timeout=PATIENCE_MS)
    place = chart.bounding_box()
    assert place is not None
    left, top = place["x"] + 0.3 * place["width"], place["y"] + 0.3 * place["height"]
    page.mouse.move(left, top)
    page.mouse.down()
    page.mouse.move(left + 90, top + 80, steps=5)
    page.mouse.move(left + 180, top + 160, steps=5)
    page.mouse.up()
    expect(page.get_by_text("Selected: ")).to_be_visible(timeout=PATIENCE_MS)
    assert page.locator('[class*="st-key-recommendations-selected-"]').count() > 1
