"""Versions against each other, and parts of the test, where the label that is looked for is rare."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.contracts import DataInfo, Evaluation
from core.training.paired import metric_change, shared
from core.ui.measured import Measured
from tests.training.tables import without
from tests.ui import fraud_service
from tests.ui.test_house import words

pytestmark = pytest.mark.usefixtures("home")


def compared(champion: Evaluation, challenger: Evaluation) -> AppTest:
    def script(champion, challenger) -> None:
        from core.ui.comparison import show_comparison

        show_comparison("fraud", champion, challenger)

    page = AppTest.from_function(script, args=(champion, challenger), default_timeout=60).run()
    assert not page.exception
    return page


def sliced(evaluation: Evaluation) -> AppTest:
    def script(measured) -> None:
        from core.ui.slices import show_slices

        show_slices(measured)

    measured = Measured("fraud", fraud_service.Version(), evaluation)  # type: ignore[arg-type]
    page = AppTest.from_function(script, args=(measured,), default_timeout=60).run()
    assert not page.exception
    return page


def better(evaluation: Evaluation) -> Evaluation:
    """The same rows, ranked a little better."""
    truth, scores = evaluation.table["truth"], evaluation.table["scores"][:, 1]
    score = np.clip(scores + 0.1 * truth, 0, 1).astype(np.float32)
    return replace(evaluation, table={**evaluation.table, "scores": np.stack([1 - score, score], axis=1)})


@pytest.mark.slow
def test_the_big_figure_is_the_headline_metric_on_the_shared_rows() -> None:
    old = fraud_service.evaluation()
    new = without(better(old), np.arange(500))
    page = compared(old, new)
    expected = metric_change(*shared(old, new), "average_precision")
    first = page.metric[0]
    assert first.label == "Change of Average precision" and first.value == f"{expected.value:+.3f}"
    assert expected.low > 0 and "could be chance" not in words(page)
    assert "2,500 transactions that are in both tests (3,000 and 2,500" in words(page)
    assert "McNemar" not in words(page) and not any("accuracy" in one.label for one in page.metric)
    assert len(page.dataframe) == 2, "figures of different rows do not stand side by side"


def test_figures_of_the_same_rows_stand_side_by_side() -> None:
    old = fraud_service.evaluation()
    page = compared(old, old)
    assert len(page.dataframe) == 1 and {"In use", "Challenger"} <= set(page.dataframe[0].value.columns)
    assert "could be chance" in words(page)


def test_other_data_are_not_set_side_by_side() -> None:
    old = fraud_service.evaluation()
    page = compared(old, replace(old, data=DataInfo("other", "test", 3000, "g")))
    assert not page.metric and len(page.dataframe) == 2 and "different data" in page.info[0].value


def test_parts_are_of_the_frauds_and_worst_is_what_is_missed_most() -> None:
    found = fraud_service.evaluation()
    truth, decided = found.table["truth"].copy(), found.table["prediction"].copy()
    kind = np.where(truth == 1, np.where(np.arange(3000) % 2, "stolen_card", "large_amount"), "genuine")
    decided[kind == "stolen_card"] = 0
    page = sliced(replace(found, table={**found.table, "prediction": decided, "slice.scenario": kind}))
    table = next(frame.value for frame in page.dataframe if "Gap, points" in frame.value)
    assert list(table["Part"]) == ["kind of fraud: stolen card details", "kind of fraud: large amount"]
    assert table["Found"].iloc[0].startswith("0.000") and sum(table["Fraud"]) == truth.sum()
    assert page.selectbox[0].label == "Fraud missed in this part"
    missed = next(frame.value for frame in page.dataframe if "True label" in frame.value)
    assert set(missed["True label"]) == {"Fraud"} and set(missed["Decision"]) == {"Genuine"}
