"""One text on the page, read by the bundled model: verdict, marks, sentences, what if, and what a person says of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from core.data.sentiment_samples import SAMPLES
from core.serving import service, text_reading, warmup
from core.store import feedback
from tests.ui.test_highlight import NASTY, Reader
from tests.ui.test_house import words

pytestmark = pytest.mark.slow
Open = Callable[..., AppTest]
PRAISE = "An excellent film. The acting is superb, and the music is wonderful."
BLAME = "A terrible, boring waste of time. The worst film I have seen in years."


@pytest.fixture
def sentiment(open_page: Open, monkeypatch: pytest.MonkeyPatch) -> Open:
    monkeypatch.setattr(warmup, "state", lambda: warmup.WarmUp("ready", 1.0))
    return lambda **parameters: checked(open_page("sentiment", **parameters))


def checked(page: AppTest) -> AppTest:
    assert not page.exception, [entry.value for entry in page.exception]
    return page


def read(page: AppTest, text: str) -> AppTest:
    page.text_area(key="sentiment.text").set_value(text)
    next(button for button in page.button if "text_form" in str(button.key)).click()
    return checked(page.run())


def drawn(page: AppTest) -> list[Reader]:
    """What was drawn as HTML, block by block, without the rules that stand before it."""
    return [Reader(block.proto.body.split("</style>", 1)[1]) for block in page.get("html")]


def block(page: AppTest, kind: str) -> Reader | None:
    """The first block with a part of this class."""
    for found in drawn(page):
        if any(kind in str(attributes.get("class", "")).split() for _, attributes in found.tags):
            return found
    return None


def marks(page: AppTest) -> list[str]:
    found = block(page, "vt-read")
    assert found is not None
    legend = 6
    return [str(attributes["class"]) for tag, attributes in found.tags if tag == "mark"][:-legend]


def pin(page: AppTest, place: int = 0) -> float:
    """Where the pin of a scale stands, in percent."""
    scales = [found for found in drawn(page) if any(a.get("class") == "vt-scale" for _, a in found.tags)]
    styles = [str(a["style"]) for tag, a in scales[place].tags if tag == "span" and a.get("class") is None]
    return float(styles[0].removeprefix("left:").removesuffix("%"))


def widget(found: Any, part: str) -> Any:
    matches = [each for each in found if part in str(each.key)]
    assert len(matches) == 1, [str(each.key) for each in found]
    return matches[0]


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_first_look_offers_samples_and_a_box(sentiment: Open, lang: str) -> None:
    page = sentiment(lang=lang)
    assert len([button for button in page.button if str(button.key).startswith("sentiment.sample.")]) == 4
    assert page.text_area(key="sentiment.text").value == ""
    assert not page.get("html") and not page.subheader


def test_a_click_on_a_sample_reads_it_and_puts_it_into_the_box(sentiment: Open) -> None:
    page = checked(sentiment().button(key="sentiment.sample.1").click().run())
    assert page.text_area(key="sentiment.text").value == SAMPLES[1].text
    assert "Negative" in page.subheader[0].value and pin(page) < 40
    found = block(page, "vt-read")
    assert found is not None and found.text.startswith(SAMPLES[1].text)
    assert "down n3" in marks(page)
    assert "Language: English" in words(page) and f"Characters: {len(SAMPLES[1].text)}" in words(page)


@pytest.mark.parametrize("number", range(4, len(SAMPLES)))
def test_every_other_sample_can_be_read(sentiment: Open, number: int) -> None:
    page = read(sentiment(), SAMPLES[number].text)
    assert len(page.subheader) == 1 and block(page, "vt-read") is not None


def test_what_is_typed_is_read_and_the_marks_agree_with_the_answer(sentiment: Open) -> None:
    page = read(sentiment(), PRAISE)
    assert "Positive" in page.subheader[0].value and pin(page) > 60
    assert {"up n3"} <= set(marks(page))
    bars = block(page, "vt-bars")
    assert bars is not None and "excellent" in bars.text
    assert "test texts scored" in words(page)
    assert "The marks hold" in words(page)
    page = read(page, BLAME)
    assert "Negative" in page.subheader[0].value and pin(page) < 40 and "down n3" in marks(page)


def test_a_score_is_never_called_certain(sentiment: Open) -> None:
    page = read(sentiment(), " ".join([BLAME] * 3))
    assert "over 99" in page.subheader[0].value.replace("\\", "")


@pytest.mark.parametrize("text", NASTY)
def test_markup_is_shown_literally_everywhere(sentiment: Open, text: str) -> None:
    page = read(sentiment(), f"Wonderful! {text} Terrible food.")
    for found in drawn(page):
        assert {tag for tag, _ in found.tags} <= {"div", "mark", "span", "b", "i", "code"}
    shown = block(page, "vt-read")
    assert shown is not None and text in shown.text
    others = [str(option) for group in page.get("button_group") for option in group.options]
    assert text not in words(page) and not any("](http" in option or "<script" in option for option in others)


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("", "text.empty", "no words"),
        (" \n\t\u3000", "text.empty", "no words"),
        ("?!...", "text.empty", "no words"),
        ("Привет, это отличный фильм", "text.language", "neither English nor Chinese"),
        ("zxq vvbt wrrp kqjh lmno xyzzy plugh", "text.unknown", "knows only"),
    ],
)
def test_what_cannot_be_read_is_said_in_words_without_a_score(sentiment: Open, text: str, code: str, said: str) -> None:
    page = read(sentiment(), text)
    assert page.subheader[0].value == "No answer"
    assert any(said in warning.value for warning in page.warning)
    assert block(page, "vt-scale") is None and block(page, "vt-bars") is None
    assert not [group for group in page.get("button_group") if "struck" in str(group.key)]
    asked = "Do you know it" in words(page)
    assert asked == (code != "text.empty"), "of no words nobody can say what they mean"
    assert ("Latin letters" in words(page)) == (code == "text.unknown")


def test_neutral_is_an_answer_of_its_own_with_its_words(sentiment: Open) -> None:
    page = read(sentiment(), "It arrived on Tuesday.")
    assert "Neutral or undecided" in page.subheader[0].value
    assert "Is it positive or negative?" in words(page) and "gave no answer" not in words(page)
    assert 40 < pin(page) < 60 and marks(page)


def test_a_longer_text_is_also_read_sentence_by_sentence(sentiment: Open) -> None:
    page = read(sentiment(), f"{PRAISE} {BLAME}")
    found = block(page, "vt-parts")
    assert found is not None
    tones = [a["class"] for tag, a in found.tags if "vt-part" in str(a.get("class", "")).split()]
    assert tones == ["vt-part up", "vt-part up", "vt-part down", "vt-part down"]
    assert "Sentences: 4" in words(page)
    assert block(read(page, "An excellent film."), "vt-parts") is None


def test_what_was_left_out_of_a_long_paste_is_said(sentiment: Open) -> None:
    page = read(sentiment(), "good film " * 3000)
    assert "the first 20,000 were used" in words(page).replace("\\", "")
    assert len(page.text_area(key="sentiment.text").value or "") == 30000


def test_a_paste_of_a_megabyte_is_refused_and_the_last_answer_is_gone(sentiment: Open) -> None:
    page = read(read(sentiment(), PRAISE), "x" * 2**20 + "y")
    assert "text.too" in page.error[0].value.replace("\\", "")
    assert not page.subheader and not page.get("html")
    page = read(page, PRAISE)
    assert not page.error and page.subheader


def test_struck_and_swapped_words_move_the_score_at_once(sentiment: Open) -> None:
    page = read(sentiment(), "An excellent film, and a boring book.")
    before = pin(page)
    assert "Strike or swap a word" in words(page)
    struck = widget(page.get("button_group"), ".struck")
    page = checked(struck.set_value(["boring"]).run())
    assert pin(page) == before, "the answer above stays what it was"
    assert pin(page, 1) > before
    changed = [found for found in drawn(page) if any(tag == "del" for tag, _ in found.tags)]
    assert len(changed) == 1 and changed[0].text == "An excellent film, and a boring book."
    assert f"{before:.1f} % before" in words(page) and f"{pin(page, 1):.1f} % now" in words(page)
    widget(page.selectbox, ".swapped").select("excellent")
    widget(page.text_input, ".instead").set_value("<b>awful</b>")
    page = checked(page.run())
    assert pin(page, 1) < before
    changed = [found for found in drawn(page) if any(tag == "ins" for tag, _ in found.tags)]
    assert "excellent <b>awful</b> film" in changed[0].text


def test_a_word_that_stands_twice_is_struck_in_both_places(sentiment: Open) -> None:
    page = read(sentiment(), "Good food, good wine.")
    struck = widget(page.get("button_group"), ".struck")
    assert any("Good × 2" in str(option) for option in struck.options)
    page = checked(struck.set_value(["good"]).run())
    changed = next(found for found in drawn(page) if any(tag == "del" for tag, _ in found.tags))
    assert [tag for tag, _ in changed.tags].count("del") == 2


def test_a_text_whose_words_are_all_struck_gets_the_reason_and_no_score(sentiment: Open) -> None:
    page = read(sentiment(), "Great film")
    page = checked(widget(page.get("button_group"), ".struck").set_value(["great", "film"]).run())
    assert "no words in this text" in words(page)


def test_another_text_starts_without_the_strikes_of_the_last(sentiment: Open) -> None:
    page = read(sentiment(), "An excellent film")
    page = checked(widget(page.get("button_group"), ".struck").set_value(["excellent"]).run())
    page = read(page, "An excellent film!")
    assert "Strike or swap a word" in words(page)


def test_coverage_and_threshold_change_the_answer(sentiment: Open) -> None:
    page = read(sentiment(), "The food was good and the staff were friendly, I was told.")
    page = checked(page.slider(key="sentiment.coverage").set_value(99).run())
    assert "cannot choose between" in words(page)
    page = read(page, "A good film, mostly.")
    page.session_state["sentiment.operating_rule"] = "specificity"
    page.session_state["sentiment.operating_target"] = 99
    page = checked(page.run())
    zones = block(page, "vt-zones")
    assert zones is not None
    tones = [str(a["class"]).split()[0] for tag, a in zones.tags if str(a.get("style", "")).startswith("flex")]
    assert tones == ["down", "up"], "at an operating point every score is decided"
    assert "Decided by your operating point: positive from" in words(page)


def test_personal_data_are_pointed_out_before_anything_is_kept(sentiment: Open, home: Path) -> None:
    page = read(sentiment(), "Great service, write to jane@example.com or call 13812345678!")
    assert "e-mail addresses: 1" in words(page) and "phone numbers: 1" in words(page)
    assert "Personal data" not in words(read(page, PRAISE))


def test_a_correction_keeps_the_masked_text_where_the_visitor_agreed(sentiment: Open, home: Path) -> None:
    page = read(sentiment(), "Great service and a wonderful team, write to jane@example.com!")
    widget(page.segmented_control, ".verdict").set_value("wrong")
    page = checked(page.run())
    widget(page.checkbox, ".keep").check()
    widget([button for button in page.button if "correct" in str(button.key)], ".form").click()
    page = checked(page.run())
    (entry,) = feedback.corrections("sentiment")
    assert (entry.answer, entry.decision, entry.kept) == ("negative", "positive", True)
    kept = [path.read_text("utf-8") for path in (home / "corrections").rglob("*") if path.is_file()]
    assert len(kept) == 1 and "jane" not in kept[0] and "Great service" in kept[0]
    assert "Saved: wrong, the right answer is Negative" in words(page)


def test_a_model_with_several_methods_lets_the_visitor_choose(sentiment: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    real, asked = service.explain, []

    def explain(slug: str, sample: Any, target: str, method: str, ref: Any = "champion") -> Any:
        asked.append(method)
        return replace(real(slug, sample, target, "contributions", ref), method=method, faithfulness=None)

    read_text = text_reading.read_text
    methods = ("integrated_gradients", "occlusion")
    monkeypatch.setattr(service, "explain", explain)
    monkeypatch.setattr(text_reading, "read_text", lambda *a: replace(read_text(*a), methods=methods))
    page = read(sentiment(), PRAISE)
    assert asked == ["integrated_gradients"] and "was not measured" in words(page)
    page = checked(widget(page.segmented_control, ".text_method").set_value("occlusion").run())
    assert asked == list(methods)


def test_a_click_elsewhere_asks_the_model_nothing_again(sentiment: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    page = read(sentiment(), PRAISE)
    monkeypatch.setattr(service, "predict", lambda *a, **k: pytest.fail("asked again"))
    monkeypatch.setattr(service, "explain", lambda *a, **k: pytest.fail("explained again"))
    for _ in range(2):
        page = checked(page.run())
    assert page.subheader


@pytest.mark.parametrize("text", ["这家店的菜太难吃了，服务也差。", PRAISE, "It arrived on Tuesday.", "..."])
def test_the_page_speaks_chinese(sentiment: Open, text: str) -> None:
    page = read(sentiment(lang="zh"), text)
    assert page.subheader and block(page, "vt-read") is not None
