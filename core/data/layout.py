"""Which folder is the class and which the split: the layouts in which labelled images are handed round."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.contracts import N_, Message, Refusal
from core.errors import InputRefused
from core.intake.archives import ImageSource
from core.intake.listing import ImageEntry

SPLIT_NAMES = {
    "train": "train",
    "training": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "dev": "validation",
    "test": "test",
    "testing": "test",
}
"""Folder name, lower case -> split."""

WANTED_LAYOUT = N_(
    "Make one folder per class:\nnormal/scan1.png, normal/scan2.png, ...\npneumonia/scan3.png, pneumonia/scan4.png, ..."
)


@dataclass(frozen=True)
class Placed:
    """One image of a collection with its place in the data."""

    source: ImageSource
    entry: ImageEntry
    split: str
    """`train`, `validation`, `test`, or `all` when the data carries no split."""
    label: str
    id: str


def place(source: ImageSource, split: str = "") -> tuple[list[Placed], list[Refusal]]:
    """Read split and class of every image from its folders.

    Folders that wrap everything are passed over. Below the split, the outermost folder is the class.

    Args:
        source: The collection.
        split: The split of the whole collection when its own name said so, else empty.

    Returns:
        The images with a class, and the others as refusals.
    """
    entries = source.entries
    depth = 0 if split else _wrapping_depth(entries)
    own_splits = not split and _has_splits(entries, depth)
    if split:
        depth = _wrapping_depth(entries)
    placed, refused = [], []
    for entry in entries:
        folders = entry.folders[depth:]
        name, rest = split or "all", folders
        if own_splits and folders:
            name, rest = SPLIT_NAMES.get(folders[0].lower(), ""), folders[1:]
        if not name or not rest:
            refused.append(_outside(entry))
            continue
        prefix = f"{split}/" if split else ""
        placed.append(Placed(source, entry, name, rest[0], prefix + entry.label))
    return placed, refused


def no_classes(name: str) -> InputRefused:
    """The refusal of a collection in which no image lies in a class folder."""
    return InputRefused(
        "data.no_classes",
        Message(N_("{name}: the images do not lie in one folder per class."), {"name": name}),
        Message(WANTED_LAYOUT),
    )


def _wrapping_depth(entries: Sequence[ImageEntry]) -> int:
    """Number of outer folders that all images share and that cannot be a class or a split."""
    depth = 0
    while entries:
        outermost = {entry.folders[depth] if len(entry.folders) > depth else "" for entry in entries}
        deeper = all(len(entry.folders) > depth + 1 for entry in entries)
        if len(outermost) != 1 or not deeper or next(iter(outermost)).lower() in SPLIT_NAMES:
            break
        depth += 1
    return depth


def _has_splits(entries: Sequence[ImageEntry], depth: int) -> bool:
    """Whether the folders at this depth name splits: all of them, or train and one more."""
    found = {entry.folders[depth].lower() for entry in entries if len(entry.folders) > depth + 1}
    splits = {SPLIT_NAMES[name] for name in found if name in SPLIT_NAMES}
    return bool(found) and (found <= SPLIT_NAMES.keys() or ("train" in splits and len(splits) > 1))


def _outside(entry: ImageEntry) -> Refusal:
    return Refusal(
        entry.label,
        "data.no_class_folder",
        Message(N_("{name}: it does not lie in a class folder."), {"name": entry.label}),
        Message(WANTED_LAYOUT),
    )
