"""From data to a registered version: the same steps for a queued job and for the command line."""

from __future__ import annotations

import dataclasses
import gc
import shutil
import sys
from pathlib import Path
from typing import Any, Protocol

from core.contracts import N_, Message, RunContext, Sector, Task
from core.data.mapping import parse_mapping
from core.device import limit_threads
from core.errors import AppError, JobError, RunCancelled
from core.jobs.baseline import measure_champion
from core.jobs.corrections import joined
from core.log import log_event
from core.store.registry import Version, registry
from core.store.transfer import answers_as_now
from core.tasks import load_task
from core.training import snapshot
from core.training.options import applies


class Run(RunContext, Protocol):
    """A run that can also be told a sentence for whoever started it."""

    def say(self, message: Message) -> None:
        """Show `message` beside the progress."""
        ...


def train_version(sector: Sector, config: Any, data: Path, run: Run, *, name: str, job_id: str = "") -> Version:
    """Train on `data`, measure the champion on the same examples, and register the result as challenger.

    Args:
        sector: Whose task trains.
        config: Of the task's `config_type`. When memory runs out, half its batch size is tried once.
        data: What the task reads.
        run: Where progress goes.
        name: What the version is called.
        job_id: The job that trains it, if one does.

    Raises:
        JobError: memory ran out, with the smaller batch too.
        RunCancelled: somebody asked for it to stop.
    """
    limit_threads()
    task = load_task(sector.task)
    checkpoint = _trained(task, config, data, run)
    for message in joined(checkpoint):
        run.say(message)
    if run.should_stop():
        raise RunCancelled
    run.stage("compare")
    measure_champion(task, sector.slug, checkpoint, data, parse_mapping(getattr(config, "columns", "")))
    run.stage("register")
    return registry().register(
        sector.slug, checkpoint, job_id=job_id, verify=answers_as_now(task, checkpoint), name=name
    )


def out_of_memory(error: BaseException) -> bool:
    """Whether an error means that the memory of the machine or of its GPU was too small."""
    said = str(error)
    return (
        isinstance(error, MemoryError)
        or type(error).__name__ == "OutOfMemoryError"
        or any(words in said for words in ("DefaultCPUAllocator", "out of memory", "not enough memory"))
    )


def _trained(task: Task, config: Any, data: Path, run: Run) -> Path:
    """Train; when memory runs out, once more with half the batch."""
    config = _as_begun(config, run.directory)
    try:
        return task.train(config, data, run)
    except (MemoryError, RuntimeError) as error:
        smaller = _half_batch(config)
        if not out_of_memory(error) or smaller is None:
            raise
    log_event("out_of_memory", level="WARNING", batch_size=smaller.batch_size)
    run.say(Message(N_("Memory ran out; trying again with batches of {size}."), {"size": smaller.batch_size}))
    shutil.rmtree(run.directory / snapshot.FOLDER, ignore_errors=True)  # of a run with other batches
    gc.collect()
    if "torch" in sys.modules and sys.modules["torch"].cuda.is_initialized():
        sys.modules["torch"].cuda.empty_cache()
    try:
        return task.train(smaller, data, run)
    except (MemoryError, RuntimeError) as error:
        if not out_of_memory(error):
            raise
        raise _no_memory(smaller.batch_size) from error


def _as_begun(config: Any, directory: Path) -> Any:
    """The config with the batch size of the snapshot that the run goes on from; memory may have been short then."""
    folders = sorted((directory / snapshot.FOLDER).glob("*/"))
    states = [state for folder in folders if (state := snapshot.read_state(folder)) is not None]
    size = states[0]["identity"].get("batch_size") if states else None
    if size is None or not hasattr(config, "batch_size"):
        return config
    return dataclasses.replace(config, batch_size=size)


def _half_batch(config: Any) -> Any | None:
    if not dataclasses.is_dataclass(config) or isinstance(config, type):
        return None
    meant = {entry.name for entry in dataclasses.fields(config) if applies(entry, vars(config))}
    size = getattr(config, "batch_size", None)
    if not isinstance(size, int) or size < 2 or "batch_size" not in meant:
        return None
    try:
        return dataclasses.replace(config, batch_size=size // 2)
    except (ValueError, AppError):  # below what the task allows
        return None


def _no_memory(batch_size: object) -> JobError:
    return JobError(
        "job.out_of_memory",
        Message(N_("Memory ran out, even with batches of {size}."), {"size": batch_size}),
        N_("Choose a smaller model, smaller inputs or a smaller batch."),
    )
