"""Image classification, interrupted and resumed: the same bytes of weights as without the interruption."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import JobError, RunCancelled
from core.tasks.image_classification import train
from core.tasks.image_classification.task import TASK
from core.training import snapshot
from core.training.evaluation import load_evaluation
from core.training.run import ListedRun
from tests.tasks.conftest import TINY

EPOCHS = 4
# Everything that draws at random takes part: augmentation, dropout, the order of the images.
CONFIG = replace(TINY, epochs=EPOCHS, dropout=0.4, augmentation="strong")


class StopAfter(ListedRun):
    """Asks to stop at the first step after this many epochs of the stage."""

    epochs = 0
    within = "train"

    def should_stop(self) -> bool:
        return self.done >= self.epochs and self.stages[-1] == self.within

    @property
    def done(self) -> int:
        return sum(stage == self.within and "epoch" in metrics for stage, _, _, metrics in self.reports)


@pytest.fixture(autouse=True)
def every_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    """These epochs are so short that most of them would not be worth a snapshot."""
    monkeypatch.setattr(snapshot.Snapshot.__init__, "__defaults__", ((), 1e9))


@pytest.fixture(scope="module")
def whole(shapes_zip: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return TASK.train(CONFIG, shapes_zip, ListedRun(tmp_path_factory.mktemp("whole"), CONFIG.seed))


def interrupt(folder: Path, data: Path, epochs: int, config=CONFIG, within="train") -> None:
    run = StopAfter(folder, config.seed)
    run.epochs, run.within = epochs, within
    with pytest.raises(RunCancelled):
        TASK.train(config, data, run)
    assert not (folder / "checkpoint").exists()


def weights(folder: Path) -> bytes:
    return (folder / "model.safetensors").read_bytes()


@pytest.mark.parametrize("epochs", range(EPOCHS))
@pytest.mark.slow
def test_resumed_after_any_epoch_it_ends_with_the_same_weights(shapes_zip, tmp_path, whole, epochs):
    interrupt(tmp_path, shapes_zip, epochs)
    state = snapshot.read_state(tmp_path / "snapshot" / snapshot.NETWORK)
    assert (state["history"]["epochs"] if state else 0) == epochs
    run = ListedRun(tmp_path, CONFIG.seed)
    folder = TASK.train(CONFIG, shapes_zip, run)
    assert weights(folder) == weights(whole)
    # The first step of the stage says where it goes on.
    first = next(step for stage, step, _, metrics in run.reports if stage == "train" and metrics)
    assert first == epochs * (84 // CONFIG.batch_size) + 1
    one, other = load_evaluation(folder), load_evaluation(whole)
    assert one is not None and other is not None
    assert one.summary == other.summary


@pytest.mark.slow
def test_other_images_are_refused(shapes_zip, tmp_path):
    interrupt(tmp_path, shapes_zip, 1)
    with pytest.raises(JobError) as caught:
        TASK.train(replace(CONFIG, image_size=32), shapes_zip, ListedRun(tmp_path, CONFIG.seed))
    assert caught.value.code == "train.other_data"


@pytest.mark.slow
def test_another_seed_is_refused(shapes_zip, tmp_path):
    interrupt(tmp_path, shapes_zip, 1)
    with pytest.raises(JobError) as caught:
        TASK.train(replace(CONFIG, augmentation="none"), shapes_zip, ListedRun(tmp_path, CONFIG.seed))
    assert caught.value.code == "train.other_run"
    assert "augmentation" in str(caught.value.message)


def test_every_option_that_may_change_is_one():
    assert set(train.CHANGEABLE) <= set(vars(CONFIG))


@pytest.mark.slow
def test_folds_that_are_done_are_not_trained_again(shapes_zip, tmp_path, monkeypatch):
    config = replace(CONFIG, epochs=2, folds=2)
    expected = TASK.train(config, shapes_zip, ListedRun(tmp_path / "whole", config.seed))
    # In the middle of the second fold: the first one is done, and one epoch of the second.
    interrupt(tmp_path / "part", shapes_zip, 3, config, within="cross-validate")
    trained = []

    def noted(*args):
        trained.append(args[-1])
        return real(*args)

    real = train.train_network
    monkeypatch.setattr("core.tasks.image_classification.folds.train_network", noted)
    folder = TASK.train(config, shapes_zip, ListedRun(tmp_path / "part", config.seed))
    assert trained == ["fold-2"]
    assert weights(folder) == weights(expected)
    one, other = (json.loads((path / "manifest.json").read_text())["folds"] for path in (folder, expected))
    assert one == other
