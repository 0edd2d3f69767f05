"""What is in a set of inspection images, and what will go wrong if a model is fitted to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.contracts import N_, Message, Refusal
from core.data.check import DataReport, DuplicatePairs, SideLengths
from core.data.surface_layout import GOOD

GOOD_MIN = 4
"""Distinct good images below which nothing can be said of how good parts vary."""
GOOD_FEW = 20
"""Good images below which only a high false-alarm rate can be promised."""
ASPECT_SPREAD = 1.25
"""Largest ratio of width to height over the smallest above which images do not show the part in the same way."""


@dataclass(frozen=True)
class Looked:
    """One row per image, of all splits, in the order read: what the check works on."""

    ids: Sequence[str]
    splits: NDArray[np.str_]
    types: NDArray[np.str_]
    exact: NDArray[np.int64]
    """Group (N,) of images that are equal in every pixel."""
    sides: NDArray[np.int64]
    """Width and height (N, 2) before resizing."""
    grey: NDArray[np.bool_]
    masked: NDArray[np.bool_]
    """Whether it is known which pixels are defective (N,)."""
    lone_masks: Sequence[str] = ()
    mask_sizes: Sequence[str] = ()
    empty_masks: Sequence[str] = ()


def check_parts(looked: Looked, unreadable: Sequence[Refusal], notices: Sequence[Message]) -> DataReport:
    """Count, compare and judge. Nothing is asked of defects: a model learns from good parts alone."""
    middle, low, high = (
        tuple(int(value) for value in found)
        for found in (np.median(looked.sides, axis=0), looked.sides.min(axis=0), looked.sides.max(axis=0))
    )
    repeated, across = _repeated(looked)
    warnings = [*_good_warnings(looked), *_shape_warnings(looked), *_mask_warnings(looked)]
    warnings += _repeat_warnings(repeated, across)
    if unreadable:
        found = {"count": len(unreadable), "first": unreadable[0].message}
        warnings.append(Message(N_("Unreadable images left out: {count}. First: {first}"), found))
    return DataReport(
        counts=_counts(looked),
        sizes=SideLengths((low[0], middle[0], high[0]), (low[1], middle[1], high[1])),
        duplicates_within=repeated,
        duplicates_across_classes=DuplicatePairs(),
        duplicates_across_splits=across,
        refused=tuple(unreadable),
        balance=0.0,
        warnings=tuple(warnings),
        blocking=tuple(_blocking(looked)),
        notices=tuple(notices),
    )


def _counts(looked: Looked) -> dict[str, dict[str, int]]:
    kinds = sorted(set(looked.types), key=lambda kind: (kind != GOOD, kind))
    return {
        str(split): {str(kind): int(((looked.splits == split) & (looked.types == kind)).sum()) for kind in kinds}
        for split in ("train", "validation", "test")
        if (looked.splits == split).any()
    }


def _learned(looked: Looked) -> NDArray[np.bool_]:
    return np.asarray((looked.splits == "train") & (looked.types == GOOD))


def _blocking(looked: Looked) -> list[Message]:
    """Reasons for which nothing can be fitted."""
    good = _learned(looked)
    distinct = len(np.unique(looked.exact[good]))
    if distinct >= GOOD_MIN:
        return []
    if distinct == 0:
        return [Message(N_("There are no images of good parts to learn from."))]
    found = {"count": distinct, "limit": GOOD_MIN}
    if distinct == 1 and good.sum() > 1:
        return [
            Message(N_("All images of good parts are the same one; at least {limit} different ones are needed."), found)
        ]
    template = N_(
        "There are {count} different images of good parts; at least {limit} are needed, because how good parts vary "
        "cannot be seen from fewer. 20 to 50 are better."
    )
    return [Message(template, found)]


def _good_warnings(looked: Looked) -> list[Message]:
    count = int(_learned(looked).sum())
    said = []
    if 0 < count < GOOD_FEW:
        template = N_(
            "Only {count} images of good parts: the lowest false-alarm rate that can be promised is 1 in {rate}."
        )
        said.append(Message(template, {"count": count, "rate": count + 1}))
    tested = looked.splits == "test"
    if tested.any() and not (tested & (looked.types == GOOD)).any():
        said.append(Message(N_("The test images hold no good parts: false alarms cannot be measured on them.")))
    if tested.any() and not (tested & (looked.types != GOOD)).any():
        said.append(Message(N_("The test images hold no defects: how well defects are found cannot be measured.")))
    trained = int(((looked.splits == "train") & (looked.types != GOOD)).sum())
    if trained:
        template = N_("{count} training images show defects; the model of good parts does not learn from them.")
        said.append(Message(template, {"count": trained}))
    return said


def _shape_warnings(looked: Looked) -> list[Message]:
    """Pictures that were not taken alike."""
    said = []
    ratio = looked.sides[:, 0] / looked.sides[:, 1]
    upright, lying = int((ratio < 0.95).sum()), int((ratio > 1.05).sum())
    if upright and lying:
        template = N_(
            "Some images are upright ({upright}) and some are not ({lying}); a model expects parts to lie alike."
        )
        said.append(Message(template, {"upright": upright, "lying": lying}))
    elif ratio.max() > ASPECT_SPREAD * ratio.min():
        template = N_(
            "The images have different shapes, from {low} to {high} (width over height); they are squeezed to one, "
            "which hides what differs by shape."
        )
        said.append(Message(template, {"low": f"{ratio.min():.2f}", "high": f"{ratio.max():.2f}"}))
    colours = int((~looked.grey).sum())
    if colours and colours < len(looked.grey):
        template = N_(
            "{colour} images are in colour and {grey} are grey; all are read as grey, so that colour is not taken for "
            "a defect."
        )
        said.append(Message(template, {"colour": colours, "grey": len(looked.grey) - colours}))
    return said


def _mask_warnings(looked: Looked) -> list[Message]:
    said = []
    if looked.lone_masks:
        found = {"count": len(looked.lone_masks), "first": looked.lone_masks[0]}
        said.append(Message(N_("Masks that belong to no image, or to several: {count}. First: {first}"), found))
    if looked.mask_sizes:
        template = N_(
            "Masks of another size than their image: {count}. First: {first}. They are scaled where the shape agrees "
            "and left out where it does not."
        )
        said.append(Message(template, {"count": len(looked.mask_sizes), "first": looked.mask_sizes[0]}))
    if looked.empty_masks:
        found = {"count": len(looked.empty_masks), "first": looked.empty_masks[0]}
        said.append(Message(N_("Empty masks of defective images, left out: {count}. First: {first}"), found))
    defects = looked.types != GOOD
    without = int((defects & ~looked.masked).sum())
    if without and looked.masked[defects].any():
        template = N_("Defective images without a mask: {count} of {total}. Pixel figures leave them out.")
        said.append(Message(template, {"count": without, "total": int(defects.sum())}))
    return said


def _repeated(looked: Looked) -> tuple[DuplicatePairs, DuplicatePairs]:
    """Images that equal an earlier one: in their own split, and in another."""
    first: dict[int, int] = {}
    within: list[tuple[str, str]] = []
    across: list[tuple[str, str]] = []
    order = sorted(range(len(looked.ids)), key=lambda at: (looked.splits[at] != "train", at))
    for at in order:
        twin = first.setdefault(int(looked.exact[at]), at)
        if twin != at:
            same = looked.splits[twin] == looked.splits[at]
            (within if same else across).append((looked.ids[twin], looked.ids[at]))
    pairs = (DuplicatePairs(len(found), len(found), tuple(found[:50])) for found in (within, across))
    return next(pairs), next(pairs)


def _repeat_warnings(within: DuplicatePairs, across: DuplicatePairs) -> list[Message]:
    said = []
    for found, template in (
        (across, N_("Looks like test leakage: {count} images are also in another split, such as {one} and {other}.")),
        (within, N_("Repeated images: {count}, such as {one} and {other}. A repetition adds no knowledge.")),
    ):
        if found.total:
            one, other = found.pairs[0]
            said.append(Message(template, {"count": found.total, "one": one, "other": other}))
    return said
