"""The retraining that follows a drift alarm: labelled pictures of the stream, as it is and as it was, into a folder.

The pictures are drawn in the worker, so that a page hands over four numbers instead of hundreds of files. Half of them
are changed and half are not, because a model that forgets the old stream is not healed.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from PIL import Image

from core.contracts import N_, RunContext
from core.data.drift import Drift
from core.data.streams import RadiographStream, stream_of
from core.errors import JobError, RunCancelled
from core.jobs.records import JobRecord

SPLITS = {"train": 320, "validation": 120, "test": 200}
"""Pictures of each split; draws that no split shares."""
CONFIG: dict[str, Any] = {"epochs": 4, "learning_rate": 3e-4, "augmentation": "light"}
"""A short run from our own weights: enough for a change of light, and over in a minute or two."""


def healing_args(slug: str, drift: Drift, seed: int) -> dict[str, object]:
    """What `jobs.submit("heal", ...)` takes to train for a stream under `drift`."""
    return {
        "sector": slug,
        "config": {**CONFIG, "seed": seed},
        "name": f"stream, half of it changed: {drift.kind} {drift.strength:.2f}",
        "stream": {"kind": drift.kind, "strength": drift.strength, "seed": seed},
    }


def with_pictures(record: JobRecord, run: RunContext) -> JobRecord:
    """Draw the pictures that the arguments ask for; returns the record as that of a training on their folder.

    Raises:
        JobError: the sector has no stream, or there is no such drift.
        RunCancelled: somebody asked for it to stop.
    """
    asked: dict[str, Any] = dict(record.args.get("stream") or {})
    source = stream_of(record.sector)
    try:
        drift = Drift(str(asked["kind"]), float(asked["strength"]))
    except (KeyError, TypeError, ValueError) as error:
        raise _unusable() from error
    if source is None:
        raise _unusable()
    seed = int(asked.get("seed", 0))
    # The card and the commands on it name the folder, which is gone by then; so its name says what was in it.
    folder = run.directory.parent / f"stream-{drift.kind}-{drift.strength:.2f}-seed-{seed}"
    run.stage("draw")
    _draw(folder, source, drift, seed, run)
    return replace(record, kind="train", args={**record.args, "data": str(folder)})


def _draw(folder: Path, source: RadiographStream, drift: Drift, seed: int, run: RunContext) -> None:
    """Write `<split>/<label>/<number>.png`; every second picture is under the drift."""
    total, number = sum(SPLITS.values()), 0
    for split, count in SPLITS.items():
        for label in source.labels:
            (folder / split / label).mkdir(parents=True, exist_ok=True)
        for _ in range(count):
            if run.should_stop():
                raise RunCancelled
            # Far from the numbers that a page's stream has reached: what is learned from is never asked again.
            shot = source.shot(seed, 10**6 + number, drift if number % 2 else None)
            Image.fromarray(shot.sample.pixels[..., 0]).save(folder / split / shot.label / f"{number:05d}.png")
            number += 1
            run.report(number, total)


def _unusable() -> JobError:
    return JobError(
        "job.stream",
        N_("There is no such stream of pictures to learn from."),
        N_("Start the retraining from the page."),
    )
