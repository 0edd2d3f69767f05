"""Versions as the model room and the sector's page show them: card, roll back, and what a run had to say."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core import hub
from core.settings import settings
from core.store import alerts
from core.store.registry import registry
from core.store.usage import disk_usage
from core.ui import status
from tests.ui.checkpoints import register_version, write_checkpoint
from tests.ui.test_house import words

OpenPage = Callable[..., AppTest]


def room_part(open_page: OpenPage, part: str) -> AppTest:
    page = open_page("models")
    page.segmented_control(key="models.part").set_value(part).run()
    assert not page.exception
    return page


@pytest.mark.slow
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
        page.button(key="medical.room_confirm").click().run()
    assert not page.exception
    assert registry().resolve("medical").number == first.number
    assert "In use now: version 1" in words(page)


@pytest.mark.slow
def test_promotion_over_somebody_else_is_refused_on_the_sectors_page(open_page: OpenPage, home: Path) -> None:
    register_version(home, seed=1)
    rival = register_version(home, seed=2)
    page = open_page("medical", view="improve")
    registry().promote("medical", 1)
    page.button(key="medical.promote").click().run()
    assert not page.exception
    assert registry().resolve("medical").number == 1 != rival.number
    assert page.error


@pytest.mark.slow
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


@pytest.mark.slow
def test_lineage_names_parent_data_and_who_promoted(open_page: OpenPage, home: Path) -> None:
    parent = register_version(home, seed=1)
    folder = write_checkpoint(home / "staged", 2)
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest |= {"parent": parent.sha256, "seed": 7, "data": {"name": "chest_xray_224", "fingerprint": "ab" * 32}}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    child = registry().register("medical", folder)
    registry().promote("medical", child.number, reason="a test of the lineage")
    page = room_part(open_page, "origins")
    assert not page.exception
    lineage, promotions = (frame.value for frame in page.dataframe)
    row = lineage[lineage["Version"] == str(child.number)].iloc[0]
    assert row["Parent"] == f"{parent.number} ({parent.sha256[:8]})"
    assert row["Training data"].endswith("(abababab)") and row["Seed"] == "7"
    assert promotions.iloc[0]["To version"] == str(child.number)
    assert promotions.iloc[0]["Reason"] == "a test of the lineage"


@pytest.mark.slow
def test_audit_log_is_shown_checked_and_kept_from_viewers(
    open_page: OpenPage, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    register_version(home, seed=1)
    registry().promote("medical", 1)
    page = room_part(open_page, "audit")
    assert "promote" in " ".join(page.dataframe[0].value["Action"])
    page.button(key="models.audit_check").click().run()
    assert "all there, all as written" in words(page)
    monkeypatch.setenv("VITRINE_ROLE", "viewer")
    settings.cache_clear()
    assert not room_part(open_page, "audit").dataframe


@pytest.mark.slow
def test_alerts_are_listed_and_closed(open_page: OpenPage, home: Path) -> None:
    number = alerts.raise_alert("medical", alerts.DRIFT, {"p": 0.001})
    page = room_part(open_page, "jobs")
    assert "drift" in words(page)
    page.button(key=f"models.alert.{number}").click().run()
    assert alerts.open_alerts() == []
    assert "No alert is open" in words(page)


def test_disk_use_adds_up(home: Path) -> None:
    (home / "versions").mkdir(parents=True, exist_ok=True)
    (home / "versions" / "weights").write_bytes(bytes(5000))
    (home / "else").write_bytes(bytes(300))
    found = disk_usage()
    assert found.bytes_by_kind["Versions"] == 5000
    assert sum(found.bytes_by_kind.values()) == sum(p.stat().st_size for p in home.rglob("*") if p.is_file())
    assert found.free_bytes > 0


@pytest.mark.slow
def test_a_version_is_deleted_after_a_second_question(open_page: OpenPage, home: Path) -> None:
    register_version(home, seed=1)
    page = open_page("models")
    page.button(key="medical.room_delete").click().run()
    assert [version.number for version in registry().versions("medical")] == [1, 0]
    page.button(key="medical.room_confirm").click().run()
    assert not page.exception
    assert [version.number for version in registry().versions("medical")] == [0]
