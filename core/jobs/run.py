"""What a training routine sees of the world inside a worker: it reports into the store and is told when to stop."""

from __future__ import annotations

import math
import os
import signal
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from sqlalchemy import select, update

from core.contracts import N_, Message
from core.errors import JobError, StoreError
from core.jobs import records, recovery
from core.log import log_event
from core.settings import settings
from core.store.database import Store
from core.store.owners import Owner
from core.store.schema import jobs

PULSE_S = 0.2
"""How often reports are written and the wish to stop is looked for; the training loop never waits for the disk."""


class StoreRun:
    """A `RunContext` kept in the store. Use it as a context manager: a thread of its own writes and looks.

    Reports of the same kind within one pulse are thinned to the last of them; reports with other metrics in between
    are all kept.
    """

    def __init__(self, store: Store, job_id: str, directory: Path, seed: int, supervisor: Owner) -> None:
        self.id = job_id
        self.directory = directory
        self.seed = seed
        self.data_name = ""
        self._store = store
        self._supervisor = supervisor
        self._stage = ""
        self._pending: list[tuple[records.EventKind, dict[str, Any]]] = []
        self._heard = time.monotonic()
        self._stopping = threading.Event()
        self._ended = threading.Event()
        self._writing = threading.Lock()
        self._adding = threading.Lock()
        self._thread = threading.Thread(target=self._pulse, name="pulse", daemon=True)

    def __enter__(self) -> StoreRun:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()
        self._flush()

    def stage(self, name: str) -> None:
        """Say which stage begins; written at once."""
        self._stage = name
        self._add("stage", {"stage": name})
        self._flush()

    def report(self, step: int, total: int, **metrics: float) -> None:
        """Say how far the stage is.

        Raises:
            JobError: a loss is not a finite number.
        """
        for name, value in metrics.items():
            if "loss" in name and not math.isfinite(value):
                raise JobError(
                    "job.loss_not_finite",
                    Message(N_("Training diverged: {name} became {value} at step {step}."), _at(name, value, step)),
                    N_("Try a smaller learning rate, or clip the gradients."),
                )
        values = {name: records.plain(value) for name, value in metrics.items()}
        self._add("metrics", {"stage": self._stage, "step": step, "total": total, "metrics": values})

    def should_stop(self) -> bool:
        """True once somebody asked for the run to be cancelled."""
        self._heard = time.monotonic()
        return self._stopping.is_set()

    def say(self, message: Message) -> None:
        """Leave a sentence for the visitor in the job's log."""
        self._add("log", records.message_json(message))
        self._flush()

    def _add(self, kind: records.EventKind, data: dict[str, Any]) -> None:
        self._heard = time.monotonic()
        with self._adding:
            last = self._pending[-1] if self._pending else None
            if last and kind == last[0] == "metrics" and _thinned(data["metrics"], last[1]["metrics"]):
                self._pending.pop()
            self._pending.append((kind, data))

    def _flush(self) -> None:
        with self._writing:
            with self._adding:
                new, self._pending = self._pending, []
            if not new:
                return
            try:
                records.add_events(self._store, self.id, new)
            except StoreError as error:  # what could not be written now is written with the next pulse
                log_event("job_report_delayed", level="WARNING", job=self.id, code=error.code)
                with self._adding:
                    self._pending = new + self._pending

    def _pulse(self) -> None:
        beat_s = min(5.0, settings().job_heartbeat_s / 6)
        next_beat = 0.0
        while not self._ended.wait(PULSE_S):
            beat = time.monotonic() >= next_beat
            if beat:
                next_beat = time.monotonic() + beat_s
            try:
                self._look(beat)
            except StoreError as error:
                log_event("job_pulse_failed", level="WARNING", job=self.id, code=error.code)
            self._flush()

    def _look(self, beat: bool) -> None:
        """See whether to stop; nobody is left to end this process when its supervisor is gone, so it does it itself."""
        own = jobs.c.id == self.id
        with self._store.read() as connection:
            row = connection.execute(select(jobs.c.status, jobs.c.cancel_grace_s).where(own)).first()
        if row is None or row.status != "running" or not self._supervisor.alive():
            if not self._ended.is_set():
                log_event("worker_abandoned", level="WARNING", job=self.id)
                os.killpg(0, signal.SIGKILL)
            return
        if row.cancel_grace_s is not None:
            self._stopping.set()
        if time.monotonic() - self._heard > 60 * settings().job_stall_minutes and not self._ended.is_set():
            log_event("worker_stalled", level="WARNING", job=self.id)
            recovery.end_without_word(self._store, self.id, "failed", _stalled())
            os.killpg(0, signal.SIGKILL)
        if beat:
            with self._store.write() as connection:
                connection.execute(update(jobs).where(own).values(beats=jobs.c.beats + 1))


def _stalled() -> JobError:
    return JobError(
        "job.hung",
        Message(
            N_("Training made no progress for {minutes} minutes and was ended."),
            {"minutes": f"{settings().job_stall_minutes:g}"},
        ),
        N_("Start it again."),
    )


def _thinned(new: Mapping[str, Any], last: Mapping[str, Any]) -> bool:
    """Whether the newer of two reports stands for both: what was measured on validation images is always kept."""
    return new.keys() == last.keys() and not any(name.startswith("validation") for name in new)


def _at(name: str, value: float, step: int) -> dict[str, object]:
    return {"name": name, "value": str(value), "step": step}
