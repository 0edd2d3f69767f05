"""The opportunity board and the canvas: arithmetic that can be checked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from core.contracts import Message
from core.errors import InputRefused
from core.market.feasibility import LONGEST, Canvas, Range, simulate
from core.market.fields import fields
from core.market.opportunity import CRITERIA, Field, Reference, Score, ranking, share_of

SOURCE = Reference("a law", "https://example.org", "2024-01-01")


def field(name: str, value: int, *, sure: bool = True, **other: int) -> Field:
    scores = {key: Score(other.get(key, value), Message("why"), SOURCE if sure else None) for key in CRITERIA}
    return Field(name, name, scores)


def fixed(value: float) -> Range:
    return Range(value, value, value)


def canvas(**given: Range) -> Canvas:
    plain = {
        "months_to_build": fixed(2),
        "team_cost": fixed(100),
        "data_cost": fixed(50),
        "training_hours": fixed(5),
        "machine_price": fixed(2),
        "new_customers": fixed(1),
        "price": fixed(60),
        "cost_to_serve": fixed(10),
        "churn": fixed(0),
    }
    return Canvas(**{**plain, **given})


def test_totals_are_weighted_means_and_weights_need_not_add_up():
    board = ranking((field("a", 2, growth=5), field("b", 3)), {"growth": 30.0, "adoption": 10.0})
    assert [one.field.id for one in board] == ["a", "b"]
    assert board[0].total == pytest.approx((5 * 3 + 2) / 4) and board[1].total == 3


def test_who_is_better_everywhere_wins_every_draw():
    board = ranking((field("worse", 2), field("better", 4)), {})
    assert board[0].field.id == "better" and board[0].first == 1.0 and (board[0].low, board[0].high) == (1, 1)


def test_judgements_make_a_narrow_lead_unsure_and_sources_do_not():
    close = {"growth": 4}
    sure = ranking((field("a", 3, **close), field("b", 3)), {})
    judged = ranking((field("a", 3, sure=False, **close), field("b", 3, sure=False)), {})
    assert sure[0].first > 0.95 > judged[0].first > 0.5


def test_the_same_seed_gives_the_same_board_and_shares_add_up():
    first, second = ranking(fields(), {}, 3), ranking(fields(), {}, 3)
    assert first == second and sum(one.first for one in first) == pytest.approx(1)


def test_evidence_comes_from_the_series():
    share, reference = share_of("ai_use_by_function", "Marketing or Sales", "All (10+)")
    assert share == 34.7 and "Eurostat" in reference.title
    with pytest.raises(KeyError):
        share_of("ai_use_by_function", "Sorcery")


def test_break_even_by_hand():
    # 110 a month go out; customers n = 1, 2, 3 ... from month 3 bring 50 each.
    account, month, customers = -50.0, 0, 0
    deepest = account
    while account < 0 or month <= 2:
        month += 1
        customers += month > 2
        account += 50 * customers - 110
        deepest = min(deepest, account)
    made = simulate(canvas())
    assert made.reached == 1.0 and made.months == (month, month, month)
    assert made.money == pytest.approx((-deepest,) * 3)
    assert made.drivers == ()


def test_what_never_earns_its_cost_says_so():
    made = simulate(canvas(price=fixed(5)))
    assert made.reached == 0.0 and made.months is None
    assert made.path[1, LONGEST] < made.path[1, 0]


def test_wide_assumptions_give_wide_answers_and_name_what_drives_them():
    made = simulate(canvas(price=Range(20, 60, 120), churn=Range(0, 0.01, 0.02)))
    assert made.money[0] < made.money[1] < made.money[2]
    assert made.drivers[0][0] == "price" and made.drivers[0][1] > 0.8


@pytest.mark.parametrize("given", [Range(3, 2, 4), Range(-1, 0, 1), Range(0, 1, float("inf"))])
def test_what_is_no_range_is_refused(given):
    with pytest.raises(InputRefused) as refused:
        canvas(price=given)
    assert refused.value.code == "market.range"
    assert "price" in str(refused.value)


def test_more_than_all_customers_cannot_leave():
    with pytest.raises(InputRefused):
        canvas(churn=fixed(1.5))


def test_drawn_values_keep_within_their_range():
    drawn = Range(1, 2, 9).drawn(np.random.default_rng(0))
    assert drawn.min() >= 1 and drawn.max() <= 9 and abs(drawn.mean() - (1 + 8 + 9) / 6) < 0.1
