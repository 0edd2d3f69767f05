"""Every test of the store runs on both databases, unless it is marked as one about the files of SQLite."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from core.settings import settings
from core.store.versions import Version
from core.training.evaluation import save_evaluation
from tests.house import House, open_house
from tests.jobs.fake_sector import SLUG
from tests.store import postgres
from tests.store.bundles import evaluation, to_bytes

__all__ = ["house"]

_POSTGRESQL = pytest.param(
    "postgresql", marks=pytest.mark.skipif(not postgres.URL, reason=postgres.REASON), id="postgresql"
)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "house" in metafunc.fixturenames:
        files_of_sqlite = metafunc.definition.get_closest_marker("sqlite")
        metafunc.parametrize("house", ["sqlite"] if files_of_sqlite else ["sqlite", _POSTGRESQL], indirect=True)


@pytest.fixture
def house(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """An empty house for one test, on one of the two databases."""
    with ExitStack() as stack:
        if request.param == "postgresql":
            monkeypatch.setenv("VITRINE_DATABASE_URL", stack.enter_context(postgres.fresh_database()))
        made = stack.enter_context(open_house(tmp_path, monkeypatch))
        settings.cache_clear()
        yield made


@pytest.fixture
def exported(house: House) -> tuple[bytes, Version]:
    """The bytes of a version with an evaluation, and the version."""
    folder = house.staged(b"weights", labels=["a", "b"])
    save_evaluation(folder, evaluation())
    save_evaluation(folder / "validation", evaluation())
    (folder / "card.md").write_text("# Card\n")
    version = house.registry.register(SLUG, folder, name="mine")
    return to_bytes(version), version
