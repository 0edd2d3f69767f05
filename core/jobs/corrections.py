"""Corrections of visitors for a run: laid out in its folder before, told to whoever started it afterwards."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from core.contracts import N_, Message, RunContext
from core.store import feedback
from core.store.files import read_manifest
from core.training.run import CORRECTIONS

_LEFT_OUT = {
    "measured": N_("{count} corrections were left out: they are of validation or test examples."),
    "label": N_("{count} corrections were left out: the data have no such class."),
    "features": N_("{count} corrections were left out: they were made on other features than those of this run."),
    "unmarked": N_("{count} corrections were left out: no region is marked on these defects."),
    "unsupervised": N_("{count} corrections were left out: they are defects, and learning from known defects is off."),
    "few_masks": N_("{count} corrections were left out: they are defects, of which too few are marked to learn from."),
    "colour": N_("{count} corrections were left out: they are in colour, and the data are grey."),
}


def lay_out_corrections(sector: str, run: RunContext) -> int:
    """Give a run the kept corrections of a sector as they are now; returns how many."""
    return feedback.training_folder(sector, run.directory / CORRECTIONS)


def joined(checkpoint: Path) -> list[Message]:
    """What a new checkpoint's manifest says of corrections; nothing when its run was given none."""
    data: dict[str, Any] = read_manifest(checkpoint).get("data", {})
    if "corrections" not in data:
        return []
    told = [Message(N_("{count} corrections joined the training examples."), {"count": data["corrections"]})]
    left_out: dict[str, int] = data.get("corrections_left_out", {})
    return told + [Message(_LEFT_OUT[reason], {"count": count}) for reason, count in left_out.items()]
