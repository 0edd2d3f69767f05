"""The gate: what passes, what fails, what cannot be told, how often chance passes, and that every reason is said."""

from __future__ import annotations

import json
from dataclasses import fields, replace

import numpy as np
import pytest

from core.training.gate import RULES, Costs, GateRules, Verdict, check_from, judge
from tests.training.tables import SAME_COSTS, evaluated, latent, rivals, without

SIMULATIONS = 100


def result_of(verdict: Verdict, name: str) -> str:
    return next(check.result for check in verdict.checks if check.name == name)


def said(verdict: Verdict) -> str:
    return " ".join(str(check.message) for check in verdict.checks)


def test_clearly_better_version_passes_with_every_reason():
    verdict = judge(*rivals(n=600, old=1.5, new=3.0), SAME_COSTS)
    assert verdict.result == "pass", said(verdict)
    assert [check.name for check in verdict.checks] == [
        "test", "answers", "headline", "decisions", "slices", "calibration", "latency", "size"
    ]  # fmt: skip
    assert all(str(check.message) for check in verdict.checks)
    assert verdict.comparison is not None and len(verdict.comparison.fixed) > len(verdict.comparison.broke)


def test_worse_version_fails():
    verdict = judge(*rivals(n=600, old=3.0, new=1.5), SAME_COSTS)
    assert verdict.result == "fail"
    assert result_of(verdict, "headline") == "fail"


def test_version_compared_with_itself_is_undecided():
    champion, _ = rivals()
    verdict = judge(champion, champion, SAME_COSTS)
    assert verdict.result == "undecided"
    assert result_of(verdict, "headline") == "undecided"


def test_same_tables_and_seed_give_the_same_verdict():
    pair = rivals(n=300, old=2.0, new=2.4)
    assert judge(*pair, SAME_COSTS).as_dict() == judge(*pair, SAME_COSTS).as_dict()


def test_rows_in_another_order_change_nothing():
    champion, challenger = rivals(n=300, old=1.5, new=3.0)
    mixed = np.random.default_rng(1).permutation(300)
    shuffled = replace(champion, table={name: column[mixed] for name, column in champion.table.items()})
    assert judge(shuffled, challenger, SAME_COSTS).as_dict() == judge(champion, challenger, SAME_COSTS).as_dict()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda champion: None, "no stored evaluation"),
        (lambda champion: replace(champion, data=replace(champion.data, fingerprint="g")), "different data"),
        (lambda champion: replace(champion, labels=("cat", "dog")), "labels differ"),
        (lambda champion: without(champion, np.arange(10)), "Only 390 examples are in both"),
        (
            lambda champion: replace(champion, table={**champion.table, "truth": 1 - champion.table["truth"]}),
            "true labels",
        ),
    ],
)
def test_without_one_frozen_test_nothing_is_decided(change, words):
    champion, challenger = rivals(n=400, old=1.0, new=3.0)
    verdict = judge(change(champion), challenger, SAME_COSTS)
    assert verdict.result == "undecided"
    assert words in said(verdict)


@pytest.mark.parametrize("logit", [np.full(400, 2.0), np.linspace(0.1, 0.2, 400), np.full(400, np.nan)])
def test_one_answer_for_everything_fails(logit):
    champion, _ = rivals(n=400)
    verdict = judge(champion, evaluated(np.asarray(champion.table["truth"]), logit), SAME_COSTS)
    assert verdict.result == "fail"
    assert result_of(verdict, "answers") == "fail"


def test_a_part_that_gets_much_worse_stops_a_version_that_is_better_as_a_whole():
    truth, _, draw = latent(1200)
    part = np.array(["old", "new"])[(np.arange(1200) % 5 == 0).astype(int)]
    right = (2 * truth - 1) * 1.0
    before = evaluated(truth, right + draw.normal(size=1200), **{"slice.source": part})
    lost = np.where(part == "new", -right, 3 * right)
    after = evaluated(truth, lost + draw.normal(size=1200), **{"slice.source": part})
    verdict = judge(before, after, SAME_COSTS)
    assert result_of(verdict, "slices") == "fail"
    assert "source folder: new (n = 240)" in said(verdict)
    assert verdict.result == "fail"


def test_a_certain_loss_in_a_large_part_is_not_hidden_by_a_larger_one_that_may_be_chance():
    n = 1000
    truth, part = np.arange(n) % 2, np.array(["large"] * 900 + ["small"] * 100)
    logit = (2.0 * truth - 1) * 3
    before = evaluated(
        truth, np.where((np.arange(n) >= 900) & (np.arange(n) < 904), -logit, logit), **{"slice.source": part}
    )
    lost = logit.copy()
    lost[:36] *= -1
    lost[904:914] *= -1
    after = evaluated(truth, lost, **{"slice.source": part})
    check = next(check for check in judge(before, after, SAME_COSTS).checks if check.name == "slices")
    assert check.result == "fail" and "(n = 100)" not in str(check.message)


def test_small_parts_are_counted_but_not_judged():
    n = 400
    part = np.array(["rest"] * (n - 20) + ["rare"] * 20)
    champion, challenger = rivals(n=n, old=1.5, new=3.0, **{"slice.source": part})
    scores = challenger.table["scores"].copy()
    truth = challenger.table["truth"]
    scores[-20:] = np.eye(2, dtype=np.float32)[1 - truth[-20:]]
    broken = replace(challenger, table={**challenger.table, "scores": scores, "prediction": scores.argmax(1)})
    check = next(check for check in judge(champion, broken, SAME_COSTS).checks if check.name == "slices")
    assert check.result == "pass"
    assert "1 of 4 parts" in str(check.message)
    everything = judge(champion, broken, SAME_COSTS, rules=replace(RULES, slice_n=10_000))
    assert result_of(everything, "slices") == "undecided"


@pytest.mark.slow
def test_scores_that_stop_meaning_what_they_say_fail():
    champion, challenger = rivals(n=800, old=2.0, new=2.6)
    truth, positive = challenger.table["truth"], challenger.table["scores"][:, 1].astype(float)
    sure = evaluated(truth, 12 * np.log(positive / (1 - positive)))
    verdict = judge(champion, sure, SAME_COSTS)
    assert result_of(verdict, "calibration") == "fail"
    assert result_of(judge(champion, challenger, SAME_COSTS), "calibration") == "pass"


@pytest.mark.parametrize(
    ("costs", "latency", "size"),
    [
        (None, "undecided", "undecided"),
        (SAME_COSTS, "pass", "pass"),
        (Costs(10, 30, 3.0, 2.8, 3.2, 20, 20, 31, "cpu"), "fail", "pass"),
        (Costs(10, 21, 2.1, 1.8, 2.4, 20, 20, 31, "cpu"), "undecided", "pass"),
        (Costs(10, 10, 1.0, 0.9, 1.1, 20, 90, 31, "cpu"), "pass", "fail"),
    ],
)
def test_costs_are_judged_by_their_limits(costs, latency, size):
    verdict = judge(*rivals(n=600, old=1.5, new=3.0), costs)
    assert (result_of(verdict, "latency"), result_of(verdict, "size")) == (latency, size)
    assert verdict.result == (
        "pass" if {latency, size} == {"pass"} else "fail" if "fail" in (latency, size) else "undecided"
    )


def test_smaller_version_may_be_asked_to_be_no_worse_instead_of_better():
    champion, _ = rivals(n=600)
    asked = replace(RULES, headline_gain=-0.01)
    assert result_of(judge(champion, champion, SAME_COSTS, rules=asked), "headline") == "pass"
    assert result_of(judge(*rivals(n=600, old=3.0, new=2.0), SAME_COSTS, rules=asked), "headline") == "fail"


@pytest.mark.parametrize(("gain", "said"), [(0.0, "more than 0."), (-0.01, "more than -0.01.")])
def test_the_gain_that_is_asked_for_is_said_without_a_plus(gain, said):
    verdict = judge(*rivals(n=600, old=1.5, new=3.0), SAME_COSTS, rules=replace(RULES, headline_gain=gain))
    (headline,) = (str(check.message) for check in verdict.checks if check.name == "headline")
    assert headline.endswith(said)


def test_verdict_survives_storage():
    stored = json.loads(json.dumps(judge(*rivals(), None).as_dict(), allow_nan=False))
    assert stored["result"] == "undecided" and stored["n"] == 400
    again = [str(check_from(entry).message) for entry in stored["checks"]]
    assert again == [str(check.message) for check in judge(*rivals(), None).checks]


def test_every_rule_has_a_sentence():
    source = __import__("inspect").getsource(GateRules)
    assert source.count('"""') == 2 + 2 * len(fields(GateRules))


def passed(old: float, new: float, headline: str, n: int = 400) -> tuple[int, int]:
    """How often, of `SIMULATIONS` pairs of tables, the headline check and the whole gate pass."""
    verdicts = [judge(*rivals(n, seed, old, new), SAME_COSTS, headline) for seed in range(SIMULATIONS)]
    return sum(result_of(one, "headline") == "pass" for one in verdicts), sum(one.result == "pass" for one in verdicts)


@pytest.mark.slow
@pytest.mark.parametrize("headline", ["auroc", "accuracy"])
def test_equally_good_versions_rarely_pass_by_chance(headline):
    """One side of a 95 % interval: at most 2.5 % in theory; measured over these tables, see docs/decisions/0009."""
    headline_passes, gate_passes = passed(2.0, 2.0, headline)
    assert headline_passes <= 0.05 * SIMULATIONS
    assert gate_passes <= 0.04 * SIMULATIONS


@pytest.mark.slow
def test_clearly_better_versions_pass_and_worse_ones_never():
    assert passed(1.8, 2.8, "auroc", n=624)[1] >= 0.9 * SIMULATIONS
    assert passed(2.8, 1.8, "auroc")[1] == 0
