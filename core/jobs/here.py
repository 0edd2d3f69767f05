"""A run in the caller's own process, for the command line: the same steps as a job, without the queue."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from core.contracts import Evaluation, Sector
from core.jobs.training import train_version
from core.settings import settings
from core.store.registry import Version
from core.training.evaluation import load_evaluation
from core.training.run import ListedRun


def train_here(
    sector: Sector, config: Any, data: Path, echo: Callable[[str], None] = lambda line: None
) -> tuple[Version, Evaluation | None]:
    """Train on `data`, register the result as challenger and return it with its evaluation.

    Args:
        sector: Whose task trains.
        config: Of the task's `config_type`.
        data: What the task reads.
        echo: Called with a line for each report.

    Raises:
        JobError: memory ran out.
    """
    runs = settings().home / "runs"
    runs.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="run-", dir=runs) as folder:
        version = train_version(sector, config, data, ListedRun(Path(folder), config.seed, echo), name=data.stem)
    return version, load_evaluation(version.path)
