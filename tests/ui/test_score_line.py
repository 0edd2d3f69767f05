"""What stands below a score: what such scores have meant on the test, and nothing where that was not measured."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from streamlit.testing.v1 import AppTest

from core.contracts import ModelRef
from core.training.score_bins import score_bins
from core.ui.measured import Measured
from tests.ui import fraud_service

pytestmark = pytest.mark.usefixtures("home")


def drawn(score: float, model: ModelRef) -> list[str]:
    def script(score, model) -> None:
        from core.contracts import Decision
        from core.ui.score_line import show_measured_share
        from tests.ui.fraud_service import THRESHOLD

        show_measured_share("fraud", Decision(("genuine", "fraud"), score, THRESHOLD), model)

    page = AppTest.from_function(script, args=(score, model)).run()
    assert not page.exception
    return [caption.value for caption in page.caption]


@pytest.mark.parametrize("score", [0.001, 0.07, 0.3, 0.97, 1.0])
def test_the_bin_of_the_score_is_quoted(monkeypatch: pytest.MonkeyPatch, score: float) -> None:
    fraud_service.install(monkeypatch)
    (said,) = drawn(score, fraud_service.MODEL)
    (expected,) = (one for one in score_bins(fraud_service.evaluation(), fraud_service.THRESHOLD) if one.holds(score))
    assert said.startswith(f"Of the {expected.share.n} test transactions scored {round(100 * expected.low, 1):g} to")
    assert f"{100 * expected.share.value:.1f} % were Fraud" in said


def test_of_another_version_nothing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    fraud_service.install(monkeypatch)
    assert drawn(0.3, ModelRef("fraud", "7", "network", "e" * 64)) == []


@pytest.mark.parametrize(("manifest", "looked_for"), [({"threshold": {"value": 0.5}}, True), ({}, False)])
def test_calibration_is_of_the_label_a_threshold_looks_for(manifest: dict[str, object], looked_for: bool) -> None:
    def script(measured) -> None:
        from core.ui.curves import show_calibration

        show_calibration(measured)

    version = SimpleNamespace(manifest=manifest)
    measured = Measured("fraud", version, fraud_service.evaluation())  # type: ignore[arg-type]
    page = AppTest.from_function(script, args=(measured,)).run()
    assert not page.exception
    if not looked_for:
        assert not page.dataframe and "Bars are 95 % intervals" in page.caption[0].value
        return
    shown = page.dataframe[0].value
    assert sum(shown["Transactions"]) == 3000 and shown["Mean score, %"].iloc[0] < 5
