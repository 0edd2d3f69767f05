"""Anomaly detection on a CUDA device: learned there, answered on the CPU alike, the same limit, memory given back."""

from __future__ import annotations

import gc
from pathlib import Path

import numpy as np
import pytest

from core.contracts import ImageSample
from core.device import pick_device
from core.tasks import load_task
from core.training.evaluation import load_evaluation
from core.training.run import ListedRun
from tests.tasks.surfaces import laid_out, mvtec_files, picture

pytestmark = [pytest.mark.gpu, pytest.mark.slow]

SCORE_TOLERANCE = 0.03
"""Half precision keeps about three digits of a feature."""


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A memory that was filled on the GPU, with a second network for known defects."""
    folder = tmp_path_factory.mktemp("parts")
    assert pick_device() == "cuda:0"
    task = load_task("anomaly_detection")
    config = task.config_type(image_size=128, bank_size=1000, false_alarm_rate=0.1, supervised=True, epochs=2)
    return task.train(config, laid_out(folder / "discs", mvtec_files()), ListedRun(folder / "run"))


def discs(defect: str, count: int = 8) -> list[ImageSample]:
    rng = np.random.default_rng(7)
    return [ImageSample(f"{number}.png", picture(rng, defect)[0], str(number)) for number in range(count)]


def test_it_learns_on_the_gpu(checkpoint: Path) -> None:
    evaluation = load_evaluation(checkpoint)
    assert evaluation is not None and evaluation.summary["image_auroc"].value > 0.8


@pytest.mark.parametrize("defect", ["good", "blot", "scratch"])
def test_same_answers_as_on_the_cpu(checkpoint: Path, defect: str) -> None:
    task = load_task("anomaly_detection")
    on_cpu, on_gpu = (task.load(checkpoint, device) for device in ("cpu", "cuda:0"))
    assert on_cpu.threshold == on_gpu.threshold
    for here, there in zip(on_cpu.predict(discs(defect)), on_gpu.predict(discs(defect)), strict=True):
        assert abs(here.verdict.score - there.verdict.score) < SCORE_TOLERANCE
        assert np.isfinite(there.anomaly_map).all()
        assert float(np.abs(here.anomaly_map - there.anomaly_map).mean()) < SCORE_TOLERANCE


def test_memory_is_given_back(checkpoint: Path) -> None:
    import torch

    before = torch.cuda.memory_allocated()
    predictor = load_task("anomaly_detection").load(checkpoint, "cuda:0")
    predictor.predict(discs("good", 4))
    assert torch.cuda.memory_allocated() > before
    del predictor
    gc.collect()
    assert torch.cuda.memory_allocated() <= before + 2**20
