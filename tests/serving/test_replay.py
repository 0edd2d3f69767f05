"""A new recommender is replayed against the one in use, and the gate reads what came of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from core.jobs.baseline import measure_champion
from core.serving import comparison
from core.settings import settings
from core.store.registry import registry
from core.store.versions import Version
from core.tasks.recommendation.config import RecommendationConfig
from core.tasks.recommendation.task import TASK
from core.training.evaluation import load_evaluation
from core.training.run import ListedRun
from tests.recommendation_sets import clubs

SLUG = "recommendations"
PLAIN = RecommendationConfig(tune=False, compare=False, map_items=0, regularisation=5.0)
pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VITRINE_HOME", str(tmp_path / "home"))
    settings.cache_clear()


def test_a_new_version_is_replayed_against_the_one_in_use_and_the_gate_reads_it(tmp_path: Path) -> None:
    clubs(tmp_path)
    popular = _version(tmp_path, "popularity", measured=False)
    registry().promote(SLUG, popular.number)
    better = _version(tmp_path, "ease", measured=True)
    champion = registry().resolve(SLUG)
    found, back = comparison.replay_of(champion, better), comparison.replay_of(better, champion)
    assert found is not None and back == found.turned()
    assert found.difference.low > 0 and found.data.fingerprint == _fingerprint(better)
    checks = {check.name: check for check in comparison.verdict(SLUG, better, champion).checks}
    assert checks["replay"].result == checks["popularity"].result == "pass"
    assert "among their first ten" in str(checks["decisions"].message)
    assert comparison.replay_of(registry().resolve(SLUG, "bundled"), better) is None


def _version(folder: Path, kind: str, *, measured: bool) -> Version:
    """A version of one kind, trained on the tables of a folder, measured against the one in use where asked."""
    run = folder / f"run-{kind}"
    run.mkdir()
    checkpoint = TASK.train(replace(PLAIN, model=kind), folder / "ratings.csv", ListedRun(run))
    if measured:
        measure_champion(TASK, SLUG, checkpoint, folder / "ratings.csv")
    return registry().register(SLUG, checkpoint, verify=lambda _: None)


def _fingerprint(version: Version) -> str:
    evaluation = load_evaluation(version.path)
    assert evaluation is not None
    return evaluation.data.fingerprint
