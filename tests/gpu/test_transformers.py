"""Transformers on a CUDA device: trained in half precision, answering as on the CPU, explained, and given back."""

from __future__ import annotations

import gc
from pathlib import Path

import numpy as np
import pytest

from core.contracts import TextSample
from core.settings import settings
from core.tasks import load_task
from core.training.evaluation import load_evaluation
from core.training.run import ListedRun
from tests.tasks import tiny_transformers as tiny

pytestmark = [pytest.mark.gpu, pytest.mark.slow]

SCORE_TOLERANCE = 0.03
"""Half precision keeps about three digits of a logit."""


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Transformer that was trained on the GPU."""
    folder = tmp_path_factory.mktemp("transformers")
    tiny.write_model(folder / "models" / "tiny")
    tiny.texts().to_csv(folder / "texts.csv", index=False)
    task = load_task("text_classification")
    config = task.config_type(
        model="transformer", transformer="tiny", tuning="lora", epochs=12, learning_rate=1e-2, batch_size=16, patience=0
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VITRINE_MODELS", str(folder / "models"))
        settings.cache_clear()
        return task.train(config, folder / "texts.csv", ListedRun(folder / "run"))


def test_it_learns_on_the_gpu(checkpoint: Path) -> None:
    evaluation = load_evaluation(checkpoint)
    assert evaluation is not None and evaluation.summary["accuracy"].value > 0.9


def test_same_answers_as_on_the_cpu(checkpoint: Path) -> None:
    task = load_task("text_classification")
    texts = [TextSample("", text, "") for text in tiny.texts(60)["text"]] + [TextSample("", "good " * 200, "")]
    on_cpu, on_gpu = (task.load(checkpoint, device).predict(texts) for device in ("cpu", "cuda:0"))
    difference = [float(np.abs(a.scores - b.scores).max()) for a, b in zip(on_cpu, on_gpu, strict=True)]
    assert max(difference) < SCORE_TOLERANCE


def test_explanations_are_finite_and_name_the_word(checkpoint: Path) -> None:
    task = load_task("text_classification")
    predictor = task.load(checkpoint, "cuda:0")
    text = "she said the lovely soup was in my room today."
    for method in predictor.methods:  # type: ignore[attr-defined]  # of text predictors
        found = task.explain(predictor, TextSample("", text, ""), "positive", method)  # type: ignore[attr-defined]
        assert np.isfinite(found.contributions).all()
        best = int(found.contributions.argmax())
        assert text[found.starts[best] : found.ends[best]] == "lovely"


def test_memory_is_given_back(checkpoint: Path) -> None:
    import torch

    before = torch.cuda.memory_allocated()
    predictor = load_task("text_classification").load(checkpoint, "cuda:0")
    predictor.predict([TextSample("", "what a lovely day", "")])
    assert torch.cuda.memory_allocated() > before
    del predictor
    gc.collect()
    assert torch.cuda.memory_allocated() <= before + 2**20
