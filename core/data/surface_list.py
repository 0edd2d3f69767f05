"""Parts that a table lists, with archives of images beside it: how the magnetic tiles are handed round."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from core.contracts import N_, Message
from core.data.layout import SPLIT_NAMES
from core.data.surface_layout import GOOD, GOOD_NAMES, PlacedPart
from core.errors import InputRefused
from core.intake.archives import ImageSource, open_zip
from core.intake.listing import ImageEntry
from core.intake.tables import read_table
from core.settings import Limits

LIST: Final = "labels.csv"
"""Table with a row for each image: the zip beside it that holds the image, its name there, that of its mask (empty
where there is none), its class and its split."""
_COLUMNS: Final = ("archive", "image", "mask", "class", "split")


def is_listed(path: Path) -> bool:
    """Whether a table says what the images at `path` are."""
    return path.is_dir() and (path / LIST).is_file()


def place_listed(path: Path, limits: Limits, stack: ExitStack) -> list[PlacedPart]:
    """Every image of the table in its place; `stack` closes the archives.

    Raises:
        InputRefused: The table lacks a column, or names what is not there.
    """
    frame = read_table(path / LIST, LIST, limits).frame
    missing = [name for name in _COLUMNS if name not in frame.columns]
    if missing:
        raise _unlisted(Message(N_("there is no column {column}"), {"column": missing[0]}))
    archives: dict[str, tuple[ImageSource, Mapping[str, ImageEntry]]] = {}
    for name in sorted(set(frame["archive"])):
        if Path(name).name != name or not (path / name).is_file():
            raise _unlisted(Message(N_("there is no file {name}"), {"name": name}))
        source = stack.enter_context(open_zip(path / name, name, limits))
        archives[name] = source, {entry.label: entry for entry in source.entries}
    rows = zip(*(frame[name].astype(str) for name in _COLUMNS), strict=True)
    return [_placed(cells, *archives[archive]) for archive, *cells in rows]


def _placed(cells: Sequence[str], source: ImageSource, entries: Mapping[str, ImageEntry]) -> PlacedPart:
    image, mask, kind, split = cells
    for name in (image, mask):
        if name and name not in entries:
            raise _unlisted(Message(N_("there is no file {name}"), {"name": name}))
    if split.lower() not in SPLIT_NAMES:
        raise _unlisted(Message(N_("there is no split called {name}"), {"name": split}))
    kind = GOOD if kind.lower() in GOOD_NAMES else kind
    return PlacedPart(source, entries[image], SPLIT_NAMES[split.lower()], kind, entries[mask] if mask else None)


def _unlisted(why: Message) -> InputRefused:
    return InputRefused(
        "data.list",
        Message(N_("{name} does not describe the images beside it: {why}."), {"name": LIST, "why": why}),
        Message(N_("Lay the data down as they were handed round, or as folders train/good and test/<defect>.")),
    )
