"""Which images show good parts, which defects, which are masks: the layouts of inspection images."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.contracts import N_, Message, Refusal
from core.data.layout import SPLIT_NAMES
from core.errors import InputRefused
from core.intake.archives import ImageSource
from core.intake.listing import ImageEntry

GOOD = "good"
DEFECT = "defect"
"""Type of a defect of which nobody says what kind it is."""
GOOD_NAMES = frozenset(
    {"good", "ok", "normal", "free", "fine", "defect-free", "defect_free", "良品", "合格", "合格品", "正常"}
)
BAD_NAME = re.compile(
    "abnormal|anomal(y|ies|ous)|bad|broken|cracks?|damaged?|defect(s|ive)?|dents?|faulty|ng|nok|rejects?|scrap"
    "|scratch(es|ed)?|stains?|不良品?|不合格品?|划[伤痕]|异常|次品|瑕疵|缺陷",
    re.IGNORECASE,
)
"""Folders that cannot be meant to hold good parts, even where they are the only one."""
PLAIN_NAMES = frozenset({"images", "imgs"})
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
    """`good`, or the name of the defect; empty where only the mask can tell: it is black for a good part."""
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
    notices: tuple[Message, ...] = ()


def place_parts(source: ImageSource, name: str) -> Placement:
    """Read from the folders what every image shows.

    Folders that wrap everything are passed over. Without any folder of a known name all images show good parts, as
    long as they lie together and have no masks beside them.

    Raises:
        InputRefused: The folders do not tell good parts from others, or hold several products.
    """
    entries = source.entries
    depth = _wrapping_depth(entries)
    _refuse_several(entries, depth, name)
    words = {folder.lower() for entry in entries for folder in entry.folders[depth:]}
    told = bool(words & (GOOD_NAMES | MASK_NAMES | SPLIT_NAMES.keys()))
    beside = _beside(entries)
    if not told:
        _refuse_untold(entries, depth, beside, name)
    images: list[tuple[ImageEntry, str, str]] = []
    masks: list[tuple[ImageEntry, str]] = []
    outside: list[Refusal] = []
    lone: list[str] = []
    for entry in entries:
        kind, split, found = _read_folders(entry.folders[depth:] if told else ())
        if kind == "mask":
            masks.append((entry, found))
        elif entry in beside.masks:
            continue
        elif beside.of and found not in ("", GOOD) and mask_of(entry.name):
            lone.append(entry.label)
        elif found or entry in beside.of:
            images.append((entry, split, found))
        elif split == "test":
            outside.append(_outside(entry))
        else:
            images.append((entry, split, GOOD))
    matched, others = _match(images, masks)
    matched |= beside.of
    parts = tuple(PlacedPart(source, entry, split, kind, matched.get(entry)) for entry, split, kind in images)
    notices = () if told or beside.of else _taken_as_good(entries, depth)
    return Placement(parts, tuple(outside), (*lone, *others), notices)


@dataclass(frozen=True)
class _Beside:
    """Masks that lie in the folder of their image, called like it with `_mask`, `_gt` or `_label` behind it."""

    of: Mapping[ImageEntry, ImageEntry]
    masks: frozenset[ImageEntry]


def _beside(entries: Sequence[ImageEntry]) -> _Beside:
    by_stem: dict[tuple[tuple[str, ...], str], list[ImageEntry]] = {}
    for entry in entries:
        by_stem.setdefault((entry.folders, _stem(entry)), []).append(entry)
    found: dict[ImageEntry, ImageEntry] = {}
    for entry in entries:
        base = mask_of(entry.name)
        images = by_stem.get((entry.folders, base), []) if base else []
        if len(images) == 1 and not MASK_NAMES & {folder.lower() for folder in entry.folders}:
            found[images[0]] = entry
    return _Beside(found, frozenset(found.values()))


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
    rest = [folder for folder in rest if folder.lower() not in PLAIN_NAMES]
    if not rest:
        return "part", split, ""
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


def _refuse_untold(entries: Sequence[ImageEntry], depth: int, beside: _Beside, name: str) -> None:
    """Refuse images that no folder calls good when they cannot be taken for it, and no mask beside each tells."""
    images = [entry for entry in entries if entry not in beside.masks]
    apart = len({entry.folders[depth:] for entry in entries}) > 1
    bad = any(BAD_NAME.fullmatch(folder) for entry in entries[:1] for folder in entry.folders[:depth])
    if bad or (apart and not all(entry in beside.of for entry in images)):
        raise untold(name)


def _taken_as_good(entries: Sequence[ImageEntry], depth: int) -> tuple[Message, ...]:
    """Say that the one folder of everything is taken to hold good parts."""
    folders = [folder for folder in entries[0].folders[:depth] if folder.lower() not in PLAIN_NAMES] if entries else []
    if not folders:
        return ()
    return (Message(N_("The images of the folder {folder} are taken for good parts."), {"folder": folders[-1]}),)


def untold(name: str) -> InputRefused:
    """The refusal of a collection in which nothing says which images show good parts."""
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
