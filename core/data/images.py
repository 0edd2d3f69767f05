"""Labelled images from a folder, a zip or a MedMNIST file, straight into one array per split."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.contracts import Message, Refusal
from core.data import layout, medmnist
from core.data.catalog import is_public, limits_for
from core.data.check import DataReport, Examined, check
from core.data.duplicates import content_hash, duplicate_groups, fell_apart, group_for_splits, thumbnail
from core.data.pixels import is_grey, squeeze
from core.errors import InputRefused
from core.intake.archives import ImageSource, check_refused_share, open_folder, open_zip
from core.intake.labels import display_label
from core.settings import Limits

Progress = Callable[[int, int], None]
"""Called with the number of images read and of all images."""


@dataclass(frozen=True)
class ImageSet:
    """The images of one split, resized."""

    pixels: NDArray[np.uint8]
    """Shape (N, S, S, C); C is 1 when the whole data is grey, else 3."""
    targets: NDArray[np.int64]
    """Shape (N,): indices into the labels."""
    ids: tuple[str, ...]
    groups: NDArray[np.int64]
    """Shape (N,): equal for images that repeat each other, across all splits."""
    sides: NDArray[np.int64] | None = None
    """Shape (N, 2): width and height before resizing; None where they are not known any more."""
    contents: NDArray[np.str_] | None = None
    """Shape (N,): `content_hash` in hex of every image of a public data set; None for what somebody sent."""

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, rows: NDArray[np.int64]) -> ImageSet:
        """The images at these positions, in this order."""
        return ImageSet(
            self.pixels[rows],
            self.targets[rows],
            tuple(self.ids[row] for row in rows),
            self.groups[rows],
            None if self.sides is None else self.sides[rows],
            None if self.contents is None else self.contents[rows],
        )


def join_sets(parts: Sequence[ImageSet]) -> ImageSet:
    """One set of the images of several sets of the same data; what is not known of all is left out."""
    sides = [part.sides for part in parts if part.sides is not None]
    contents = [part.contents for part in parts if part.contents is not None]
    return ImageSet(
        np.concatenate([part.pixels for part in parts]),
        np.concatenate([part.targets for part in parts]),
        tuple(image_id for part in parts for image_id in part.ids),
        np.concatenate([part.groups for part in parts]),
        np.concatenate(sides) if len(sides) == len(parts) else None,
        np.concatenate(contents) if len(contents) == len(parts) else None,
    )


@dataclass(frozen=True)
class LabelledImages:
    """A whole data set in memory."""

    name: str
    labels: tuple[str, ...]
    splits: dict[str, ImageSet]
    """`train`, `validation`, `test` as far as given, or only `all`."""
    fingerprint: str
    """sha256 over ids, contents, splits and targets, in order; the same at every size."""
    report: DataReport


def read_labelled_images(
    path: Path, size: int, limits: Limits | None = None, progress: Progress | None = None
) -> LabelledImages:
    """Read a data set, resizing every image to (size, size) as it comes.

    Args:
        path: A folder or zip `<class>/*.png`, or `train|validation|test/<class>/*` (with or without a folder round
            it), a folder that holds `train.zip`, `test.zip` and so on, or a MedMNIST `.npz`.
        size: Side in pixels.
        limits: What is let through. When omitted: the settings' limits, wider ones for data that was fetched.
        progress: Told how far the reading is; may raise to stop it.

    Raises:
        InputRefused: When there are no labelled images in it, or too many of them cannot be read.
    """
    limits, label = limits or limits_for(path), display_label(path.name)
    path = sole_file(path)
    if not path.exists():
        open_folder(path, limits)
    collected = _Collected(label, size, public=is_public(path))
    if path.is_file() and path.suffix.lower() == ".npz":
        labels = medmnist.read_arrays(path, limits, collected.add, progress)
    else:
        labels = _read_files(path, limits, collected, progress)
    return collected.finish(labels)


def sole_file(path: Path) -> Path:
    """The archive in a folder that holds nothing else of use, such as a fetched data set."""
    if not path.is_dir():
        return path
    for pattern in ("*.npz", "*.zip"):
        found = sorted(path.glob(pattern))
        if len(found) == 1 and found[0].stem.lower() not in layout.SPLIT_NAMES:
            return found[0]
    return path


def _read_files(path: Path, limits: Limits, collected: _Collected, progress: Progress | None) -> tuple[str, ...]:
    """Read images from zips or folders into `collected`; returns the labels."""
    placed: list[layout.Placed] = []
    with ExitStack() as stack:
        for source, split in open_sources(path, limits):
            stack.enter_context(source)
            found, outside = layout.place(source, split)
            placed += found
            collected.refused += [*source.refused, *outside]
            collected.notices += source.notices
        if not placed:
            raise layout.no_classes(collected.name)
        labels = tuple(sorted({item.label for item in placed}))
        target_of = {label: target for target, label in enumerate(labels)}
        for done, item in enumerate(placed, start=1):
            try:
                pixels = item.source.read(item.entry).pixels
            except InputRefused as error:
                collected.refused.append(error.refusal(item.id))
            else:
                collected.add(pixels, item.split, target_of[item.label], item.id)
            if progress:
                progress(done, len(placed))
    check_refused_share(collected.name, len(collected), collected.refused)
    return labels


def open_sources(path: Path, limits: Limits, only: Collection[str] = ()) -> list[tuple[ImageSource, str]]:
    """The collections of a path, each with the split that its file name states or an empty string; to be closed.

    Of zips that state their split, `only` those of some splits can be asked for: listing a large one takes a second.
    """
    if path.is_dir():
        zips = [(file, layout.SPLIT_NAMES.get(file.stem.lower(), "")) for file in sorted(path.glob("*.zip"))]
        named = [(file, split) for file, split in zips if split]
        if named:
            wanted = [entry for entry in named if not only or entry[1] in only]
            return [(open_zip(file, file.name, limits), split) for file, split in wanted]
        return [(open_folder(path, limits), "")]
    return [(open_zip(path, path.name, limits), "")]


@dataclass
class _Collected:
    """Grows while images are read; holds one channel as long as no image had colour."""

    name: str
    size: int
    public: bool = False
    refused: list[Refusal] = field(default_factory=list)
    notices: list[Message] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    splits: list[str] = field(default_factory=list)
    targets: list[int] = field(default_factory=list)
    sides: list[tuple[int, int]] = field(default_factory=list)
    grey: list[bool] = field(default_factory=list)
    hashes: list[bytes] = field(default_factory=list)
    thumbs: list[NDArray[np.uint8]] = field(default_factory=list)
    images: list[NDArray[np.uint8]] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.ids)

    def add(self, pixels: NDArray[np.uint8], split: str, target: int, image_id: str) -> None:
        """Take one image (H, W, 3) in full size."""
        grey = is_grey(pixels)
        small = squeeze(pixels, self.size)
        self.images.append(_one_channel(small) if grey else small)
        self.hashes.append(content_hash(pixels))
        self.thumbs.append(thumbnail(pixels))
        self.sides.append((pixels.shape[1], pixels.shape[0]))
        self.grey.append(grey)
        self.splits.append(split)
        self.targets.append(target)
        self.ids.append(image_id)

    def finish(self, labels: tuple[str, ...]) -> LabelledImages:
        """Compare, check and put together."""
        if set(self.splits) == {"train"}:
            self.splits = ["all"] * len(self)  # a lone training folder is data without a split
        exact, near = duplicate_groups(self.hashes, np.stack(self.thumbs))
        groups = group_for_splits(exact, near)
        targets = np.array(self.targets, np.int64)
        rows = Examined(
            self.ids,
            self.splits,
            targets,
            exact,
            groups,
            np.array(self.sides, np.int64),
            np.array(self.grey),
            alike=int(np.count_nonzero(fell_apart(near, groups))),
        )
        report = check(rows, labels, self.refused, self.notices)
        split_of = np.array(self.splits)
        splits = {
            split: self._image_set(np.flatnonzero(split_of == split), targets, groups)
            for split in ("train", "validation", "test", "all")
            if (split_of == split).any()
        }
        return LabelledImages(self.name, labels, splits, self._fingerprint(), report)

    def _image_set(self, rows: NDArray[np.int64], targets: NDArray[np.int64], groups: NDArray[np.int64]) -> ImageSet:
        """Copy the rows into one array, letting go of each image as it is copied."""
        channels = 1 if all(self.grey) else 3
        pixels = np.empty((len(rows), self.size, self.size, channels), np.uint8)
        for at, row in enumerate(rows):
            pixels[at] = self.images[row]  # a single channel spreads over three
            self.images[row] = pixels[at]
        contents = np.array([self.hashes[row].hex() for row in rows]) if self.public else None
        ids, sides = tuple(self.ids[row] for row in rows), np.array(self.sides, np.int64)[rows]
        return ImageSet(pixels, targets[rows], ids, groups[rows], sides, contents)

    def _fingerprint(self) -> str:
        digest = hashlib.sha256()
        for image_id, split, target, content in zip(self.ids, self.splits, self.targets, self.hashes, strict=True):
            digest.update(f"{image_id}\0{split}\0{target}\0".encode() + content)
        return digest.hexdigest()


def _one_channel(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The mean of the channels of a grey picture (H, W, 3), as (H, W, 1)."""
    first = pixels[..., :1]
    if np.array_equal(first, pixels[..., 1:2]) and np.array_equal(first, pixels[..., 2:]):
        return first.copy()
    return np.asarray(np.rint(pixels.mean(axis=2, keepdims=True)), np.uint8)
