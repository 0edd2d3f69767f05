"""A small image problem that a small network learns in seconds: bright discs against bright bars."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

LABELS = ("bar", "disc")
SIDE = 48
CONFIG: dict[str, Any] = {
    "pretrained": "none",
    "architecture": "test_resnet",
    "image_size": SIDE,
    "epochs": 4,
    "batch_size": 16,
    "augmentation": "none",
}
"""A run on them that takes seconds."""


def draw(label: str, rng: np.random.Generator) -> NDArray[np.uint8]:
    """One picture, (SIDE, SIDE) grey, with noise."""
    rows, columns = np.mgrid[:SIDE, :SIDE]
    x, y = rng.uniform(0.3, 0.7, 2) * SIDE
    disc = (rows - y) ** 2 + (columns - x) ** 2 < (SIDE * 0.2) ** 2
    shape = disc if label == "disc" else np.abs(rows - y) < SIDE * 0.08
    noisy: NDArray[np.float64] = shape * 150 + 50 + rng.normal(0, 12, (SIDE, SIDE))
    return noisy.clip(0, 255).astype(np.uint8)


def write_folder(path: Path, count: int = 120, seed: int = 0) -> Path:
    """Write `count` pictures into a folder per class below `path`."""
    rng = np.random.default_rng(seed)
    for index in range(count):
        label = LABELS[index % 2]
        (path / label).mkdir(parents=True, exist_ok=True)
        Image.fromarray(draw(label, rng)).save(path / label / f"{index:04d}.png")
    return path
