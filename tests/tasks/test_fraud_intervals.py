"""Every interval of a summary counts customers, and the model that is shipped says what its table says."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from core.contracts import DataInfo, Evaluation
from core.settings import ROOT
from core.tasks.fraud_detection.measure import summarise
from core.training.evaluation import VALIDATION, load_evaluation

SHIPPED = ROOT / "assets" / "models" / "fraud" / "bundled"


@pytest.mark.slow
def test_payments_that_go_together_are_worth_one() -> None:
    draw = np.random.default_rng(0)
    truth = (draw.random(1500) < 0.2).astype(np.int64)
    score = 1 / (1 + np.exp(1 - 3 * truth - 2 * draw.normal(size=1500)))
    columns = {"truth": truth, "prediction": (score >= 0.5).astype(np.int64), "scores": np.stack([1 - score, score], 1)}
    thrice = {name: np.concatenate([column] * 3) for name, column in columns.items()}
    table = Evaluation(("genuine", "fraud"), thrice, {}, DataInfo("made", "test", 4500, "f"), 0, "")
    apart = summarise(table)
    together = summarise(replace(table, table=thrice | {"customer": np.tile(np.arange(1500), 3)}))
    ratio = {
        name: (together[name].high - together[name].low) / (metric.high - metric.low) for name, metric in apart.items()
    }
    assert ratio.keys() == {"average_precision", "auroc", "ece", "balanced_accuracy", "f1_macro", "accuracy"}
    ece = ratio.pop("ece")
    assert ratio == pytest.approx(dict.fromkeys(ratio, 3**0.5), rel=0.15)
    assert ece > 1.2
    assert {name: metric.value for name, metric in together.items()} == pytest.approx(
        {name: metric.value for name, metric in apart.items()}
    )


@pytest.mark.slow
@pytest.mark.parametrize("folder", [SHIPPED, SHIPPED / VALIDATION], ids=["test", "validation"])
def test_figures_that_are_shipped_are_those_of_the_table_beside_them(folder) -> None:
    evaluation = load_evaluation(folder)
    assert evaluation is not None
    found = {name: metric.as_dict() for name, metric in summarise(evaluation).items()}
    stored = {name: metric.as_dict() for name, metric in evaluation.summary.items()}
    assert list(found) == list(stored)
    for name, figures in found.items():
        assert figures == pytest.approx(stored[name], abs=1e-9)


def test_manifest_and_card_of_the_shipped_model_repeat_its_summary() -> None:
    summary = json.loads((SHIPPED / "evaluation.json").read_text(encoding="utf-8"))["metrics"]
    assert json.loads((SHIPPED / "manifest.json").read_text(encoding="utf-8"))["metrics"]["values"] == summary
    card = (SHIPPED / "card.md").read_text(encoding="utf-8")
    for name, figures in summary.items():
        assert f"| {name} | {figures['value']:.4f} | {figures['low']:.4f} to {figures['high']:.4f} |" in card
