"""Which transactions a fraud model is measured on, and what is said where the figures are too good to be true."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.data.simulated_bank import save
from core.data.time_split import split_by_time
from core.data.transactions import FRAUD, GENUINE, Transactions
from core.errors import InputRefused
from core.jobs import baseline
from core.serving.comparison import baseline_folder, home_folder
from core.tasks.fraud_detection import features
from core.tasks.fraud_detection.config import FraudConfig
from core.tasks.fraud_detection.corrections import join_corrections
from core.tasks.fraud_detection.examples import Examples, cases, read_examples
from core.tasks.fraud_detection.held_out import held_out, not_blocked
from core.tasks.fraud_detection.task import TASK
from core.training.evaluation import load_evaluation
from core.training.gate import judge
from core.training.run import ListedRun
from tests.tasks.fraud_bank import QUICK, small_bank
from tests.tasks.test_fraud_training import keep

ALONE = replace(QUICK, model="logistic_regression", compare=False)


class Champion:
    def __init__(self, path: Path) -> None:
        self.path, self.manifest = path, json.loads((path / "manifest.json").read_text())
        self.sha256 = self.manifest["sha256"]


@pytest.fixture(scope="module")
def bank() -> Transactions:
    return small_bank()


@pytest.fixture(scope="module")
def champion(bank_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Split by the shares of the bundled model, which are not the defaults."""
    config = replace(ALONE, validation_share=0.1, test_share=0.1)
    return TASK.train(config, bank_file, ListedRun(tmp_path_factory.mktemp("champion")))


def stored(tmp_path: Path, bank: Transactions) -> Path:
    path = tmp_path / "bank.parquet"
    save(bank, path)
    return path


def measured_against(champion: Path, challenger: Path, data: Path, monkeypatch: pytest.MonkeyPatch) -> Champion:
    held = Champion(champion)
    monkeypatch.setattr(baseline, "registry", type("Registry", (), {"resolve": lambda self, slug: held}))
    monkeypatch.setattr(baseline, "_time", lambda *_: None)
    baseline.measure_champion(TASK, "fraud", challenger, data)
    return held


@pytest.mark.slow
def test_a_champion_of_other_shares_is_judged_on_the_challengers_rows(
    champion, fraud_checkpoint, bank_file, tmp_path, monkeypatch
):
    shares = FraudConfig()
    assert (shares.validation_share, shares.test_share) == (QUICK.validation_share, QUICK.test_share) != (0.1, 0.1)
    challenger = tmp_path / "challenger"
    shutil.copytree(fraud_checkpoint, challenger)
    held = measured_against(champion, challenger, bank_file, monkeypatch)
    old, new = load_evaluation(baseline_folder(challenger, held.sha256)), load_evaluation(challenger)
    assert set(old.table["id"]) == set(new.table["id"]) and old.data == new.data
    verdict = judge(old, new, None, "average_precision")
    assert verdict.comparison is not None and verdict.comparison.n == new.data.n
    results = {check.name: check.result for check in verdict.checks}
    assert results["test"] == "pass" and {"headline", "decisions", "slices", "calibration"} <= results.keys()


@pytest.mark.slow
def test_at_home_the_challenger_is_measured_on_the_champions_rows(champion, bank, bank_file, tmp_path, monkeypatch):
    other = tmp_path / "other"
    other.mkdir()
    days = bank.time.astype("datetime64[D]")
    data = stored(other, bank.take(days < days.max() - 9))
    challenger = TASK.train(ALONE, data, ListedRun(tmp_path / "run"))
    monkeypatch.setattr(baseline, "DATA_SETS", (type("Entry", (), {"name": bank_file.name}),))
    monkeypatch.setattr(baseline, "local_path", lambda name: bank_file)
    held = measured_against(champion, challenger, data, monkeypatch)
    at_home, own = load_evaluation(home_folder(challenger, held.sha256)), load_evaluation(champion)
    assert set(at_home.table["id"]) == set(own.table["id"])


@pytest.mark.slow
def test_measured_elsewhere_in_the_split_and_said(champion, bank_file, bank):
    predictor, own = TASK.load(champion, "cpu"), load_evaluation(champion)
    assert not said(TASK.evaluate(predictor, bank_file), "likely too good")
    seen = bank.ids[split_by_time(bank, 7, 0.1, 0.1).train[:40]]
    like = replace(own, table={"id": np.concatenate([own.table["id"], seen])})
    found = TASK.evaluate(predictor, bank_file, like=like)
    assert found.data.n == own.data.n + 40
    assert said(found, f"40 of the {found.data.n} measured examples")
    assert set(found.table["id"][found.table["seen"]]) == set(seen) and "seen" not in own.table
    plain = replace(found, table={name: column for name, column in found.table.items() if name != "seen"})
    same_test = [str(judge(old, plain, None, "accuracy").checks[0].message) for old in (plain, found)]
    assert ["made from 40 of them" in words for words in same_test] == [False, True]
    with pytest.raises(InputRefused):
        TASK.evaluate(predictor, bank_file, like=replace(own, table={"id": np.array(["nobody"])}))


@pytest.mark.slow
def test_the_same_days_of_data_of_the_same_name_are_said(champion, bank, tmp_path):
    predictor = TASK.load(champion, "cpu")
    later = replace(bank, amount=bank.amount + 0.5)
    days = later.time.astype("datetime64[D]")
    found = TASK.evaluate(predictor, stored(tmp_path, later.take(days < days.max() - 30)))
    assert found.data.fingerprint != predictor.trained_on.fingerprint and said(found, "likely too good")
    other = tmp_path / "other.parquet"
    save(later, other)
    assert not said(TASK.evaluate(predictor, other), "likely too good")


@pytest.mark.slow
def test_measuring_everything_is_said(champion, bank, tmp_path):
    days = bank.time.astype("datetime64[D]")
    path = tmp_path / "week.parquet"
    save(bank.take(days >= days.max() - 6), path)
    found = TASK.evaluate(TASK.load(champion, "cpu"), path)
    assert found.data.split == "all" and said(found, "All labelled transactions were measured")


def said(evaluation, words: str) -> bool:
    return any(words in str(notice) for notice in evaluation.notices)


@pytest.mark.slow
def test_one_card_for_everything_is_measured(bank, tmp_path):
    one = replace(bank, customer=np.zeros(len(bank), np.int32), customers=("corporate",))
    split = split_by_time(one, 7)
    assert not len(not_blocked(one, split, "test", 7))
    folder = TASK.train(ALONE, stored(tmp_path, one), ListedRun(tmp_path))
    found = load_evaluation(folder)
    assert found.data.n == len(split.test) and "blocked cards" not in found.skipped
    again = TASK.evaluate(TASK.load(folder, "cpu"), tmp_path / "bank.parquet")
    assert again.data == found.data and said(again, "no card is left out")


def test_cards_stay_in_a_part_that_would_lose_a_class(bank):
    split = split_by_time(bank, 7)
    victims = np.unique(bank.customer[split.test[bank.label[split.test] == FRAUD]])
    label, customer = bank.label.copy(), bank.customer.copy()
    early = split.boundaries["test"][0] - np.timedelta64(10, "D")
    before = np.flatnonzero(bank.time.astype("datetime64[D]") == early)[: len(victims)]
    label[before], customer[before] = FRAUD, victims
    known = replace(bank, label=label, customer=customer)
    rows, notices = held_out(known, split, 7)
    assert not (known.label[not_blocked(known, split, "test", 7)] == FRAUD).any()
    assert np.array_equal(rows["test"], split.test) and "test part would hold" in str(notices[-1])


def test_nothing_in_the_recent_days_still_blocks_what_is_known_later(bank):
    split = split_by_time(bank, 7)
    day = bank.time.astype("datetime64[D]")
    begin = split.boundaries["test"][0]
    quiet = (day < begin - 14) | (day >= begin - 7)
    thin = bank.take(quiet)
    parts = split_by_time(thin, 7)
    assert parts.boundaries == split.boundaries
    later = (thin.label == FRAUD) & (thin.time.astype("datetime64[D]") >= begin)
    assert later.any() and len(not_blocked(thin, parts, "test", 7)) < len(parts.test)


@pytest.mark.slow
def test_unknown_labels_are_counted_where_it_is_measured(bank, tmp_path):
    split = split_by_time(bank, QUICK.label_delay_days, QUICK.validation_share, QUICK.test_share)
    path = stored(tmp_path, bank)
    frame = pd.read_parquet(path)
    frame["label"] = frame["label"].astype("Int8")
    frame.loc[np.concatenate([split.train[:500], split.test[10:17]]), "label"] = pd.NA
    frame.to_parquet(path)
    folder = TASK.train(ALONE, path, ListedRun(tmp_path))
    assert load_evaluation(folder).skipped["unknown label"] == 7


def test_the_check_uses_the_shares_of_the_run(bank, tmp_path):
    # With half a fraud-free end, the default test part holds no fraud; a longer one does.
    days = bank.time.astype("datetime64[D]")
    last = days.max() - np.timedelta64(20, "D")
    path = stored(tmp_path, replace(bank, label=np.where(days > last, GENUINE, bank.label).astype(np.int8)))
    with pytest.raises(InputRefused):
        read_examples(path, ALONE, ListedRun(tmp_path))
    longer = replace(ALONE, validation_share=0.15, test_share=0.4)
    assert len(read_examples(path, longer, ListedRun(tmp_path)).split.test)


def test_features_are_computed_once(bank_file, tmp_path, monkeypatch):
    calls, build = [], features.build_features

    def counted(transactions, *rest):
        calls.append(len(transactions))
        return build(transactions, *rest)

    monkeypatch.setattr(features, "build_features", counted)
    read_examples(bank_file, QUICK, ListedRun(tmp_path))
    assert len(calls) == 1


@pytest.fixture
def examples(bank_file: Path, tmp_path: Path) -> Examples:
    return read_examples(bank_file, QUICK, ListedRun(tmp_path))


def corrected(examples: Examples, place: int, folder: Path, **changed) -> None:
    (case,) = cases(examples.transactions, examples.plan, examples.table, np.array([place]))
    keep(folder / "corrections" / "fraud" / "1.json", replace(case, **changed))


@pytest.mark.parametrize(
    "changed", [{"delay_days": 14}, {"delay_days": None}, {"features": ()}, {"features": ("amount", "terminal_x")}]
)
def test_a_case_computed_otherwise_does_not_join(examples, tmp_path, changed):
    corrected(examples, int(examples.split.train[5]), tmp_path, **changed)
    joined, told = join_corrections(examples, ListedRun(tmp_path))
    assert told.left_out == {"features": 1} and joined is examples


def test_a_correction_takes_the_place_of_its_row(examples, tmp_path):
    train = examples.split.train
    place = int(train[examples.transactions.label[train] == GENUINE][3])
    corrected(examples, place, tmp_path)
    joined, told = join_corrections(examples, ListedRun(tmp_path))
    assert told.used == 1 and np.array_equal(joined.split.train, train[train != place])
    (values, targets), (_, before) = joined.rows("train"), examples.rows("train")
    assert len(values) == len(before) and targets.sum() == before.sum() + 1


def test_one_of_several_alike_goes_only_where_its_features_say_which(examples, tmp_path):
    place, other = (int(row) for row in examples.split.train[[5, 6]])
    amount, time = examples.transactions.amount.copy(), examples.transactions.time.copy()
    amount[other], time[other] = amount[place], time[place]
    twins = replace(examples, transactions=replace(examples.transactions, amount=amount, time=time))
    corrected(twins, place, tmp_path)
    joined, _ = join_corrections(twins, ListedRun(tmp_path))
    assert place not in joined.split.train and other in joined.split.train
    moved = replace(twins, table=replace(twins.table, values=twins.table.values + 1))
    assert len(join_corrections(moved, ListedRun(tmp_path))[0].split.train) == len(twins.split.train)


@pytest.mark.parametrize("timeless", ["case", "data"])
def test_without_times_a_measured_row_is_known_by_its_features(examples, tmp_path, timeless):
    place = int(examples.split.test[5])
    (case,) = cases(examples.transactions, examples.plan, examples.table, np.array([place]))
    values = {name: value for name, value in case.values.items() if timeless == "data" or name != "time"}
    corrected(examples, place, tmp_path, values=values)
    if timeless == "data":
        examples = replace(examples, transactions=replace(examples.transactions, time=None))
    _, told = join_corrections(examples, ListedRun(tmp_path))
    assert told.used == 0 and told.left_out == {"measured": 1}


@pytest.mark.slow
def test_without_times_the_model_is_told_which_customers_it_knows(bank, tmp_path):
    path = stored(tmp_path, replace(bank, time=None))
    folder = TASK.train(ALONE, path, ListedRun(tmp_path))
    predictor, own = TASK.load(folder, "cpu"), load_evaluation(folder)
    assert not said(TASK.evaluate(predictor, path), "likely too good")
    assert said(TASK.evaluate(predictor, path, like=replace(own, table={"id": bank.ids})), "likely too good")
