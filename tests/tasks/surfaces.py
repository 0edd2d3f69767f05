"""A small inspection problem: grey discs on a woven ground, defective ones with a bright blot or a scratch."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image

from core.tasks.anomaly_detection.backbone import Backbone, BackboneSpec, build_backbone, freeze
from core.tasks.anomaly_detection.config import AnomalyDetectionConfig

SIDE = 64
TINY = AnomalyDetectionConfig(image_size=SIDE, bank_size=200, false_alarm_rate=0.1, epochs=2, seed=1)


def picture(rng: np.random.Generator, defect: str = "good", side: int = 96) -> tuple[np.ndarray, np.ndarray]:
    """A part (side, side, 3) uint8 and where its defect is (side, side) bool."""
    rows, columns = np.mgrid[:side, :side]
    shift = rng.integers(0, 8, 2)
    ground = 90 + 20 * (((rows + shift[0]) // 4 + (columns + shift[1]) // 4) % 2)
    ground = ground + 50 * ((rows - side / 2) ** 2 + (columns - side / 2) ** 2 < (side * 0.35) ** 2)
    mask = np.zeros((side, side), bool)
    y, x = rng.integers(side // 4, 3 * side // 4, 2)
    if defect == "blot":
        mask = (rows - y) ** 2 + (columns - x) ** 2 < (side * 0.09) ** 2
    if defect == "scratch":
        mask = (np.abs(rows - y) < 2) & (np.abs(columns - x) < side * 0.2)
    values = np.clip(np.where(mask, 245, ground) + rng.normal(0, 5, (side, side)), 0, 255).astype(np.uint8)
    return np.repeat(values[..., None], 3, axis=2), mask


def png(pixels: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def mvtec_files(good: int = 16, tested: int = 6, seed: int = 0) -> dict[str, bytes]:
    """The MVTec layout as path -> content: two types of defect, `tested` images of each and of good ones to test on."""
    rng = np.random.default_rng(seed)
    files = {f"train/good/{i:03}.png": png(picture(rng)[0]) for i in range(good)}
    for i in range(tested):
        files[f"test/good/{i:03}.png"] = png(picture(rng)[0])
        for kind in ("blot", "scratch"):
            pixels, mask = picture(rng, kind)
            files[f"test/{kind}/{i:03}.png"] = png(pixels)
            files[f"ground_truth/{kind}/{i:03}_mask.png"] = png(mask.astype(np.uint8) * 255)
    return files


def zipped(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def laid_out(folder: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    return folder


def tiny_backbone() -> Backbone:
    """A small network with random weights, always the same."""
    import torch

    torch.manual_seed(3)
    return freeze(build_backbone(BackboneSpec("test_resnet", (1, 2), (0.5,) * 3, (0.25,) * 3)))
