"""Small labelled data sets, made in memory or below a temporary folder."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from PIL import Image

from tests.intake.pictures import encode, pack


def image(number: int, side: int = 32, colour: bool = False) -> bytes:
    """A picture that is unlike all others of another number."""
    random = np.random.default_rng(number)
    shape = (5, 6, 3) if colour else (5, 6)
    small = Image.fromarray(random.integers(0, 255, shape, dtype=np.uint8))
    return encode(small.resize((side, side), Image.Resampling.BICUBIC))


def class_folders(classes: dict[str, int], prefix: str = "", start: int = 0) -> dict[str, bytes]:
    """Entry name -> PNG, `classes` giving the number of images of each class."""
    entries, number = {}, start
    for label, count in classes.items():
        for _ in range(count):
            entries[f"{prefix}{label}/{number}.png"] = image(number)
            number += 1
    return entries


def write_zip(path: Path, entries: dict[str, bytes]) -> Path:
    path.write_bytes(pack(entries))
    return path


def write_folder(path: Path, entries: dict[str, bytes]) -> Path:
    for name, content in entries.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(content)
    return path


def write_npz(path: Path, **arrays: np.ndarray) -> Path:
    out = io.BytesIO()
    np.savez_compressed(out, **arrays)
    path.write_bytes(out.getvalue())
    return path


def medmnist_arrays(train: int = 20, test: int = 8, side: int = 28, channels: int = 1) -> dict[str, np.ndarray]:
    random = np.random.default_rng(0)
    arrays = {}
    for split, count in (("train", train), ("val", test), ("test", test)):
        shape = (count, side, side) if channels == 1 else (count, side, side, channels)
        arrays[f"{split}_images"] = random.integers(0, 255, shape, dtype=np.uint8)
        arrays[f"{split}_labels"] = (np.arange(count) % 2).astype(np.uint8)[:, None]
    return arrays
