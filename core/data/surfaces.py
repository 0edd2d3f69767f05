"""Images of one product for inspection: good parts, defects by type, masks of where they are, an array per split."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.contracts import N_, Message, Refusal
from core.data.catalog import is_public, limits_for
from core.data.duplicates import content_hash, duplicate_groups, group_for_splits, thumbnail
from core.data.images import Progress, open_sources, sole_file
from core.data.pixels import is_grey, squeeze
from core.data.surface_check import Looked, PartReport, check_parts
from core.data.surface_layout import DEFECT, GOOD, PlacedPart, place_parts, untold
from core.data.surface_list import is_listed, place_listed
from core.errors import InputRefused
from core.intake.archives import check_refused_share
from core.intake.labels import display_label
from core.settings import Limits

SPLITS = ("train", "validation", "test")
ASPECT_TOLERANCE = 0.02
"""How far, relatively, a mask's ratio of width to height may be off its image's to be taken for one of another size."""
GOOD_MAX = 2000
"""Good parts whose pixels are kept to learn from: more of them hardly tell more, and would fill the memory."""
KINDS_MAX = 31
"""Brightest value of a mask up to which its values are taken for numbers of kinds of defects."""
FULL_MASK = 0.9
"""Share of an image above which a mask is suspicious: good pixels may be white in it, and defective ones black."""


@dataclass(frozen=True)
class PartSet:
    """The images of one split, resized."""

    pixels: NDArray[np.uint8]
    """Shape (N, S, S, C); C is 1 when the data were read as grey, else 3."""
    types: NDArray[np.str_]
    """Shape (N,): `good` or the name of the defect."""
    masks: NDArray[np.bool_]
    """Shape (N, S, S): where the defect is; all false for good parts, and where `has_mask` is false."""
    has_mask: NDArray[np.bool_]
    """Shape (N,): whether it is known which pixels are defective; true for good parts."""
    ids: tuple[str, ...]
    groups: NDArray[np.int64]
    """Shape (N,): equal for images that repeat each other, across all splits."""
    hashes: NDArray[np.str_] | None = None
    """Shape (N,): `content_hash` in hex of every image, empty for what was never a file; None when not known."""
    public: bool = False
    """Whether the images are those of a public data set."""

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def contents(self) -> NDArray[np.str_] | None:
        """Shape (N,): the hashes, as far as they may be told; None for what somebody sent."""
        return self.hashes if self.public else None

    @property
    def good(self) -> NDArray[np.bool_]:
        """Shape (N,): which images show good parts."""
        return np.asarray(self.types == GOOD)

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> PartSet:
        """The images at these positions, in this order, or those that are marked."""
        places = np.arange(len(self))[rows]
        return PartSet(
            self.pixels[places],
            self.types[places],
            self.masks[places],
            self.has_mask[places],
            tuple(self.ids[row] for row in places),
            self.groups[places],
            None if self.hashes is None else self.hashes[places],
            self.public,
        )


def join_parts(parts: Sequence[PartSet]) -> PartSet:
    """One set of the images of several of the same data; a single one as it is."""
    if len(parts) == 1:
        return parts[0]
    hashes = [part.hashes for part in parts if part.hashes is not None]
    return PartSet(
        np.concatenate([part.pixels for part in parts]),
        np.concatenate([part.types for part in parts]),
        np.concatenate([part.masks for part in parts]),
        np.concatenate([part.has_mask for part in parts]),
        tuple(image_id for part in parts for image_id in part.ids),
        np.concatenate([part.groups for part in parts]),
        np.concatenate(hashes) if len(hashes) == len(parts) else None,
        all(part.public for part in parts),
    )


@dataclass(frozen=True)
class PartImages:
    """A whole data set in memory."""

    name: str
    splits: dict[str, PartSet]
    """`train`, `validation`, `test` as far as there are images for them; good parts without a split are `train`,
    defects without one `test`."""
    fingerprint: str
    """sha256 over ids, contents, splits, types and masks, by name; the same at every size."""
    grey: bool
    """Whether the images were read without their colours."""
    report: PartReport


def read_parts(path: Path, size: int, limits: Limits | None = None, progress: Progress | None = None) -> PartImages:
    """Read a data set, squeezing every image to (size, size) as it comes.

    Args:
        path: A folder or zip in the MVTec layout (`train/good`, `test/<type>`, `ground_truth/<type>`; also
            `validation/good` and `train/<type>`), with or without a folder round it; `good` beside folders of defects;
            or images of good parts alone; or a folder with a table that lists them, see `surface_list`. Masks may lie
            beside their images, too; without folders an image is defective where its mask is not black.
        size: Side in pixels.
        limits: What is let through. When omitted: the settings' limits, wider ones for data that was fetched.
        progress: Told how far the reading is; may raise to stop it.

    Raises:
        InputRefused: Nothing says which images show good parts, or too many of them cannot be read.
    """
    limits, name = limits or limits_for(path), display_label(path.name)
    collected = _Collected(name, size, public=is_public(path))
    with ExitStack() as stack:
        placed = place_listed(path, limits, stack) if is_listed(path) else collected.place(path, limits, stack)
        placed.sort(key=lambda part: part.entry.label)  # a folder and a zip of it give the same run
        spare = _spare(placed)
        for done, part in enumerate(placed, start=1):
            collected.read(part, keep=done - 1 not in spare)
            if progress:
                progress(done, len(placed))
    check_refused_share(name, len(collected.ids), collected.refused)
    if not collected.ids:  # masks alone
        raise untold(name)
    return collected.finish()


@dataclass
class _Collected:
    """Grows while images are read."""

    name: str
    size: int
    public: bool = False
    refused: list[Refusal] = field(default_factory=list)
    notices: list[Message] = field(default_factory=list)
    lone_masks: list[str] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    splits: list[str] = field(default_factory=list)
    types: list[str] = field(default_factory=list)
    sides: list[tuple[int, int]] = field(default_factory=list)
    grey: list[bool] = field(default_factory=list)
    hashes: list[bytes] = field(default_factory=list)
    thumbs: list[NDArray[np.uint8]] = field(default_factory=list)
    images: list[NDArray[np.uint8] | None] = field(default_factory=list)
    """Squeezed, with one channel where they are grey; None for those that were looked at alone."""
    masks: list[NDArray[np.bool_] | None] = field(default_factory=list)
    mask_hashes: dict[str, bytes] = field(default_factory=dict)
    mask_sizes: list[str] = field(default_factory=list)
    """Images whose mask has another size than they."""
    empty_masks: list[str] = field(default_factory=list)
    """Defective images whose mask is empty."""
    full_masks: list[str] = field(default_factory=list)
    """Images whose mask marks nearly all of them."""

    def __post_init__(self) -> None:
        self.unmarked = np.zeros((self.size, self.size), bool)  # all good parts share it

    def place(self, path: Path, limits: Limits, stack: ExitStack) -> list[PlacedPart]:
        """Say by its folders what every image of a path shows; `stack` closes what was opened."""
        placed: list[PlacedPart] = []
        for source, split in open_sources(sole_file(path), limits):
            stack.enter_context(source)
            found = place_parts(source, self.name)
            placed += [replace(part, split=split or part.split) for part in found.parts]
            self.refused += [*source.refused, *found.outside]
            self.notices += [*source.notices, *found.notices]
            self.lone_masks += found.lone_masks
        return placed

    def read(self, part: PlacedPart, keep: bool = True) -> None:
        """Take one image, and its mask if there is one; not to `keep` it is to look at it for the data check alone."""
        try:
            pixels = part.source.read(part.entry).pixels
        except InputRefused as error:
            self.refused.append(error.refusal(part.entry.label))
            return
        mask, kind = self._mask(part, pixels.shape[:2]), part.type
        if not kind:
            kind = GOOD if mask is not None and not mask.any() else DEFECT
        split = part.split
        if split == "all":
            split = "train" if kind == GOOD else "test"
        grey, small = is_grey(pixels), squeeze(pixels, self.size) if keep else None
        self.images.append(as_grey(small) if small is not None and grey else small)
        self.hashes.append(content_hash(pixels))
        self.thumbs.append(thumbnail(pixels))
        self.sides.append((pixels.shape[1], pixels.shape[0]))
        self.grey.append(grey)
        self.ids.append(part.entry.label)
        self.splits.append(split)
        self.types.append(kind)
        self.masks.append(mask)

    def _mask(self, part: PlacedPart, shape: tuple[int, ...]) -> NDArray[np.bool_] | None:
        """Where the defect is, squeezed; None when nobody says, or when it cannot be of this image."""
        if part.type == GOOD:
            return self.unmarked
        picture = self._mask_picture(part)
        if picture is None:
            return None
        if not picture.any():
            if not part.type:
                return self.unmarked
            self.empty_masks.append(part.entry.label)
            return None
        if picture.shape != shape:
            self.mask_sizes.append(part.entry.label)
            ratio = (picture.shape[1] / picture.shape[0]) / (shape[1] / shape[0])
            if abs(ratio - 1) > ASPECT_TOLERANCE:
                return None
        marked = marked_in(picture)
        if marked.mean() > FULL_MASK:
            self.full_masks.append(part.entry.label)
        return squeeze_mask(marked, self.size)

    def _mask_picture(self, part: PlacedPart) -> NDArray[np.uint8] | None:
        """The mask in full size, grey (H, W); None when there is none that can be read."""
        if part.mask is None:
            return None
        try:
            picture = np.asarray(part.source.read(part.mask).pixels.max(axis=2), np.uint8)
        except InputRefused as error:
            self.refused.append(error.refusal(part.mask.label))
            return None
        self.mask_hashes[part.entry.label] = content_hash(picture)
        return picture

    def finish(self) -> PartImages:
        """Compare, check and put together."""
        thumbs = np.stack(self.thumbs)
        exact, near = duplicate_groups(self.hashes, thumbs)
        colours = np.array(self.grey)
        looked = Looked(
            ids=self.ids,
            splits=np.array(self.splits),
            types=np.array(self.types),
            exact=exact,
            sides=np.array(self.sides, np.int64),
            grey=colours,
            masked=np.array([mask is not None for mask in self.masks]),
            thumbs=thumbs,
            lone_masks=self.lone_masks,
            mask_sizes=self.mask_sizes,
            empty_masks=self.empty_masks,
            full_masks=self.full_masks,
        )
        kept = np.array([image is not None for image in self.images])
        report = check_parts(looked, self.refused, self.notices)
        if not kept.all():
            found = {"total": report.good, "count": report.good - int((~kept).sum())}
            said = Message(N_("Of {total} images of good parts {count}, evenly spread, are learned from."), found)
            report = replace(report, warnings=(*report.warnings, said))
        grey, groups = bool(colours.any()), group_for_splits(exact, near)
        splits = {
            split: self._part_set(np.flatnonzero(kept & (looked.splits == split)), grey, groups)
            for split in SPLITS
            if (looked.splits == split).any()
        }
        return PartImages(self.name, splits, self._fingerprint(), grey, report)

    def _part_set(self, rows: NDArray[np.int64], grey: bool, groups: NDArray[np.int64]) -> PartSet:
        """Copy the rows into one array, letting go of each image as it is copied."""
        pixels = np.empty((len(rows), self.size, self.size, 1 if grey else 3), np.uint8)
        masks = np.zeros((len(rows), self.size, self.size), bool)
        known = np.zeros(len(rows), bool)
        for at, row in enumerate(rows):
            image, mask = self.images[row], self.masks[row]
            if image is not None:
                pixels[at] = as_grey(image) if grey and image.shape[2] > 1 else image
            known[at] = mask is not None
            if mask is not None and mask is not self.unmarked:
                masks[at] = mask  # what is never written to takes no memory
            self.images[row] = self.masks[row] = None
        ids = tuple(self.ids[row] for row in rows)
        hashes = np.array([self.hashes[row].hex() for row in rows])
        return PartSet(pixels, np.array(self.types)[rows], masks, known, ids, groups[rows], hashes, self.public)

    def _fingerprint(self) -> str:
        digest = hashlib.sha256()
        for image_id, split, kind, content in zip(self.ids, self.splits, self.types, self.hashes, strict=True):
            digest.update(f"{image_id}\0{split}\0{kind}\0".encode() + content + self.mask_hashes.get(image_id, b""))
        return digest.hexdigest()


def _spare(placed: Sequence[PlacedPart]) -> frozenset[int]:
    """Places of good parts to learn from beyond `GOOD_MAX` of them, which are spread evenly."""
    good = [place for place, part in enumerate(placed) if part.type == GOOD and part.split in ("train", "all")]
    if len(good) <= GOOD_MAX:
        return frozenset()
    return frozenset(good) - {good[at] for at in np.linspace(0, len(good) - 1, GOOD_MAX).astype(int)}


def read_pictures(path: Path, ids: Collection[str]) -> dict[str, NDArray[np.uint8]]:
    """The pictures (H, W, 3) with these ids of a data set, in full size; without those that are not in it.

    Raises:
        InputRefused: It cannot be read.
    """
    limits = limits_for(path)
    with ExitStack() as stack:
        found = _Collected(path.name, 0)
        placed = place_listed(path, limits, stack) if is_listed(path) else found.place(path, limits, stack)
        wanted = [part for part in placed if part.entry.label in set(ids)]
        return {part.entry.label: part.source.read(part.entry).pixels for part in wanted}


def as_grey(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The mean of the channels of a picture (H, W, 3), as (H, W, 1)."""
    return np.asarray(np.rint(pixels.mean(axis=2, keepdims=True)), np.uint8)


def marked_in(picture: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Which pixels of the grey picture of a mask (H, W) are marked.

    Grey levels come from resizing and compression: the brighter half of them is marked. Small values alone are numbers
    of kinds of defects, and each of them is marked.
    """
    brightest = int(picture.max())
    return np.asarray(picture > (brightest / 2 if brightest > KINDS_MAX else 0))


def squeeze_mask(mask: NDArray[np.bool_], size: int) -> NDArray[np.bool_]:
    """Resize a mask (H, W) to a square: pixels that are at least half covered, or the most covered ones if none is."""
    if mask.shape == (size, size) or not mask.any():
        return mask if mask.shape == (size, size) else np.zeros((size, size), bool)
    covered = Image.fromarray(mask.astype(np.float32)).resize((size, size), Image.Resampling.BILINEAR)
    share = np.asarray(covered)
    return np.asarray(share >= min(0.5, 0.999 * float(share.max())))
