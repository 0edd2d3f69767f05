"""A run in the caller's own process, for the command line: the same steps as a job, without the queue."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from core.contracts import Evaluation, Sector
from core.jobs.corrections import lay_out_corrections
from core.jobs.training import train_version
from core.settings import settings
from core.store.registry import Version
from core.training.evaluation import load_evaluation
from core.training.run import ListedRun


def train_here(
    sector: Sector,
    config: Any,
    data: Path,
    echo: Callable[[str], None] = lambda line: None,
    corrections: bool = False,
) -> tuple[Version, Evaluation | None]:
    """Train on `data`, register the result as challenger and return it with its evaluation.

    Args:
        sector: Whose task trains.
        config: Of the task's `config_type`.
        data: What the task reads.
        echo: Called with a line for each report.
        corrections: Let the kept corrections of the sector join the training images.

    Raises:
        JobError: memory ran out.
    """
    runs = settings().home / "runs"
    runs.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="run-", dir=runs) as folder:
        run = ListedRun(Path(folder), config.seed, echo)
        if corrections:
            lay_out_corrections(sector.slug, run)
        version = train_version(sector, config, data, run, name=data.stem)
    return version, load_evaluation(version.path)
