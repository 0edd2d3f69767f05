"""Make the bundled model of the defect page: `python -m bench.surface_recipe --backbone FOLDER --out FOLDER`.

Good parts of all three simulated kinds go into one memory, so that every synthetic sample of the page is known to it.
With `--twenty` it measures instead what a visitor does: twenty good images of one kind, a model, and how good it is.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

from PIL import Image
from safetensors.torch import load_file

from core.contracts import Evaluation, ImageSample
from core.data.surfaces import read_parts
from core.data.surfaces_simulator import KINDS, draw_part, write_parts
from core.tasks.anomaly_detection.backbone import Backbone, load_backbone
from core.tasks.anomaly_detection.config import AnomalyDetectionConfig
from core.tasks.anomaly_detection.measure import summary_of
from core.tasks.anomaly_detection.task import TASK
from core.training.evaluation import load_evaluation
from core.training.false_alarms import expected_alarms
from core.training.run import ListedRun

COMMAND = "python -m bench.surface_recipe --backbone FOLDER --out FOLDER"
NAME = "simulated_parts"
GOOD, TESTED = 30, 6
CONFIG = AnomalyDetectionConfig(bank_size=3000)
ALARM_GOOD, ALARM_FRESH, ALARM_SIDE, ALARM_SEED = 120, 300, 128, 5_000_000
METRICS = ("image_auroc", "pixel_auroc", "pixel_f1", "pro", "false_alarm_rate", "escape_rate")


def read_backbone(folder: Path) -> Backbone:
    """What `bench.surface_backbone` wrote."""
    said = json.loads((folder / "backbone.json").read_text(encoding="utf-8"))
    return load_backbone(said["spec"], load_file(folder / "backbone.safetensors"))


def lay_out(folder: Path) -> Path:
    """All kinds as one set, below `folder`; types of damage carry the kind before their name."""
    if folder.is_dir():
        return folder
    for kind in KINDS:
        single = write_parts(folder.parent / kind, kind, GOOD, TESTED)
        for image in sorted(single.rglob("*.png")):
            place = image.relative_to(single).parts
            last = place[-2] if place[-2] == "good" else f"{kind}.{place[-2]}"
            target = folder.joinpath(*place[:-2], last, f"{kind}_{image.name}")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(image.read_bytes())
    return folder


def of_kind(evaluation: Evaluation, kind: str) -> dict[str, Any]:
    """Figures on the images of one kind."""
    rows = [f"/{kind}_" in str(name) for name in evaluation.table["id"]]
    summary = summary_of({name: column[rows] for name, column in evaluation.table.items()})
    return {name: summary[name].as_dict() for name in METRICS if name in summary}


def twenty(backbone: Backbone, kind: str, folder: Path) -> dict[str, Any]:
    """Twenty good images of a kind -> a model, with the seconds it took and figures on images never seen."""
    data = write_parts(folder / "data", kind, 20, TESTED, seed=7)
    config = AnomalyDetectionConfig()
    run = ListedRun(folder, 0)
    began = time.perf_counter()
    parts = read_parts(data, config.image_size)
    TASK.train_parts(config, parts, backbone, run, (COMMAND, COMMAND))
    seconds = time.perf_counter() - began
    evaluation = load_evaluation(folder / "checkpoint")
    if evaluation is None:
        raise SystemExit("the run left no evaluation")
    return {"seconds": seconds, **{name: evaluation.summary[name].as_dict() for name in METRICS}}


def alarms(backbone: Backbone, kind: str, folder: Path) -> dict[str, Any]:
    """Chosen false-alarm rates on good parts that nothing has seen, beside what chance allows in 95 of 100 cases."""
    config = AnomalyDetectionConfig(image_size=ALARM_SIDE)
    for index in range(ALARM_GOOD):
        picture = Image.fromarray(draw_part(kind, seed=ALARM_SEED + index, side=ALARM_SIDE).pixels)
        folder.mkdir(parents=True, exist_ok=True)
        picture.save(folder / f"{index:03}.png")
    run = ListedRun(folder.parent / f"{kind}_run", 0)
    TASK.train_parts(config, read_parts(folder, ALARM_SIDE), backbone, run, (COMMAND, COMMAND))
    predictor = TASK.load(run.directory / "checkpoint", "cpu")
    fresh = [draw_part(kind, seed=ALARM_SEED + 100_000 + index, side=ALARM_SIDE) for index in range(ALARM_FRESH)]
    answers = predictor.predict([ImageSample("part", part.pixels, "") for part in fresh])
    scores = [answer.verdict.score for answer in answers]
    found = {}
    for rate in (0.01, 0.02, 0.05):
        promised = predictor.promise(rate)
        count = sum(score > promised.limit for score in scores)
        low, high = expected_alarms(ALARM_FRESH, rate)
        found[f"{rate:g}"] = {
            "alarms": count,
            "n": ALARM_FRESH,
            "binomial_95": [low, high],
            "inside": low <= count <= high,
            "promised": promised.rate,
            "held_out": promised.held_out,
        }
    return found


def main() -> None:
    """Train the bundled model, or measure twenty good images of every kind, and print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--backbone", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--twenty", action="store_true")
    parser.add_argument("--alarms", action="store_true", help="measure chosen false-alarm rates on new good parts")
    options = parser.parse_args()
    backbone = read_backbone(options.backbone)
    if options.twenty:
        print(json.dumps({kind: twenty(backbone, kind, options.out / "twenty" / kind) for kind in KINDS}, indent=1))
        return
    if options.alarms:
        found = {kind: alarms(backbone, kind, options.out / "alarms" / kind) for kind in KINDS}
        print(json.dumps(found, indent=1))
        return
    parts = read_parts(lay_out(options.out / NAME), CONFIG.image_size)
    run = ListedRun(options.out, CONFIG.seed, echo=lambda line: print(line, file=sys.stderr, flush=True))
    folder = TASK.train_parts(CONFIG, parts, backbone, run, (COMMAND, COMMAND))
    evaluation = load_evaluation(folder)
    if evaluation is None:
        raise SystemExit("the run left no evaluation")
    print(json.dumps({kind: of_kind(evaluation, kind) for kind in KINDS}, indent=1))


if __name__ == "__main__":
    main()
