"""What views reckon from an evaluation is reckoned once for all visitors."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from core.contracts import Evaluation
from core.data.board import wilson
from core.ui.board_speech import facts
from core.ui.measured import once, outward, time_taken
from tests.training.tables import evaluated, latent


def test_it_is_reckoned_once_for_each_evaluation_and_choice() -> None:
    asked: list[tuple[str, int]] = []

    def reckon(evaluation: Evaluation, target: int) -> int:
        asked.append((evaluation.data.name, target))
        return len(asked)

    truth, logit, _ = latent(40)
    first = evaluated(truth, logit)
    other = replace(first, data=replace(first.data, name="other"))
    wanted = [(first, 1), (first, 1), (first, 0), (other, 1)]
    assert [once(reckon, evaluation, target) for evaluation, target in wanted] == [1, 1, 2, 3]
    assert asked == [(first.data.name, 1), (first.data.name, 0), ("other", 1)]


def test_an_interval_is_rounded_away_from_its_middle() -> None:
    low, high = wilson(np.array([20_000, 0, 15]), np.array([20_000, 20_000, 30]))
    ends = [outward(float(one), float(other)) for one, other in zip(low, high, strict=True)]
    assert ends == [(99.9, 100.0), (0.0, 0.1), (33.1, 66.9)]
    assert outward(0.29, 0.57) == (29.0, 57.0), "what is exact stays"


def test_no_time_is_said_to_be_none() -> None:
    assert [time_taken(seconds) for seconds in (0.004, 0.1, 12.34)] == ["less than 0.1 s", "0.1 s", "12.3 s"]


@pytest.mark.parametrize(
    ("score", "said"), [(0.9991, "over 99 %"), (0.0009, "under 1 %"), (0.994, "99 %"), (0.006, "1 %"), (0.5, "50 %")]
)
def test_no_quote_is_certain(score: float, said: str) -> None:
    board = SimpleNamespace(scored=SimpleNamespace(scores=[score], table=SimpleNamespace(category=None, time=None)))
    assert facts(board, 0) == f"{said} positive"  # type: ignore[arg-type]
