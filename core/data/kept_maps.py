"""Maps of the test images that a version is worst at, kept small with it: where it saw something, and where it was.

A map is no picture: it can be kept of images whose pictures are not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.contracts import N_
from core.data.surfaces import squeeze_mask
from core.errors import ModelRefused
from core.store.sealed import name_file

MAPS = "maps.npz"
"""File in a checkpoint, covered by its manifest."""
SIDE = 128
KEPT_MAX = 96


@dataclass(frozen=True)
class KeptMap:
    """What a version made of one image."""

    values: NDArray[np.float32]
    """Shape (S, S), in [0, 1], to be stretched over the image."""
    mask: NDArray[np.bool_] | None
    """Shape (S, S): where the defect is; None where nobody says, as of a good part."""


@dataclass(frozen=True)
class KeptMaps:
    """What is kept of a version."""

    threshold: float
    """Values from which on a place is outlined."""
    of: Mapping[str, KeptMap]
    """By the id of the image."""


def keep_maps(
    folder: Path,
    ids: Sequence[str],
    maps: NDArray[np.floating],
    masks: Sequence[NDArray[np.bool_] | None],
    threshold: float,
) -> None:
    """Keep maps with a checkpoint.

    Args:
        folder: The checkpoint, with its manifest.
        ids: Of the images, at most `KEPT_MAX` of which are kept.
        maps: Shape (N, S, S), in [0, 1].
        masks: Shape (S, S) each; None where nothing is known to be defective.
        threshold: Values from which on a place is outlined.
    """
    small = [_small(values) for values in maps[:KEPT_MAX]]
    outlines = [_small_mask(mask) for mask in masks[:KEPT_MAX]]
    np.savez_compressed(
        folder / MAPS,
        allow_pickle=False,
        id=np.array(ids[:KEPT_MAX], np.str_),
        values=np.array(small, np.uint8).reshape(-1, SIDE, SIDE),
        mask=np.packbits(np.array(outlines, bool).reshape(-1, SIDE, SIDE), axis=2),
        threshold=np.float64(threshold),
    )
    name_file(folder, MAPS)


def kept_maps(folder: Path) -> KeptMaps | None:
    """What `keep_maps` wrote; None where a version has none.

    Raises:
        ModelRefused: The file is damaged.
    """
    if not (folder / MAPS).is_file():
        return None
    try:
        with (folder / MAPS).open("rb") as file, np.load(file, allow_pickle=False) as archive:
            ids, values, packed = (archive[name] for name in ("id", "values", "mask"))
            masks = np.unpackbits(packed, axis=2).astype(bool)
            found = {
                str(image_id): KeptMap(one.astype(np.float32) / 255, mask if mask.any() else None)
                for image_id, one, mask in zip(ids, values, masks, strict=True)
            }
            return KeptMaps(float(archive["threshold"]), found)
    except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
        raise ModelRefused(
            "model.maps_damaged", N_("The maps kept with this version cannot be read."), N_("Train it again.")
        ) from error


def _small(values: NDArray[np.floating]) -> NDArray[np.uint8]:
    small = Image.fromarray(values.astype(np.float32)).resize((SIDE, SIDE), Image.Resampling.BILINEAR)
    return np.asarray(np.rint(255 * np.clip(np.asarray(small), 0, 1)), np.uint8)


def _small_mask(mask: NDArray[np.bool_] | None) -> NDArray[np.bool_]:
    return np.zeros((SIDE, SIDE), bool) if mask is None else squeeze_mask(mask, SIDE)
