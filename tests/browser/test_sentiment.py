"""Sentiment in a real browser: a sample and the words that decided, what if; markup that stays text; a fix."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from core.data.sentiment_samples import SAMPLES
from tests.browser.conftest import PATIENCE_MS, Visit
from tests.browser.test_medical import FIRST_ANSWER_MS

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(600)]
OpenVisit = Callable[..., Visit]
NASTY = """Wonderful film!\n<img src=x onerror="document.title='owned'"><script>document.title='owned'</script>
</mark></div><style>.vt{display:none}</style> [x](http://evil.example) :material/home: $a$"""
IRONY = (
    "Oh great, it broke again. Wonderful.",
    "What a lovely way to lose a weekend, thank you for the great manual.",
    "Just perfect. The second one that arrives broken. I love waiting.",
    "Oh wonderful, another update that deletes all my settings. Just what I had always wished for.",
    "Fantastic, my favourite: a charming little fire in the kitchen.",
)
"""Lines of our own that the bundled model takes for praise."""
WHAT_IF = '[class*="st-key-sentiment-what_if"]'


def read(visitor: Visit, text: str) -> Page:
    """Type `text` into the box and wait until it has been read."""
    page = visitor.page
    page.get_by_label("Text to read").fill(text)
    page.get_by_role("button", name="Read it").click(timeout=PATIENCE_MS)
    expect(page.locator(".vt-read").first).to_contain_text(text[:12], timeout=FIRST_ANSWER_MS)
    visitor.settle()
    return page


def colours(marks: Locator) -> list[str]:
    return marks.evaluate_all("found => found.map(one => getComputedStyle(one).backgroundColor)")


@pytest.mark.parametrize("dark", [False, True])
def test_a_sample_shows_its_words_and_what_if_moves_its_score(visit: OpenVisit, dark: bool) -> None:
    visitor = visit(dark=dark)
    page = visitor.go("/sentiment")
    page.locator(".st-key-sentiment-sample-1 button").click(timeout=PATIENCE_MS)
    expect(page.get_by_text("Strongest words")).to_be_visible(timeout=FIRST_ANSWER_MS)
    visitor.settle()
    shown = page.locator(".vt-read").first
    expect(shown).to_have_text(SAMPLES[1].text)
    strong = shown.locator("mark.down.n3")
    expect(strong.first).to_be_visible()
    assert strong.first.evaluate("one => getComputedStyle(one).textDecorationStyle") == "dashed"
    assert "rgba(0, 0, 0, 0)" not in colours(strong)
    page.locator(WHAT_IF).get_by_role("button", name="waste", exact=True).click()
    moved = page.get_by_text(re.compile(r"Score for positive: .* before, .* now"))
    expect(moved).to_be_visible(timeout=PATIENCE_MS)
    expect(page.locator("del")).to_have_text("waste")
    expect(page.get_by_test_id("stException")).to_have_count(0)
    assert visitor.foreign == []


def test_what_is_typed_stays_text(visit: OpenVisit) -> None:
    visitor = visit()
    visitor.go("/sentiment")
    page = read(visitor, NASTY)
    shown = page.locator(".vt-read").first
    assert shown.inner_text() == NASTY
    expect(shown.locator("img, script, style, a")).to_have_count(0)
    assert "owned" not in page.title()
    expect(page.get_by_test_id("stException")).to_have_count(0)
    assert visitor.foreign == []


def test_a_long_text_scrolls_and_nothing_is_wider_than_a_phone(visit: OpenVisit) -> None:
    visitor = visit(width=390)
    visitor.go("/sentiment")
    page = read(visitor, ("A fine film. " * 40 + "x" * 300 + "好" * 300) * 2)
    shown, main = page.locator(".vt-read").first, page.get_by_test_id("stMain")
    assert shown.evaluate("one => one.scrollHeight > one.clientHeight && one.clientHeight <= innerHeight")
    assert shown.evaluate("one => one.scrollWidth <= one.clientWidth")
    assert main.evaluate("one => one.scrollWidth <= one.clientWidth")


def correct(page: Page) -> None:
    """Say that what was read is negative, and let it be kept."""
    page.get_by_test_id("stMain").get_by_role("radio", name="Wrong").click()
    page.get_by_text("Keep the text, so that the next training can learn from it").click()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Saved: wrong, the right answer is Negative")).to_be_visible(timeout=PATIENCE_MS)


def test_five_corrections_become_a_fix_that_is_measured_and_registered(visit: OpenVisit) -> None:
    visitor = visit()
    page = visitor.go("/sentiment")
    for line in IRONY:
        correct(read(visitor, line))
    page.get_by_test_id("stMain").get_by_role("radio", name="Corrections").click()
    expect(page.get_by_text("Corrections: 5; the model was wrong: 5")).to_be_visible(timeout=PATIENCE_MS)
    page.get_by_role("button", name="Try the fix").click(timeout=PATIENCE_MS)
    expect(page.get_by_text("Corrections answered right: 0 of 5 before")).to_be_visible(timeout=FIRST_ANSWER_MS)
    visitor.settle()
    page.get_by_role("button", name="Register as challenger").click(timeout=PATIENCE_MS)
    expect(page.get_by_text("Registered as challenger")).to_be_visible(timeout=PATIENCE_MS)
    expect(page.get_by_test_id("stException")).to_have_count(0)
