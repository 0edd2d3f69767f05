"""A watched stream: learns what is normal, raises and closes its alarm, notes who answers."""

from __future__ import annotations

import threading
from dataclasses import dataclass

import numpy as np
import pytest

from core.contracts import Classification, ImageSample, Reason
from core.data.drift import Drift, corrupt
from core.data.streams import RadiographStream, Shot
from core.errors import StoreError
from core.serving import service, stream
from core.serving.stream import QUIET, REFERENCE_BATCHES, WINDOW, WatchedStream
from core.store import alerts


@dataclass(frozen=True)
class Version:
    sha256: str
    ref: str
    manifest: dict


class Source(RadiographStream):
    """Textured squares: bright ones are `b`."""

    def __init__(self) -> None:
        super().__init__((("a", None), ("b", None)))

    def shot(self, seed: int, number: int, drift: Drift | None = None) -> Shot:
        rng = np.random.default_rng([seed, number])
        label = "ab"[int(rng.integers(2))]
        grey = np.clip(rng.normal(90 if label == "a" else 160, 20, (24, 24)), 0, 255).astype(np.uint8)
        grey = corrupt(grey, drift, rng) if drift else grey
        return Shot(ImageSample(str(number), np.repeat(grey[..., None], 3, axis=2), ""), label)


def answers(slug: str, shots: list[Shot], chosen: service.Chosen) -> list[Classification]:
    """Decides by brightness, and declines what is very dark unless the version learned it."""
    found = []
    for shot in shots:
        bright = float(shot.sample.pixels.mean()) / 255
        score = float(np.clip((bright - 0.5) * 4 + 0.5, 0.02, 0.98))
        healed = chosen.version.ref == "2"
        reason = Reason("domain.unlike", None) if bright < 0.2 and not healed else None
        decision = shot.label if healed else "ab"[score >= 0.5]
        scores = np.array([1 - score, score], np.float32)
        found.append(Classification(("a", "b"), scores, None if reason else decision, ("a",), reason, 1 - bright))
    return found


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch, tmp_path) -> WatchedStream:
    champion = Version("1" * 64, "bundled", {"labels": ["A", "B"]})
    monkeypatch.setenv("VITRINE_HOME", str(tmp_path))
    service.settings.cache_clear()
    monkeypatch.setattr(service, "choose", lambda slug, ref="champion": service.Chosen(champion))
    monkeypatch.setattr(stream, "_answers", answers)
    return WatchedStream("medical", Source(), seed=3)


def steps(watched: WatchedStream, count: int) -> list:
    return [watched.step() for _ in range(count)]


def test_it_first_learns_what_is_normal(watched: WatchedStream) -> None:
    assert watched.learning() == REFERENCE_BATCHES
    points = steps(watched, REFERENCE_BATCHES + WINDOW)
    assert watched.learning() == 0
    assert [point.p_value is None for point in points] == [True] * (REFERENCE_BATCHES + WINDOW - 1) + [False]
    assert all(point.champion.n == stream.BATCH and not point.alarm for point in points)
    assert sum(point.champion.right for point in points) > 0.9 * stream.BATCH * len(points)


def test_break_alarm_and_back_to_normal(watched: WatchedStream) -> None:
    steps(watched, REFERENCE_BATCHES + WINDOW)
    watched.inject(Drift("dimmer", 0.9))
    after = steps(watched, 2)
    assert after[-1].alarm and watched.alert and "brightness" in watched.moved
    assert after[-1].champion.declined > after[-1].champion.right
    (raised,) = alerts.open_alerts("medical")
    assert raised.seq == watched.alert and raised.data["injected"] == {"kind": "dimmer", "strength": 0.9}
    watched.inject(None)
    steps(watched, WINDOW + QUIET)
    assert watched.alert is None and alerts.open_alerts("medical") == []
    assert [mark.kind for mark in watched.marks] == ["injected", "alarm", "normal", "quiet"]


def test_a_promoted_version_takes_the_stream_as_it_is_for_normal(watched, monkeypatch) -> None:
    steps(watched, REFERENCE_BATCHES + WINDOW)
    watched.inject(Drift("dimmer", 0.9))
    broken = steps(watched, 3)
    healed = Version("2" * 64, "2", {"labels": ["a", "b"]})
    monkeypatch.setattr(service, "choose", lambda slug, ref="champion": service.Chosen(healed))
    points = steps(watched, 1)
    assert watched.learning() == REFERENCE_BATCHES - 1 and watched.marks[-1].kind == "model"
    points += steps(watched, REFERENCE_BATCHES + WINDOW + QUIET)
    assert not any(point.alarm for point in points) and watched.alert is None
    assert sum(p.champion.right for p in points) / len(points) > sum(p.champion.right for p in broken) / len(broken)
    watched.inject(None)
    assert steps(watched, 3)[-1].alarm, "for a version of the changed stream the old one is a change"


def test_the_challenger_answers_the_same_pictures(watched: WatchedStream, monkeypatch) -> None:
    rival = Version("2" * 64, "2", {"labels": ["a", "b"]})

    class Registry:
        def resolve(self, slug: str, ref: str = "champion") -> Version:
            return rival

    monkeypatch.setattr(stream, "registry", Registry)
    monkeypatch.setattr(
        service,
        "choose",
        lambda slug, ref="champion": service.Chosen(rival if ref == "2" else Version("1" * 64, "1", {})),
    )
    watched.inject(Drift("dimmer", 0.9))
    point = watched.step()
    assert point.challenger is not None and point.challenger.version == "2"
    assert point.challenger.right == stream.BATCH > point.champion.right


def test_a_challenger_with_other_classes_is_not_asked(watched: WatchedStream, monkeypatch) -> None:
    class Registry:
        def resolve(self, slug: str, ref: str = "champion") -> Version:
            return Version("2" * 64, "2", {"labels": ["cat", "dog"]})

    monkeypatch.setattr(stream, "registry", Registry)
    assert watched.step().challenger is None


def test_without_a_store_the_alarm_is_still_seen(watched: WatchedStream, monkeypatch) -> None:
    def full(*_: object, **__: object) -> int:
        raise StoreError("store.disk_full", "The disk is full.")

    monkeypatch.setattr(alerts, "raise_alert", full)
    steps(watched, REFERENCE_BATCHES + WINDOW)
    watched.inject(Drift("dimmer", 0.9))
    steps(watched, 3)
    assert watched.alert == 0 and watched.points[-1].alarm
    watched.inject(None)
    steps(watched, WINDOW + QUIET)
    assert watched.alert is None


def test_a_change_waits_for_the_batch_in_progress(watched: WatchedStream, monkeypatch) -> None:
    answering, clicked = threading.Event(), threading.Event()

    def slowly(slug: str, shots: list[Shot], chosen: service.Chosen) -> list[Classification]:
        answering.set()
        assert clicked.wait(10)
        return answers(slug, shots, chosen)

    monkeypatch.setattr(stream, "_answers", slowly)
    step = threading.Thread(target=watched.step)
    step.start()
    assert answering.wait(10)
    click = threading.Thread(target=watched.inject, args=(Drift("dimmer", 0.9),))
    click.start()
    clicked.set()
    step.join(10)
    click.join(10)
    assert watched.marks[0].number == watched.number == 1, "the first changed batch is the one behind the mark"
