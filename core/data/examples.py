"""The pictures behind the rows of an evaluation: from a public data set on this machine, or kept with the version.

A row names its picture by an id. In a public data set the picture's content has to be the one that was measured too, so
that another edition of the data never passes for it. Pictures of what somebody sent are kept, small, only if whoever
trained agreed.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.contracts import N_, Evaluation, Message
from core.data import layout, medmnist
from core.data.catalog import DATA_SETS, DataSet, limits_for, local_path
from core.data.duplicates import content_hash
from core.data.images import open_sources, sole_file
from core.data.surfaces import read_pictures
from core.errors import InputRefused, ModelRefused
from core.intake.images import read_image

EXAMPLES = "examples.npz"
"""File in a checkpoint with small pictures of the test examples."""
CONTENT = "content"
"""Column of an evaluation table with the hashes of its pictures, where they come from a public data set."""
KEPT_SIDE = 96
"""Longest side in pixels of a kept picture."""
KEPT_MAX = 2000
_QUALITY = 85

Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Pictures:
    """What could be found of the pictures that were asked for."""

    found: Mapping[str, Pixels]
    """Id -> (H, W, 3)."""
    small: frozenset[str]
    """Ids of those that are there in `KEPT_SIDE` pixels only."""
    hint: Message | None
    """How to get the others; None when all are here."""


def pictures(evaluation: Evaluation, ids: Sequence[str], folder: Path) -> Pictures:
    """The pictures of some rows of an evaluation.

    Args:
        evaluation: Whose table holds the ids.
        ids: Of the rows.
        folder: Of the version that the evaluation lies with.
    """
    contents = _contents(evaluation, ids)
    found = _public(evaluation.data.name, contents)
    missing = [image_id for image_id in ids if image_id not in found]
    small = _kept(folder, missing) if missing else {}
    left = len(missing) - len(small)
    return Pictures({**found, **small}, frozenset(small), _hint(evaluation.data.name, bool(contents)) if left else None)


def keep(folder: Path, ids: Sequence[str], pixels: Pixels) -> int:
    """Keep small pictures with a checkpoint; returns how many.

    Args:
        folder: The checkpoint.
        ids: Of the rows of its evaluation, those that matter most first; at most `KEPT_MAX` are kept.
        pixels: (N, S, S, 1 or 3), in the order of `ids`.
    """
    files = [_encoded(image) for image in pixels[:KEPT_MAX]]
    ends = np.cumsum([len(file) for file in files], dtype=np.int64)
    data = np.frombuffer(b"".join(files), np.uint8)
    np.savez(folder / EXAMPLES, allow_pickle=False, id=np.array(ids[:KEPT_MAX], np.str_), end=ends, data=data)
    return len(files)


def _encoded(image: Pixels) -> bytes:
    picture = Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image)
    picture.thumbnail((KEPT_SIDE, KEPT_SIDE), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=_QUALITY)
    return buffer.getvalue()


def _kept(folder: Path, ids: Sequence[str]) -> dict[str, Pixels]:
    """Those of `ids` that were kept with the version; raises `ModelRefused` when the file is damaged."""
    path = folder / EXAMPLES
    if not path.is_file():
        return {}
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            names, ends, data = (archive[name] for name in ("id", "end", "data"))
        place = {str(name): row for row, name in enumerate(names)}
        rows = {image_id: place[image_id] for image_id in ids if image_id in place}
        begins = np.concatenate([[0], ends])
        return {
            image_id: read_image(data[begins[row] : ends[row]].tobytes(), image_id).pixels
            for image_id, row in rows.items()
        }
    except (OSError, ValueError, KeyError, IndexError, EOFError, BadZipFile, InputRefused) as error:
        raise ModelRefused(
            "model.examples_damaged", N_("The pictures kept with this version cannot be read."), N_("Train it again.")
        ) from error


def _contents(evaluation: Evaluation, ids: Sequence[str]) -> dict[str, str]:
    """Id -> hash of its picture; empty when the data were not public."""
    if CONTENT not in evaluation.table:
        return {}
    wanted = set(ids)
    names = zip(evaluation.table["id"], evaluation.table[CONTENT], strict=True)
    return {str(name): str(content) for name, content in names if str(name) in wanted}


def _public(name: str, contents: Mapping[str, str]) -> dict[str, Pixels]:
    """Pictures with these ids and contents in the data sets of this machine, first the one called `name`."""
    found: dict[str, Pixels] = {}
    holds = next((entry.holds for entry in DATA_SETS if entry.name == name), "images")
    # Only the set itself can be one that is made here, which is made when it is asked for.
    alike = [entry for entry in DATA_SETS if entry.holds == holds and (entry.name == name or not entry.made_by)]
    for entry in sorted(alike, key=lambda entry: entry.name != name):
        path = local_path(entry.name)
        wanted = [image_id for image_id in contents if image_id not in found]
        if path is None or not wanted:
            continue
        try:
            read = read_pictures(path, wanted) if holds == "parts" else _read(path, wanted)
        except InputRefused:  # a damaged or foreign file: as good as absent
            continue
        found |= {image_id: one for image_id, one in read.items() if content_hash(one).hex() == contents[image_id]}
    return found


def _read(path: Path, ids: Sequence[str]) -> dict[str, Pixels]:
    limits, path = limits_for(path), sole_file(path)
    if path.suffix.lower() == ".npz":
        return medmnist.read_some(path, limits, ids)
    found: dict[str, Pixels] = {}
    with ExitStack() as stack:
        for source, split in open_sources(path, limits, {image_id.partition("/")[0] for image_id in ids}):
            stack.enter_context(source)
            wanted = set(ids) - found.keys()
            for item in layout.place(source, split)[0] if wanted else ():
                if item.id in wanted:
                    found[item.id] = source.read(item.entry).pixels
    return found


def _hint(name: str, public: bool) -> Message:
    """How to get pictures that are not here."""
    entry: DataSet | None = next((known for known in DATA_SETS if known.name == name), None)
    if not public:
        return Message(
            N_(
                "Pictures that somebody sent are not kept, unless the training was told to: switch on “Keep small "
                "pictures of the test images” and train again."
            )
        )
    if entry is not None and entry.files:
        return Message(
            N_("The pictures lie in the data set {name}, which is not here: `python -m core fetch {name}` brings it."),
            {"name": name},
        )
    return Message(
        N_("The pictures lie in the data set {name}, which is not below the folder named by VITRINE_DATA."),
        {"name": name},
    )
