"""The board in a real browser: a table is sent, its columns confirmed, its reading stopped and gone on with."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PATIENCE_MS, Visit

pytestmark = [pytest.mark.browser, pytest.mark.slow]
Open = Callable[..., Visit]
ROWS = 300_000


def upload(page: Page, file: Path) -> None:
    page.get_by_text("My own file", exact=True).click()
    page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(str(file))
    page.get_by_role("button", name="Read the texts").click(timeout=PATIENCE_MS)


def test_a_long_reading_is_stopped_and_gone_on_with(visit: Open, tmp_path: Path) -> None:
    file = tmp_path / "long.csv"
    lines = (
        f'"{("A great room, good staff", "An awful room, bad staff")[row % 2]} {row}",x{row % 3}' for row in range(ROWS)
    )
    file.write_text("\n".join(["review,shop", *lines]), encoding="utf-8")
    view = visit()
    page = view.go("/sentiment?view=board")
    main = page.get_by_test_id("stMain")
    upload(page, file)
    stop = main.get_by_role("button", name="Stop")
    stop.click(timeout=PATIENCE_MS)
    expect(page.get_by_text("Stopped: the board shows the first")).to_be_visible(timeout=PATIENCE_MS)
    expect(stop).to_have_count(0)
    expect(main.get_by_role("button", name="Read the texts")).to_have_count(0)
    main.get_by_role("button", name="Go on").click()
    expect(page.get_by_text(f"of {ROWS:,}", exact=True)).to_be_visible(timeout=PATIENCE_MS)
    view.settle()
    expect(page.get_by_text("Stopped: the board shows")).to_have_count(0)
    expect(page.get_by_text("By category")).to_be_visible()
    assert view.foreign == []


def test_what_visitors_wrote_is_text_and_nothing_else(visit: Open, tmp_path: Path) -> None:
    file = tmp_path / "nasty.csv"
    nasty = "Great <img src=x onerror=alert(1)> **stars** :smile: [link](http://example.org/x) $x^2$"
    file.write_text(f"review,shop\n{nasty},<b>one</b>\nAn awful room,two\nA great room,two\n", encoding="utf-8")
    view = visit(width=390)
    page = view.go("/sentiment?view=board")
    upload(page, file)
    expect(page.get_by_text("By category")).to_be_visible(timeout=PATIENCE_MS)
    page.get_by_text("Quotes", exact=True).click()
    view.settle()
    # Invisible joiners stand between signs that Markdown would read.
    shown = page.get_by_test_id("stMain").inner_text().replace("\u2060", "")
    assert nasty in shown and "<b>one</b>" in shown
    assert page.get_by_test_id("stMain").locator("img[src=x]").count() == 0
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 390 and view.foreign == []
