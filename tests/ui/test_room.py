"""Versions as the model room and the sector's page show them: card, roll back, and what a run had to say."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core import hub
from core.settings import settings
from core.store.registry import registry
from core.ui import status
from tests.ui.checkpoints import register_version, write_checkpoint
from tests.ui.test_house import words

OpenPage = Callable[..., AppTest]


@pytest.mark.parametrize(("view", "key"), [("models", "medical.room_rollback"), ("medical", "medical.rollback")])
def test_promoting_the_bundled_model_can_be_taken_back(open_page: OpenPage, home: Path, view: str, key: str) -> None:
    parameters = {} if view == "models" else {"view": "improve"}
    assert key not in {button.key for button in open_page(view, **parameters).button}
    first = register_version(home, seed=1)
    registry().promote("medical", first.number)
    registry().promote("medical", 0)
    page = open_page(view, **parameters)
    page.button(key=key).click().run()
    if view == "models":
        page.button(key="medical.room_rollback_yes").click().run()
    assert not page.exception
    assert registry().resolve("medical").number == first.number
    assert "In use now: version 1" in words(page)


def test_promotion_over_somebody_else_is_refused_on_the_sectors_page(open_page: OpenPage, home: Path) -> None:
    register_version(home, seed=1)
    rival = register_version(home, seed=2)
    page = open_page("medical", view="improve")
    registry().promote("medical", 1)
    page.button(key="medical.promote").click().run()
    assert not page.exception
    assert registry().resolve("medical").number == 1 != rival.number
    assert page.error


def test_card_tells_the_spread_of_a_cross_validation_and_is_translated(open_page: OpenPage, home: Path) -> None:
    folder = write_checkpoint(home / "staged", 1)
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest |= {
        "labels": ["![x](http://evil.example/t.png)", "|b|"],
        "folds": {"accuracy": [0.8, 0.9, 1.0]},
        "data": {"name": "chest_xray_224", "counts": {"train": {"a": 3, "b": 4}, "test": {"a": 1}}},
        "config": {"pretrained": "hub"},
    }
    (folder / "manifest.json").write_text(json.dumps(manifest))
    version = registry().register("medical", folder)
    assert version.spread == {"accuracy": {"mean": pytest.approx(0.9), "low": 0.8, "high": 1.0, "folds": 3}}
    registry().promote("medical", version.number)
    said = words(open_page("medical", view="card", lang="en"))
    assert "mean 0.900, from 0.800 to 1.000 over 3 folds" in said
    assert "training 7" in said and "the hub's weights" in said
    assert "](http" not in said
    assert "Intended use" not in words(open_page("medical", view="card", lang="zh"))


def test_network_line_tells_what_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    hub.forget()
    assert "none was asked for" in status._network_line()
    monkeypatch.setattr(hub, "known", lambda: False)
    assert "not reachable" in status._network_line()
    monkeypatch.setattr(hub, "known", lambda: True)
    assert "hub reachable" in status._network_line()
    monkeypatch.setenv("VITRINE_OFFLINE", "1")
    settings.cache_clear()
    assert "Offline" in status._network_line()
