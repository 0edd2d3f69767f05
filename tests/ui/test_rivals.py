"""Models, overlap, accuracy and money of a table with amounts, drawn from made-up rows."""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace

import pytest
from streamlit.testing.v1 import AppTest

from core.contracts import Evaluation, Metric
from core.training.paired import metric_change
from core.training.rivals import card_precision_limit, scored_by
from core.ui.measured import Measured
from tests.ui import fraud_service
from tests.ui.test_house import words

pytestmark = pytest.mark.usefixtures("home")


def draw(view: str, evaluation: Evaluation | None = None) -> AppTest:
    def script(view, measured, validation) -> None:
        from core.ui.accuracy import show_accuracy
        from core.ui.money import show_money
        from core.ui.rivals import show_models, show_overlap

        views = {"models": show_models, "overlap": show_overlap, "accuracy": show_accuracy}
        views[view](measured) if view in views else show_money(measured, validation)

    measured = Measured("fraud", fraud_service.Version(), evaluation or fraud_service.evaluation())  # type: ignore[arg-type]
    page = AppTest.from_function(script, args=(view, measured, fraud_service.evaluation(seed=1)), default_timeout=60)
    page.run()
    assert not page.exception and not page.error
    return page


def bare() -> Evaluation:
    found = fraud_service.evaluation()
    return replace(found, table={k: v for k, v in found.table.items() if not k.startswith("other.")})


@pytest.mark.slow
def test_models_stand_in_order_of_average_precision_with_their_intervals() -> None:
    table = draw("models").dataframe[0].value
    assert list(table["Model"]) == ["Boosted trees · answers", "Logistic regression", "Plain rules"]
    assert "Average precision" in table.columns[1] and table.columns[-2] == "AUROC"
    assert table["Average precision"][0] == "0.800 [0.700, 0.900]"


@pytest.mark.parametrize("view", ["models", "overlap"])
def test_a_version_without_other_models_says_how_to_get_them(view: str) -> None:
    assert "Switch on" in draw(view, bare()).info[0].value


def test_a_version_that_is_the_rules_is_not_set_beside_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fraud_service, "Version", lambda: SimpleNamespace(manifest={"architecture": "rules"}))
    found = fraud_service.evaluation()
    table = {name: values for name, values in found.table.items() if name != "other.rules"}
    assert "by the rules themselves" in draw("overlap", replace(found, table=table)).info[0].value


@pytest.mark.slow
def test_overlap_counts_every_fraud_once_and_moves_with_the_alerts() -> None:
    page = draw("overlap")
    frauds = int(fraud_service.evaluation().table["truth"].sum())
    assert sum(int(metric.value.split()[0]) for metric in page.metric) == frauds
    assert "In money" in words(page)
    before = [metric.value for metric in page.metric]
    page.slider(key="fraud.overlap_a_day").set_value(5).run()
    assert [metric.value for metric in page.metric] != before
    assert "50 alerts on the 3,000 test rows" in words(page)


def test_accuracy_is_shown_up() -> None:
    page = draw("accuracy")
    always, nothing, model, found = (metric.value for metric in page.metric)
    assert float(always.split()[0]) > 96 and nothing.startswith("0 /")
    assert float(model.split()[0]) > 90 and int(found.split()[0]) > 0
    assert "finds nothing" in words(page) and "0.800 [0.700, 0.900]" in words(page)


def test_money_of_a_table_with_amounts_starts_from_what_was_measured() -> None:
    page = draw("money")
    values = {box.key.removeprefix("fraud.money_"): box.value for box in page.number_input}
    truth = fraud_service.evaluation().table["truth"]
    assert values["volume"] == 9000, "300 rows a day were measured"
    assert values["prevalence"] == pytest.approx(100 * truth.mean(), abs=0.01)
    assert values["miss_share"] == 100 and values["miss"] == 0
    saved = {metric.label: metric.value for metric in page.metric}
    assert "Saved against today's threshold" in saved


@pytest.mark.slow
def test_more_people_let_more_be_looked_at() -> None:
    page = draw("money")
    page.number_input(key="fraud.money_reviewers").set_value(1)
    page.number_input(key="fraud.money_each").set_value(1).run()
    few = next(metric.value for metric in page.metric if metric.label == "Cost that is left")
    page.number_input(key="fraud.money_reviewers").set_value(0).run()
    many = next(metric.value for metric in page.metric if metric.label == "Cost that is left")
    assert float(many.replace(",", "")) < float(few.replace(",", ""))


def test_few_people_leave_todays_mark_in_its_place_and_are_said_to_be_few() -> None:
    page = draw("money")
    assert not page.info, "the people of the example are enough"
    page.number_input(key="fraud.money_reviewers").set_value(1)
    page.number_input(key="fraud.money_each").set_value(1).run()
    said = page.info[0].value
    assert "Today's threshold, 50.0 %, would need about" in said and "there are 30" in said
    chart = next(spec for spec in (one.proto.spec for one in page.get("plotly_chart")) if "today" in spec)
    (mark,) = [shape for shape in json.loads(chart)["layout"]["shapes"] if shape["x0"] == 100 * fraud_service.THRESHOLD]
    assert mark["x0"] == mark["x1"]


def test_the_chart_of_costs_ends_at_twice_the_cost_of_looking_at_nobody() -> None:
    page = draw("money")
    costs = {
        metric.label: float(metric.value.replace(",", "")) for metric in page.metric if "threshold" not in metric.label
    }
    nobody = costs["Cost that is left"] + costs["Saved against looking at nobody"]
    low, high = json.loads(page.get("plotly_chart")[0].proto.spec)["layout"]["yaxis"]["range"]
    assert low == 0 and high <= 2 * nobody + 2


@pytest.mark.slow
def test_models_are_set_against_the_one_that_answers_on_the_same_resamples() -> None:
    page = draw("models")
    table, found = page.dataframe[0].value, fraud_service.evaluation()
    column = dict(zip(table["Model"], table["Against the one that answers"], strict=True))
    change = metric_change(found, scored_by(found, "rules"), "average_precision")
    assert column["Boosted trees · answers"] == "–"
    assert column["Plain rules"] == f"{change.value:+.3f} [{change.low:+.3f}, {change.high:+.3f}]"
    assert f"no higher than {card_precision_limit(found):.3f}" in words(page)
    assert not page.info, "the one that answers ranks first"


@pytest.mark.slow
def test_a_model_that_ranks_above_the_one_that_answers_is_explained() -> None:
    found = fraud_service.evaluation()
    summary = found.summary | {"average_precision": Metric(0.01, 0.0, 0.02, 3000)}
    page = draw("models", replace(found, summary=summary))
    assert "ranks above" in page.info[0].value
    assert "Boosted trees answer all the same" in words(page) and "?view=card" in words(page)
