"""The queue: our own days or a file, columns put right, bad rows listed, filters, a case, files to take away."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.contracts import Decision, ModelRef, TransactionCase
from core.data import simulated_bank
from core.data.new_transaction import row_with_history
from core.data.transactions import LABELS, Transactions
from core.errors import StoreError
from core.serving import service
from core.serving.alert_queue import alert_queue
from core.serving.service import Answer
from core.store import audit, feedback
from core.store.registry import Registry
from core.ui import alert_case
from core.ui.queue import PER_PAGE
from core.ui.scored import EXAMPLE_DAYS, Scored
from core.ui.scored_file import all_csv, queue_csv
from tests.ui import fraud_service
from tests.ui.test_house import words
from tests.ui.test_single import checked

Open = Callable[[], AppTest]
BANK = fraud_service.bank()
NOTICE = "Not advice."
CONTEXT = int(np.searchsorted(BANK.time, BANK.time[-1].astype("datetime64[D]") - np.timedelta64(EXAMPLE_DAYS - 1, "D")))
BANK_AS_SCORED = replace(BANK, context=CONTEXT)
A_DAY = np.unique(BANK.time[CONTEXT:].astype("datetime64[D]"), return_counts=True)[1]


@pytest.fixture
def opened(home: Path, monkeypatch: pytest.MonkeyPatch) -> Open:
    fraud_service.install(monkeypatch)
    monkeypatch.setattr(simulated_bank, "sample_bank", lambda: BANK)
    monkeypatch.setattr(alert_case, "case_of", fraud_service.case_of)
    monkeypatch.setattr(alert_case, "draw_correction", lambda *_: None)

    def script() -> None:
        from types import SimpleNamespace

        from core.ui.queue import show_queue

        show_queue(SimpleNamespace(slug="fraud", notice="Not advice."))

    return lambda: checked(AppTest.from_function(script, default_timeout=60).run())


def alerts(page: AppTest):
    return next(frame.value for frame in page.dataframe if "Rank" in frame.value)


def upload(page: AppTest, text: str, name: str = "mine.csv") -> AppTest:
    page.segmented_control(key="fraud.queue.source").set_value("file").run()
    page.file_uploader[0].set_value([(name, text.encode(), "text/csv")])
    return page.run()


def send(page: AppTest) -> AppTest:
    next(button for button in page.button if button.label == "Score the transactions").click()
    return page.run()


def as_csv(rows: int = 60, extra: str = "") -> str:
    lines = ["when,price,who,where,fraud"]
    for row in range(rows):
        day = 1 + row // 20
        lines.append(f"2026-05-{day:02d} 10:{row % 60:02d}:00,{10 + 5 * row},c{row % 7},m{row % 3},{int(row == 59)}")
    return "\n".join(lines) + "\n" + extra


def test_our_own_days_are_a_ready_example(opened: Open) -> None:
    page = opened()
    metrics = {metric.label: metric.value for metric in page.metric}
    assert metrics["Transactions scored, all days"] == str(len(BANK) - CONTEXT)
    assert metrics["Alerts in the queue, all days"] == str(np.minimum(A_DAY, 20).sum())
    page.number_input(key="fraud.queue.a_day").set_value(3).run()
    assert {m.label: m.value for m in page.metric}["Alerts in the queue, all days"] == str(3 * EXAMPLE_DAYS)
    table = alerts(page)
    assert list(table["Rank"]) == [1, 2, 3], "the latest day alone is shown at first"
    assert list(table["Expected loss"]) == sorted(table["Expected loss"], reverse=True)


@pytest.mark.slow
def test_labels_of_the_table_are_counted_against_the_queue(opened: Open) -> None:
    assert "that they were fraud; the queue holds" in words(opened())


def test_filters_leave_the_ranks_alone(opened: Open) -> None:
    page = opened()
    page.selectbox(key="fraud.queue.decision").select("over").run()
    over = alerts(page)
    assert set(over["Score against the threshold"]) == {"over today's threshold"} and (over["%"] >= 50).all()
    page.selectbox(key="fraud.queue.decision").select("all")
    page.text_input(key="fraud.queue.customer").set_value("C3").run()
    table = alerts(page)
    assert set(table["Customer"]) == {"C3"} and table["Rank"].max() > len(table)
    page.text_input(key="fraud.queue.customer").set_value("nobody").run()
    assert "No alert is left" in page.info[0].value


def test_nothing_is_marked_before_somebody_looked_and_then_it_is_said_what(opened: Open) -> None:
    page = opened()
    table = alerts(page)
    assert set(table["Reviewed"]) == {""} and "Genuine" not in str(table.to_dict())
    row = int(np.flatnonzero(BANK.ids == table["Transaction"][1])[0])
    case = fraud_service.case_of("fraud", row_with_history(BANK_AS_SCORED, row))
    decision = Decision(LABELS, 0.9, fraud_service.THRESHOLD)
    feedback.add(case, decision, fraud_service.MODEL, answer="genuine")
    assert list(alerts(checked(page.run()))["Reviewed"][:3]) == ["", "Genuine", ""]
    case = fraud_service.case_of("fraud", row_with_history(BANK_AS_SCORED, row - 1))
    feedback.add(case, decision, replace(fraud_service.MODEL, sha256="e" * 64), answer="genuine")
    assert sum(map(bool, alerts(checked(page.run()))["Reviewed"])) == 1, "another version's score is another matter"


def test_figures_stand_before_names_and_long_names_are_cut(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    names = tuple(f"4929-1111-2222-{place:04d}" for place in range(10))
    monkeypatch.setattr(simulated_bank, "sample_bank", lambda: replace(BANK, customers=names))
    table = alerts(opened())
    assert list(table)[:5] == ["Rank", "Time", "Amount", "%", "Expected loss"]
    assert set(table["Customer"]) <= {f"…000{place}" for place in range(10)}


def test_several_currencies_are_said(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    codes = np.where(np.arange(len(BANK)) % 2, "EUR", "USD")
    monkeypatch.setattr(simulated_bank, "sample_bank", lambda: replace(BANK, categories={"tx_currency": codes}))
    assert "names 2 currencies (EUR, USD)" in opened().warning[0].value.replace("\\", "")


@pytest.mark.slow
def test_pages_hold_every_alert_once_and_no_more_than_a_page(opened: Open) -> None:
    page = opened()
    key = next(box.key for box in page.selectbox if str(box.key).startswith("fraud.queue.day"))
    page.selectbox(key=key).select("all").run()
    seen: list[str] = []
    expected = int(np.minimum(A_DAY, 20).sum())
    for number in range(1, -(-expected // PER_PAGE) + 1):
        page.session_state[f"fraud.queue.page.{-(-expected // PER_PAGE)}"] = number
        checked(page.run())
        assert len(alerts(page)) <= PER_PAGE
        seen += list(alerts(page)["Transaction"])
    assert len(seen) == len(set(seen)) == expected > PER_PAGE


@pytest.mark.slow
def test_an_opened_case_shows_its_reasons(opened: Open) -> None:
    page = opened()
    name = alerts(page)["Transaction"][0]
    row = int(np.flatnonzero(BANK.ids == name)[0])
    page.session_state["fraud.queue.open"] = ("another table", row - CONTEXT)
    assert not checked(page.run()).subheader
    page.session_state["fraud.queue.open"] = (page.session_state["fraud.queue.scored"][1].key, row - CONTEXT)
    page = checked(page.run())
    assert page.subheader[0].value == f"Case {name}"
    said = words(page).replace("\\", "")
    assert f"**{BANK.amount[row]:,.2f}** · {str(BANK.time[row]).replace('T', ' ')}" in said.replace("\u2060", "")
    assert f"Terminal {BANK.terminals[BANK.terminal[row]]}" in said and "in the 30 days before" in said
    assert f"The amount is {BANK.amount[row]:.2f}" in words(page).replace("\\", "")


def test_a_case_is_explained_by_the_version_that_scored_it_after_a_promotion(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def explain(*given: object) -> object:
        asked.append(given[4])
        return fraud_service.explain(*given)

    def case_of(slug: str, table: Transactions, model: ModelRef) -> TransactionCase:
        asked.append(model.version)
        return fraud_service.case_of(slug, table)

    monkeypatch.setattr(service, "explain", explain)
    monkeypatch.setattr(alert_case, "case_of", case_of)
    promoted = fraud_service.Version("a" * 64, "3", number=3)

    def script() -> None:
        """A fragment keeps what was scored when the page was drawn."""
        from types import SimpleNamespace

        from core.ui.alert_case import show_alert_case
        from tests.ui import fraud_service
        from tests.ui.test_queue import scored

        show_alert_case(SimpleNamespace(slug="fraud", notice=""), scored(fraud_service.bank()), 0)

    monkeypatch.setattr(Registry, "resolve", lambda self, slug, ref="champion": promoted)
    checked(AppTest.from_function(script, default_timeout=60).run())
    assert asked == ["bundled", "bundled"]


def test_a_file_is_asked_about_and_then_scored_with_its_own_past(opened: Open) -> None:
    page = upload(opened(), as_csv())
    guessed = {box.label: box.value for box in page.selectbox}
    assert guessed["Amount *"] == "price" and guessed["Label: was it fraud?"] == "fraud"
    assert not page.metric, "nothing is scored before the columns were confirmed"
    mapping = {"Amount *": "price", "Time": "when", "Customer": "who", "Terminal or merchant": "where"}
    for label, column in mapping.items():
        next(box for box in page.selectbox if box.label == label).select(column)
    page = checked(send(page))
    assert {m.label: m.value for m in page.metric}["Transactions scored, all days"] == "60"
    assert set(alerts(page)["Customer"]) <= {f"c{place}" for place in range(7)}


def test_rows_that_cannot_be_read_are_listed(opened: Open) -> None:
    page = upload(opened(), as_csv(extra="2026-05-04 10:00:00,abc,c1,m1,0\n"))
    for label, column in {"Amount *": "price", "Time": "when"}.items():
        next(box for box in page.selectbox if box.label == label).select(column)
    page = checked(send(page))
    assert "Not taken: 1" in page.warning[0].value
    assert "61" in words(page) and "abc" in words(page)


def test_one_column_for_two_things_is_said_and_nothing_is_scored(opened: Open) -> None:
    page = upload(opened(), as_csv())
    for label in ("Amount *", "Time"):
        next(box for box in page.selectbox if box.label == label).select("price")
    page = send(page)
    assert not page.exception and "price" in page.error[0].value and not page.metric


@pytest.mark.parametrize("text", ["", "amount,time\n", "<html></html>"])
def test_a_bad_file_is_refused_with_a_message(opened: Open, text: str) -> None:
    page = upload(opened(), text)
    assert not page.exception and page.error and not page.metric
    assert "/tmp" not in page.error[0].value


@pytest.mark.slow
def test_a_store_that_did_not_answer_is_asked_again_and_nothing_was_refused(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    noted: list[object] = []
    monkeypatch.setattr(audit, "note_refused", lambda *said: noted.append(said))
    page = upload(opened(), as_csv())
    predict = service.predict

    def fail(*_: object, **__: object) -> None:
        raise StoreError("store.busy", "The store is busy.", "Try again.")

    monkeypatch.setattr(service, "predict", fail)
    for label, column in {"Amount *": "price", "Time": "when"}.items():
        next(box for box in page.selectbox if box.label == label).select(column)
    page = send(page)
    assert "The store is busy" in page.error[0].value and not page.metric and not noted
    monkeypatch.setattr(service, "predict", predict)
    page = checked(page.run())
    assert page.metric and not page.error
    page = upload(page, "<html></html>", "other.csv")
    page.run()
    assert len(noted) == 1, "a refusal is kept, and noted once"


def scored(table: Transactions) -> Scored:
    (answer,) = fraud_service.predict("fraud", [table])
    return Scored("k", "mine", table, Answer(answer.prediction, fraud_service.MODEL, 1.0))


def rows(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))


def test_files_escape_formulas_and_carry_model_and_notice() -> None:
    evil = replace(BANK, context=0, customers=("=HYPERLINK(1)", *BANK.customers[1:]))
    found = scored(evil)
    queue = alert_queue(evil, found.decisions.scores, 5)
    lines = rows(queue_csv(found, queue, NOTICE))
    assert len(lines) == len(queue) == 5 * 40
    assert {line["customer"] for line in lines} & {"'=HYPERLINK(1)"} and "=HYPERLINK(1)" not in str(
        [line["customer"] for line in lines if not line["customer"].startswith("'")]
    )
    assert {(line["model"], line["version"], line["notice"]) for line in lines} == {
        ("boosted_trees", "bundled", NOTICE)
    }
    assert [int(line["rank"]) for line in lines[:5]] == [1, 2, 3, 4, 5]
    assert len(rows(all_csv(found, NOTICE))) == len(BANK)


def test_files_of_a_table_without_times_and_names_leave_them_empty() -> None:
    bare = replace(BANK, time=None, customer=None, terminal=None, label=None)
    found = scored(bare)
    lines = rows(queue_csv(found, alert_queue(bare, found.decisions.scores, 5), ""))
    assert len(lines) == 5
    assert {line[name] for line in lines for name in ("day", "time", "customer", "terminal")} == {""}
