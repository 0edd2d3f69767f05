"""What is in a set of inspection images, and what will go wrong if a model is fitted to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from core.contracts import N_, Message, Refusal
from core.data.check import PAIRS_SHOWN, DataReport, DuplicatePairs, SideLengths
from core.data.surface_glance import unlike_others
from core.data.surface_layout import GOOD
from core.errors import InputRefused

GOOD_MIN = 4
"""Distinct good images below which nothing can be said of how good parts vary."""
GOOD_FEW = 20
"""Good images below which only a high false-alarm rate can be promised."""
MASKS_MIN = 5
"""Images of defects with masks below which nothing is learned from them."""
ASPECT_SPREAD = 1.25
"""Largest ratio of width to height over the smallest above which images do not show the part in the same way."""


@dataclass(frozen=True)
class PartReport(DataReport):
    """The result of the data check of inspection images; `duplicates_across_classes` are good and defective at once."""

    masked: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """Split -> type of defect -> images of which it is known which pixels are defective."""
    coloured: int = 0
    """Images in colour; the others are grey."""
    unlike: tuple[str, ...] = ()
    """Good training images that differ from the others at a glance, the most unlike first."""

    @property
    def good(self) -> int:
        """Images of good parts to learn from."""
        return self.counts.get("train", {}).get(GOOD, 0)

    @property
    def defects(self) -> int:
        """Images of defects, of whatever split."""
        return sum(count for kinds in self.counts.values() for kind, count in kinds.items() if kind != GOOD)

    def refuse_if_blocked(self) -> None:
        """Raise `InputRefused` with the first blocking message, if there is one."""
        if self.blocking:
            hint = Message(N_("Add images of good parts, each of another part, and send them again."))
            raise InputRefused("data.blocked", self.blocking[0], hint)


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
    thumbs: NDArray[np.uint8]
    """Small grey pictures (N, H, W)."""
    lone_masks: Sequence[str] = ()
    mask_sizes: Sequence[str] = ()
    empty_masks: Sequence[str] = ()
    full_masks: Sequence[str] = ()


def check_parts(looked: Looked, unreadable: Sequence[Refusal], notices: Sequence[Message]) -> PartReport:
    """Count, compare and judge. Nothing is asked of defects: a model learns from good parts alone."""
    middle, low, high = (
        tuple(int(value) for value in found)
        for found in (np.median(looked.sides, axis=0), looked.sides.min(axis=0), looked.sides.max(axis=0))
    )
    repeated, contradicting, across = _repeated(looked)
    learned = np.flatnonzero(_learned(looked))
    unlike = tuple(looked.ids[learned[place]] for place in unlike_others(looked.thumbs[learned]))
    warnings = [*_good_warnings(looked), *_unlike_warnings(unlike), *_shape_warnings(looked), *_mask_warnings(looked)]
    warnings += _repeat_warnings(repeated, contradicting, across)
    if unreadable:
        found = {"count": len(unreadable), "first": unreadable[0].message}
        warnings.append(Message(N_("Unreadable images left out: {count}. First: {first}"), found))
    return PartReport(
        counts=_counts(looked, np.ones(len(looked.ids), bool)),
        sizes=SideLengths((low[0], middle[0], high[0]), (low[1], middle[1], high[1])),
        duplicates_within=repeated,
        duplicates_across_classes=contradicting,
        duplicates_across_splits=across,
        refused=tuple(unreadable),
        balance=0.0,
        warnings=tuple(warnings),
        blocking=tuple(_blocking(looked)),
        notices=tuple(notices),
        masked=_counts(looked, looked.masked & (looked.types != GOOD)),
        coloured=int((~looked.grey).sum()),
        unlike=unlike,
    )


def _counts(looked: Looked, which: NDArray[np.bool_]) -> dict[str, dict[str, int]]:
    kinds = sorted(set(looked.types), key=lambda kind: (kind != GOOD, kind))
    return {
        str(split): {
            str(kind): int((which & (looked.splits == split) & (looked.types == kind)).sum()) for kind in kinds
        }
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


def _unlike_warnings(unlike: Sequence[str]) -> list[Message]:
    if not unlike:
        return []
    template = N_(
        "{count} images among the good parts differ from all others at a glance. Do they show the same part? {names}"
    )
    return [Message(template, {"count": len(unlike), "names": ", ".join(unlike[:5])})]


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
    if looked.full_masks:
        found = {"count": len(looked.full_masks), "first": looked.full_masks[0]}
        template = N_("Masks that mark nearly all of their image: {count}. First: {first}. Is white the defect?")
        said.append(Message(template, found))
    defects = looked.types != GOOD
    without = int((defects & ~looked.masked).sum())
    if without and looked.masked[defects].any():
        template = N_("Defective images without a mask: {count} of {total}. Pixel figures leave them out.")
        said.append(Message(template, {"count": without, "total": int(defects.sum())}))
    return said


def _repeated(looked: Looked) -> tuple[DuplicatePairs, DuplicatePairs, DuplicatePairs]:
    """Images that equal an earlier one: in their own split, once good and once defective, and in another split."""
    first: dict[int, int] = {}
    within: list[tuple[str, str]] = []
    contradicting: list[tuple[str, str]] = []
    across: list[tuple[str, str]] = []
    order = sorted(range(len(looked.ids)), key=lambda at: (looked.splits[at] != "train", at))
    for at in order:
        twin = first.setdefault(int(looked.exact[at]), at)
        if twin != at:
            if (looked.types[twin] == GOOD) != (looked.types[at] == GOOD):
                found = contradicting
            else:
                found = within if looked.splits[twin] == looked.splits[at] else across
            found.append((looked.ids[twin], looked.ids[at]))
    same, good_and_bad, elsewhere = (
        DuplicatePairs(len(found), len(found), tuple(found[:PAIRS_SHOWN])) for found in (within, contradicting, across)
    )
    return same, good_and_bad, elsewhere


def _repeat_warnings(within: DuplicatePairs, contradicting: DuplicatePairs, across: DuplicatePairs) -> list[Message]:
    said = []
    for found, template in (
        (
            contradicting,
            N_(
                "The same image is called good and defective: {count} times, such as {one} and {other}. Remove it from "
                "one of the two."
            ),
        ),
        (across, N_("Looks like test leakage: {count} images are also in another split, such as {one} and {other}.")),
        (within, N_("Repeated images: {count}, such as {one} and {other}. A repetition adds no knowledge.")),
    ):
        if found.total:
            one, other = found.pairs[0]
            said.append(Message(template, {"count": found.total, "one": one, "other": other}))
    return said
