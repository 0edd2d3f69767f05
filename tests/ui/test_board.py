"""The board on the page: our reviews or a file, columns put right, stopped and gone on, every view, filters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.data import sample_board
from core.errors import StoreError
from core.intake.text_tables import table_of_texts
from core.serving import service
from core.serving.board import BoardReading
from core.store import audit
from core.store.registry import Registry
from tests.ui import text_service
from tests.ui.test_house import words

pytestmark = pytest.mark.slow
Open = Callable[[], AppTest]
NASTY = "good <b>bold</b> **stars** [link](http://x.example) $x$"
VIEWS = ("overview", "quotes", "terms", "aspects", "search")


def checked(page: AppTest) -> AppTest:
    assert not page.exception, [entry.value for entry in page.exception]
    assert not page.error, [entry.value for entry in page.error]
    return page


@pytest.fixture
def counter(home: Path, monkeypatch: pytest.MonkeyPatch) -> text_service.Counter:
    table = sample_board.sample_table()
    monkeypatch.setattr(sample_board, "sample_table", lambda: table)
    return text_service.install(monkeypatch)


@pytest.fixture
def opened(counter: text_service.Counter) -> Open:
    def script() -> None:
        from types import SimpleNamespace

        from core.ui.board import show_board

        show_board(SimpleNamespace(slug="sentiment", notice="Not advice."))

    return lambda: checked(AppTest.from_function(script, default_timeout=60).run())


def metrics(page: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in page.metric}


def as_csv(n: int = 90) -> str:
    lines = ["review,date,shop,label"]
    for row in range(n):
        text = ("The screen is good", "The screen is bad", "屏幕很好")[row % 3]
        lines.append(f"{text} {row},2026-0{1 + row % 3}-15,{('North', 'South')[row % 2]},{int(row % 3 != 1)}")
    return "\n".join(lines) + "\n"


def upload(page: AppTest, text: str, name: str = "mine.csv") -> AppTest:
    page.segmented_control(key="sentiment.board.source").set_value("file").run()
    page.file_uploader[0].set_value([(name, text.encode(), "text/csv")])
    return page.run()


def send(page: AppTest) -> AppTest:
    next(button for button in page.button if button.label == "Read the texts").click()
    return page.run()


def press(page: AppTest, label: str) -> AppTest:
    next(button for button in page.button if button.label == label).click()
    return checked(page.run())


def view(page: AppTest, name: str) -> AppTest:
    return checked(page.segmented_control(key="sentiment.board.view").set_value(name).run())


def found(page: AppTest):
    return next(frame.value for frame in page.dataframe if "Read as" in frame.value)


def test_our_own_reviews_are_a_ready_example(opened: Open, counter: text_service.Counter) -> None:
    page = opened()
    assert set(metrics(page)) == {"Texts read", "Positive", "Neutral or undecided", "Negative"}
    assert "Synthetic" in words(page) and "by week" in words(page)
    read = sum(counter.batches)
    assert read == sample_board.REVIEWS
    for name in VIEWS:
        view(page, name)
    assert sum(counter.batches) - read < 12 * 400 + 1, "views read clauses and no text again"


def test_nothing_is_reckoned_twice(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    page = opened()
    for name in VIEWS:
        view(page, name)

    def again(*_: object, **__: object) -> None:
        raise AssertionError("reckoned again")

    for name in ("data.telling_terms.telling_terms", "data.quotes.quotes", "serving.board.read_aspects"):
        monkeypatch.setattr(f"core.{name}", again)
    for name in ("data.board.over_time", "data.board.by_category", "serving.board.start_reading"):
        monkeypatch.setattr(f"core.{name}", again)
    for name in VIEWS:
        view(page, name)


def test_a_file_is_read_once_its_columns_are_confirmed(opened: Open) -> None:
    page = upload(opened(), as_csv())
    assert not metrics(page), "nothing is read before the form is sent"
    assert page.selectbox[0].value == "review" and page.selectbox[1].value == "date"
    page = checked(send(page))
    assert metrics(page)["Texts read"] == "90" and metrics(page)["Negative"] == "33.3 %"
    assert "mine.csv" in words(page).replace("\\", "") and "of **100.0 %**" in words(page)
    assert not page.file_uploader, "the bytes are let go of"
    page = press(checked(page.run()), "Another table")
    assert page.file_uploader and not metrics(page)


def test_another_column_of_the_same_file_is_another_board(opened: Open) -> None:
    content = "review,reply,shop\n" + "The screen is good,The answer was bad,North\n" * 30
    page = checked(send(upload(opened(), content)))
    assert metrics(page)["Positive"] == "100.0 %"
    page = press(page, "Another table")
    left = [name for name in ("own", "scored", "views") if f"sentiment.board.{name}" in page.session_state]
    assert not left, "texts stay in memory"
    page.file_uploader[0].set_value([("mine.csv", content.encode(), "text/csv")])
    page.run()
    page.selectbox[0].set_value("reply")
    page = checked(send(page))
    assert metrics(page)["Positive"] == "0.0 %" and metrics(page)["Negative"] == "100.0 %"


def test_a_column_that_is_chosen_twice_or_missing_is_said(opened: Open) -> None:
    page = upload(opened(), as_csv())
    page.selectbox[0].set_value("shop")
    page.selectbox[2].set_value("shop")
    page = send(page)
    assert "Chosen more than once" in page.error[0].value and not metrics(page)
    page.selectbox[0].set_value("")
    assert "Say which column" in send(page).error[0].value


def test_a_list_of_texts_needs_no_form(opened: Open) -> None:
    page = checked(upload(opened(), "good film\nbad film\n\nno film\n", "list.txt"))
    assert metrics(page) | {"Texts read": "3"} == metrics(page)
    assert "no dates and no categories" in page.info[0].value


def test_a_file_that_is_no_table_is_refused_in_words_and_noted_once(opened: Open) -> None:
    page = upload(opened(), '{"reviews": ["good"]}', "reviews.csv")
    assert "the content is JSON" in page.error[0].value and not page.exception
    page.run()
    audit.flush()
    assert [entry.action for entry in audit.entries(10)].count("upload.refused") == 1


def test_a_stopped_reading_shows_what_was_read_and_goes_on(
    opened: Open, counter: text_service.Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    step = BoardReading.step

    def stopped(self: BoardReading) -> int:
        self.stopped = True  # the visitor presses the button while the first batch is read
        return step(self)

    page = opened()
    read = sum(counter.batches)
    monkeypatch.setattr(BoardReading, "step", stopped)
    page = checked(send(upload(page, as_csv(900))))
    assert "the first 256 of 900 texts" in page.warning[0].value and metrics(page)["Texts read"] == "256"
    assert metrics(checked(page.run()))["Texts read"] == "256", "it stays stopped"
    monkeypatch.setattr(BoardReading, "step", step)
    page = press(page, "Go on")
    assert metrics(page)["Texts read"] == "900" and not page.warning
    assert sum(counter.batches) - read == 900, "nothing is read twice"


def test_another_version_is_said_and_reads_again_when_asked(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    page = checked(send(upload(opened(), as_csv())))
    newer = replace(text_service.Version(), sha256="e" * 64, ref="7")
    counter = text_service.install(monkeypatch, newer)
    page = checked(page.run())
    assert "Another version is in use since" in words(page) and not counter.batches
    page = press(page, "Read them again")
    assert sum(counter.batches) == 90 and "version 7" in words(page)


def test_filters_hold_for_every_view(opened: Open) -> None:
    page = checked(send(upload(opened(), as_csv())))
    next(box for box in page.selectbox if box.label == "Category").set_value("North")
    page = checked(page.run())
    assert metrics(page)["Texts read"] == "45" and "By category" not in words(page)
    next(box for box in page.selectbox if box.label == "Language of the texts").set_value("zh")
    page = checked(page.run())
    assert metrics(page)["Texts read"] == "15" and metrics(page)["Positive"] == "100.0 %"
    page = view(page, "search")
    assert set(found(page)["Category"]) == {"North"} and all("屏幕" in text for text in found(page)["Text"])


def test_search_finds_words_readings_and_what_differs_from_its_label(opened: Open) -> None:
    page = view(checked(send(upload(opened(), as_csv() + "good but blamed,2026-03-30,North,0\n"))), "search")
    assert len(found(page)) == 25 and "91 texts found" in words(page)
    page.text_input(key="sentiment.board.words").set_value("SCREEN bad").run()
    assert "30 texts found" in words(page) and set(found(page)["Read as"]) == {"Negative"}
    page.text_input(key="sentiment.board.words").set_value("")
    next(box for box in page.selectbox if box.label == "Read as").set_value("differs")
    page = checked(page.run())
    assert found(page)["Text"].tolist() == ["good but blamed"] and found(page)["Label"].tolist() == ["Negative"]
    next(box for box in page.selectbox if box.label == "Read as").set_value("all")
    next(box for box in page.selectbox if box.label == "Order").set_value("newest")
    assert found(checked(page.run()))["Text"].iloc[0] == "good but blamed"
    page.text_input(key="sentiment.board.words").set_value("nowhere").run()
    assert "No text is left" in page.info[0].value


def test_what_visitors_wrote_is_shown_character_for_character(opened: Open) -> None:
    page = view(checked(upload(opened(), f"{NASTY}\nbad film\n", "list.txt")), "quotes")
    shown = next(block.value for block in page.markdown if "bold" in block.value)
    assert "**" not in shown.replace("\\*\\*", "") and "<b>" not in shown and "](" not in shown.replace("\\]\\(", "")


def test_without_texts_of_a_kind_it_says_so(opened: Open) -> None:
    page = checked(upload(opened(), "bonjour\n\nbonjour madame\n", "list.txt"))
    assert metrics(page)["Texts read"] == "0" and metrics(page)["Positive"] == "–"
    assert "2 more texts got no answer" in words(page)
    assert "too few" in view(page, "terms").info[0].value
    assert "No thing" in view(page, "aspects").info[0].value
    assert words(view(page, "quotes")).count("None.") == 3


def test_trouble_is_said_on_the_page(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    page = opened()

    def refuse(slug: str, ref: str = "champion") -> service.Chosen:
        raise StoreError("store.gone", "The store does not answer.")

    monkeypatch.setattr(service, "choose", refuse)
    newer = replace(text_service.Version(), sha256="e" * 64)
    monkeypatch.setattr(Registry, "resolve", lambda self, slug, ref="champion": newer)
    page.run()
    assert "does not answer" in page.error[0].value and not page.exception


def test_a_table_of_one_text(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sample_board, "sample_table", lambda: table_of_texts(["good"], "one"))
    page = opened()
    for name in VIEWS:
        view(page, name)
    assert metrics(page)["Texts read"] == "1"
