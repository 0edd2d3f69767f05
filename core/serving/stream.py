"""A stream of labelled pictures through the model in use: answered, scored, watched for drift, healed.

One object per visitor's stream; every `step` answers one batch. The reference of the drift test belongs to a version:
it is taken from the first batches that version answers, because what is normal for a model is what it was put to work
on. A version that was trained for a changed stream and is promoted therefore takes the changed stream as normal.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Final, Literal

import numpy as np

from core.access import allowed
from core.contracts import N_, Classification, Message
from core.data.drift import Drift
from core.data.streams import RadiographStream, Shot
from core.errors import AppError, StoreError
from core.log import log_event
from core.serving import service
from core.store import alerts
from core.store.registry import CHALLENGER, CHAMPION, registry
from core.store.versions import find_sector
from core.tasks import load_task
from core.training.drift import FALSE_ALARM_RATE, DriftTest, Table, compare, statistics_of
from core.training.evaluation import same_labels

BATCH: Final = 16
REFERENCE_BATCHES: Final = 10
"""Batches that make a reference: long enough to know a stream by, and taken within seconds."""
WINDOW: Final = 2
"""Latest batches that are tested together."""
QUIET: Final = 5
"""Tests in a row without an alarm after which an open alert is closed."""
KEPT: Final = 400
"""Points of a timeline; older ones are dropped."""

MarkKind = Literal["injected", "normal", "alarm", "quiet", "retrain", "model"]


@dataclass(frozen=True)
class Tally:
    """What one version made of one batch: counts that sum to the batch, and means over it."""

    version: str
    right: int
    wrong: int
    declined: int
    confidence: float
    domain_score: float

    @property
    def n(self) -> int:
        """Pictures in the batch."""
        return self.right + self.wrong + self.declined


@dataclass(frozen=True)
class Point:
    """One batch on the timeline. `p_value` is None while the reference is being taken."""

    number: int
    champion: Tally
    challenger: Tally | None
    p_value: float | None
    alarm: bool


@dataclass(frozen=True)
class Mark:
    """Something that happened before batch `number`."""

    number: int
    kind: MarkKind
    text: Message


@dataclass
class WatchedStream:
    """The state of one stream.

    A change waits for the batch that is being answered: a page's click and its timer come in threads of their own.
    """

    slug: str
    source: RadiographStream
    seed: int
    drift: Drift | None = None
    points: list[Point] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    number: int = 0
    model: str = ""
    """Checksum of the version that answered the last batch."""
    alert: int | None = None
    """Number of the alert that this stream raised and that is open."""
    test: DriftTest | None = None
    """The latest comparison."""
    moved: tuple[str, ...] = ()
    """What differed at the latest alarm."""
    _references: dict[str, list[Table]] = field(default_factory=dict)
    _window: list[Table] = field(default_factory=list)
    _quiet: int = 0
    _lock: threading.RLock = field(default_factory=threading.RLock, repr=False, compare=False)

    def inject(self, drift: Drift | None) -> None:
        """Change the stream from the next batch on; None takes the change back."""
        with self._lock:
            if drift == self.drift:
                return
            self.drift = drift
            if drift is None:
                self.mark("normal", Message(N_("Back to normal")))
            else:
                self.mark("injected", Message(drift.title))

    def mark(self, kind: MarkKind, text: Message) -> None:
        """Put a mark on the timeline before the next batch."""
        with self._lock:
            self.marks.append(Mark(self.number, kind, text))

    def learning(self) -> int:
        """Batches that the reference of the version in use still lacks."""
        return REFERENCE_BATCHES - len(self._references.get(self.model, ()))

    def step(self) -> Point:
        """Answer the next batch with the version in use, and with the challenger where there is one.

        Raises:
            StoreError, ModelRefused: as `service.predict`.
        """
        with self._lock:
            return self._step()

    def _step(self) -> Point:
        shots = self.source.shots(self.seed, self.number * BATCH, BATCH, self.drift)
        chosen = service.choose(self.slug, CHAMPION)
        answers = _answers(self.slug, shots, chosen)
        self._note_model(chosen.version.sha256, chosen.version.ref)
        table = statistics_of([shot.sample.pixels for shot in shots], answers)
        self._watch(table, chosen)
        challenger = self._challenger(shots, chosen.version.sha256)
        p_value = self.test.p_value if self.test else None
        alarm = self.test is not None and self.test.alarm
        point = Point(self.number, _tally(chosen.version.ref, shots, answers), challenger, p_value, alarm)
        self.points = [*self.points, point][-KEPT:]
        self.number += 1
        return point

    def _note_model(self, sha256: str, ref: str) -> None:
        if self.model and self.model != sha256:
            self.mark("model", Message(N_("Version {version} answers"), {"version": ref}))
        if self.model != sha256:
            self.model, self._window, self.test = sha256, [], None

    def _watch(self, table: Table, chosen: service.Chosen) -> None:
        """Learn what is normal for this version, or compare with it."""
        known = self._references.setdefault(self.model, [])
        if len(known) < REFERENCE_BATCHES:
            known.append(table)
            return
        self._window = [*self._window, table][-WINDOW:]
        if len(self._window) == WINDOW:
            self.test = compare(np.concatenate(known), np.concatenate(self._window), FALSE_ALARM_RATE)
            self._judge(self.test, chosen)

    def _judge(self, test: DriftTest, chosen: service.Chosen) -> None:
        self._quiet = 0 if test.alarm else self._quiet + 1
        self.moved = test.moved or self.moved
        try:
            if test.alarm and self.alert is None:
                self.mark("alarm", Message(N_("Alarm")))
                self.alert = self._raise(test, chosen)
            elif self.alert is not None and self._quiet >= QUIET:
                self.mark("quiet", Message(N_("Quiet again")))
                if self.alert and allowed("presenter"):
                    alerts.close_alert(self.alert, "quiet")
                self.alert = None
        except StoreError as error:  # the stream and its alarm go on without a store; only the record of it is missing
            log_event("alert_unwritable", level="WARNING", sector=self.slug, code=error.code)
            self.alert = 0 if test.alarm else None

    def _raise(self, test: DriftTest, chosen: service.Chosen) -> int:
        """Number of the alert; 0 for a visitor whose stream is for his own eyes."""
        if not allowed("presenter"):
            return 0
        drift = {"kind": self.drift.kind, "strength": self.drift.strength} if self.drift else {}
        found = {"batch": self.number, "p_value": test.p_value, "moved": list(test.moved), "injected": drift}
        return alerts.raise_alert(self.slug, alerts.DRIFT, found, chosen.version.ref, chosen.version.sha256)

    def _challenger(self, shots: list[Shot], champion: str) -> Tally | None:
        try:
            version = registry().resolve(self.slug, CHALLENGER)
            if version.sha256 == champion or not knows(version.manifest.get("labels", ()), self.source):
                return None
            rival = service.choose(self.slug, version.ref)
            return _tally(version.ref, shots, _answers(self.slug, shots, rival))
        except AppError:  # no challenger, or one that cannot be used: the stream is about the version in use
            return None


def knows(labels: object, source: RadiographStream) -> bool:
    """Whether a model with these labels can be asked about the stream."""
    return isinstance(labels, list | tuple) and same_labels([str(label) for label in labels], source.labels)


def _answers(slug: str, shots: list[Shot], chosen: service.Chosen) -> list[Classification]:
    """Straight from the model: our own pictures are no visitor's, and would bury the visitors' in the audit log."""
    task = load_task(find_sector(slug).task)
    with service.leased(task, chosen.version) as loaded, loaded.turn:
        answers: list[Classification] = loaded.predictor.predict([shot.sample for shot in shots])
    return answers


def _tally(version: str, shots: list[Shot], answers: list[Classification]) -> Tally:
    decided = [answer.decision for answer in answers]
    right = sum(
        decision is not None and decision.strip().casefold() == shot.label.casefold()
        for shot, decision in zip(shots, decided, strict=True)
    )
    declined = sum(decision is None for decision in decided)
    confidence = float(np.mean([answer.scores.max() for answer in answers]))
    domain = float(np.mean([answer.domain_score for answer in answers]))
    return Tally(version, right, len(shots) - right - declined, declined, confidence, domain)
