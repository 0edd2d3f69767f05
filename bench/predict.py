"""One prediction as the pages ask for it, beside the bare forward pass of the same network on the same pixels.

The service adds what a visitor gets besides logits: preprocessing of an image of any size, calibration, prediction set,
domain check, the lease on the model and its lock.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import torch

from core.catalog import SECTORS
from core.contracts import ImageSample
from core.device import autocast, pick_device
from core.intake.images import read_image
from core.serving import service
from core.settings import settings
from core.store.registry import registry
from core.tasks.image_classification.predictor import ImagePredictor

ROUNDS = {1: 60, 64: 15}
BATCHES = (1, 64)


def _sample(slug: str) -> ImageSample:
    path = min((settings().assets / "samples" / slug).glob("*.png"))
    return read_image(path.read_bytes(), path.name)


def _paired_ms(one: Callable[[], object], other: Callable[[], object], rounds: int) -> tuple[list[float], list[float]]:
    """Milliseconds of both, turn about, so that other work on the machine meets both alike; the first calls warm up."""
    times: tuple[list[float], list[float]] = ([], [])
    for number in range(rounds + 5):
        for call, kept in zip((one, other), times, strict=True):
            began = time.perf_counter()
            call()
            if number >= 5:
                kept.append(1000 * (time.perf_counter() - began))
    return times


def main() -> dict[str, object]:
    """Measure, print and return both and their ratio, for one image and for a batch."""
    slug = SECTORS[0].slug
    device = pick_device()
    predictor = ImagePredictor(registry().resolve(slug).path, device)
    sample = _sample(slug)
    figures: dict[str, object] = {"device": device, "architecture": predictor.architecture, "rounds": ROUNDS}
    print(f"{predictor.architecture} on {device}, picture of {sample.pixels.shape[1]} x {sample.pixels.shape[0]} px")
    for size in BATCHES:
        samples = [sample] * size
        batch = predictor.preprocessing.normalise(predictor.prepare([each.pixels for each in samples]))

        @torch.inference_mode()
        def bare(batch: torch.Tensor = batch) -> torch.Tensor:
            with autocast(device):
                logits: torch.Tensor = predictor.network(batch)
            return logits.cpu()

        def served(samples: list[ImageSample] = samples) -> object:
            return service.predict(slug, samples)

        ours, theirs = (statistics.median(times) for times in _paired_ms(served, bare, ROUNDS[size]))
        figures[f"batch_{size}"] = {
            "service_ms": round(ours, 2),
            "forward_ms": round(theirs, 2),
            "ratio": round(ours / theirs, 2),
        }
        print(f"batch {size:2}: service {ours:7.2f} ms   bare forward {theirs:7.2f} ms   ratio {ours / theirs:.2f}")
    return figures
