"""A run context that keeps everything in lists, for the command line and tests; and progress that can be stopped."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from core.contracts import Message, RunContext
from core.errors import RunCancelled

CORRECTIONS = "corrections"
"""Folder of a run's directory with visitors' corrections to learn from; absent without any. They lie there as
`<label>/<id>.png`, those of tables as `.json`."""


@dataclass
class ListedRun:
    """Implements `RunContext`; `echo` is called with a line for each report, `stop` ends the run when set."""

    directory: Path
    seed: int = 0
    echo: Callable[[str], None] = lambda line: None
    stop: threading.Event = field(default_factory=threading.Event)
    data_name: str = ""
    stages: list[str] = field(default_factory=list)
    reports: list[tuple[str, int, int, dict[str, float]]] = field(default_factory=list)

    def stage(self, name: str) -> None:
        """Begin a stage."""
        self.stages.append(name)
        self.echo(name)

    def report(self, step: int, total: int, **metrics: float) -> None:
        """Note progress within the current stage."""
        stage = self.stages[-1] if self.stages else ""
        self.reports.append((stage, step, total, metrics))
        figures = " ".join(f"{name}={value:.4f}" for name, value in metrics.items())
        self.echo(f"{stage} {step}/{total} {figures}".rstrip())

    def say(self, message: Message) -> None:
        """Pass on a sentence."""
        self.echo(str(message))

    def should_stop(self) -> bool:
        """Whether the run was asked to end."""
        return self.stop.is_set()


def stoppable(run: RunContext) -> Callable[[int, int], None]:
    """Progress that goes to `run`, and ends the work with `RunCancelled` when somebody asked for it."""

    def progress(done: int, total: int) -> None:
        if run.should_stop():
            raise RunCancelled
        run.report(done, total)

    return progress
