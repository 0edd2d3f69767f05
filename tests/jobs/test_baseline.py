"""The champion on a new version's own images."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.contracts import Evaluation
from core.errors import ModelRefused
from core.jobs import baseline
from core.training import quality
from core.training.evaluation import load_evaluation, save_evaluation
from tests.ui.medical_service import evaluation


class Champion:
    sha256 = "c" * 64
    ref = "bundled"

    def __init__(self, path: Path, labels: tuple[str, ...]) -> None:
        self.path = path
        self.manifest = {"labels": list(labels)}


class Measures:
    """A task whose evaluation holds more images than the new version was tested on."""

    def __init__(self, found: Evaluation) -> None:
        self.found = found

    def load(self, checkpoint: Path, device: str) -> Any:
        return object()

    def evaluate(self, predictor: Any, data: Path) -> Evaluation:
        return self.found


def measure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, labels: tuple[str, ...]) -> tuple[Path, Champion]:
    new = evaluation(n=20, seed=1, fingerprint="theirs")
    champion = Champion(tmp_path / "champion", labels)
    checkpoint = tmp_path / "new"
    for folder, held in ((champion.path, evaluation(n=30)), (checkpoint, new)):
        folder.mkdir()
        save_evaluation(folder, held)
    monkeypatch.setattr(baseline, "registry", type("Registry", (), {"resolve": lambda self, slug: champion}))
    task: Any = Measures(evaluation(n=60, seed=2, fingerprint="theirs"))
    baseline.measure_champion(task, "medical", checkpoint, tmp_path)
    return checkpoint, champion


def test_the_champion_is_measured_on_the_same_images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checkpoint, champion = measure(tmp_path, monkeypatch, ("normal", "pneumonia"))
    own = load_evaluation(baseline.baseline_folder(checkpoint, champion.sha256))
    new = load_evaluation(checkpoint)
    assert own is not None and new is not None
    assert own.data.n == 20 and set(own.table["id"]) == set(new.table["id"])
    assert own.summary["accuracy"].value == np.mean(own.table["truth"] == own.table["prediction"])
    compared = quality.compare(own, new)
    assert compared is not None and compared.n == 20


def test_labels_are_the_same_whatever_their_case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checkpoint, champion = measure(tmp_path, monkeypatch, ("NORMAL", "PNEUMONIA "))
    assert baseline.baseline_folder(checkpoint, champion.sha256).exists()


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("CUDA out of memory"), ModelRefused("x", "damaged")])
def test_a_champion_that_cannot_be_measured_costs_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fails(*_: Any) -> Evaluation:
        raise error

    monkeypatch.setattr(Measures, "evaluate", fails)
    checkpoint, champion = measure(tmp_path, monkeypatch, ("normal", "pneumonia"))
    assert not baseline.baseline_folder(checkpoint, champion.sha256).exists()


def test_other_labels_are_not_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checkpoint, champion = measure(tmp_path, monkeypatch, ("cats", "dogs"))
    assert not baseline.baseline_folder(checkpoint, champion.sha256).exists()
