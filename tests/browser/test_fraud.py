"""Fraud in a real browser: a sample and why, what if; a file, its queue, a case marked, and the queue taken away."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from core.data.simulated_bank import sample_bank, sample_transactions
from tests.browser.conftest import PATIENCE_MS, Visit
from tests.browser.test_medical import FIRST_ANSWER_MS, upload

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(600)]
OpenVisit = Callable[..., Visit]
ROWS = 400


def some_payments() -> bytes:
    """The last payments of the sample bank under other names of columns; the last line is no payment."""
    bank = sample_bank()
    assert bank.time is not None and bank.customer is not None and bank.terminal is not None
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(["datetime", "card", "merchant", "price"])
    for row in range(len(bank) - ROWS, len(bank)):
        card, merchant = bank.customers[bank.customer[row]], bank.terminals[bank.terminal[row]]
        writer.writerow([bank.time[row], f"=card {card}", merchant, bank.amount[row]])
    writer.writerow(["2025-07-04T23:59:59", "nobody", "nowhere", "much"])
    return buffer.getvalue().encode()


def test_a_sample_says_why_and_what_if_moves_its_score(visit: OpenVisit) -> None:
    visitor = visit()
    page = visitor.go("/fraud")
    place = next(sample.place for sample in sample_transactions() if sample.kind == "large_amount")
    page.locator(f".st-key-fraud-sample-{place} button").click()
    expect(page.get_by_text("They add up:")).to_be_visible(timeout=FIRST_ANSWER_MS)
    visitor.settle()
    expect(page.get_by_text(f"The amount is {sample_bank().amount[place]:,.2f}").first).to_be_visible()
    expect(page.get_by_text("What would have to change for another decision")).to_be_visible()
    amount = page.locator('[class*="st-key-fraud-what_if"]').get_by_role("slider").first
    amount.focus()
    amount.press("Home")
    expect(page.get_by_text(re.compile("percentage points compared with the transaction as it was"))).to_be_visible(
        timeout=PATIENCE_MS
    )
    expect(page.get_by_test_id("stException")).to_have_count(0)


def test_a_file_becomes_a_queue_whose_case_is_marked_and_taken_away(visit: OpenVisit) -> None:
    visitor = visit()
    page = visitor.go("/fraud?view=queue")
    page.get_by_text("My own file").click(timeout=PATIENCE_MS)
    upload(page, "fraud-queue-upload", {"name": "mine.csv", "mimeType": "text/csv", "buffer": some_payments()})
    page.get_by_role("button", name="Score the transactions").click(timeout=PATIENCE_MS)
    expect(page.get_by_text("Transactions scored")).to_be_visible(timeout=FIRST_ANSWER_MS)
    expect(page.get_by_text("Not taken: 1")).to_be_visible()
    visitor.settle()
    table = page.locator('[class*="st-key-fraud-queue-table"] canvas').first
    table.scroll_into_view_if_needed()
    box = table.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + 18, box["y"] + 35 + 17)  # the box that selects the first row
    expect(page.get_by_text("They add up:")).to_be_visible(timeout=PATIENCE_MS)
    visitor.settle()
    page.get_by_test_id("stMain").get_by_role("radio", name="Right").click()
    page.get_by_role("button", name="Save", exact=True).click(timeout=PATIENCE_MS)
    expect(page.get_by_text("Saved: the answer was right.")).to_be_visible(timeout=PATIENCE_MS)
    with page.expect_download() as download:
        page.get_by_role("button", name="Download the queue as CSV").click()
    lines = list(csv.DictReader(io.StringIO(Path(download.value.path()).read_text("utf-8-sig"))))
    assert [int(line["rank"]) for line in lines] == list(range(1, len(lines) + 1))
    assert all(line["customer"].startswith("'=card ") for line in lines)
