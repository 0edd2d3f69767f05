"""Training end to end on a small problem: learns, says what it does, stops when asked, writes a whole folder."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from core.data.pixels import squeeze
from core.errors import InputRefused, JobError, RunCancelled
from core.tasks.image_classification import train
from core.tasks.image_classification.measure import match_labels
from core.tasks.image_classification.task import TASK
from core.training.calibration import conformal_quantile
from core.training.evaluation import VALIDATION, load_evaluation
from core.training.loop import LoopOptions, fit, learning_rate_at
from core.training.run import ListedRun
from tests.tasks.conftest import TINY, picture, sample


def test_learns_and_writes_a_complete_folder(trained):
    folder, run = trained
    assert {p.name for p in folder.iterdir()} == {
        "model.safetensors", "manifest.json", "evaluation.npz", "evaluation.json", "card.md", "validation",
        "features.safetensors",
    }  # fmt: skip
    evaluation = load_evaluation(folder)
    assert evaluation is not None
    assert evaluation.summary["accuracy"].value > 0.85
    assert evaluation.data.split == "test"
    chosen_on = load_evaluation(folder / VALIDATION)
    assert chosen_on is not None
    assert chosen_on.data.split == "validation"
    assert not set(chosen_on.table["id"]) & set(evaluation.table["id"])
    assert run.stages == ["read", "train", "calibrate", "evaluate"]
    epochs = [metrics for stage, _, _, metrics in run.reports if stage == "train" and "epoch" in metrics]
    assert epochs[-1]["epoch"] == len(epochs)
    assert epochs[-1]["validation_loss"] < epochs[0]["validation_loss"]


def test_manifest_names_everything_a_number_needs(trained):
    manifest = json.loads((trained[0] / "manifest.json").read_text())
    assert manifest["labels"] == ["bar", "disc"]
    assert manifest["data"]["counts"] == {
        "train": {"bar": 42, "disc": 42}, "validation": {"bar": 9, "disc": 9}, "test": {"bar": 9, "disc": 9}
    }  # fmt: skip
    for name in ("architecture", "preprocessing", "temperature", "threshold", "seed", "command", "sha256", "config"):
        assert manifest[name] not in (None, "")
    assert "--set architecture=test_resnet" in manifest["command"]
    assert manifest["command"] in (trained[0] / "card.md").read_text()


def test_manifest_states_the_measured_figures_and_the_limits_in_force(trained):
    manifest = json.loads((trained[0] / "manifest.json").read_text())
    evaluation, predictor = load_evaluation(trained[0]), TASK.load(trained[0], "cpu")
    assert manifest["metrics"]["values"] == {name: metric.as_dict() for name, metric in evaluation.summary.items()}
    assert (manifest["metrics"]["split"], manifest["metrics"]["n"]) == ("test", 18)
    assert manifest["conformal"]["n"] == len(predictor.conformal) == 18
    assert manifest["conformal"]["limit_by_coverage"]["0.9"] == pytest.approx(
        conformal_quantile(predictor.conformal, 0.9), abs=1e-6
    )
    assert manifest["domain"]["distance_limit"] == pytest.approx(float(predictor.guard.limits[0]))
    assert manifest["licence"] == "as the training data allow" and manifest["parent"] == ""


def test_folds_of_what_the_start_weights_have_learned_are_refused(shapes_zip, tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(
        "core.tasks.image_classification.train.shares_source", lambda path, name: asked.append((path, name)) or True
    )
    with pytest.raises(InputRefused, match="folds_leak"):
        TASK.train(replace(TINY, pretrained="bundled", architecture="", folds=2), shapes_zip, ListedRun(tmp_path, 0))
    assert asked == [(shapes_zip, "chest_xray_224")]


def test_evaluating_again_gives_the_stored_table(trained, shapes_zip):
    stored = load_evaluation(trained[0])
    # The zip carries no split; the images that the model was trained on must not be measured again.
    again = TASK.evaluate(TASK.load(trained[0], "cpu"), shapes_zip)
    assert again.data == stored.data
    assert again.summary == stored.summary
    np.testing.assert_allclose(again.table["scores"], stored.table["scores"], atol=1e-6)


def test_the_very_images_of_another_evaluation_are_measured(trained, shapes_zip):
    predictor, stored = TASK.load(trained[0], "cpu"), load_evaluation(trained[0])
    validation = load_evaluation(trained[0] / VALIDATION)
    wanted = np.concatenate([stored.table["id"][::2], validation.table["id"][:5]])
    like = replace(stored, table={"id": wanted}, data=replace(stored.data, name="theirs"))
    found = TASK.evaluate(predictor, shapes_zip, like=like)
    assert set(found.table["id"][found.table["seen"]]) == set(wanted[-5:]) and "5 of the" in str(found.notices[-1])
    assert sorted(found.table["id"]) == sorted(wanted) and found.data == replace(like.data, n=len(wanted))
    _, here, there = np.intersect1d(found.table["id"], stored.table["id"], return_indices=True)
    np.testing.assert_allclose(found.table["scores"][here], stored.table["scores"][there], atol=1e-6)
    with pytest.raises(InputRefused):
        TASK.evaluate(predictor, shapes_zip, like=replace(like, table={"id": np.array(["nowhere.png"])}))


@pytest.mark.slow
def test_same_seed_gives_the_same_weights(trained, shapes_zip, tmp_path):
    again = TASK.train(TINY, shapes_zip, ListedRun(tmp_path, TINY.seed))
    assert (again / "model.safetensors").read_bytes() == (trained[0] / "model.safetensors").read_bytes()


@pytest.mark.slow
def test_cross_validation_reports_every_fold(shapes_zip, tmp_path):
    folder = TASK.train(replace(TINY, folds=2, epochs=1), shapes_zip, ListedRun(tmp_path, 0))
    folds = json.loads((folder / "manifest.json").read_text())["folds"]
    assert len(folds["accuracy"]) == len(folds["auroc"]) == 2


class StoppedRun(ListedRun):
    """Asks to stop as soon as a stage has reported."""

    def should_stop(self) -> bool:
        return any(stage == "train" for stage, *_ in self.reports) or len(self.reports) > 60


@pytest.mark.parametrize("mode", ["standard", "quick"])
def test_stops_when_asked_and_leaves_no_checkpoint(shapes_zip, tmp_path, mode):
    with pytest.raises(RunCancelled):
        TASK.train(replace(TINY, mode=mode), shapes_zip, StoppedRun(tmp_path))
    assert not (tmp_path / "checkpoint").exists()


def test_diverging_loss_ends_with_a_reason(tmp_path):
    model = nn.Linear(2, 2)
    batch = (torch.full((4, 2), float("nan")), torch.zeros(4, dtype=torch.long))
    with pytest.raises(JobError) as failed:
        fit(model, lambda: [batch], lambda _: {}, nn.CrossEntropyLoss(), LoopOptions(1, 1, 0.1), ListedRun(tmp_path))
    assert failed.value.code == "train.not_finite"
    assert "learning rate" in str(failed.value.hint)


def test_early_stopping_keeps_the_best_epoch(tmp_path):
    losses = iter([3.0, 1.0, 2.0, 2.0, 0.1])
    batch = (torch.rand(4, 2), torch.zeros(4, dtype=torch.long))
    options = LoopOptions(epochs=5, steps_per_epoch=1, learning_rate=0.01, early_stopping=2)
    _, history = fit(
        nn.Linear(2, 2), lambda: [batch], lambda _: {"validation_loss": next(losses)}, nn.CrossEntropyLoss(), options,
        ListedRun(tmp_path),
    )  # fmt: skip
    assert history.best_epoch == 2
    assert len(history.validation) == 4


def test_learning_rate_rises_then_falls():
    options = LoopOptions(epochs=10, steps_per_epoch=10, learning_rate=1.0, warmup_epochs=1)
    rates = [learning_rate_at(step, options) for step in range(100)]
    assert rates[0] < 0.2 and max(rates) <= 1.0 and rates[-1] < 0.01
    assert rates.index(max(rates)) == 10
    constant = replace(options, schedule="constant")
    assert learning_rate_at(99, constant) == 1.0
    line = [learning_rate_at(step, replace(options, schedule="linear")) for step in range(100)]
    assert line[:11] == rates[:11] and line[55] == pytest.approx(0.5) and 0 < line[99] < 0.02


def test_unknown_architecture_names_close_ones():
    with pytest.raises(InputRefused) as refused:
        train.build_start(replace(TINY, architecture="resnet_that_is_not"), 2)
    assert "resnet" in str(refused.value.hint)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (("NORMAL", "Pneumonia"), {0: 0, 1: 1}),
        (("0", "1"), {0: 0, 1: 1}),
        (("covid", "normal"), {1: 0}),
        ((" pneumonia ",), {0: 1}),
    ],
)
def test_classes_are_matched_by_name(data, expected):
    assert match_labels(("normal", "pneumonia"), data) == expected


def test_classes_that_the_model_does_not_know_are_refused():
    with pytest.raises(InputRefused) as refused:
        match_labels(("normal", "pneumonia"), ("cat", "dog"))
    assert "cat, dog" in str(refused.value.message) and "normal, pneumonia" in str(refused.value.message)


def test_predictions_follow_threshold_and_coverage(trained):
    predictor = TASK.load(trained[0], "cpu")
    rng = np.random.default_rng(5)
    samples = [sample(picture(kind, rng)) for kind in ("disc", "bar") for _ in range(10)]
    answers = predictor.predict(samples)
    assert [a.decision for a in answers].count(None) <= 4
    assert all(a.scores.sum() == pytest.approx(1, abs=1e-5) for a in answers)
    assert all(a.decision in ("disc", None) for a in predictor.predict(samples, threshold=0.0))
    wide = predictor.predict(samples, coverage=0.999)
    assert all(set(a.prediction_set) <= set(w.prediction_set) for a, w in zip(answers, wide, strict=True))


def test_any_size_is_answered_alike(trained):
    predictor = TASK.load(trained[0], "cpu")
    large = picture("disc", np.random.default_rng(6), side=480, noise=0)
    first, second = predictor.predict([sample(large), sample(squeeze(large, 96))])
    np.testing.assert_allclose(first.scores, second.scores, atol=0.05)


def test_no_input_no_answer(trained):
    assert TASK.load(trained[0], "cpu").predict([]) == []
