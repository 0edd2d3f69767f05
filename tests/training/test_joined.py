"""Evaluations over several data sets, measured again set by set."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.contracts import Evaluation
from core.training.joined import measured_again, parts_of
from core.training.quality import take
from tests.training.tables import evaluated

IDS = ("films/1", "films/2", "books/1", "books/2", "books/3")
TRUTH = np.array([0, 1, 1, 0, 1])


def whole() -> Evaluation:
    found = evaluated(TRUTH, np.array([-1.0, 2.0, 1.0, -2.0, 0.5]), "f", **{"slice.only": np.array(list("abcde"))})
    return replace(found, table={**found.table, "id": np.array(IDS)}, data=replace(found.data, name="films+books"))


def again(name: str, part: Evaluation) -> Evaluation:
    """What a task finds of some of the rows: other scores, in another order, without the slice."""
    order = np.arange(len(part.table["id"]))[::-1]
    found = take(part, order)
    table = {key: column for key, column in found.table.items() if key != "slice.only" or name == "films"}
    return replace(found, table={**table, "prediction": 1 - table["prediction"]})


def test_every_set_gets_its_rows_by_its_own_ids():
    parts = parts_of(whole())
    assert {name: list(part.table["id"]) for name, part in parts.items()} == {
        "films": ["1", "2"],
        "books": ["1", "2", "3"],
    }
    assert parts["books"].data.n == 3 and list(parts["books"].table["truth"]) == [1, 0, 1]


def test_one_set_is_its_own_part():
    alone = replace(whole(), data=replace(whole().data, name="films"))
    assert parts_of(alone) == {"films": alone}


def test_rows_that_were_measured_again_are_whole_again():
    found = measured_again(whole(), again)
    assert found is not None and found.data == whole().data
    assert sorted(found.table["id"]) == sorted(IDS) and "slice.only" not in found.table
    first = {str(i): p for i, p in zip(whole().table["id"], whole().table["prediction"], strict=True)}
    assert all(p == 1 - first[str(i)] for i, p in zip(found.table["id"], found.table["prediction"], strict=True))


@pytest.mark.parametrize(
    "change",
    [
        lambda part: take(part, np.array([0])),
        lambda part: replace(part, table={**part.table, "truth": 1 - part.table["truth"]}),
        lambda part: replace(part, table={**part.table, "id": np.array([f"x{i}" for i in part.table["id"]])}),
    ],
    ids=["a row is missing", "other labels", "other rows"],
)
def test_other_rows_are_not_taken_for_the_same(change):
    assert measured_again(whole(), lambda name, part: change(again(name, part))) is None
