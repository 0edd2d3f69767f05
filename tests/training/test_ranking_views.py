"""Parts of users and of the items that they wanted, from the table alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from core.contracts import Evaluation
from core.training.ranking_views import by_slice, by_wanted, slice_names
from tests.store.bundles import evaluation

NAMES = np.array(["> 100", "≤ 5", "51–100", "6–20", "≤ 5"])


def made(**more: NDArray[Any]) -> Evaluation:
    values = np.array([0.0, 0.25, 0.5, 0.75, 1.0])
    table: dict[str, NDArray[Any]] = {
        "slice.activity": NAMES,
        "slice.alike": np.array(["x"] * 5),
        "metric.ndcg_at_10": values,
        "metric.hr_at_10": values > 0,
        "other.popularity": np.full(5, 0.25),
    }
    return replace(evaluation(), table=table | more)


def test_activity_is_in_the_order_of_its_ranges() -> None:
    parts = by_slice(made(), "activity")
    assert [part.name for part in parts] == ["≤ 5", "6–20", "51–100", "> 100"]
    assert [part.headline.n for part in parts] == [2, 1, 1, 1]
    assert parts[0].headline.value == pytest.approx(0.625) and parts[0].hit_rate.value == 1.0
    assert parts[0].ahead is not None and parts[0].ahead.value == pytest.approx(0.375)


def test_other_parts_are_by_size_and_popularity_may_be_missing() -> None:
    table = dict(made(**{"slice.kind": np.array(["b", "a", "b", "b", "a"])}).table)
    del table["other.popularity"]
    parts = by_slice(replace(made(), table=table), "kind")
    assert [(part.name, part.ahead) for part in parts] == [("b", None), ("a", None)]


def test_ways_that_leave_all_together_are_none() -> None:
    assert slice_names(made()) == ["activity"]


def test_wanted_items_are_counted_by_how_many_had_them() -> None:
    columns = {"wanted.head": [2, 0, 2, 0, 0], "found.head": [2, 0, 1, 0, 0]}
    columns |= {"wanted.tail": [0, 1, 0, 1, 0], "found.tail": [0, 0, 0, 1, 0]}
    columns |= {"wanted.new": [0] * 5, "found.new": [0] * 5}
    parts = by_wanted(made(**{name: np.array(values) for name, values in columns.items()}))
    assert [(part.name, part.wanted, part.found.value) for part in parts] == [("head", 4, 0.75), ("tail", 2, 0.5)]
    assert parts[0].found.n == 2, "users who wanted none of them say nothing"
    assert by_wanted(made()) == []
