"""Alerts: one of a kind at a time, on record, and only by those who may."""

from __future__ import annotations

import pytest

from core.access import AccessRefused, Actor, acting_as
from core.store import alerts, audit


def test_one_alert_of_a_kind_is_open_at_a_time(house) -> None:
    first = alerts.raise_alert("fake", alerts.DRIFT, {"batch": 3}, "bundled", "a" * 64)
    assert alerts.raise_alert("fake", alerts.DRIFT, {"batch": 9}) == first
    other = alerts.raise_alert("other", alerts.DRIFT, {})
    assert [alert.seq for alert in alerts.open_alerts()] == [other, first]
    (found,) = alerts.open_alerts("fake")
    assert found.data == {"batch": 3} and found.open
    assert alerts.close_alert(first, "quiet")
    assert not alerts.close_alert(first, "quiet")
    assert alerts.open_alerts("fake") == []
    assert alerts.raise_alert("fake", alerts.DRIFT, {}) != first


def test_alerts_are_on_record(house) -> None:
    number = alerts.raise_alert("fake", alerts.DRIFT, {"batch": 3}, "bundled", "a" * 64)
    alerts.close_alert(number, "dismissed")
    closed, raised = audit.entries(10)[:2]
    assert (raised.action, raised.version, raised.details["batch"]) == ("alert.drift", "bundled", 3)
    assert (closed.action, closed.code, closed.details["alert"]) == ("alert.close", "dismissed", number)
    assert audit.verify().intact


def test_a_viewer_neither_raises_nor_closes(house) -> None:
    number = alerts.raise_alert("fake", alerts.DRIFT, {})
    with acting_as(Actor("somebody", "viewer")):
        with pytest.raises(AccessRefused):
            alerts.raise_alert("other", alerts.DRIFT, {})
        with pytest.raises(AccessRefused):
            alerts.close_alert(number, "dismissed")
        assert len(alerts.open_alerts()) == 1
