"""Corrections of visitors join the training texts of a run, and nothing else of it.

A kept text has lost its personal data, so texts are compared without them. A correction takes the place of the training
texts that it is of, because their label was wrong, and never joins where its text is measured.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from core.contracts import RunContext, TextSample
from core.data.texts import LABELS, LabelledTexts, TextSet, join_texts, text_key
from core.intake.personal import NAMES, mask
from core.store.files import MANIFEST
from core.store.kept_texts import parse
from core.training.run import CORRECTIONS


@dataclass(frozen=True)
class Joined:
    """How many corrections a run learned from, and why others were left out."""

    used: int = 0
    left_out: Mapping[str, int] = field(default_factory=dict)
    """Reason -> number: `measured` as a validation or test text, `label` unknown."""


def join_corrections(data: LabelledTexts, run: RunContext) -> tuple[LabelledTexts, Joined | None]:
    """The data with the run's corrections among the training texts; the data themselves and None without any.

    Each counts like any training text of the most common source.
    """
    folder = run.directory / CORRECTIONS
    if not folder.is_dir():
        return data, None
    stored = list(_stored(folder))
    key_of = _key_of([sample.text for _, sample in stored])
    held = {key_of(text) for part in ("validation", "test") for text in data.splits[part].texts}
    left_out: Counter[str] = Counter()
    found: list[tuple[str, TextSample]] = []
    for label, sample in stored:
        if label not in LABELS:
            left_out["label"] += 1
        elif key_of(sample.text) in held:
            left_out["measured"] += 1
        else:
            found.append((label, sample))
    told = Joined(len(found), dict(left_out))
    if not found:
        return data, told
    return replace(data, splits={**data.splits, "train": _extended(data.splits["train"], found, key_of)}), told


def note_joined(folder: Path, joined: Joined | None) -> None:
    """Say in the manifest of a checkpoint what corrections had to do with it; nothing when its run was given none."""
    if joined is None:
        return
    manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    manifest["data"] |= {"corrections": joined.used, "corrections_left_out": dict(joined.left_out)}
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")


def _key_of(corrections: list[str]) -> Callable[[str], str]:
    """What a text and a correction that is of it have in common; texts are masked only if a correction was."""
    if any(f"[{kind}]" in text for text in corrections for kind in NAMES):
        return lambda text: text_key(mask(text).text)
    return text_key


def _stored(folder: Path) -> Iterator[tuple[str, TextSample]]:
    """Label and text of every correction, in an order that does not depend on the disk."""
    for path in sorted(folder.glob("*/*.text")):
        try:
            data = path.read_bytes()
        except FileNotFoundError:  # somebody takes the correction back just now
            continue
        yield path.parent.name.strip().casefold(), parse(data, path.stem)


def _extended(train: TextSet, found: list[tuple[str, TextSample]], key_of: Callable[[str], str]) -> TextSet:
    corrected = {key_of(sample.text) for _, sample in found}
    kept = np.flatnonzero([key_of(text) not in corrected for text in train.texts])
    names, counts = np.unique(train.sources, return_counts=True)
    added = TextSet(
        ids=np.array([f"correction/{sample.name}" for _, sample in found]),
        texts=tuple(sample.text for _, sample in found),
        targets=np.array([LABELS.index(label) for label, _ in found], np.int64),
        sources=np.full(len(found), names[counts.argmax()]),
    )
    return join_texts([train.take(kept), added])
