"""What is in a set of labelled images, and what will go wrong if a model is trained on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from core.contracts import N_, Message, Refusal
from core.data.layout import SPLIT_NAMES
from core.errors import InputRefused

PAIRS_SHOWN = 50
"""Pairs of duplicates listed; the total is always given."""

IMAGES_PER_CLASS_MIN = 5
"""Distinct images of a class below which it cannot be divided into training, validation and test."""

IMAGES_PER_CLASS_FEW = 30
"""Distinct images of a class below which figures say little."""

IMBALANCE_FACTOR = 10.0
"""Largest class over smallest above which accuracy misleads."""

_SERIES = N_(
    "{count} images look so much alike that only exact copies among them are kept out of two splits. If they are "
    "copies of a few pictures, the test figures will be too good."
)

_ORDER = ("train", "validation", "test", "all")


@dataclass(frozen=True)
class DuplicatePairs:
    """Images that repeat an earlier one."""

    total: int = 0
    """Number of images that repeat one listed before them."""
    exact: int = 0
    """How many of these are equal in every pixel; the rest are nearly alike."""
    pairs: tuple[tuple[str, str], ...] = ()
    """Ids of the first ones, at most `PAIRS_SHOWN`: (the earlier one, its repetition)."""


@dataclass(frozen=True)
class SideLengths:
    """Widths and heights of the images in pixels, each as (smallest, median, largest)."""

    width: tuple[int, int, int]
    height: tuple[int, int, int]


@dataclass(frozen=True)
class DataReport:
    """The result of the data check."""

    counts: Mapping[str, Mapping[str, int]]
    """Split -> label -> number of images."""
    sizes: SideLengths
    duplicates_within: DuplicatePairs
    duplicates_across_classes: DuplicatePairs
    duplicates_across_splits: DuplicatePairs
    refused: tuple[Refusal, ...]
    balance: float
    """Number of images of the largest class over that of the smallest; 0.0 when a class is empty."""
    warnings: tuple[Message, ...]
    blocking: tuple[Message, ...]
    """Why no model can be trained on this; empty when one can."""
    notices: tuple[Message, ...] = ()
    """What was skipped or guessed while reading."""

    def refuse_if_blocked(self) -> None:
        """Raise `InputRefused` with the first blocking message, if there is one."""
        if self.blocking:
            raise InputRefused(
                "data.blocked",
                self.blocking[0],
                Message(N_("Add images to the class folders that lack them and send the data again.")),
            )


@dataclass(frozen=True)
class Examined:
    """One row per image, of all splits, in the order read: the columns the check works on."""

    ids: Sequence[str]
    splits: Sequence[str]
    targets: NDArray[np.int64]
    exact: NDArray[np.int64]
    """Exact duplicate group (N,)."""
    near: NDArray[np.int64]
    """Near duplicate group (N,), except that very large ones are taken apart into exact ones."""
    sides: NDArray[np.int64]
    """Width and height (N, 2) before resizing."""
    grey: NDArray[np.bool_]
    """Whether the image carries no colour (N,)."""
    alike: int = 0
    """Number of images in the near groups that were taken apart."""


def check(
    rows: Examined, labels: Sequence[str], unreadable: Sequence[Refusal], notices: Sequence[Message] = ()
) -> DataReport:
    """Count, compare and judge.

    Args:
        rows: The images that could be read.
        labels: Class names in the order of the targets.
        unreadable: Images that could not be read.
        notices: What the reader skipped or guessed.
    """
    within, across_classes, across_splits = _duplicates(rows)
    per_class = np.bincount(rows.targets, minlength=len(labels))
    balance = float(per_class.max() / per_class.min()) if len(labels) and per_class.min() else 0.0
    middle = np.median(rows.sides, axis=0) if len(rows.sides) else np.zeros(2)
    low, high = (rows.sides.min(axis=0), rows.sides.max(axis=0)) if len(rows.sides) else (middle, middle)
    width, height = ((int(low[side]), int(middle[side]), int(high[side])) for side in (0, 1))
    warnings = _class_warnings(rows, labels, balance)
    warnings += _duplicate_warnings(across_classes, across_splits, within)
    warnings += _give_away_warnings(rows, labels)
    if rows.alike:
        warnings.append(Message(_SERIES, {"count": rows.alike}))
    warnings += _unreadable_warnings(unreadable)
    return DataReport(
        counts=_counts(rows, labels),
        sizes=SideLengths(width, height),
        duplicates_within=within,
        duplicates_across_classes=across_classes,
        duplicates_across_splits=across_splits,
        refused=tuple(unreadable),
        balance=balance,
        warnings=tuple(warnings),
        blocking=tuple(_blocking(rows, labels)),
        notices=tuple(notices),
    )


def _unreadable_warnings(unreadable: Sequence[Refusal]) -> list[Message]:
    if not unreadable:
        return []
    template = N_("Unreadable images left out: {count}. First: {first}")
    return [Message(template, {"count": len(unreadable), "first": unreadable[0].message})]


def _counts(rows: Examined, labels: Sequence[str]) -> dict[str, dict[str, int]]:
    splits = np.asarray(rows.splits)
    return {
        split: {label: int(((splits == split) & (rows.targets == target)).sum()) for target, label in enumerate(labels)}
        for split in _ORDER
        if (splits == split).any()
    }


def _duplicates(rows: Examined) -> tuple[DuplicatePairs, DuplicatePairs, DuplicatePairs]:
    """Every image that repeats an earlier one, under the worst heading that applies to it.

    A repetition in another split is counted there; else one in another class; else it is within its class.
    """
    found: tuple[list[tuple[int, int]], ...] = ([], [], [])
    order = sorted(range(len(rows.ids)), key=lambda at: (_ORDER.index(rows.splits[at]), at))
    earlier: dict[int, list[int]] = {}
    for at in order:
        twins = earlier.setdefault(int(rows.near[at]), [])
        if twins:
            other_split = next((twin for twin in twins if rows.splits[twin] != rows.splits[at]), None)
            other_class = next((twin for twin in twins if rows.targets[twin] != rows.targets[at]), None)
            if other_split is not None:
                found[2].append((other_split, at))
            if other_class is not None:
                found[1].append((other_class, at))
            if other_split is None and other_class is None:
                found[0].append((twins[0], at))
        twins.append(at)
    within, classes, splits = (_pairs(rows, pairs) for pairs in found)
    return within, classes, splits


def _pairs(rows: Examined, pairs: list[tuple[int, int]]) -> DuplicatePairs:
    exact = sum(rows.exact[one] == rows.exact[other] for one, other in pairs)
    shown = tuple((rows.ids[one], rows.ids[other]) for one, other in pairs[:PAIRS_SHOWN])
    return DuplicatePairs(len(pairs), int(exact), shown)


def _blocking(rows: Examined, labels: Sequence[str]) -> list[Message]:
    """Reasons for which nothing can be trained."""
    if len(labels) < 2:
        named = {"label": labels[0] if labels else "-"}
        return [Message(N_("There is only one class ({label}); at least 2 are needed."), named)]
    said = []
    for target, label in enumerate(labels):
        distinct = len(np.unique(rows.near[rows.targets == target]))
        if distinct < IMAGES_PER_CLASS_MIN:
            found = {"label": label, "count": distinct, "limit": IMAGES_PER_CLASS_MIN}
            said.append(Message(N_("Class {label} has {count} different images; at least {limit} are needed."), found))
    splits = set(rows.splits)
    if splits and not splits & {"train", "all"}:
        said.append(Message(N_("The data has no training images, only test or validation.")))
    return said


def _class_warnings(rows: Examined, labels: Sequence[str], balance: float) -> list[Message]:
    said = []
    few = [label for target, label in enumerate(labels) if (rows.targets == target).sum() < IMAGES_PER_CLASS_FEW]
    if few:
        found = {"labels": ", ".join(few[:5]), "limit": IMAGES_PER_CLASS_FEW}
        said.append(Message(N_("Fewer than {limit} images in: {labels}. Figures will be uncertain."), found))
    if balance > IMBALANCE_FACTOR:
        template = N_("The largest class has {factor} times the images of the smallest; read balanced accuracy.")
        said.append(Message(template, {"factor": f"{balance:.0f}"}))
    for split, counts in _counts(rows, labels).items():
        if absent := [label for label, count in counts.items() if not count]:
            found = {"split": split, "labels": ", ".join(absent[:5])}
            said.append(Message(N_("Split {split} has no images of: {labels}."), found))
    if suspicious := [label for label in labels if label.lower() in SPLIT_NAMES]:
        template = N_("Classes named like splits: {labels}. Is the folder layout as intended?")
        said.append(Message(template, {"labels": ", ".join(suspicious)}))
    return said


def _duplicate_warnings(classes: DuplicatePairs, splits: DuplicatePairs, within: DuplicatePairs) -> list[Message]:
    said = []
    for found, template in (
        (splits, N_("Looks like test leakage: {count} images are also in another split, such as {one} and {other}.")),
        (classes, N_("The same image in two classes: {count} times, such as {one} and {other}.")),
        (within, N_("Repeated images in a class: {count}, such as {one} and {other}.")),
    ):
        if found.total:
            one, other = found.pairs[0]
            said.append(Message(template, {"count": found.total, "one": one, "other": other}))
    return said


def _give_away_warnings(rows: Examined, labels: Sequence[str]) -> list[Message]:
    """Traits of the files that tell classes apart without looking at the picture."""
    if len(labels) < 2:
        return []
    said = []
    areas = rows.sides.prod(axis=1)
    ranges = sorted(
        (int(areas[rows.targets == target].min()), int(areas[rows.targets == target].max()))
        for target in range(len(labels))
        if (rows.targets == target).any()
    )
    if len(ranges) > 1 and all(before[1] < after[0] for before, after in pairwise(ranges)):
        said.append(Message(N_("Image size alone tells the classes apart; a model may learn that instead.")))
    shares = [
        rows.grey[rows.targets == target].mean() for target in range(len(labels)) if (rows.targets == target).any()
    ]
    if min(shares) == 0.0 and max(shares) == 1.0:
        said.append(Message(N_("Some classes are all grey and others all in colour; a model may learn that instead.")))
    return said
