"""Fraud detection from a file to an evaluated checkpoint, and what a run does when it is stopped or cannot begin."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.data.simulated_bank import save
from core.data.time_split import split_by_time
from core.data.transactions import FRAUD, GENUINE
from core.errors import InputRefused, JobError, RunCancelled
from core.tasks.fraud_detection import card
from core.tasks.fraud_detection.config import MODELS, FraudConfig
from core.tasks.fraud_detection.corrections import join_corrections
from core.tasks.fraud_detection.examples import cases, read_examples
from core.tasks.fraud_detection.held_out import not_blocked
from core.tasks.fraud_detection.task import TASK
from core.training import snapshot
from core.training.evaluation import VALIDATION, load_evaluation
from core.training.metrics import statistic_of, whole
from core.training.run import CORRECTIONS, ListedRun
from core.training.theatre import load_theatre, verdict
from tests.tasks.fraud_bank import QUICK, small_bank


def average_precision(truth, score) -> float:
    scores = np.stack([1 - score, score], axis=1)
    return float(whole(statistic_of("average_precision", truth, truth, scores), len(truth)))


@pytest.mark.slow
def test_every_model_learns_and_all_are_measured_on_the_same_rows(fraud_checkpoint):
    table = load_evaluation(fraud_checkpoint).table
    columns = {"boosted_trees": table["scores"][:, FRAUD]}
    columns |= {kind: table[f"other.{kind}"] for kind in MODELS if kind != "boosted_trees"}
    found = {kind: average_precision(table["truth"], np.asarray(score)) for kind, score in columns.items()}
    chance = table["truth"].mean()
    assert min(found.values()) > 3 * chance, found
    manifest = json.loads((fraud_checkpoint / "manifest.json").read_text())
    assert manifest["others"]["rules"]["average_precision"] == pytest.approx(found["rules"])


def test_evaluation_has_the_columns_of_every_view(fraud_checkpoint):
    evaluation = load_evaluation(fraud_checkpoint)
    n = evaluation.data.n
    wanted = {"id", "truth", "prediction", "scores", "abstained", "domain_score", "amount", "customer", "day"}
    assert wanted <= evaluation.table.keys()
    assert all(len(column) == n for column in evaluation.table.values())
    assert {"slice.amount", "slice.hour", "slice.scenario"} <= evaluation.table.keys()
    assert list(evaluation.summary)[:3] == ["average_precision", "card_precision_at_100", "auroc"]
    assert all(metric.low <= metric.value <= metric.high for metric in evaluation.summary.values())
    assert evaluation.data.split == "test"


def test_summary_is_that_of_the_table(fraud_checkpoint):
    evaluation = load_evaluation(fraud_checkpoint)
    assert TASK.summarise(evaluation) == evaluation.summary


@pytest.mark.slow
def test_evaluating_the_training_file_measures_the_same_rows_again(fraud_checkpoint, fraud_predictor, bank_file):
    stored, again = load_evaluation(fraud_checkpoint), TASK.evaluate(fraud_predictor, bank_file)
    assert again.data == stored.data
    assert again.summary == stored.summary
    assert np.array_equal(again.table["scores"], stored.table["scores"])


def test_test_rows_are_later_than_all_others_by_the_label_delay(bank_file, tmp_path):
    examples = read_examples(bank_file, QUICK, ListedRun(tmp_path))
    days = examples.transactions.time.astype("datetime64[D]")
    parts = examples.split.parts
    assert (days[parts["validation"]].min() - days[parts["train"]].max()).astype(int) > QUICK.label_delay_days
    assert (days[parts["test"]].min() - days[parts["validation"]].max()).astype(int) > QUICK.label_delay_days


def test_blocked_cards_are_not_measured(bank_file, fraud_checkpoint):
    bank = small_bank()
    split = split_by_time(bank, 7, QUICK.validation_share, QUICK.test_share)
    kept = not_blocked(bank, split, "test", 7)
    assert 0 < len(kept) < len(split.test)
    day = bank.time.astype("datetime64[D]").astype(int)
    begin = int(split.boundaries["test"][0].astype(int))
    for row in kept[:: max(1, len(kept) // 200)]:
        own = (bank.customer == bank.customer[row]) & (bank.label == FRAUD)
        assert not (own & (day >= begin - 14) & (day < day[row] - 7)).any()
    assert load_evaluation(fraud_checkpoint).skipped["blocked cards"] == len(split.test) - len(kept)


def test_scores_mean_what_they_say_on_validation(fraud_checkpoint):
    table = load_evaluation(fraud_checkpoint / VALIDATION).table
    positive = np.asarray(table["scores"])[:, FRAUD]
    assert positive.mean() == pytest.approx(table["truth"].mean(), rel=0.25)


def test_threshold_comes_from_validation(fraud_checkpoint, fraud_predictor, bank_file, tmp_path):
    examples = read_examples(bank_file, QUICK, ListedRun(tmp_path))
    values, targets = examples.rows("validation")
    score, truth = fraud_predictor.scores(values), targets == FRAUD

    def f1(cut: float) -> float:
        return 2 * (truth & (score >= cut)).sum() / (truth.sum() + (score >= cut).sum())

    assert f1(fraud_predictor.threshold) == pytest.approx(max(f1(cut) for cut in np.unique(score)))


def test_losses_of_every_model_are_a_line_of_their_own(fraud_run):
    steps: dict[str, list[int]] = {}
    for stage, step, _, metrics in fraud_run[1].reports:
        for name in metrics if stage == "train" else ():
            steps.setdefault(name, []).append(step)
    assert {"validation_loss", "network_train_loss", "network_validation_loss"} <= steps.keys()
    assert "train_loss" not in steps, "the trees report none, and the network's goes by its name"
    for name, places in steps.items():
        assert places == sorted(places), name


def test_a_test_of_few_frauds_is_a_known_limit(fraud_checkpoint, tmp_path, monkeypatch):
    folder = Path(shutil.copytree(fraud_checkpoint, tmp_path / "copy"))
    evaluation = load_evaluation(folder)
    frauds = int(evaluation.table["truth"].sum())
    for limit, said in ((frauds, False), (frauds + 1, True)):
        monkeypatch.setattr(card, "FEW_FRAUDS", limit)
        card.write_card(folder, evaluation)
        text = (folder / "card.md").read_text().partition("## Known limits")[2]
        assert (f"Measured on {frauds} frauds: below {limit} figures say little" in text) == said


def test_card_and_manifest_say_what_the_figures_are_worth(fraud_checkpoint):
    text = (fraud_checkpoint / "card.md").read_text()
    assert "Not advice" in text and "{" not in text
    manifest = json.loads((fraud_checkpoint / "manifest.json").read_text())
    assert manifest["config"]["split"] == "time"
    days = manifest["data"]["boundaries"]
    in_turn = [day for part in days.values() for day in part]
    assert list(days) == ["train", "validation", "test"] and in_turn == sorted(in_turn)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["rules", "logistic_regression", "network"])
def test_a_model_alone(kind, bank_file, tmp_path):
    folder = TASK.train(replace(QUICK, model=kind, compare=False, epochs=1), bank_file, ListedRun(tmp_path))
    predictor = TASK.load(folder, "cpu")
    assert tuple(predictor.model.scorers) == (kind,) and predictor.architecture == kind
    (answer,) = predictor.predict([small_bank().take(np.arange(50))])
    assert answer.scores.shape == (50,) and np.isfinite(answer.scores).all()
    assert not any(name.startswith("other.") for name in load_evaluation(folder).table)


def test_random_split_is_refused_with_the_reason():
    with pytest.raises(InputRefused, match="would stand on both sides") as caught:
        FraudConfig(split="random")
    assert caught.value.code == "config.random_split"


@pytest.mark.parametrize(
    "option", [{"model": "forest"}, {"label_delay_days": 61}, {"columns": "amount"}, {"trees": 5}, {"compare": 1}]
)
def test_other_options_are_refused(option):
    with pytest.raises(InputRefused):
        FraudConfig(**option)


def test_one_class_is_refused(tmp_path):
    bank = small_bank()
    path = tmp_path / "genuine.parquet"
    save(replace(bank, label=np.full(len(bank), GENUINE, np.int8)), path)
    with pytest.raises(InputRefused):
        TASK.train(QUICK, path, ListedRun(tmp_path))


class StopAt(ListedRun):
    """Asks to stop at the first report that `when` accepts."""

    when = staticmethod(lambda metrics: False)

    def should_stop(self) -> bool:
        return any(self.when(metrics) for *_, metrics in self.reports)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["boosted_trees", "network"])
def test_cancelled_within_the_training(kind, bank_file, tmp_path):
    run = StopAt(tmp_path)
    run.when = lambda metrics: "validation_loss" in metrics
    with pytest.raises(RunCancelled):
        TASK.train(replace(QUICK, model=kind, compare=False, epochs=200, trees=5000), bank_file, run)
    assert len([1 for *_, metrics in run.reports if "validation_loss" in metrics]) == 1
    assert not (tmp_path / "checkpoint").exists()


@pytest.fixture
def every_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    """These epochs are so short that most of them would not be worth a snapshot."""
    monkeypatch.setattr(snapshot.Snapshot.__init__, "__defaults__", ((), 1e9))


@pytest.mark.slow
def test_network_goes_on_to_the_same_weights(every_epoch, bank_file, tmp_path):
    config = replace(QUICK, model="network", compare=False, epochs=4)
    straight = TASK.train(config, bank_file, ListedRun(tmp_path / "whole"))
    run = StopAt(tmp_path / "parts")
    run.when = lambda metrics: metrics.get("epoch") == 2
    with pytest.raises(RunCancelled):
        TASK.train(config, bank_file, run)
    resumed = ListedRun(tmp_path / "parts")
    folder = TASK.train(config, bank_file, resumed)
    assert min(metrics["epoch"] for *_, metrics in resumed.reports if "epoch" in metrics) == 3
    assert (folder / "model.safetensors").read_bytes() == (straight / "model.safetensors").read_bytes()
    with pytest.raises(JobError):
        TASK.train(replace(config, width=16), bank_file, ListedRun(tmp_path / "parts"))


def test_corrections_join_the_training_rows_only(bank_file, tmp_path):
    examples = read_examples(bank_file, QUICK, ListedRun(tmp_path))
    places = {"train": examples.split.train[5], "test": examples.split.test[5]}
    for part, place in places.items():
        (case,) = cases(examples.transactions, examples.plan, examples.table, np.array([place]))
        target = tmp_path / CORRECTIONS / "fraud" / f"{part}.json"
        keep(target, case)
    keep(tmp_path / CORRECTIONS / "odd" / "1.json", case)
    other = replace(case, values={"amount": 1.0, "colour": 2.0})
    keep(tmp_path / CORRECTIONS / "genuine" / "2.json", other)
    joined, told = join_corrections(examples, ListedRun(tmp_path))
    assert told.used == 1 and told.left_out == {"measured": 1, "label": 1, "features": 1}
    values, targets = joined.rows("train")
    assert len(values) == len(examples.split.train) and targets[-1] == FRAUD
    assert places["train"] not in joined.split.train, "the row with the label that was corrected"
    assert np.array_equal(values[-1], examples.table.values[places["train"]], equal_nan=True)
    for part in ("validation", "test"):
        assert np.array_equal(joined.rows(part)[0], examples.rows(part)[0], equal_nan=True)


def keep(path: Path, case) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    more = {"features": case.features, "delay_days": case.delay_days}
    path.write_text(json.dumps({"schema": 1, "sha256": case.sha256, "values": case.values, **more}))


@pytest.mark.slow
def test_run_says_how_many_corrections_it_learned_from(bank_file, tmp_path):
    examples = read_examples(bank_file, QUICK, ListedRun(tmp_path))
    (case,) = cases(examples.transactions, examples.plan, examples.table, examples.split.train[:1])
    keep(tmp_path / CORRECTIONS / "genuine" / "1.json", case)
    folder = TASK.train(replace(QUICK, model="rules", compare=False), bank_file, ListedRun(tmp_path))
    assert json.loads((folder / "manifest.json").read_text())["data"]["corrections"] == 1
    assert "corrections by visitors among the training rows: 1" in (folder / "card.md").read_text()


@pytest.mark.slow
def test_diagnosis_shows_that_a_tree_without_limits_overfits(bank_file, tmp_path):
    folder = TASK.train(replace(QUICK, model="rules", compare=False, diagnose=True), bank_file, ListedRun(tmp_path))
    found = load_theatre(folder)
    assert found.whole.unlimited.train.value == pytest.approx(1.0)
    assert found.whole.unlimited.gap.low > found.whole.limited.gap.value
    assert found.shuffled.unlimited.later.value < found.whole.unlimited.later.value
    assert len([str(message) for message in verdict(found)]) == 4
    TASK.load(folder, "cpu")
