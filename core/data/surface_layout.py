"""Which images show good parts, which defects, which are masks: the layouts of inspection images."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from core.contracts import N_, Message, Refusal
from core.data.layout import SPLIT_NAMES
from core.errors import InputRefused
from core.intake.archives import ImageSource
from core.intake.listing import ImageEntry

GOOD = "good"
GOOD_NAMES = frozenset({"good", "ok", "normal", "free", "fine", "defect-free", "defect_free"})
MASK_NAMES = frozenset({"ground_truth", "groundtruth", "ground-truth", "masks", "mask", "gt"})
WANTED = N_(
    "Lay the images out like this:\ntrain/good/1.png, train/good/2.png, ...\ntest/good/3.png, test/scratch/4.png, ...\n"
    "ground_truth/scratch/4_mask.png, ...\nor send images of good parts alone, without folders."
)
_MASK_ENDING = re.compile(r"[_-](mask|gt|label)$", re.IGNORECASE)


@dataclass(frozen=True)
class PlacedPart:
    """One image of a collection with its place in the data."""

    source: ImageSource
    entry: ImageEntry
    split: str
    """`train`, `validation`, `test`, or `all` when the data carries no split."""
    type: str
    """`good`, or the name of the defect."""
    mask: ImageEntry | None = None
    """The picture of where the defect is."""


@dataclass(frozen=True)
class Placement:
    """A whole collection in its places."""

    parts: tuple[PlacedPart, ...]
    outside: tuple[Refusal, ...]
    """Images of which nobody says whether they show good parts."""
    lone_masks: tuple[str, ...]
    """Masks that belong to no image."""


def place_parts(source: ImageSource, name: str) -> Placement:
    """Read from the folders what every image shows.

    Folders that wrap everything are passed over. Without any folder of a known name all images show good parts, as
    long as they lie together.

    Raises:
        InputRefused: The folders do not tell good parts from others, or hold several products.
    """
    entries = source.entries
    depth = _wrapping_depth(entries)
    _refuse_several(entries, depth, name)
    words = {folder.lower() for entry in entries for folder in entry.folders[depth:]}
    told = bool(words & (GOOD_NAMES | MASK_NAMES | SPLIT_NAMES.keys()))
    if not told and len({entry.folders[depth:] for entry in entries}) > 1:
        raise _untold(name)
    images: list[tuple[ImageEntry, str, str]] = []
    masks: list[tuple[ImageEntry, str]] = []
    outside: list[Refusal] = []
    for entry in entries:
        folders = entry.folders[depth:] if told else ()
        kind, split, found = _read_folders(folders)
        if kind == "mask":
            masks.append((entry, found))
        elif found:
            images.append((entry, split, found))
        else:
            outside.append(_outside(entry))
    matched, lone = _match(images, masks)
    parts = tuple(PlacedPart(source, entry, split, kind, matched.get(entry)) for entry, split, kind in images)
    return Placement(parts, tuple(outside), tuple(lone))


def _read_folders(folders: Sequence[str]) -> tuple[str, str, str]:
    """What an image is (`part` or `mask`), its split, and its type; the type is empty when nothing says it."""
    lower = [folder.lower() for folder in folders]
    at = next((place for place, folder in enumerate(lower) if folder in MASK_NAMES), None)
    if at is not None:
        rest = [folder for folder in folders[at + 1 :] if folder.lower() not in SPLIT_NAMES]
        return "mask", "", rest[0] if rest else ""
    split, rest = "all", list(folders)
    if lower and lower[0] in SPLIT_NAMES:
        split, rest = SPLIT_NAMES[lower[0]], rest[1:]
    rest = [folder for folder in rest if folder.lower() not in {"images", "imgs"}]
    if not rest:
        return "part", split, "" if split == "test" else GOOD
    return "part", split, GOOD if rest[0].lower() in GOOD_NAMES else rest[0]


def _match(
    images: Sequence[tuple[ImageEntry, str, str]], masks: Sequence[tuple[ImageEntry, str]]
) -> tuple[dict[ImageEntry, ImageEntry], list[str]]:
    """Masks by their image: of the same type and name, or of the same name where only one image has it."""
    by_type: dict[tuple[str, str], list[ImageEntry]] = {}
    for entry, _, kind in images:
        for key in {(kind.lower(), _stem(entry)), ("", _stem(entry))}:
            by_type.setdefault(key, []).append(entry)
    matched: dict[ImageEntry, ImageEntry] = {}
    lone = []
    for mask, folder in masks:
        stem = _MASK_ENDING.sub("", _stem(mask))
        kind = GOOD if folder.lower() in GOOD_NAMES else folder.lower()
        found = by_type.get((kind, stem)) or by_type.get((kind, _stem(mask))) or []
        found = [entry for entry in found if entry not in matched]
        if len(found) == 1:
            matched[found[0]] = mask
        else:
            lone.append(mask.label)
    return matched, lone


def mask_of(name: str) -> str:
    """Stem, in lower case, of the image that a file is called the mask of; empty when its name says nothing of one."""
    stem = (name.rpartition(".")[0] or name).lower()
    bare = _MASK_ENDING.sub("", stem)
    return bare if bare != stem else ""


def _stem(entry: ImageEntry) -> str:
    return entry.name.rpartition(".")[0].lower() or entry.name.lower()


def _wrapping_depth(entries: Sequence[ImageEntry]) -> int:
    """Number of outer folders that all images share and that say nothing of them."""
    depth = 0
    known = GOOD_NAMES | MASK_NAMES | SPLIT_NAMES.keys()
    while entries:
        outermost = {entry.folders[depth] if len(entry.folders) > depth else "" for entry in entries}
        name = next(iter(outermost))
        if len(outermost) != 1 or not name or name.lower() in known:
            break
        depth += 1
    return depth


def _refuse_several(entries: Sequence[ImageEntry], depth: int, name: str) -> None:
    """Refuse a collection of several products, each with splits of its own."""
    products = {
        entry.folders[depth]
        for entry in entries
        if len(entry.folders) > depth + 1 and entry.folders[depth + 1].lower() in SPLIT_NAMES
    }
    if len(products) > 1:
        raise InputRefused(
            "data.several_parts",
            Message(
                N_("{name}: it holds several products: {found}."),
                {"name": name, "found": ", ".join(sorted(products)[:5])},
            ),
            Message(N_("A model knows one product; send the folder of one of them.")),
        )


def _untold(name: str) -> InputRefused:
    return InputRefused(
        "data.no_good_parts",
        Message(N_("{name}: no folder says which images show good parts."), {"name": name}),
        Message(WANTED),
    )


def _outside(entry: ImageEntry) -> Refusal:
    return Refusal(
        entry.label,
        "data.part_unknown",
        Message(N_("{name}: no folder says whether it shows a good part or a defect."), {"name": entry.label}),
        Message(WANTED),
    )
