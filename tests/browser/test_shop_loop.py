"""A visitor's own shop in a real browser: sent, put right, checked, trained, promoted, taken away, rolled back."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import FilePayload, Page, expect

from tests.browser.conftest import PATIENCE_MS, Visit
from tests.browser.test_medical import FIRST_ANSWER_MS, TRAINING_MS, upload
from tests.browser.test_shop import FIVE, changed, click, key

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(1800)]
OpenVisit = Callable[..., Visit]
CLUBS, BOOKS, READERS = 5, 14, 300


def own_shop() -> tuple[FilePayload, FilePayload]:
    """Readers of some clubs with the books that they borrowed, and a table of the books; columns are called oddly."""
    random = np.random.default_rng(0)
    loans, moment = ["reader,what,stamp"], 1_700_000_000
    for reader in range(READERS):
        own = reader % CLUBS * BOOKS + np.sort(random.permutation(BOOKS)[: random.integers(4, 10)])
        for book in own:
            moment += 600
            loans.append(f"0{reader:04d},b{book:03d},{moment}")
    books = ["number,name,genre,in_stock"]
    books += [f"b{book:03d},Book {book} **<b>,Club {book // BOOKS},yes" for book in range(CLUBS * BOOKS)]
    return sheet("loans.csv", loans), sheet("books.csv", [*books, "b999,A book of nobody,Club 1,no"])


def sheet(name: str, lines: list[str]) -> FilePayload:
    return {"name": name, "mimeType": "text/csv", "buffer": "\n".join(lines).encode()}


def choose(visitor: Visit, label: str, option: str) -> None:
    """Choose one of the columns for a role."""
    box = visitor.page.get_by_role("combobox", name=label, exact=True)
    box.click()
    box.press("ArrowDown")
    visitor.page.get_by_role("option", name=option, exact=True).click()
    visitor.settle()


def send(visitor: Visit) -> Page:
    """Both tables, with the column of items put right, and the check of them."""
    page = visitor.go("/recommendations?view=improve")
    page.locator(key("data")).get_by_text("My own interactions").click(timeout=FIRST_ANSWER_MS)
    visitor.settle()
    for role, file in zip(("data_interactions", "data_items"), own_shop(), strict=True):
        upload(page, f"recommendations-{role}", file)
        visitor.settle()
    choose(visitor, "User *", "reader")
    choose(visitor, "Item *", "what")
    choose(visitor, "Time", "stamp")
    page.get_by_role("button", name="Check the data").click()
    expect(page.get_by_text("Users measured: 300")).to_be_visible(timeout=FIRST_ANSWER_MS)
    expect(page.get_by_text("because times or the order of the rows say")).to_be_visible()
    visitor.settle()
    return page


def start(visitor: Visit) -> str:
    """A training that chooses nothing and compares with nothing but popularity; returns its link."""
    page = visitor.page
    for name in ("tune", "compare"):
        page.locator(key(f"train-{name}")).locator("label").first.click()
        visitor.settle()
    expect(page.get_by_text("--data loans/ --column user=reader --column item=what")).to_be_visible(timeout=PATIENCE_MS)
    page.get_by_role("button", name="Start training").click()
    page.wait_for_url("**job=*", timeout=PATIENCE_MS)
    return page.url.removeprefix(visitor.address)


def promote(page: Page) -> None:
    """With a reason, because it learned from another shop than the version in use."""
    expect(page.get_by_text("weighs one against the other: a person decides")).to_be_visible(timeout=PATIENCE_MS)
    expect(page.get_by_text(re.compile("It beats popularity by"))).to_be_visible()
    page.locator(f"{key('reason')} textarea").fill("This is our own library; nothing weighs it against the shop.")
    page.locator(f"{key('promote')} button").click()
    expect(page.locator(key("rollback"))).to_be_visible(timeout=PATIENCE_MS)


def section(visitor: Visit, name: str) -> None:
    visitor.page.get_by_test_id("stMain").get_by_role("radio", name=name, exact=True).click()
    visitor.settle()


def test_the_loop_from_two_tables_to_lists_for_everybody_and_back(visit: OpenVisit) -> None:
    first = visit()
    page = send(first)
    start(first)
    page.locator(f"{key('cancel')} button").click(timeout=PATIENCE_MS)
    expect(page.get_by_text("The training was cancelled")).to_be_visible(timeout=TRAINING_MS)
    first.settle()
    link = page.url
    page.locator(f"{key('again')} button").click()
    page.wait_for_function("before => location.href != before", arg=link, timeout=PATIENCE_MS)
    link = page.url.removeprefix(first.address)
    first.page.close()

    again = visit()
    page = again.go(link)
    expect(page.get_by_text("is registered as challenger")).to_be_visible(timeout=TRAINING_MS)
    again.settle()
    promote(page)
    again.settle()

    section(again, "Answer")
    book = page.locator('[class*="st-key-recommendations-wall-b"]').first
    expect(book).to_contain_text("**<b>", timeout=FIRST_ANSWER_MS)
    expect(page.get_by_test_id("stMain").get_by_test_id("stImage")).to_have_count(0)
    before = changed(page, [])
    click(again, "wall-b000")
    assert changed(page, before)[0].startswith("b")
    section(again, "Catalogue")
    with page.expect_download() as download:
        page.get_by_role("button", name="Lists of version 1 for all 300 users").click(timeout=PATIENCE_MS)
    lines = list(csv.DictReader(Path(download.value.path()).read_text("utf-8-sig").splitlines()))
    assert len(lines) == 10 * READERS and lines[0]["user_id"] == "00000" and lines[0]["item_id"].startswith("b")

    section(again, "Improve")
    page.locator(f"{key('rollback')} button").click(timeout=PATIENCE_MS)
    expect(page.locator(key("rollback"))).to_have_count(0, timeout=PATIENCE_MS)
    section(again, "Answer")
    expect(page.get_by_text("its goods and its customers are invented")).to_be_visible(timeout=FIRST_ANSWER_MS)
    expect(page.locator(key(f"wall-{FIVE[0]}"))).to_be_visible()
    expect(page.get_by_test_id("stException")).to_have_count(0)
    assert again.foreign == []


def test_nothing_is_wider_than_a_telephone(visit: OpenVisit) -> None:
    visitor = visit(width=390)
    page = send(visitor)
    main = page.get_by_test_id("stMain")
    assert main.evaluate("one => one.scrollWidth <= one.clientWidth")
    expect(page.get_by_test_id("stException")).to_have_count(0)
