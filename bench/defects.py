"""Defects of magnetic tiles found from good tiles alone: `python -m bench.defects --out FOLDER`.

Sessions stay on one side of the split. Settings were chosen by cross-validation over whole sessions of training and
validation part; the limit is taken from the good tiles of the validation part, judged by a memory of the training part
before they join it. The test part is measured once for each seed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
from torch import Tensor, nn

from bench.chance import expected_alarms
from bench.surfaces import IMAGENET, hub_cache, magnetic_tile
from core.contracts import Evaluation, Metric
from core.data.surfaces import PartImages, read_parts
from core.settings import settings
from core.tasks.anomaly_detection.backbone import Backbone
from core.tasks.anomaly_detection.checkpoint import Trained, write_checkpoint
from core.tasks.anomaly_detection.config import AnomalyDetectionConfig
from core.tasks.anomaly_detection.measure import by_type, evaluate_part, outputs_of
from core.tasks.anomaly_detection.model import start_backbone
from core.tasks.anomaly_detection.predictor import AnomalyPredictor
from core.tasks.anomaly_detection.supervise import supervise
from core.tasks.anomaly_detection.task import TASK
from core.tasks.anomaly_detection.train import learn
from core.training.run import ListedRun

SEEDS = (0, 1, 2)
RATES = (0.01, 0.02, 0.05)
COMMAND = "python -m bench.defects --out FOLDER"
PLAIN = AnomalyDetectionConfig()


class Seen(nn.Module):
    """A backbone that looks at every batch once, however often it is asked: seeds share their features."""

    def __init__(self, backbone: Backbone) -> None:
        super().__init__()
        self.backbone, self.spec, self.channels = backbone, backbone.spec, backbone.channels
        self._known: dict[bytes, list[Tensor]] = {}
        self.seconds = 0.0

    def forward(self, images: Tensor) -> list[Tensor]:
        """As `Backbone.forward`; features are kept in half precision."""
        key = hashlib.blake2b(images.contiguous().numpy().data).digest()
        if key not in self._known:
            began = time.perf_counter()
            self._known[key] = [values.half() for values in self.backbone(images)]
            self.seconds += time.perf_counter() - began
        return [values.float() for values in self._known[key]]


def run_one(
    config: AnomalyDetectionConfig, parts: PartImages, backbone: Seen, folder: Path
) -> tuple[AnomalyPredictor, Evaluation, dict[str, float]]:
    """Learn and measure once, through a checkpoint; also the seconds of both; later seeds find the features done."""
    run = ListedRun(folder, config.seed)
    begun = time.perf_counter()
    learned = learn(cast(Backbone, backbone), parts, config, run)
    trained = Trained(backbone.backbone, learned, parts, config, COMMAND)
    predictor = _loaded(folder, trained, backbone)
    if config.supervised:
        predictor = _loaded(folder, supervise(trained, predictor, run), backbone)
    fitted = time.perf_counter()
    outputs_of(predictor, parts.splits["test"])
    seconds = {"fit": fitted - begun, "predict": time.perf_counter() - fitted}
    return predictor, evaluate_part(predictor, parts, parts.splits["test"], "test", COMMAND), seconds


def _loaded(folder: Path, trained: Trained, backbone: Seen) -> AnomalyPredictor:
    write_checkpoint(folder, trained)
    predictor = TASK.load(folder, "cpu")
    predictor.backbone = cast(Backbone, backbone)
    return predictor


def alarms(predictor: AnomalyPredictor, evaluation: Evaluation) -> dict[str, dict[str, Any]]:
    """By chosen rate: alarms on good test tiles, and how many the binomial distribution allows in 95 of 100 cases."""
    scores = np.asarray(evaluation.table["scores"])[:, 1][np.asarray(evaluation.table["truth"]) == 0]
    found = {}
    for rate in RATES:
        promised = predictor.promise(rate)
        low, high = expected_alarms(len(scores), rate)
        count = int((scores > promised.limit).sum())
        found[f"{rate:g}"] = {
            "alarms": count,
            "n": len(scores),
            "measured": count / len(scores),
            "binomial_95": [low, high],
            "inside": low <= count <= high,
            "promised": promised.rate,
            "held_out": promised.held_out,
        }
    return found


def figures(metrics: dict[str, Metric] | Any) -> dict[str, dict[str, float | int]]:
    """Metrics with intervals, as plain JSON."""
    return {name: metric.as_dict() for name, metric in metrics.items()}


def spread(evaluations: Sequence[Evaluation]) -> dict[str, dict[str, float]]:
    """Mean and range over the seeds of every metric."""
    names = evaluations[0].summary
    values = {name: [float(each.summary[name].value) for each in evaluations] for name in names}
    return {
        name: {"mean": float(np.mean(each)), "low": min(each), "high": max(each), "seeds": len(each)}
        for name, each in values.items()
    }


def arguments() -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--backbone", choices=("imagenet", "bundled"), default="imagenet")
    parser.add_argument("--seeds", type=int, nargs="+", default=list(SEEDS))
    parser.add_argument("--supervised", action="store_true", help="train the second network too, with the first seed")
    parser.add_argument("--good", type=int, default=0, help="good images to learn from, evenly drawn; 0 for all")
    parser.add_argument("--size", type=int, default=PLAIN.image_size, help="side in pixels")
    return parser.parse_args()


def options_of(backbone: str, out: Path) -> dict[str, Any]:
    """Options of a run with this backbone; ends the program when the ImageNet weights are not laid down."""
    if backbone == "bundled":
        return {"pretrained": "bundled"}
    if settings().hub_cache is None:
        raise SystemExit(f"Set VITRINE_HUB_CACHE to {hub_cache(out / 'hub')}")
    hub_cache(Path(settings().hub_cache or ""))
    return {"pretrained": "hub", "architecture": IMAGENET}


def read_tiles(folder: Path, size: int, good: int) -> PartImages:
    """The magnetic tiles; with a number, so many good ones that are evenly drawn and nothing else to learn from."""
    parts = read_parts(magnetic_tile(folder), size)
    if not good:
        return parts
    train = parts.splits["train"].take(parts.splits["train"].good)
    drawn = train.take(np.linspace(0, len(train) - 1, good).astype(int))
    return replace(parts, splits={"train": drawn, "test": parts.splits["test"]})


def main() -> None:
    """Measure one backbone on the magnetic tiles and print the figures as JSON."""
    asked = arguments()
    chosen = options_of(asked.backbone, asked.out) | {"image_size": asked.size}
    config = AnomalyDetectionConfig(**chosen)
    parts = read_tiles(asked.out / "magnetic_tile", config.image_size, asked.good)
    backbone = Seen(start_backbone(config))
    evaluations, found = [], dict[str, Any]()
    for seed in asked.seeds:
        of_seed = AnomalyDetectionConfig(**chosen, seed=seed)
        predictor, evaluation, seconds = run_one(of_seed, parts, backbone, asked.out / asked.backbone / str(seed))
        evaluations.append(evaluation)
        found[str(seed)] = {
            "metrics": figures(evaluation.summary),
            "alarms": alarms(predictor, evaluation),
            "seconds": seconds,
        }
        print(seed, json.dumps(found[str(seed)]), flush=True)
    found["seeds"] = spread(evaluations)
    found["by_type"] = {kind: figures(metrics) for kind, metrics in by_type(evaluations[0]).items()}
    if asked.supervised:
        config = AnomalyDetectionConfig(**chosen, supervised=True, seed=asked.seeds[0])
        _, evaluation, _ = run_one(config, parts, backbone, asked.out / asked.backbone / "supervised")
        found["supervised"] = {
            "metrics": figures(evaluation.summary),
            "by_type": {kind: figures(metrics) for kind, metrics in by_type(evaluation).items()},
        }
    few = (f"_{asked.good}" if asked.good else "") + (f"_{asked.size}" if asked.size != PLAIN.image_size else "")
    (asked.out / f"{asked.backbone}{few}.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
