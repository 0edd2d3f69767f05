"""The version in use, measured on the images of a new version, so that the two can be compared image by image."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from core.contracts import Evaluation, Task
from core.device import pick_device
from core.errors import AppError
from core.log import log_event
from core.store.registry import registry
from core.training.evaluation import load_evaluation, same_labels, save_evaluation


def baseline_folder(checkpoint: Path, champion_sha256: str) -> Path:
    """Where the evaluation of the version with these weights on the data of `checkpoint` lies."""
    return checkpoint / f"against-{champion_sha256[:16]}"


def measure_champion(task: Task, slug: str, checkpoint: Path, data: Path) -> None:
    """Write the champion's evaluation on `data` beside the new checkpoint.

    Left out when the champion knows other labels, or was measured on the same data already. A champion that cannot be
    measured costs the comparison, not the new version.
    """
    try:
        champion = registry().resolve(slug)
        new, old = load_evaluation(checkpoint), load_evaluation(champion.path)
        if new is None or not same_labels(champion.manifest.get("labels", ()), new.labels):
            return
        if old is not None and old.data.fingerprint == new.data.fingerprint:
            return
        measured = task.evaluate(task.load(champion.path, pick_device()), data)
    except (AppError, MemoryError, RuntimeError) as error:  # a RuntimeError is how a full GPU speaks
        log_event("baseline_left_out", level="WARNING", sector=slug, kind=type(error).__qualname__)
        return
    folder = baseline_folder(checkpoint, champion.sha256)
    folder.mkdir()
    save_evaluation(folder, same_images(measured, new))


def same_images(evaluation: Evaluation, other: Evaluation) -> Evaluation:
    """`evaluation` on nothing but the images of `other`: data without splits are measured whole."""
    from core.training.metrics import classification_summary, share

    rows = np.flatnonzero(np.isin(evaluation.table["id"], other.table["id"]))
    table = {name: np.asarray(column)[rows] for name, column in evaluation.table.items()}
    summary = classification_summary(table["truth"], table["prediction"], table["scores"])
    summary["declined"] = share(int(table["abstained"].sum()), len(rows))
    return replace(evaluation, table=table, summary=summary, data=replace(other.data, n=len(rows)))
