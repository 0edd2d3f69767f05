"""How much a verdict depends on how a picture was taken: the same images darker, blurred, turned and so on.

A task measures its model under each disturbance; a checkpoint keeps the figures in `robustness.json`.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage as untyped_ndimage

from core.contracts import N_, DataInfo, Message, Metric
from core.errors import ModelRefused
from core.intake.images import read_image
from core.store.sealed import name_file

ndimage: Any = untyped_ndimage
"""SciPy fills this module at import time, which a type checker cannot follow."""

ROBUSTNESS = "robustness.json"
"""File in a checkpoint, covered by its manifest."""
AS_TAKEN: Final = "as_taken"
"""The row of the images as they are."""
DISTURBANCES: Final[Mapping[str, float]] = {
    "darker": 0.7,
    "brighter": 1.3,
    "blurred": 0.005,
    "shifted": 0.03,
    "turned": 3.0,
    "jpeg": 30.0,
}
"""Name -> strength: factor of the brightness, twice; standard deviation of the blur and shift, both as a share of the
side; degrees; quality of the JPEG."""
DISTURBANCE_NAMES: Final[Mapping[str, str]] = {
    AS_TAKEN: N_("As taken"),
    "darker": N_("Darker, {strength:g} of the light"),
    "brighter": N_("Brighter, {strength:g} of the light"),
    "blurred": N_("Blurred, {strength:.1%} of the side"),
    "shifted": N_("Shifted, {strength:.0%} of the side"),
    "turned": N_("Turned, {strength:g} degrees"),
    "jpeg": N_("JPEG of quality {strength:g}"),
}
"""Name -> its title, in which the strength stands."""


@dataclass(frozen=True)
class Disturbed:
    """What a model does with images that were changed in one way."""

    name: str
    """`AS_TAKEN` or one of `DISTURBANCES`."""
    strength: float
    metrics: Mapping[str, Metric]
    """Metrics by the names of the task's evaluation."""
    n: int

    @property
    def title(self) -> Message:
        """The disturbance and its strength, for a visitor."""
        return Message(DISTURBANCE_NAMES[self.name], {"strength": self.strength})


@dataclass(frozen=True)
class Robustness:
    """Figures of the same images under every disturbance; the first row is that of the images as taken."""

    rows: tuple[Disturbed, ...]
    data: DataInfo
    """Which images; `n` of them."""
    seed: int


def disturb(pixels: NDArray[np.uint8], name: str, strength: float, way: int = 1) -> NDArray[np.uint8]:
    """A picture as it would be had it been taken otherwise.

    What a shift or a turn brings into the picture is the mirrored content beside it, as the picture holds no other.

    Args:
        pixels: Shape (H, W, C), uint8, C of 1 or 3.
        name: `AS_TAKEN` or one of `DISTURBANCES`.
        strength: In the unit of the disturbance.
        way: 1 or -1: which way it is shifted or turned.

    Raises:
        KeyError: There is no such disturbance.
    """
    side = max(pixels.shape[:2])
    if name == AS_TAKEN:
        return pixels
    if name in ("darker", "brighter"):
        return _as_pixels(pixels * np.float32(strength))
    if name == "blurred":
        return _as_pixels(ndimage.gaussian_filter(pixels.astype(np.float32), (strength * side, strength * side, 0)))
    if name == "shifted":
        moved = (way * strength * side, way * strength * side, 0)
        return _as_pixels(ndimage.shift(pixels.astype(np.float32), moved, order=1, mode="mirror"))
    if name == "turned":
        turned = ndimage.rotate(pixels.astype(np.float32), way * strength, reshape=False, order=1, mode="mirror")
        return _as_pixels(turned)
    if name == "jpeg":
        return _as_jpeg(pixels, int(strength))
    raise KeyError(name)


def _as_pixels(values: NDArray[np.floating]) -> NDArray[np.uint8]:
    return np.asarray(np.clip(np.rint(values), 0, 255), np.uint8)


def _as_jpeg(pixels: NDArray[np.uint8], quality: int) -> NDArray[np.uint8]:
    buffer = io.BytesIO()
    Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels).save(buffer, "JPEG", quality=quality)
    return read_image(buffer.getvalue(), "disturbed.jpg").pixels[..., : pixels.shape[2]]


def save_robustness(folder: Path, found: Robustness) -> None:
    """Write the figures into a checkpoint and its manifest."""
    stored = {
        "data": {
            "name": found.data.name,
            "split": found.data.split,
            "n": found.data.n,
            "fingerprint": found.data.fingerprint,
        },
        "seed": found.seed,
        "rows": [
            {
                "name": row.name,
                "strength": row.strength,
                "n": row.n,
                "metrics": {name: metric.as_dict() for name, metric in row.metrics.items()},
            }
            for row in found.rows
        ],
    }
    (folder / ROBUSTNESS).write_text(json.dumps(stored, indent=1) + "\n", encoding="utf-8")
    name_file(folder, ROBUSTNESS)


def load_robustness(folder: Path) -> Robustness | None:
    """What `save_robustness` wrote; None where a version has none.

    Raises:
        ModelRefused: The file is damaged.
    """
    if not (folder / ROBUSTNESS).is_file():
        return None
    try:
        stored = json.loads((folder / ROBUSTNESS).read_text(encoding="utf-8"))
        rows = tuple(_row(entry) for entry in stored["rows"])
        return Robustness(rows, DataInfo(**stored["data"]), int(stored["seed"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelRefused(
            "model.robustness_damaged",
            Message(N_("The stored robustness of this version cannot be read.")),
            Message(N_("Train the version again, or choose another one.")),
        ) from error


def _row(entry: Mapping[str, Any]) -> Disturbed:
    name, metrics = str(entry["name"]), {key: Metric(**metric) for key, metric in entry["metrics"].items()}
    if name not in DISTURBANCE_NAMES:
        raise KeyError(name)
    return Disturbed(name, float(entry["strength"]), metrics, int(entry["n"]))
