"""The version in use, measured on the examples of a new version, so that the two can be compared one by one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np

from core.contracts import Evaluation, Task
from core.data.catalog import DATA_SETS, local_path
from core.device import pick_device
from core.errors import AppError, InputRefused
from core.log import log_event
from core.serving.comparison import baseline_folder, home_folder
from core.store.registry import registry
from core.training.evaluation import SUITE, load_evaluation, same_labels, save_evaluation
from core.training.list_replay import IN_USE, write_replays


def measure_champion(
    task: Task, slug: str, checkpoint: Path, data: Path, columns: Mapping[str, str] | None = None
) -> None:
    """Write the champion's evaluation on `data`, and the speed and size of both, beside the new checkpoint.

    Where the champion was tested on another data set, and that is on this machine, the new version is measured there
    as well.

    Left out when the champion knows other labels; the evaluation also when it was measured on these very examples
    already. Data are the same by their fingerprint alone, and one data set may be split in several ways. A champion
    that cannot be measured costs the comparison, not the new version.

    Args:
        task: Of both.
        slug: Sector.
        checkpoint: Of the new version, with its evaluation.
        data: What it was trained on.
        columns: Names columns of `data` by their role, as for `Task.evaluate`.
    """
    try:
        champion = registry().resolve(slug)
        new, old = load_evaluation(checkpoint), load_evaluation(champion.path)
        if new is None or not same_labels(champion.manifest.get("labels", ()), new.labels):
            return
        folder = baseline_folder(checkpoint, champion.sha256)
        device = pick_device()
        predictor, challenger = task.load(champion.path, device), task.load(checkpoint, device)
        if old is None or not same_examples(old, new):
            save_evaluation(folder, task.evaluate(predictor, data, columns, like=new))
        _replayed(task, (predictor, challenger), data, columns, new, folder)
        _in_suite(task, predictor, champion.path, checkpoint, folder)
        _time(task, predictor, challenger, folder)
        if old is not None and old.data.fingerprint != new.data.fingerprint:
            _at_home(task, challenger, old, home_folder(checkpoint, champion.sha256))
    except (AppError, MemoryError, RuntimeError) as error:  # a RuntimeError is how a full GPU speaks
        log_event("baseline_left_out", level="WARNING", sector=slug, kind=type(error).__qualname__)


def _at_home(task: Task, challenger: Any, old: Evaluation, folder: Path) -> None:
    """Measure the new version on the champion's own frozen test; nothing is written where that is not here."""
    from core.training.joined import measured_again, parts_of  # statistics, which pages do not import

    known = {entry.name for entry in DATA_SETS}
    paths = {name: local_path(name) if name in known else None for name in parts_of(old)}

    def measure(name: str, part: Evaluation) -> Evaluation:
        return task.evaluate(challenger, cast(Path, paths[name]), like=part)

    if any(path is None for path in paths.values()):
        return
    if len(paths) > 1:
        joined = measured_again(old, measure)
        if joined is not None:
            save_evaluation(folder, replace(joined, summary=task.summarise(joined)))
        return
    found = measure(old.data.name, old)
    if found.data.fingerprint == old.data.fingerprint:
        save_evaluation(folder, found)


def _replayed(
    task: Task, both: tuple[Any, Any], data: Path, columns: Mapping[str, str] | None, new: Evaluation, folder: Path
) -> None:
    """Replay both versions, the one in use first, over the test of the new one, where the task is one of lists.

    Where one of them had learned from all of it there is nothing to replay, which costs nothing else.
    """
    replay = getattr(task, "replay", None)
    if replay is None:
        return
    try:
        write_replays(folder, {IN_USE: replay(*both, data, columns, like=new)})
    except InputRefused as error:
        log_event("replay_left_out", level="WARNING", code=error.code)


def _in_suite(task: Task, champion: Any, home: Path, checkpoint: Path, folder: Path) -> None:
    """Measure the champion on the suite of its task as it is now, where it was not yet."""
    suite = getattr(task, "suite", None)
    new, old = load_evaluation(checkpoint / SUITE), load_evaluation(home / SUITE)
    if suite is not None and new is not None and (old is None or not same_examples(old, new)):
        save_evaluation(folder / SUITE, suite(champion))


def _time(task: Task, champion: Any, challenger: Any, folder: Path) -> None:
    """Measure both in turn, where the task has an input to time them with."""
    from core.serving.timing import save_costs, side_by_side

    probe = getattr(task, "probe", None)
    if probe is not None:
        save_costs(folder, side_by_side(champion, challenger, probe(), pick_device()))


def same_examples(old: Evaluation, new: Evaluation) -> bool:
    """Whether two evaluations are of the same examples of the same data, in whatever order."""
    same_data = old.data.fingerprint == new.data.fingerprint
    return same_data and np.array_equal(np.sort(old.table["id"]), np.sort(new.table["id"]))
