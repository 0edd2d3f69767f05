"""One transaction: a sample or the form, the answer with its reasons, what-if and the nearest other decision."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.data import simulated_bank
from core.data.new_transaction import Fields
from core.serving import service
from core.ui import asking, single
from tests.ui import fraud_service
from tests.ui.test_house import words

Open = Callable[[], AppTest]
BANK = fraud_service.bank()
LARGE = int(np.flatnonzero(BANK.label == 1)[-1])
SMALL = len(BANK) - 2


@pytest.fixture
def opened(home: Path, monkeypatch: pytest.MonkeyPatch) -> Open:
    fraud_service.install(monkeypatch)
    samples = tuple(SimpleNamespace(place=place, title=title) for place, title in ((LARGE, "Large"), (SMALL, "Small")))
    monkeypatch.setattr(simulated_bank, "sample_bank", lambda: BANK)
    monkeypatch.setattr(simulated_bank, "sample_transactions", lambda: samples)
    monkeypatch.setattr(single, "case_of", asking.case_of)
    monkeypatch.setattr(single, "show_correction", lambda *_: None)

    def script() -> None:
        from types import SimpleNamespace

        from core.ui.single import show_single

        show_single(SimpleNamespace(slug="fraud"))

    return lambda: checked(AppTest.from_function(script, default_timeout=60).run())


def checked(page: AppTest) -> AppTest:
    assert not page.exception and not page.error
    return page


def press(page: AppTest, key: str) -> AppTest:
    return checked(next(button for button in page.button if button.key == key).click().run())


def bars(page: AppTest) -> list[int]:
    return [bar.proto.value for bar in page.get("progress")]


def test_first_look_asks_for_a_choice(opened: Open) -> None:
    page = opened()
    assert "Choose a sample above" in words(page)
    assert [button.label for button in page.button if str(button.key).startswith("fraud.sample")] == ["Large", "Small"]


def test_a_click_on_a_sample_gives_score_threshold_reasons_and_history(opened: Open) -> None:
    page = press(opened(), f"fraud.sample.{LARGE}")
    assert page.subheader[0].value == "Fraud"
    score = round(100 * float(fraud_service.scores(BANK)[LARGE]))
    assert abs(bars(page)[0] - score) <= 1 and bars(page)[1] == 50
    said = words(page)
    assert f"The amount is {BANK.amount[LARGE]:.2f}" in said.replace("\\", "")
    assert "in the 30 days before" in said and "They add up" in said


@pytest.mark.slow
@pytest.mark.parametrize(
    ("labels", "said"),
    [
        ({LARGE: 1, SMALL: 0}, {LARGE: "was fraud: the model finds it", SMALL: "was genuine: the model lets it pass"}),
        ({LARGE: 0, SMALL: 1}, {LARGE: "was genuine: a false alarm", SMALL: "was fraud: the model misses it"}),
        ({LARGE: -1, SMALL: -1}, {}),
    ],
)
def test_the_simulation_says_who_is_right(
    opened: Open, monkeypatch: pytest.MonkeyPatch, labels: dict[int, int], said: dict[int, str]
) -> None:
    label = BANK.label.copy()
    label[list(labels)] = list(labels.values())
    monkeypatch.setattr(simulated_bank, "sample_bank", lambda: replace(BANK, label=label))
    page = opened()
    for place in labels:
        found = words(press(page, f"fraud.sample.{place}"))
        assert said[place] in found if said else "In the simulation" not in found
    page.number_input(key="fraud.new.amount").set_value(12.0)
    next(button for button in page.button if button.label == "Score it").click()
    assert "In the simulation" not in words(checked(page.run()))


def test_a_sample_fills_the_form_and_a_change_there_is_another_question(opened: Open) -> None:
    page = press(opened(), f"fraud.sample.{LARGE}")
    amount = page.number_input(key="fraud.new.amount")
    assert amount.value == BANK.amount[LARGE]
    assert page.selectbox(key="fraud.new.customer").value == BANK.customers[BANK.customer[LARGE]]
    amount.set_value(12.0)
    next(button for button in page.button if button.label == "Score it").click()
    page = checked(page.run())
    assert page.subheader[0].value == "Genuine"
    assert "**12.00**" in words(page)


def test_sliders_move_the_score_from_where_the_transaction_is(opened: Open) -> None:
    page = press(opened(), f"fraud.sample.{LARGE}")
    slider = next(one for one in page.slider if one.label == "Amount")
    assert slider.value == pytest.approx(BANK.amount[LARGE], abs=5)
    assert "Move a slider" in words(page)
    page = checked(slider.set_value(slider.min).run())
    assert "percentage points compared with" in words(page) and "now says: Genuine" in words(page)
    before, now = (float(str(bar.proto.text).split(":")[1].strip(" %*")) for bar in page.get("progress")[:4:2])
    assert f"−{before - now:.1f} percentage points" in words(page), "three numbers that agree"
    assert bars(page)[2] < bars(page)[0], "the answer above stays what it was"


def test_what_would_change_the_decision_is_said_in_both_directions(opened: Open) -> None:
    page = press(opened(), f"fraud.sample.{LARGE}")
    assert "Genuine," in words(page).split("An amount of")[1]
    page = press(page, f"fraud.sample.{SMALL}")
    said = words(page)
    assert "Fraud," in said.split("An amount of")[1]
    assert "No other hour of the same day would do (24 tried)" in said


def test_extra_numbers_and_groups_of_the_version_are_asked_for(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    fields = Fields((5.0, 40.0, 300.0), {"speed": (0.0, 3.0, 9.0)}, ("channel",), 7)
    monkeypatch.setattr(service, "fields_of", lambda slug: fields)
    seen = []
    monkeypatch.setattr(asking.service, "predict", lambda *a, **k: seen.append(a[1]) or fraud_service.predict(*a, **k))
    page = opened()
    assert page.number_input(key="fraud.new.number.speed").value == 3.0
    page.text_input(key="fraud.new.text.channel").set_value("web")
    next(button for button in page.button if button.label == "Score it").click()
    checked(page.run())
    table = seen[0][0]
    assert (table.numbers["speed"][-1], table.categories["channel"][-1]) == (3.0, "web")


def test_terminals_of_a_customer_without_a_past_are_not_called_his_own(opened: Open) -> None:
    page = press(opened(), f"fraud.sample.{LARGE}")
    assert "where this customer pays" in words(page)
    firsts = [int(np.flatnonzero(BANK.customer == place)[0]) for place in range(len(BANK.customers))]
    customer = int(np.argmax(firsts))
    moment = BANK.time[firsts[customer]].astype("datetime64[s]").item()
    page.selectbox(key="fraud.new.customer").select(BANK.customers[customer])
    page.date_input(key="fraud.new.date").set_value(moment.date())
    page.time_input(key="fraud.new.time").set_value(moment.time())
    next(button for button in page.button if button.label == "Score it").click()
    said = words(checked(page.run()))
    assert "busiest" in said and "where this customer pays" not in said
