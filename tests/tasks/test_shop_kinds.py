"""Which kind of model the bundled recommender is: the rule, that the test is not read, and that what ships obeys it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from bench.shop_kinds import Ahead, candidate, decided
from bench.shop_recipe import CONFIG
from core.contracts import Metric
from core.data.interaction_check import prepared
from core.settings import settings
from core.tasks.recommendation.train import divided
from core.training.run import ListedRun
from tests.recommendation_sets import clubs

AHEAD, OPEN, BEHIND = Metric(0.02, 0.01, 0.03, 9), Metric(0.0, -0.01, 0.01, 9), Metric(-0.02, -0.03, -0.01, 9)


@pytest.mark.parametrize(
    ("lists", "replayed", "taken"),
    [
        (OPEN, AHEAD, "second"),
        (AHEAD, AHEAD, "second"),
        (BEHIND, AHEAD, "first"),
        (AHEAD, OPEN, "first"),
        (AHEAD, Metric(0.01, 0.0, 0.02, 9), "first"),
        (Metric(-0.01, -0.02, 0.0, 9), AHEAD, "second"),
        (OPEN, BEHIND, "first"),
    ],
)
def test_a_kind_is_taken_that_a_replay_shows_ahead_and_lists_do_not_show_behind(
    lists: Metric, replayed: Metric, taken: str
) -> None:
    assert decided(("first", "second"), lambda *_: lists, lambda *_: replayed)[0] == taken


def test_every_kind_stands_beside_the_one_that_was_taken_before_it() -> None:
    better = {("a", "b"), ("b", "d")}
    taken, found = decided("abcd", lambda *_: OPEN, lambda *pair: AHEAD if pair in better else OPEN)
    assert taken == "d"
    assert {kind: row["ahead_of"] for kind, row in found.items()} == {"b": "a", "c": "b", "d": "b"}
    assert found["b"]["hits_per_event"] == AHEAD.as_dict() and found["b"]["ndcg_at_20"] == OPEN.as_dict()


def test_what_ships_is_of_the_kind_that_was_taken() -> None:
    stored = json.loads((Path(__file__).parents[2] / "docs" / "results" / "shop_kinds.json").read_text("utf-8"))
    bundled = settings().assets / "models" / "recommendations" / "bundled" / "manifest.json"
    manifest = json.loads(bundled.read_text("utf-8"))
    assert manifest["architecture"] == CONFIG.model == stored["taken"]
    assert manifest["chosen"] == stored["chosen"][CONFIG.model]

    def found(column: str) -> Ahead:
        return lambda _, kind: Metric(**stored["beside"][kind][column])

    again = decided(list(stored["chosen"]), found("ndcg_at_20"), found("hits_per_event"))
    assert again == (stored["taken"], stored["beside"])


@pytest.mark.slow
def test_the_test_part_is_not_read(tmp_path: Path) -> None:
    config = replace(CONFIG, model="item_knn", split="leave_last", map_items=0, compare=False)
    data, split = divided(prepared(clubs(tmp_path)), config)
    items = data.item.copy()
    items[split.test] = (items[split.test] + 5) % data.n_items
    found = [candidate(one, split, config, ListedRun(tmp_path)) for one in (data, replace(data, item=items))]
    assert len(found[0].reached) > 5 and found[0].reached.sum() > 0
    assert found[0].reached.tolist() == found[1].reached.tolist() and found[0].strengths == found[1].strengths
