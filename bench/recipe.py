"""The recipe of the bundled chest X-ray model, three seeds, beside a ResNet-18 by the plain recipe.

python -m bench.recipe --out FOLDER

Trains what is missing below FOLDER (about an hour a seed on two cores, minutes on a GPU), measures every checkpoint on
both official test splits and writes docs/results/medical.json. Needs `VITRINE_DATA`. It chooses nothing on them.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from core.device import pick_device
from core.settings import ROOT, settings
from core.tasks.image_classification.config import ImageClassificationConfig
from core.tasks.image_classification.task import TASK
from core.training.run import ListedRun

SEEDS = (0, 1, 2)
COMMON: dict[str, Any] = {"pretrained": "none", "image_size": 112, "batch_size": 48, "early_stopping": 0}
RECIPE = COMMON | {"architecture": "resnet10t", "epochs": 24, "learning_rate": 2e-3, "augmentation": "strong"}
PLAIN = COMMON | {
    "architecture": "resnet18",
    "epochs": 8,
    "learning_rate": 1e-3,
    "augmentation": "none",
    "dropout": 0.0,
    "label_smoothing": 0.0,
    "class_weights": False,
}
RUNS = {f"recipe-{seed}": RECIPE | {"seed": seed} for seed in SEEDS} | {"resnet18-plain-0": PLAIN}
TRAINING = Path("medical") / "chest_xray_224"
TESTS = {
    "chest_xray_224": TRAINING,
    "pneumoniamnist_28": Path("medical") / "pneumoniamnist_28" / "pneumoniamnist.npz",
}
METRICS = ("auroc", "accuracy", "balanced_accuracy", "ece", "declined")
RESULTS = ROOT / "docs" / "results" / "medical.json"


def train(name: str, target: Path, data: Path) -> None:
    """One training run as `python -m core train` does it, its checkpoint folder moved to `target`."""
    config = ImageClassificationConfig(**RUNS[name])
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        run = ListedRun(Path(folder), config.seed, echo=lambda line: print(name, line, file=sys.stderr, flush=True))
        TASK.train(config, data / TRAINING, run).rename(target)


def measure(folder: Path, data: Path) -> dict[str, Any]:
    """Every metric of a checkpoint on both test splits, with interval and n; and its figures on validation."""
    predictor = TASK.load(folder, pick_device())
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    tests = {}
    for name, path in TESTS.items():
        evaluation = TASK.evaluate(predictor, data / path)
        tests[name] = {metric: evaluation.summary[metric].as_dict() for metric in METRICS} | {
            "split": evaluation.data.split,
            "fingerprint": evaluation.data.fingerprint,
        }
    return {"seed": manifest["seed"], "validation": manifest["validation"], "tests": tests}


def table(found: dict[str, dict[str, Any]]) -> list[str]:
    """Markdown rows: each run with its intervals, and the mean and range over the seeds of the recipe."""
    rows = []
    for test in TESTS:
        for name, figures in found.items():
            cells = [
                f"{m['value']:.3f} ({m['low']:.3f} to {m['high']:.3f})"
                for m in (figures["tests"][test][metric] for metric in METRICS)
            ]
            rows.append(f"| {test} | {name} | " + " | ".join(cells) + " |")
        seeds = [figures["tests"][test] for name, figures in found.items() if name.startswith("recipe-")]
        if len(seeds) > 1:
            values = [[seed[metric]["value"] for seed in seeds] for metric in METRICS]
            cells = [f"**{statistics.mean(v):.3f}** ({min(v):.3f} to {max(v):.3f})" for v in values]
            rows.append(f"| {test} | recipe, mean and range of {len(seeds)} seeds | " + " | ".join(cells) + " |")
    return rows


def main(arguments: Sequence[str] = ()) -> dict[str, object]:
    """Train what is missing, measure all, write and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=settings().home / "recipe", help="folder of the checkpoints")
    parser.add_argument("--only", choices=RUNS, help="train this one and stop")
    options = parser.parse_args(arguments)
    data = settings().data
    if data is None:
        print("set VITRINE_DATA to the folder of public data sets")
        return {}
    for name in [options.only] if options.only else RUNS:
        if not (options.out / name).exists():
            train(name, options.out / name, data)
    if options.only:
        return {}
    found = {name: measure(options.out / name, data) for name in RUNS}
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    print(f"| test split of | run | {' | '.join(METRICS)} |\n|{'---|' * (len(METRICS) + 2)}")
    print("\n".join(table(found)))
    return dict(found)


if __name__ == "__main__":
    main(sys.argv[1:])
