"""Tables whose rows come in clusters: intervals and tests count customers; large tables take seconds."""

from __future__ import annotations

import itertools
import time
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn.metrics import average_precision_score, roc_auc_score

from core.contracts import DataInfo, Evaluation
from core.training import gate, money, quality, slices
from core.training.metrics import auroc_of, average_precision_of, bootstrap, mean_of, share, whole
from core.training.quality import sign_test
from core.training.resampling import means_in, shares_in, table_bootstrap
from tests.fake_payments import evaluation


def test_without_customers_the_sign_test_is_mcnemars() -> None:
    moved = np.array([1] * 9 + [-1] * 3 + [0] * 50)
    assert sign_test(moved, {}) == pytest.approx(binomtest(9, 12, 0.5).pvalue)
    assert sign_test(moved, {}, worse=True) == pytest.approx(binomtest(3, 12, 0.5, alternative="greater").pvalue)
    assert sign_test(moved[:9], {}) == pytest.approx(2 * 0.5**9)
    assert sign_test(np.zeros(5, int), {}) == 1.0


def test_changes_of_one_customer_are_one_coin() -> None:
    moved, customer = np.array([1] * 6 + [-1, 1, 1, -1]), np.array([0] * 6 + [1, 2, 2, -1])
    sums = [6, -1, 2, -1]
    totals = [
        abs(sum(s * n for s, n in zip(signs, sums, strict=True))) for signs in itertools.product((1, -1), repeat=4)
    ]
    expected = np.mean(np.array(totals) >= abs(sum(sums)))
    assert sign_test(moved, {"customer": customer}) == pytest.approx(expected)
    assert sign_test(moved, {}) < sign_test(moved, {"customer": customer})


def test_intervals_over_customers_are_wider_where_their_rows_go_together() -> None:
    customer = np.repeat(np.arange(50), 20)
    values = np.random.default_rng(0).normal(size=50)[customer]
    rows = {"truth": np.zeros(1000, int)}
    tables = (rows, rows | {"customer": customer})
    (alone,), (clustered,) = (means_in(one, values, np.ones((1000, 1), bool)) for one in tables)
    assert alone.value == pytest.approx(clustered.value) == pytest.approx(values.mean())
    assert (clustered.high - clustered.low) > 3 * (alone.high - alone.low)
    both = [table_bootstrap(one, mean_of(values)) for one in tables]
    assert both[0] == bootstrap(mean_of(values), 1000)
    assert (both[1].high - both[1].low) == pytest.approx(clustered.high - clustered.low, rel=0.2)


@pytest.mark.parametrize("ties", [3, 1000])
def test_ranking_figures_agree_with_scikit_learn_whatever_the_weights(ties: int) -> None:
    random = np.random.default_rng(1)
    truth, score = random.random(400) < 0.1, random.integers(0, ties, 400) / ties
    weights = random.integers(0, 3, (5, 400)).astype(float)
    for statistic, reference in ((auroc_of, roc_auc_score), (average_precision_of, average_precision_score)):
        found = statistic(truth, score)(weights)
        assert found == pytest.approx([reference(truth, score, sample_weight=row) for row in weights])
        assert whole(statistic(truth, score), 400) == pytest.approx(reference(truth, score))


@pytest.mark.slow
def test_gate_counts_customers() -> None:
    champion = evaluation(n=2000)
    score = np.clip(np.asarray(champion.table["scores"])[:, 1] + 0.2 * (champion.table["truth"] - 0.1), 0, 1)
    table = dict(champion.table) | {"scores": np.stack([1 - score, score], 1), "prediction": (score >= 0.5).astype(int)}
    challenger = replace(champion, table=table)
    verdict = gate.judge(champion, challenger, None, "average_precision")
    checks = {check.name: check for check in verdict.checks}
    assert checks["headline"].result == "pass" and "Average precision" in str(checks["headline"].message)
    assert "over customers" in str(checks["decisions"].message)
    assert verdict.comparison is not None and verdict.comparison.by_customer
    both = [
        replace(one, table={name: column for name, column in one.table.items() if name != "customer"})
        for one in (champion, challenger)
    ]
    without = quality.compare(*both)
    assert without is not None and not without.by_customer
    assert "amount" in {part.name for part in slices.worst_slices(challenger)}


def large(seed: int, n: int = 100_000) -> Evaluation:
    fixed, own = np.random.default_rng(0), np.random.default_rng(seed)
    truth = (fixed.random(n) < 0.008).astype(int)
    score = 1 / (1 + np.exp(5 - 4 * truth - fixed.normal(size=n) - 0.5 * own.normal(size=n)))
    table = {
        "id": np.arange(n).astype(str),
        "truth": truth,
        "prediction": (score > 0.3).astype(int),
        "scores": np.stack([1 - score, score], 1).astype(np.float32),
        "abstained": np.zeros(n, bool),
        "domain_score": np.zeros(n, np.float32),
        "amount": fixed.gamma(2, 30, n),
        "customer": fixed.integers(0, 5000, n),
        "slice.hour": np.array(list("abcd"))[fixed.integers(0, 4, n)],
    }
    return Evaluation(("genuine", "fraud"), table, {}, DataInfo("x", "test", n, "f"), 0, "")


@pytest.mark.slow
def test_a_hundred_thousand_rows_take_seconds() -> None:
    champion, challenger = large(1), large(2)
    prices = money.Prices(0, 2, 5, 30_000, 1.0, None, 3000)
    began = time.process_time()
    gate.judge(champion, challenger, None, "average_precision")
    slices.worst_slices(challenger)
    money.worth(champion, challenger, prices, 0.3)
    assert time.process_time() - began < 30, "it was over a minute before sums were resampled in place of rows"


def test_shares_are_wilsons_of_rows_and_of_customers_where_rows_go_together() -> None:
    right, members = np.arange(600) % 200 < 150, np.stack([np.ones(600, bool), np.arange(600) < 300], axis=1)
    rows = {"truth": np.zeros(600, int)}
    alone, grouped = (shares_in(one, right, members) for one in (rows, rows | {"customer": np.arange(600) % 200}))
    assert alone == [share(450, 600), share(250, 300)]
    assert [one.value for one in grouped] == pytest.approx([one.value for one in alone])
    assert [one.n for one in grouped] == [600, 300]
    assert grouped[0].high - grouped[0].low > 1.5 * (alone[0].high - alone[0].low)


def test_a_share_of_all_is_as_sure_as_there_are_customers() -> None:
    table = {"truth": np.zeros(600, int), "customer": np.arange(600) % 20}
    everything, nothing, missing = (
        shares_in(table, right, members)[0]
        for right, members in (
            (np.ones(600, bool), np.ones((600, 1), bool)),
            (np.zeros(600, bool), np.ones((600, 1), bool)),
            (np.ones(600, bool), np.zeros((600, 1), bool)),
        )
    )
    assert (everything.low, everything.n) == (share(20, 20).low, 600) and everything.high == 1
    assert nothing.high == share(0, 20).high
    assert np.isnan(missing.value) and (missing.low, missing.high) == (0, 1)


@pytest.mark.slow
@pytest.mark.parametrize("metric", ["accuracy", "auroc"])
def test_slices_count_customers_whatever_the_metric(metric: str) -> None:
    one = evaluation(n=1000)
    thrice = {name: np.concatenate([column] * 3) for name, column in one.table.items()}
    tables = [thrice | {"customer": customer} for customer in (np.tile(np.arange(1000), 3), np.arange(3000))]
    found, apart = (slices.worst_slices(replace(one, table=table), metric) for table in tables)
    apart = {(part.name, part.value): part for part in apart}
    ratios = [
        (getattr(part, of).high - getattr(part, of).low)
        / (getattr(apart[part.name, part.value], of).high - getattr(apart[part.name, part.value], of).low)
        for part in found
        for of in ("gap", "metric")
    ]
    assert ratios == pytest.approx([3**0.5] * len(ratios), rel=0.2), "three payments that go together are worth one"
