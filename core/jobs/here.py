"""A run in the caller's own process, for the command line: the same task and registry as a job, without the queue."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from core.contracts import Evaluation, Sector
from core.device import limit_threads
from core.settings import settings
from core.store.registry import Version, registry
from core.tasks import load_task
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
    """
    limit_threads()
    task = load_task(sector.task)
    runs = settings().home / "runs"
    runs.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="run-", dir=runs) as folder:
        run = ListedRun(Path(folder), config.seed, echo)
        checkpoint = task.train(config, data, run)
        run.stage("register")
        version = registry().register(
            sector.slug, checkpoint, verify=lambda staged: task.load(staged, "cpu"), name=data.stem
        )
    return version, load_evaluation(version.path)
