"""Curves of a run: one line for each thing that was measured, one chart for each model."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.ui import run_curves


def events(compared: bool) -> list[tuple[int, dict[str, float]]]:
    main = [(step, {"validation_loss": 1 / step}) for step in range(10, 60, 10)]
    beside = [(step, {"network_train_loss": 0.5, "network_validation_loss": 0.6, "epoch": step}) for step in range(5)]
    return main + beside * compared


@pytest.mark.parametrize("compared", [True, False])
def test_a_model_for_comparison_has_a_chart_of_its_own(
    home: Path, monkeypatch: pytest.MonkeyPatch, compared: bool
) -> None:
    drawn: dict[str, list[str]] = {}
    monkeypatch.setattr(
        run_curves, "show_chart", lambda figure, key, **_: drawn.update({key: [line.name for line in figure.data]})
    )

    def script(found: list[tuple[int, dict[str, float]]]) -> None:
        from types import SimpleNamespace

        from core.ui.run_curves import show_run_curves

        told = [SimpleNamespace(kind="metrics", data={"step": step, "metrics": metrics}) for step, metrics in found]
        show_run_curves("fraud", told)

    page = AppTest.from_function(script, args=(events(compared),), default_timeout=60).run()
    assert not page.exception
    assert drawn.pop("fraud.curve.loss") == ["Validation loss"]
    beside = {"fraud.curve.network_": ["Network: training loss", "Network: validation loss"]}
    assert drawn == (beside if compared else {})


def test_shares_end_at_one_and_losses_do_not(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tops: dict[str, object] = {}
    monkeypatch.setattr(
        run_curves,
        "show_chart",
        lambda figure, key, **_: tops.update({key: figure.layout.yaxis.autorangeoptions.clipmax}),
    )

    def script() -> None:
        from types import SimpleNamespace

        from core.ui.run_curves import show_run_curves

        measured = {"validation_loss": 2.0, "validation_accuracy": 1.0}
        told = [SimpleNamespace(kind="metrics", data={"step": step, "metrics": measured}) for step in range(4)]
        show_run_curves("sentiment", told)

    assert not AppTest.from_function(script, default_timeout=60).run().exception
    assert tops == {"sentiment.curve.loss": None, "sentiment.curve.share": 1}
