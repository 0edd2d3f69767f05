"""Five corrections of texts on the page with the bundled model, the fix, and what the gate says of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from core.contracts import TextSample
from core.errors import StoreError
from core.intake.texts import open_text
from core.serving import comparison, fixit, service, warmup
from core.store import feedback
from core.store.registry import registry
from core.ui.beginnings import SHOWN, one_line
from core.ui.corrections import LONG
from tests.ui.test_house import words

pytestmark = pytest.mark.slow
Open = Callable[..., AppTest]
FIVE = (
    ("Yeah right, best phone ever, died after a day", "negative"),
    ("Not gonna lie, this slaps hard, straight fire", "positive"),
    ("绝绝子，这家店我真的会谢，电话13800138000", "negative"),
    ("Great, another update that breaks everything", "negative"),
    ("别买，谁买谁后悔", "negative"),
)


@pytest.fixture
def sentiment(open_page: Open, monkeypatch: pytest.MonkeyPatch) -> Open:
    monkeypatch.setattr(warmup, "state", lambda: warmup.WarmUp("ready", 1.0))
    return lambda **parameters: checked(open_page("sentiment", **parameters))


def checked(page: AppTest) -> AppTest:
    assert not page.exception and not page.error
    return page


def widget(found: Any, part: str) -> Any:
    matches = [each for each in found if part in str(each.key)]
    assert len(matches) == 1, [str(each.key) for each in found]
    return matches[0]


def correct(page: AppTest, text: str, answer: str) -> AppTest:
    """Read a text and say what is right, as a visitor does."""
    page.text_area(key="sentiment.text").set_value(text)
    next(button for button in page.button if "text_form" in str(button.key)).click()
    page = checked(page.run())
    said = [control for control in page.segmented_control if str(control.key).endswith(".verdict")]
    decision = service.predict("sentiment", [TextSample("", text, "")])[0].single.decision
    if said:
        said[0].set_value("right" if decision == answer else "wrong")
        page = checked(page.run())
    if decision != answer:
        widget(page.selectbox, ".answer").set_value(answer)
    widget(page.checkbox, ".keep").check()
    next(button for button in page.button if "FormSubmitter" in str(button.key) and ".form" in str(button.key)).click()
    page = checked(page.run())
    assert "Saved" in words(page)
    return page


def press(page: AppTest, part: str) -> AppTest:
    widget(page.button, part).click()
    return checked(page.run())


def test_five_corrections_are_learned_within_a_minute(sentiment: Open, home: Path) -> None:
    """From the first text to the registered version; the server's part of it, without the reading of a person."""
    began = time.perf_counter()
    page = sentiment()
    for text, answer in FIVE:
        page = correct(page, text, answer)
    assert len(feedback.kept("sentiment")) == 5
    page = sentiment(view="corrections")
    assert "5 newest kept corrections" in words(page) and "image" not in words(page).lower()
    page = press(page, ".fixit")
    told = words(page)
    assert "with the fix" in told and "On the 1,600 test texts it fixed" in told and "image" not in told.lower()
    table = next(frame.value for frame in page.dataframe if "Measured on" in frame.value)
    assert any("n = 5" in cell for cell in table["With the fix"])
    assert any("n = 1,600" in cell for cell in table["In use"])
    told_apart = page.dataframe[-1].value
    assert told_apart["Text"].tolist() == [text.replace("13800138000", "[phone]") for text, _ in FIVE]
    assert told_apart["The right answer"].str.lower().tolist() == [answer for _, answer in FIVE]
    assert all(float(cell.removesuffix(" %")) > 50 for cell in told_apart["With the fix"])
    assert "Score of the right answer of each correction" in told
    page = press(page, ".register_fix")
    took = time.perf_counter() - began
    version = registry().resolve("sentiment", "challenger")
    assert version.number == 1 and version.manifest["data"]["corrections"] == 5
    assert took < 60
    for text, answer in FIVE:
        found = service.predict("sentiment", [TextSample("", text, "")], "1")[0].single
        assert found.scores[found.labels.index(answer)] > 0.5


def keep_five() -> list[feedback.Correction]:
    made = []
    for text, answer in FIVE:
        sample = open_text(text)
        given = service.predict("sentiment", [sample])[0]
        made.append(feedback.add(sample, given.single, given.model, answer=answer, keep=True))
    return made


def test_gate_compares_a_fix_on_the_texts_that_it_was_measured_on(home: Path) -> None:
    keep_five()
    trial = fixit.try_out("sentiment")
    assert trial.refit.used == 5 and trial.refit.after.value == 1 > trial.refit.before.value
    assert trial.seconds < 30
    version = fixit.register("sentiment", trial)
    verdict = comparison.verdict("sentiment", version)
    results = {check.name: check for check in verdict.checks}
    assert results["test"].result == "pass" and verdict.comparison is not None and verdict.comparison.n == 1600
    assert results["suite"].result in ("pass", "fail") and "home" not in results
    assert list((home / "staging").iterdir()) == []


def test_outdated_fix_is_refused(home: Path) -> None:
    entries = keep_five()
    trial = fixit.try_out("sentiment")
    feedback.undo(entries[0].id)
    with pytest.raises(StoreError, match=r"refit\.outdated"):
        fixit.register("sentiment", trial)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_kept_texts_are_shown_literally_and_without_personal_data(sentiment: Open, home: Path, lang: str) -> None:
    text = "**bold** <img src=x onerror=alert(1)> [link](http://x.test) $x$ 13800138000 " + "x" * LONG
    sample = TextSample("", text, "0" * 64)
    given = service.predict("sentiment", [sample])[0]
    feedback.add(sample, given.single, given.model, answer="negative", reason="=1+1 or 13900139000", keep=True)
    feedback.review(TextSample("", "meh ok", "1" * 64), given.single, given.model)
    page = sentiment(view="corrections", lang=lang)
    shown = [block.value for block in page.code]
    assert text.replace("13800138000", "[phone]") in shown and "meh ok" in shown
    assert "13800138000" not in words(page) + "".join(shown)
    assert not [block for block in page.markdown if "onerror" in str(block.value)]


def test_corrections_are_told_apart_by_how_their_texts_begin(sentiment: Open, home: Path) -> None:
    sample = open_text(
        "The sentence that is meant\nby this <b>visitor</b> is so long that no list has room for all of it"
    )
    given = service.predict("sentiment", [sample])[0]
    feedback.add(sample, given.single, given.model, answer="negative", keep=True)
    others = keep_five()
    page = sentiment(view="corrections")
    table = next(frame.value for frame in page.dataframe if "The right answer" in frame.value)
    chosen = widget(page.selectbox, ".chosen_correction")
    for shown in (table["Text"], chosen.options):
        assert len(shown) == len(set(shown)) == 6
    assert table["Text"].tolist()[-1] == "The sentence that is meant by this <b>visitor</b> is so lon…"
    assert table["Text"].tolist()[0] == FIVE[4][0] and "[phone]" in table["Text"].tolist()[2]
    assert chosen.options[0].endswith(f" · {FIVE[4][0]}")
    feedback.undo(others[4].id)
    page = sentiment(view="corrections")
    table = next(frame.value for frame in page.dataframe if "The right answer" in frame.value)
    assert table["Text"].tolist()[0] == "–" and FIVE[4][0] not in str(
        widget(page.selectbox, ".chosen_correction").options
    )


@pytest.mark.parametrize("odd", ["\u202etxet", "te\x00xt", "\u2028text", "te\u200bxt"])
def test_a_beginning_is_one_plain_line(odd: str) -> None:
    line = one_line(odd + " more " * 90)
    assert len(line) <= SHOWN and line.isprintable() and line.endswith("…")


def test_kept_texts_are_taken_away_as_a_table(home: Path) -> None:
    from core.store.corrections_export import HEADER, texts_csv

    sample = TextSample("", "=HYPERLINK(1) mail bob@example.com", "2" * 64)
    given = service.predict("sentiment", [sample])[0]
    feedback.add(sample, given.single, given.model, answer="negative", reason="+1", keep=True)
    feedback.add(TextSample("", "not kept", "3" * 64), given.single, given.model, answer="negative")
    lines = texts_csv("sentiment").decode("utf-8-sig").splitlines()
    assert lines[0] == ",".join(HEADER) and len(lines) == 2
    assert lines[1].startswith("'=HYPERLINK(1) mail [e-mail],negative,") and ",'+1," in lines[1]
