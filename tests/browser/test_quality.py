"""What only a browser can do: click a cell of the confusion matrix and look at one of its pictures."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PATIENCE_MS, Visit

pytestmark = [pytest.mark.browser, pytest.mark.data]


def test_a_click_on_a_cell_opens_its_pictures(visit: Callable[..., Visit]) -> None:
    here = visit()
    page = here.go("/medical?view=quality")
    cells = page.locator(".stPlotlyChart .barlayer .point path")
    expect(cells).to_have_count(4, timeout=PATIENCE_MS)
    # The page may hold the old box for a moment, below the new one.
    boxes = [page.get_by_role("combobox", name=name).first for name in ("Images that are", "and were read as")]
    # True label in rows, decision in columns, row by row: the third cell is pneumonia read as normal.
    for place, (truth, decided) in ((2, ("Pneumonia", "Normal")), (1, ("Normal", "Pneumonia"))):
        cells.nth(place).click(force=True)
        for box, label in zip(boxes, (truth, decided), strict=True):
            expect(box).to_have_value(label, timeout=PATIENCE_MS)
        here.settle()
        tile = page.get_by_text(f"{truth}: read as {decided}").first
        expect(tile).to_be_visible(timeout=PATIENCE_MS)
    page.get_by_role("button", name="Enlarge", exact=True).first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("224 x 224 pixels", timeout=PATIENCE_MS)
    expect(dialog.get_by_role("img").first).to_be_visible()
    assert here.foreign == []
