"""What views reckon from an evaluation is reckoned once for all visitors."""

from __future__ import annotations

from dataclasses import replace

from core.contracts import Evaluation
from core.ui.measured import once
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
