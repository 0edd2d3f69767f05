"""What a fraud model answers: the same for a row alone as in a table, with reasons that add up, and with warnings."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
import torch

from core.data.new_transaction import NewTransaction, on_history, row_with_history
from core.data.time_split import split_by_time
from core.errors import InputRefused, ModelRefused
from core.explain.attribution import CLOSE
from core.serving.pool import ModelPool
from core.tasks import read_fields
from core.tasks.fraud_detection.config import MODELS
from core.tasks.fraud_detection.explain import METHOD_OF
from core.tasks.fraud_detection.features import FeaturePlan
from core.tasks.fraud_detection.network import NetworkModel
from core.tasks.fraud_detection.task import TASK
from tests.tasks.fraud_bank import answering, small_bank


@pytest.fixture(scope="module")
def bank():
    return small_bank()


@pytest.mark.slow
@pytest.mark.parametrize("kind", MODELS)
def test_scores_keep_the_order_of_the_raw_scores(kind, fraud_predictor, bank):
    predictor = answering(fraud_predictor, kind)
    values = predictor.plan.build(bank).values
    raw, score = predictor.model.main.score(values), predictor.scores(values)
    assert np.all(np.diff(score[np.argsort(raw, kind="stable")]) >= 0)
    assert score.min() >= 0 and score.max() <= 1


def test_one_row_with_its_history_is_scored_as_in_the_table(fraud_predictor, bank):
    test = split_by_time(bank, 7).test
    (whole,) = fraud_predictor.predict([bank])
    for place in test[:: len(test) // 20]:
        (answer,) = fraud_predictor.predict([row_with_history(bank, int(place))])
        assert answer.scores.tolist() == [whole.scores[place]]


@pytest.mark.slow
@pytest.mark.parametrize("kind", MODELS)
def test_many_who_ask_at_once_get_what_they_would_get_alone(kind, fraud_predictor, bank):
    predictor = answering(fraud_predictor, kind)
    tables = [bank.take(np.arange(begin, begin + 2000)) for begin in range(0, 8000, 1000)]

    def both(table):
        why = TASK.explain(predictor, (table, 7), "fraud", "contributions")
        return predictor.predict([table])[0].scores.tolist(), why.contributions.tolist()

    alone = [both(table) for table in tables]
    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(both, tables * 3)) == alone * 3


def test_a_row_is_answered_while_a_large_table_is_read(fraud_predictor, bank, monkeypatch):
    begun, go_on, build = threading.Event(), threading.Event(), FeaturePlan.build
    pool = ModelPool(0)

    def slow(plan, transactions):
        if transactions is bank:
            begun.set()
            assert go_on.wait(20)
        return build(plan, transactions)

    def ask(table):
        with pool.lease(("cpu", "fraud"), lambda: fraud_predictor) as loaded, loaded.turn:
            return loaded.predictor.predict([table])[0].scores

    monkeypatch.setattr(FeaturePlan, "build", slow)
    with ThreadPoolExecutor(2) as threads:
        large = threads.submit(ask, bank)
        assert begun.wait(20)
        try:
            (row,) = threads.submit(ask, row_with_history(bank, 5000)).result(20)
            assert not large.done()
        finally:
            go_on.set()
        assert large.result(20)[5000] == row


def test_the_network_answers_on_a_gpu_in_the_precision_it_was_calibrated_in(fraud_predictor, bank, monkeypatch):
    network, values = fraud_predictor.model.scorers["network"], fraud_predictor.plan.build(bank).values[:50]
    inputs, halved = network.inputs, []
    monkeypatch.setattr(NetworkModel, "inputs", lambda _, values: inputs(values))
    hook = network.module.register_forward_hook(lambda *_: halved.append(torch.is_autocast_enabled("cuda")))
    assert replace(network, device="cuda:0").score(values).tolist() == network.score(values).tolist()
    hook.remove()
    assert halved == [False, False]


def test_threshold_moves_the_decisions(fraud_predictor, bank):
    (usual,), (all_of_them,) = fraud_predictor.predict([bank]), fraud_predictor.predict([bank], threshold=0.0)
    assert usual.threshold == fraud_predictor.threshold
    assert 0 < usual.decided.mean() < 0.2 and all_of_them.decided.all()


def test_several_tables_and_empty_ones(fraud_predictor, bank):
    answers = fraud_predictor.predict([bank.take(np.arange(30)), bank.take(np.arange(0))])
    assert [len(answer.scores) for answer in answers] == [30, 0]
    assert fraud_predictor.predict([]) == []


@pytest.mark.slow
@pytest.mark.parametrize("kind", MODELS)
def test_contributions_add_up_to_the_score(kind, fraud_predictor, bank):
    predictor = answering(fraud_predictor, kind)
    (answer,) = predictor.predict([bank])
    for place in np.argsort(-answer.scores)[[0, 5, 500, 5000]]:
        found = TASK.explain(predictor, (bank, int(place)), "fraud", "contributions")
        limit = CLOSE + 1e-5 if kind == "network" else 1e-6  # the network itself answers in single precision
        assert abs(found.residual) < limit
        assert found.method == METHOD_OF[kind] and len(found.reasons) == len(found.names)
        against = TASK.explain(predictor, (bank, int(place)), "genuine", "contributions")
        assert np.allclose(against.contributions, -found.contributions) and against.total == -found.total


def test_place_counts_from_the_first_row_after_the_history(fraud_predictor, bank):
    new = NewTransaction(900.0, bank.time[-1] + np.timedelta64(1, "h"), bank.customers[0], bank.terminals[0])
    table = on_history(bank, new)
    found = TASK.explain(fraud_predictor, (table, 0), "fraud", "contributions")
    assert found.values[found.names.index("amount")] == 900.0
    for place in (1, -1):
        with pytest.raises(InputRefused):
            TASK.explain(fraud_predictor, (table, place), "fraud", "contributions")


def test_case_holds_what_the_model_saw(fraud_predictor, bank):
    (case,) = TASK.cases(fraud_predictor, bank, [40])
    assert case.values["amount"] == bank.amount[40] and case.values["time"] == str(bank.time[40])
    assert case.values.keys() <= {*fraud_predictor.plan.names, "amount", "time"}
    assert not {bank.customers[bank.customer[40]], bank.terminals[bank.terminal[40]]} & set(case.values.values())


def test_amounts_in_another_currency_are_noticed(fraud_predictor, bank):
    (usual,) = fraud_predictor.predict([bank.take(split_by_time(bank, 7).test)])
    (odd,) = fraud_predictor.predict([replace(bank, amount=bank.amount * 50)])
    assert not [str(notice) for notice in usual.notices if "amount" in str(notice)]
    assert [str(notice) for notice in odd.notices if "“amount”" in str(notice)]


def test_missing_columns_are_refused(fraud_predictor, bank):
    with pytest.raises(InputRefused):
        fraud_predictor.predict([replace(bank, terminal=None, terminals=())])


def test_file_too_short_for_a_split_is_measured_whole(fraud_predictor, bank, tmp_path):
    from core.data.simulated_bank import save

    days = bank.time.astype("datetime64[D]")
    path = tmp_path / "week.parquet"
    save(bank.take(days >= days.max() - 6), path)
    evaluation = TASK.evaluate(fraud_predictor, path)
    assert evaluation.data.split == "all" and evaluation.data.n == int((days >= days.max() - 6).sum())


def test_probe_is_answered(fraud_predictor):
    (answer,) = fraud_predictor.predict([TASK.probe()])
    assert len(answer.scores) == len(TASK.probe())


def test_fields_of_a_form_are_read_from_the_manifest_without_a_model(fraud_checkpoint, fraud_predictor):
    manifest = json.loads((fraud_checkpoint / "manifest.json").read_text())
    found = read_fields("fraud_detection", manifest)
    low, median, high = found.amount
    assert 0 < low < median < high and found.delay_days == fraud_predictor.plan.delay_days
    assert found.numbers == {} and found.categories == ()
    with pytest.raises(ModelRefused):
        read_fields("fraud_detection", {})
