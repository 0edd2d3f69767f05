"""A stand-in for the serving layer: answers by the brightness of the image, in no time and without torch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from core.contracts import (
    Classification,
    DataInfo,
    Evaluation,
    Faithfulness,
    Heatmap,
    ImageSample,
    Message,
    ModelRef,
    Reason,
)
from core.serving import service, warmup
from core.training.metrics import classification_summary

LABELS = ("normal", "pneumonia")
MODEL = ModelRef("medical", "bundled", "tiny_net", "a" * 64)


def predict(slug: str, inputs: Sequence[ImageSample], ref: Any = "champion", **options: Any) -> list[service.Answer]:
    return [service.Answer(_classify(sample, **options), MODEL, 12.3) for sample in inputs]


def _classify(sample: ImageSample, coverage: float = 0.9, threshold: float | None = None) -> Classification:
    score = float(sample.pixels.mean() / 255)
    reason = Reason("domain.blank", Message("The image is blank.")) if sample.pixels.std() < 4 else None
    decision = LABELS[score >= (0.5 if threshold is None else threshold)]
    likely = LABELS if coverage > 0.95 else (decision,)
    scores = np.array([1 - score, score], np.float32)
    return Classification(LABELS, scores, None if reason else decision, likely, reason, 0.4)


def explain(slug: str, sample: ImageSample, target: str, method: str, ref: str = "champion") -> Heatmap:
    values = np.linspace(0, 1, sample.pixels[..., 0].size, dtype=np.float32).reshape(sample.pixels.shape[:2])
    return Heatmap(values, method, target, Faithfulness(0.3, 0.7, 0.5, 0.5, 5))


def evaluation(labels: tuple[str, ...] = LABELS, n: int = 60, seed: int = 0, fingerprint: str = "f") -> Evaluation:
    draw = np.random.default_rng(0)
    truth = draw.integers(0, len(labels), n)
    logits = np.random.default_rng(seed).normal(size=(n, len(labels))) + 2.0 * np.eye(len(labels))[truth]
    scores = (np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)).astype(np.float32)
    prediction = scores.argmax(axis=1)
    table = {
        "id": np.array([f"test/{number}.png" for number in range(n)]),
        "truth": truth,
        "prediction": prediction,
        "scores": scores,
        "abstained": np.zeros(n, bool),
        "domain_score": np.zeros(n, np.float32),
    }
    summary = classification_summary(truth, prediction, scores)
    return Evaluation(labels, table, summary, DataInfo("made up", "test", n, fingerprint), 0, "python -m core evaluate")


def install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the stand-in where the pages look for the serving layer."""
    measured = evaluation()
    monkeypatch.setattr(service, "choose", lambda slug, ref="champion": ref)
    monkeypatch.setattr(service, "predict", predict)
    monkeypatch.setattr(service, "explain", explain)
    monkeypatch.setattr(service, "evaluation_of", lambda version, split="test": measured)
    monkeypatch.setattr(warmup, "state", lambda: warmup.WarmUp("ready", 1.0))
