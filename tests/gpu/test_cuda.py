"""The bundled models on a CUDA device: the same answers as on the CPU, finite gradients, memory given back."""

from __future__ import annotations

import gc
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.catalog import SECTORS
from core.contracts import ImageSample, Sector
from core.device import memory, pick_device
from core.store.registry import registry
from core.tasks import load_task
from core.training.run import ListedRun

pytestmark = [pytest.mark.gpu, pytest.mark.slow]

SCORE_TOLERANCE = 0.03
"""Half precision keeps about three digits of a logit."""


def samples(n: int, size: int = 300) -> list[ImageSample]:
    """Soft grey pictures, each with its light somewhere else."""
    across = np.linspace(0, 1, size)
    pictures = [np.outer(np.sin(across * (3 + number)), np.cos(across * (2 + number))) for number in range(n)]
    grey = [((picture - picture.min()) / np.ptp(picture) * 255).astype(np.uint8) for picture in pictures]
    return [
        ImageSample(f"{number}.png", np.stack([each] * 3, axis=-1), str(number)) for number, each in enumerate(grey)
    ]


def each_sector() -> pytest.MarkDecorator:
    pictured = [sector for sector in SECTORS if sector.pictured]
    return pytest.mark.parametrize("sector", pictured, ids=lambda sector: sector.slug)


def test_auto_is_the_first_gpu_and_its_memory_is_shown() -> None:
    assert pick_device() == "cuda:0"
    shown = memory()
    assert shown.device == "cuda:0"
    assert 0 < shown.used_mb < shown.total_mb


@each_sector()
def test_same_answers_as_on_the_cpu(sector: Sector) -> None:
    folder = registry().resolve(sector.slug, "bundled").path
    task = load_task(sector.task)
    inputs = samples(32)
    on_cpu, on_gpu = (task.load(folder, device).predict(inputs) for device in ("cpu", "cuda:0"))
    difference = [float(np.abs(a.scores - b.scores).max()) for a, b in zip(on_cpu, on_gpu, strict=True)]
    assert max(difference) < SCORE_TOLERANCE


@each_sector()
def test_explanations_are_finite(sector: Sector) -> None:
    task = load_task(sector.task)
    predictor = task.load(registry().resolve(sector.slug, "bundled").path, "cuda:0")
    sample = samples(1)[0]
    for method in task.methods:  # type: ignore[attr-defined]  # only tasks that explain have it
        heatmap = task.explain(predictor, sample, predictor.labels[0], method)  # type: ignore[attr-defined]
        assert heatmap.values.ndim == 2 and 0 <= heatmap.values.min() <= heatmap.values.max() <= 1
        assert np.isfinite(heatmap.values).all()


@each_sector()
def test_memory_is_given_back(sector: Sector) -> None:
    import torch

    folder = registry().resolve(sector.slug, "bundled").path
    before = torch.cuda.memory_allocated()
    predictor = load_task(sector.task).load(folder, "cuda:0")
    predictor.predict(samples(4))
    assert torch.cuda.memory_allocated() > before
    del predictor
    gc.collect()
    assert torch.cuda.memory_allocated() <= before + 2**20


def test_training_on_the_gpu_makes_a_checkpoint_for_the_cpu(tmp_path: Path) -> None:
    task = load_task("image_classification")
    for label, offset in (("dark", 0), ("light", 90)):
        (tmp_path / "data" / label).mkdir(parents=True)
        for number, sample in enumerate(samples(40, 64)):
            pixels = (sample.pixels // 3 + offset + number).astype(np.uint8)
            Image.fromarray(pixels).save(tmp_path / "data" / label / f"{number}.png")
    config = task.config_type(mode="quick", epochs=2)
    folder = task.train(config, tmp_path / "data", ListedRun(tmp_path / "run"))
    answers = task.load(folder, "cpu").predict(samples(2))
    assert all(np.isfinite(answer.scores).all() for answer in answers)
