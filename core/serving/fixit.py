"""The quick fix: a few weights fitted to the kept corrections in this process, measured, registered when asked for.

Nothing but the corrections goes through the model, so this takes seconds and no job. Trying leaves nothing behind;
registering fits once more, which gives the same, and keeps it.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from core import access
from core.contracts import N_, Message, Refit, Sample
from core.errors import AppError, InputRefused, StoreError
from core.log import log_event
from core.serving import service
from core.serving.comparison import baseline_folder
from core.store import feedback, files
from core.store.feedback import Correction
from core.store.registry import registry
from core.store.transfer import answers_as_now
from core.store.versions import Version, find_sector
from core.tasks import load_task
from core.training.evaluation import FEATURES, save_evaluation

MOST = 50
"""Corrections of one fix, the newest ones; more are worth a training."""
TOLERANCES = (0.005, 0.01, 0.02)
"""What a visitor may allow a fix to cost, as a share of the validation examples."""


@dataclass(frozen=True)
class Trial:
    """What a fix would change, and what it was made from."""

    parent: Version
    corrections: tuple[str, ...]
    """Ids of the corrections."""
    refit: Refit
    seconds: float


def usable(slug: str) -> list[Correction]:
    """The corrections that a fix would learn from, the newest `MOST`."""
    return feedback.kept(slug)[-MOST:]


def try_out(slug: str, tolerance: float = TOLERANCES[1]) -> Trial:
    """Fit the champion to the usable corrections and say what it changes.

    Args:
        slug: Sector.
        tolerance: Share of the validation examples by which right answers may become fewer.

    Raises:
        InputRefused: the task or the version does not offer it, or there is nothing to learn from.
        StoreError, ModelRefused: as `service.predict`.
        AccessRefused: the one who asks may not train.
    """
    access.require("presenter")
    parent = registry().resolve(slug)
    with _fitted(parent, usable(slug), tolerance) as (trial, _):
        return trial


def register(slug: str, trial: Trial) -> Version:
    """Fit again as in `trial` and register the result as challenger.

    Raises:
        StoreError: a correction was taken back or another version became the champion since.
        InputRefused, ModelRefused, AccessRefused: as `try_out`.
    """
    access.require("presenter")
    parent = registry().resolve(slug)
    wanted = [entry for entry in feedback.kept(slug) if entry.id in trial.corrections]
    if parent.sha256 != trial.parent.sha256 or len(wanted) != len(trial.corrections):
        raise StoreError(
            "refit.outdated",
            N_("Since this was tried a correction was taken back, or another version came into use."),
            N_("Try it again."),
        )
    with _fitted(parent, wanted, trial.refit.tolerance) as (fitted, folder):
        name = f"fix of {parent.ref} from {fitted.refit.used} corrections"
        task = load_task(find_sector(slug).task)
        return registry().register(slug, folder, verify=answers_as_now(task, folder), name=name)


@contextmanager
def _fitted(parent: Version, corrections: Sequence[Correction], tolerance: float) -> Iterator[tuple[Trial, Path]]:
    """The trial and its checkpoint folder, which is gone after the block unless it was moved away."""
    began = time.perf_counter()
    task = load_task(find_sector(parent.sector).task)
    fit = getattr(task, "refit", None)
    if fit is None:
        raise InputRefused("refit.task", N_("This kind of model has no last layer that could be fitted alone."))
    examples = [pair for pair in map(_example, corrections) if pair is not None]
    files.make_folder(registry().staging)
    folder = files.staging_folder(registry().staging)
    try:
        found: Refit = fit(service.load_apart(parent), parent.path, examples, folder, tolerance)
        _keep_before(folder, parent, found)
        trial = Trial(parent, tuple(entry.id for entry in corrections), found, time.perf_counter() - began)
        log_event("refitted", sector=parent.sector, version=parent.ref, used=found.used, took_s=round(trial.seconds, 2))
        yield trial, folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _keep_before(folder: Path, parent: Version, found: Refit) -> None:
    """Where a fix was measured on a part of the test, put the version in use on that part beside it, for the gate."""
    whole = service.evaluation_of(parent)
    if whole is not None and whole.data.n != found.test_before.data.n:
        save_evaluation(baseline_folder(folder, parent.sha256), found.test_before)


def _example(correction: Correction) -> tuple[Sample, str] | None:
    """What is kept and the right label; None when it was deleted a moment ago."""
    try:
        return feedback.kept_sample(correction), correction.answer
    except AppError:
        return None


def reason_against(slug: str) -> Message | None:
    """Why the version in use cannot be fixed this way; None when it can, as far as its files tell."""
    if (registry().resolve(slug).path / FEATURES).is_file():
        return None
    if find_sector(slug).reads == "texts":
        return Message(
            N_(
                "The version in use keeps nothing of its test texts, so a quick fix could not be measured. Models of "
                "n-grams do; train one, or go back to one."
            )
        )
    return Message(N_("The version in use keeps no features of its test images, so a quick fix could not be measured."))
