"""A stand-in for the serving layer of parts: bright places are odd, and the brightest is the score of the image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from core.contracts import AnomalyPrediction, Decision, ImageSample, Message, ModelRef, Reason, Region
from core.serving import parts, service, warmup
from core.training.false_alarms import Promise, promise

LABELS = ("good", "defect")
HELD_OUT = np.linspace(0.2, 0.5, 60)
"""Scores of good parts."""
OWN_RATE = 0.05
SIDE = 64
MODEL = ModelRef("defects", "bundled", "tiny_net", "a" * 64)


def part(brightest: float, side: int = SIDE) -> np.ndarray:
    """A part (side, side) uint8 with a quarter as bright as `brightest` in [0, 1]; 0 is the plain ground."""
    pixels = np.random.default_rng(0).integers(0, 20, (side, side), dtype=np.uint8)
    pixels[: side // 2, : side // 2] = round(255 * brightest)
    return pixels


class Service:
    """Answers, and remembers what was asked of whom."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, int]] = []

    def choose(self, slug: str, ref: str = "champion") -> str:
        return ref

    def predict(
        self, slug: str, inputs: Sequence[ImageSample], ref: str = "champion", **options: Any
    ) -> list[service.Answer]:
        self.asked.append((ref, len(inputs)))
        return [service.Answer(_found(sample, **options), MODEL, 12.3) for sample in inputs]

    def promised(self, slug: str, rate: float | None = None, ref: str = "champion") -> Promise:
        return promise(HELD_OUT, rate or OWN_RATE)

    def timed(self, slug: str, sample: ImageSample, ref: str = "champion", repeats: int = 40) -> np.ndarray:
        return np.linspace(10.0, 49.0, repeats)


def _found(sample: ImageSample, threshold: float) -> AnomalyPrediction:
    values = sample.pixels[..., 0].astype(np.float32) / 255
    score, height = float(values.max()), len(values)
    plain = sample.pixels.std() < 1
    reason = Reason("domain.other_part", Message("This is another part.")) if plain else None
    level = min(parts.OUTLINED, 0.95 * score)
    odd = np.argwhere(values >= level)
    (top, left), (bottom, right) = odd.min(axis=0), odd.max(axis=0) + 1
    edges = (float(edge) / height for edge in (left, top, right, bottom))
    return AnomalyPrediction(
        verdict=Decision(LABELS, score, threshold, reason),
        anomaly_map=values,
        map_threshold=level,
        regions=() if reason else (Region(*edges, len(odd) / values.size, score),),
        unsure=(threshold, threshold),
        exceeded=int((score > HELD_OUT).sum()),
        held_out=len(HELD_OUT),
        domain_score=2.5 if reason else 0.1,
    )


def install(monkeypatch: pytest.MonkeyPatch) -> Service:
    """Put the stand-in where the page looks for the serving layer."""
    made = Service()
    for name in ("choose", "predict"):
        monkeypatch.setattr(service, name, getattr(made, name))
    for name in ("promised", "timed"):
        monkeypatch.setattr(parts, name, getattr(made, name))
    monkeypatch.setattr(warmup, "state", lambda: warmup.WarmUp("ready", 1.0))
    return made
