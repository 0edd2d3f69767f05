from __future__ import annotations

from pathlib import Path

import pytest

from core import access, jobs
from core.access import LOCAL, ROLES, AccessRefused, Actor, acting_as, current, require
from core.errors import StoreError
from core.serving import comparison, fixit
from core.settings import settings
from core.store import alerts, audit, mlflow_export, transfer
from core.store.registry import registry

VIEWER, PRESENTER = Actor("a visitor", "viewer"), Actor("a speaker", "presenter")
TRAIN = {"sector": "medical", "config": {}, "data": "nowhere", "name": "x"}
CHANGES = {
    "train": lambda: jobs.submit("train", dict(TRAIN)),
    "heal": lambda: jobs.submit("heal", dict(TRAIN)),
    "compress": lambda: jobs.submit("compress", dict(TRAIN)),
    "cancel": lambda: jobs.cancel("0123456789abcdef"),
    "resume": lambda: jobs.resume("0123456789abcdef"),
    "forget": lambda: jobs.forget("0123456789abcdef"),
    "roll back": lambda: registry().rollback("medical"),
    "promote what passed": lambda: registry().promote("medical", 0, verdict={"result": "pass"}),
    "try a fix": lambda: fixit.try_out("medical", 0.01),
    "time two models": lambda: comparison.measure_costs(*2 * [registry().resolve("medical")]),
    "raise an alert": lambda: alerts.raise_alert("medical", alerts.DRIFT, {}),
    "close an alert": lambda: alerts.close_alert(1, "dismissed"),
}
"""What changes something for everybody, or takes the machine: not for viewers."""
RARE = {
    "promote against the gate": lambda: registry().promote(
        "medical", 0, reason="a reason that is long enough", verdict={"result": "fail"}
    ),
    "promote unseen": lambda: registry().promote("medical", 0, reason="a reason that is long enough"),
    "delete": lambda: registry().delete("medical", 1),
    "export": lambda: transfer.export_version(registry().resolve("medical"), Path("never-written.zip")),
    "export to MLflow": lambda: mlflow_export.export("medical", 0),
    "import": lambda: transfer.import_version("medical", b"PK", "x.zip"),
    "read the audit log": lambda: audit.entries(1),
}
"""For admins only."""


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("VITRINE_HOME", str(tmp_path))
    settings.cache_clear()
    yield tmp_path
    audit.flush()
    monkeypatch.undo()
    settings.cache_clear()


def test_without_a_page_the_local_program_asks():
    assert current() == LOCAL


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("needed", ROLES)
def test_a_role_may_do_what_lower_ones_may(role, needed):
    with acting_as(Actor("somebody", role)):
        if ROLES.index(role) >= ROLES.index(needed):
            assert require(needed).id == "somebody"
        else:
            with pytest.raises(AccessRefused, match=f"needs the role {needed}; yours is {role}"):
                require(needed)
    assert current() == LOCAL


def test_a_source_is_asked_unless_somebody_is_named(monkeypatch):
    monkeypatch.setattr(access, "_sources", [])
    access.ask_source(lambda: None)
    assert current() == LOCAL
    access.ask_source(lambda: Actor("visitor", "viewer"))
    assert current().role == "viewer"
    with acting_as(LOCAL):
        assert current() == LOCAL


@pytest.mark.parametrize("action", [*CHANGES, *RARE])
def test_services_refuse_viewers_and_put_it_on_record(home, action):
    with acting_as(VIEWER), pytest.raises(AccessRefused):
        (CHANGES | RARE)[action]()
    assert audit.flush()
    refused = [entry for entry in audit.entries(20) if entry.action == "access.refused"]
    assert [(entry.actor, entry.role) for entry in refused] == [("a visitor", "viewer")]


@pytest.mark.parametrize("action", RARE)
def test_services_refuse_presenters_what_is_for_admins(home, action):
    with acting_as(PRESENTER), pytest.raises(AccessRefused):
        RARE[action]()
    assert not Path("never-written.zip").exists()


def test_promoting_without_a_verdict_needs_a_reason_from_whoever_comes_by_a_page(home):
    with acting_as(Actor("somebody", "admin")), pytest.raises(StoreError, match="reason_needed"):
        registry().promote("medical", 0)
    assert registry().promote("medical", 0).ref == "bundled"
