"""The champion on a new version's own images."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.contracts import Evaluation, Metric
from core.errors import ModelRefused
from core.jobs import baseline
from core.serving import comparison
from core.serving.timing import load_costs
from core.store.versions import Version
from core.training import quality
from core.training.evaluation import load_evaluation, save_evaluation
from core.training.gate import judge
from core.training.metrics import classification_summary
from tests.ui.medical_service import evaluation


class Champion:
    sha256 = "c" * 64
    ref = "bundled"

    def __init__(self, path: Path, labels: tuple[str, ...]) -> None:
        self.path = path
        self.manifest = {"labels": list(labels)}


def version_at(path: Path) -> Version:
    return Version("medical", 1, "", path, Champion.sha256, datetime(2026, 1, 1, tzinfo=UTC), "", {})


class Measures:
    """A task that has measured 60 images, and gives those that it is told to."""

    def __init__(self, found: Evaluation) -> None:
        self.found = found

    def load(self, checkpoint: Path, device: str) -> Any:
        return object()

    def evaluate(self, predictor: Any, data: Path, columns: Any = None, like: Evaluation | None = None) -> Evaluation:
        if like is None:
            return self.found
        found = quality.take(self.found, np.flatnonzero(np.isin(self.found.table["id"], like.table["id"])))
        found = replace(found, data=replace(found.data, n=len(found.table["id"])))
        return replace(found, summary=self.summarise(found))

    def summarise(self, evaluation: Evaluation) -> dict[str, Metric]:
        table = evaluation.table
        return classification_summary(table["truth"], table["prediction"], table["scores"])


def measure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, labels: tuple[str, ...], columns: dict[str, str] | None = None
) -> tuple[Path, Champion]:
    new = evaluation(n=20, seed=1, fingerprint="theirs")
    champion = Champion(tmp_path / "champion", labels)
    checkpoint = tmp_path / "new"
    for folder, held in ((champion.path, evaluation(n=30)), (checkpoint, new)):
        folder.mkdir()
        save_evaluation(folder, held)
    monkeypatch.setattr(baseline, "registry", type("Registry", (), {"resolve": lambda self, slug: champion}))
    task: Any = Measures(evaluation(n=60, seed=2, fingerprint="theirs"))
    baseline.measure_champion(task, "medical", checkpoint, tmp_path, columns)
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
    def fails(*_: Any, **__: Any) -> Evaluation:
        raise error

    monkeypatch.setattr(Measures, "evaluate", fails)
    checkpoint, champion = measure(tmp_path, monkeypatch, ("normal", "pneumonia"))
    assert not baseline.baseline_folder(checkpoint, champion.sha256).exists()


def test_the_columns_of_the_run_name_those_of_its_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def noted(self: Measures, predictor: Any, data: Path, columns: Any = None, **_: Any) -> Evaluation:
        asked.append(columns)
        return self.found

    monkeypatch.setattr(Measures, "evaluate", noted)
    measure(tmp_path, monkeypatch, ("normal", "pneumonia"), {"amount": "price"})
    assert asked == [{"amount": "price"}]


def test_other_labels_are_not_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checkpoint, champion = measure(tmp_path, monkeypatch, ("cats", "dogs"))
    assert not baseline.baseline_folder(checkpoint, champion.sha256).exists()


def test_both_are_timed_in_turn_where_the_task_can_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Quick:
        size_bytes = 2**20

        def predict(self, inputs: list[Any]) -> list[None]:
            return [None]

    monkeypatch.setattr(Measures, "load", lambda *_: Quick())
    monkeypatch.setattr(Measures, "probe", lambda _: "probe", raising=False)
    checkpoint, champion = measure(tmp_path, monkeypatch, ("normal", "pneumonia"))
    costs = load_costs(baseline.baseline_folder(checkpoint, champion.sha256))
    assert costs is not None and costs.champion_mb == costs.challenger_mb == 1
    assert costs.repeats >= 20


def test_the_same_data_are_not_measured_again_but_timed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    champion = Champion(tmp_path / "champion", ("normal", "pneumonia"))
    checkpoint = tmp_path / "new"
    for folder in (champion.path, checkpoint):
        folder.mkdir()
        save_evaluation(folder, evaluation(n=20))
    monkeypatch.setattr(baseline, "registry", type("Registry", (), {"resolve": lambda self, slug: champion}))
    task: Any = Measures(evaluation(n=60))
    monkeypatch.setattr(Measures, "evaluate", lambda *_, **__: pytest.fail("measured again"))
    monkeypatch.setattr(Measures, "load", lambda *_: type("P", (), {"size_bytes": 1, "predict": lambda _, x: x})())
    monkeypatch.setattr(Measures, "probe", lambda _: "probe", raising=False)
    baseline.measure_champion(task, "medical", checkpoint, tmp_path)
    folder = baseline.baseline_folder(checkpoint, champion.sha256)
    assert load_evaluation(folder) is None and load_costs(folder) is not None


@pytest.mark.parametrize("known", ["never", "other lines", "the same lines"])
def test_the_champion_is_measured_on_the_suite_where_it_was_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, known: str
) -> None:
    suite = evaluation(n=20, seed=3, fingerprint="suite")
    champion, checkpoint = Champion(tmp_path / "champion", ("normal", "pneumonia")), tmp_path / "new"
    for folder in (champion.path, checkpoint):
        folder.mkdir()
        save_evaluation(folder, evaluation(n=20))
    save_evaluation(checkpoint / "suite", suite)
    if known != "never":
        old = suite if known == "the same lines" else evaluation(n=20, seed=3, fingerprint="older suite")
        save_evaluation(champion.path / "suite", old)
    monkeypatch.setattr(baseline, "registry", type("Registry", (), {"resolve": lambda self, slug: champion}))
    monkeypatch.setattr(Measures, "suite", lambda _, predictor: suite, raising=False)
    baseline.measure_champion(Measures(evaluation(n=60)), "medical", checkpoint, tmp_path)  # type: ignore[arg-type]  # as the task that it stands for
    found = load_evaluation(baseline.baseline_folder(checkpoint, champion.sha256) / "suite")
    assert (found is None) == (known == "the same lines")
    own, theirs = comparison.suites_of(version_at(champion.path), version_at(checkpoint))
    assert own is not None and theirs is not None and own.data == theirs.data


def test_another_part_of_the_same_data_is_measured_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    champion = Champion(tmp_path / "champion", ("normal", "pneumonia"))
    checkpoint, rows = tmp_path / "new", np.arange(30)
    for folder, part in ((champion.path, rows), (checkpoint, rows + 10)):
        folder.mkdir()
        save_evaluation(folder, quality.take(evaluation(n=60), part))
    monkeypatch.setattr(baseline, "registry", type("Registry", (), {"resolve": lambda self, slug: champion}))
    task: Any = Measures(evaluation(n=60))
    baseline.measure_champion(task, "medical", checkpoint, tmp_path)
    found, new = load_evaluation(baseline.baseline_folder(checkpoint, champion.sha256)), load_evaluation(checkpoint)
    assert found is not None and new is not None
    assert np.array_equal(np.sort(found.table["id"]), np.sort(new.table["id"]))
    against, own = comparison.evaluations(version_at(champion.path), version_at(checkpoint))
    assert against is not None and own is not None
    assert judge(against, own, None, "accuracy").comparison is not None
