"""Replays on disk, turned round, and hits per event with intervals over users."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.contracts import DataInfo, Metric
from core.errors import ModelRefused
from core.training.list_replay import FILE, Part, Replay, hits_per_event, read_replays, write_replays
from core.training.metrics import bootstrap, mean_of
from core.training.ranking_gate import replay_check


def found(value: float = 0.02, low: float = 0.01, high: float = 0.03) -> Replay:
    gain = Metric(value, low, high, 40)
    sides = Metric(0.1, 0.08, 0.12, 40), Metric(0.1 + value, 0.09, 0.14, 40)
    about = DataInfo("mine", "test, last item of each user", 50, "f" * 64)
    return Replay(40, 400, 10, *sides, gain, 30, 22, (3, 0), about, True, (Part("≤ 5", 100, gain),))


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    assert read_replays(tmp_path / "none") == {}
    write_replays(tmp_path / "new", {"popularity": found(), "in_use": found(0.0)})
    assert read_replays(tmp_path / "new") == {"popularity": found(), "in_use": found(0.0)}


@pytest.mark.parametrize("text", ["", "[]", '{"popularity": 3}', '{"popularity": {"users": 1}}'])
def test_anything_else_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_text(text)
    with pytest.raises(ModelRefused):
        read_replays(tmp_path)


def test_turned_round_gains_are_losses() -> None:
    turned = found().turned()
    assert (turned.difference.value, turned.difference.low, turned.difference.high) == (-0.02, -0.03, -0.01)
    assert (turned.fixed, turned.broke, turned.learned) == (22, 30, (0, 3))
    assert turned.first == found().second and turned.parts[0].difference.value == -0.02
    assert turned.turned() == found()


def test_intervals_are_over_users_whose_events_belong_together() -> None:
    random = np.random.default_rng(0)
    taste = random.random(60) < 0.5
    events = np.full(60, 20)
    hits = np.where(taste, 20, 0).astype(float)
    metric = hits_per_event(hits, events)
    assert metric.value == pytest.approx(taste.mean()) and metric.n == 60
    each = np.repeat(taste, 20).astype(float)
    alone = bootstrap(mean_of(each), len(each))
    assert metric.high - metric.low > 3 * (alone.high - alone.low), "drawing events would promise too much"


def test_users_with_more_events_count_more() -> None:
    assert hits_per_event(np.array([1.0, 0.0]), np.array([1, 3])).value == 0.25


@pytest.mark.parametrize(
    ("high", "result", "said"), [(-0.001, "fail", "it is worse"), (0.001, "pass", "not shown to be worse")]
)
def test_the_gate_stops_what_a_replay_shows_to_be_worse(high: float, result: str, said: str) -> None:
    check = replay_check(found(-0.01, -0.02, high))
    assert check.result == result and said in str(check.message) and "no uplift" in str(check.message)
    assert "400 events of 40 users" in str(check.message)
