"""A small problem that a small network learns in seconds: bright discs against bright bars."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.contracts import ImageSample
from core.tasks.image_classification import checkpoint
from core.tasks.image_classification.config import ImageClassificationConfig
from core.tasks.image_classification.task import TASK
from core.training.run import ListedRun
from tests.tasks.fraud_bank import bank_file, fraud_checkpoint, fraud_predictor, fraud_run  # noqa: F401

TINY = ImageClassificationConfig(
    pretrained="none", architecture="test_resnet", image_size=48, epochs=6, batch_size=16, augmentation="none", seed=1
)


def picture(kind: str, rng: np.random.Generator, side: int = 48, noise: float = 12) -> np.ndarray:
    rows, columns = np.mgrid[:side, :side]
    x, y = rng.uniform(0.3, 0.7, 2) * side
    if kind == "disc":
        shape = (rows - y) ** 2 + (columns - x) ** 2 < (side * 0.2) ** 2
    else:
        shape = np.abs(rows - y) < side * 0.08
    grey = np.clip(shape * 150 + 50 + rng.normal(0, noise, (side, side)), 0, 255).astype(np.uint8)
    return np.repeat(grey[..., None], 3, axis=2)


def png(pixels: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def sample(pixels: np.ndarray, name: str = "sample.png") -> ImageSample:
    return ImageSample(name, pixels, "0" * 64)


@pytest.fixture(scope="session", autouse=True)
def _few_other_images() -> Iterator[None]:
    """Painting images of other kinds takes most of the time of a small run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checkpoint, "N_OTHER", (200, 200))
        yield


@pytest.fixture(scope="session")
def shapes_zip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """120 pictures in class folders, zipped."""
    path = tmp_path_factory.mktemp("shapes") / "shapes.zip"
    rng = np.random.default_rng(0)
    with zipfile.ZipFile(path, "w") as archive:
        for index in range(120):
            kind = ("bar", "disc")[index % 2]
            archive.writestr(f"{kind}/{index:03}.png", png(picture(kind, rng)))
    return path


@pytest.fixture(scope="session")
def trained(shapes_zip: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ListedRun]:
    """A finished checkpoint folder and the run that made it."""
    run = ListedRun(tmp_path_factory.mktemp("run"), TINY.seed)
    return TASK.train(TINY, shapes_zip, run), run
