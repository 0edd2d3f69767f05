"""SIGKILL while the real task trains, registers and promotes; the whole measurement is `python -m core bench kills`."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from bench import kills

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


def test_twenty_kills_lose_nothing():
    found = kills.measured(20, 10, seed=random.SystemRandom().randrange(10**6))
    assert found["problems"] == [], f"seed {found['seed']}"
    assert found["kills"] >= 18
    assert found["versions_lost"] == found["orphans_after_janitor"] == 0
    assert found["left_by_the_dead"] > 0, "no kill struck where it leaves anything: the test shows nothing"
    assert found["versions_acknowledged"] > 0
    assert found["resumed_equal"] == found["resumed"] > 0
    assert found["control_versions_lost"] > 0, "the control has to lose versions, or the test cannot find a loss"


def test_every_point_has_its_share_of_the_kills():
    counts = Counter(dict.fromkeys(kills.POINTS, 7) | {"before alias": 1, "after alias": 1})
    chosen = kills.plan(counts, 50)
    assert len(chosen) == 50
    per_point = Counter(point for point, _ in chosen)
    assert set(per_point) == set(kills.POINTS)
    assert max(per_point.values()) - min(per_point.values()) <= 1
    assert {nth for point, nth in chosen if point == "before fsync"} >= {1, 7}
    assert {nth for point, nth in chosen if point == "before alias"} == {1}
