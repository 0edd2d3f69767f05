"""Pictures that visitors agreed to leave here: made anew from pixels, under names of ours, deleted with their row."""

from __future__ import annotations

import io
import math
import os
import time
from collections.abc import Collection
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.contracts import N_, ImageSample
from core.errors import StoreError
from core.intake.images import read_image
from core.settings import settings
from core.store import files
from core.training.run import CORRECTIONS

KEPT_SIDE = 1024
"""Longest side in pixels of a kept picture: more than any network here looks at, and a bound on the disk."""
_YOUNG_S = 3600.0
"""A file is written just before its row is there."""
_NAME_BYTES = 200


def write(stored: str, pixels: NDArray[np.uint8]) -> None:
    """Keep a picture (H, W, 3) as `stored`, written through to the disk; the bytes that were sent are never kept.

    Raises:
        StoreError: the disk is full or cannot be written; nothing is left.
    """
    grey = np.array_equal(pixels[..., 0], pixels[..., 1]) and np.array_equal(pixels[..., 0], pixels[..., 2])
    image = Image.fromarray(np.ascontiguousarray(pixels[..., 0]) if grey else pixels)
    scale = KEPT_SIDE / max(image.size)
    if scale < 1:
        width, height = (math.ceil(side * scale) for side in image.size)
        image = image.resize((width, height), Image.Resampling.BOX)
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    path = _folder() / stored
    try:
        files.make_folder(path.parent)
        path.write_bytes(buffer.getvalue())
        files.sync_file(path)
        files.sync_file(path.parent)
    except OSError as error:
        path.unlink(missing_ok=True)
        raise StoreError(
            "corrections.unwritable", N_("The picture could not be written to the disk."), N_("Free some space.")
        ) from error


def read(stored: str) -> ImageSample:
    """A kept picture; raises `StoreError` when it is gone."""
    try:
        data = (_folder() / stored).read_bytes() if stored else b""
    except FileNotFoundError:
        data = b""
    if not data:
        raise StoreError("corrections.no_picture", N_("The picture of this correction is not kept here any more."))
    return read_image(data, Path(stored).name)


def remove(stored: Collection[str]) -> None:
    """Delete pictures, and what jobs that are kept for a while, and runs of the command line, hold of them."""
    home = settings().home
    for name in filter(None, stored):
        (_folder() / name).unlink(missing_ok=True)
        copies = f"{CORRECTIONS}/*/{Path(name).name}"
        for copy in (*home.glob(f"jobs/*/run/{copies}"), *home.glob(f"runs/*/{copies}")):
            copy.unlink(missing_ok=True)


def strays(known: Collection[str]) -> list[str]:
    """Pictures that none of `known` names; not those that are being written just now."""
    found = [path for path in _folder().glob("*/*.png") if path.relative_to(_folder()).as_posix() not in known]
    return [path.relative_to(_folder()).as_posix() for path in found if time.time() - path.stat().st_mtime > _YOUNG_S]


def lay_out(labelled: Collection[tuple[str, str]], target: Path) -> int:
    """Copy pictures, given as (label, stored), to `<label>/<id>.png` below `target`; returns how many.

    What an earlier attempt left there is removed. A label that is no plain name of a folder is left out.
    """
    for path in target.glob("*/*.png"):
        path.unlink(missing_ok=True)
    written = 0
    for label, stored in labelled:
        if not _folder_name(label):
            continue
        try:
            data = (_folder() / stored).read_bytes()
        except FileNotFoundError:  # deleted since it was listed
            continue
        place = target / label / Path(stored).name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
        written += 1
    return written


def _folder() -> Path:
    return settings().home / "corrections"


def _folder_name(label: str) -> bool:
    """Whether a label can be the name of a folder as it is."""
    plain = label not in ("", ".", "..") and not set(label) & {"/", "\\", "\0"}
    return plain and len(os.fsencode(label)) <= _NAME_BYTES
