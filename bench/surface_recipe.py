"""Make the bundled model of the defect page: `python -m bench.surface_recipe --backbone FOLDER --out FOLDER`.

Good parts of all three simulated kinds go into one memory, so that every synthetic sample of the page is known to it.
With `--twenty` it measures instead what a visitor does: twenty good images, a model, and how good it is, on simulated
kinds and on magnetic tiles; with `--alarms` chosen false-alarm rates on new parts. `--backbone imagenet` takes the
features of the network that ours was taught by.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from safetensors.torch import load_file

from bench.chance import expected_alarms
from bench.surface_backbone import STATED, WEIGHTS, load_teacher
from bench.surfaces import magnetic_tile
from core.contracts import Evaluation, ImageSample
from core.data.surface_layout import GOOD
from core.data.surfaces import read_parts
from core.data.surfaces_simulator import KINDS, SimulatedPart, defects_of, draw_part, write_parts
from core.store.files import MANIFEST
from core.tasks.anomaly_detection.backbone import Backbone, load_backbone
from core.tasks.anomaly_detection.card import write_card
from core.tasks.anomaly_detection.config import AnomalyDetectionConfig
from core.tasks.anomaly_detection.measure import summary_of
from core.tasks.anomaly_detection.task import TASK
from core.training.evaluation import load_evaluation
from core.training.run import ListedRun

COMMAND = "python -m bench.surface_recipe --backbone FOLDER --out FOLDER"
NAME = "simulated_parts"
CONFIG = AnomalyDetectionConfig(image_size=256, coreset="greedy", bank_size=7000, keep_examples=True)
"""Chosen on parts of other seeds, of 256 and 320 px, patches at random and evenly spread, 3,000 to 9,000 of them; what
a preset may weigh bounds the last."""
DRAWN = {("train", True): 80, ("train", False): 4, ("test", True): 40, ("test", False): 10}
"""Split and whether the part is good -> how many of each kind, and of each type of damage. Damaged ones of `train` are
what thresholds are chosen on by cost; nothing learns from them."""
TYPES_APART, TESTS_FROM = 100_000, 50_000
"""Seeds of one type of damage lie so far from those of the next, and those of tests so far from the others."""
IMAGENET = "imagenet"
ORIGIN = {
    "licence": "CC-BY-4.0",
    "features": {
        "pictures": "generated textures, scenes and documents, simulated parts, chest X-rays; no inspection set",
        "attribution": (
            "Chest X-ray images (paediatric), D. S. Kermany, K. Zhang, M. Goldbaum, Mendeley Data, "
            "doi:10.17632/rscbjbr9sj, CC BY 4.0; training split."
        ),
        "teacher": (
            "MobileNetV2 1.0 of Google, ImageNet-1k, Apache-2.0, in timm's mobilenetv2_100. Its outputs were learned; "
            "none of its weights are contained."
        ),
    },
}
"""What the manifest says besides of where the bundled model is from."""
ALARM_GOOD, ALARM_FRESH, ALARM_SIDE, ALARM_SEED = 120, 300, 128, 5_000_000
METRICS = ("image_auroc", "pixel_auroc", "pixel_f1", "pro", "false_alarm_rate", "escape_rate")


def read_backbone(named: str) -> Backbone:
    """What `bench.surface_backbone` wrote into a folder, or its teacher."""
    if named == IMAGENET:
        return load_teacher()
    said = json.loads((Path(named) / STATED).read_text(encoding="utf-8"))
    return load_backbone(said["spec"], load_file(Path(named) / WEIGHTS))


def commands_of(trained: dict[str, Any]) -> list[str]:
    """The lines that made a backbone, the first run first."""
    before = commands_of(trained["start"]) if trained["start"] else []
    line = f"python -m bench.surface_backbone --out RUN{len(before) + 1} --look {trained['look']}"
    line += f" --epochs {trained['epochs']} --seed {trained['seed']}"
    return [*before, f"{line} --start RUN{len(before)}" if before else line]


def lay_out(folder: Path) -> Path:
    """All kinds as one set, below `folder`, once; types of damage carry the kind before their name."""
    if folder.is_dir():
        return folder
    for kind in KINDS:
        for number, defect in enumerate((GOOD, *defects_of(kind))):
            for split in ("train", "test"):
                first = number * TYPES_APART + TESTS_FROM * (split == "test")
                for index in range(DRAWN[split, defect == GOOD]):
                    _write(folder, split, kind, draw_part(kind, defect, first + index), index)
    return folder


def _write(folder: Path, split: str, kind: str, part: SimulatedPart, index: int) -> None:
    name = GOOD if part.defect == GOOD else f"{kind}.{part.defect}"
    stem = f"{split}_{kind}_{index:03}"
    images = {folder / split / name / f"{stem}.png": part.pixels}
    if part.defect != GOOD:
        images[folder / "ground_truth" / name / f"{stem}_mask.png"] = part.mask.astype(np.uint8) * 255
    for path, pixels in images.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(path)


def of_kind(evaluation: Evaluation, kind: str) -> dict[str, Any]:
    """Figures on the images of one kind."""
    rows = [f"_{kind}_" in str(name) for name in evaluation.table["id"]]
    summary = summary_of({name: column[rows] for name, column in evaluation.table.items()})
    return {name: summary[name].as_dict() for name in METRICS if name in summary}


class Timed(ListedRun):
    """A run that knows when each of its stages began, in seconds of the clock and of the processor."""

    def stage(self, name: str) -> None:
        """As `ListedRun.stage`."""
        super().stage(name)
        self.begun[name] = (time.perf_counter(), time.process_time())

    @cached_property
    def begun(self) -> dict[str, tuple[float, float]]:
        """By stage."""
        return {}

    def seconds(self, first: str, last: str) -> dict[str, float]:
        """From the beginning of one stage to that of another."""
        clock, processor = (end - start for start, end in zip(self.begun[first], self.begun[last], strict=True))
        return {"clock": clock, "processor": processor}


def twenty(backbone: Backbone, data: Path, folder: Path) -> dict[str, Any]:
    """Twenty good images -> a model, with the seconds it took and figures on images never seen."""
    config = AnomalyDetectionConfig()
    run = Timed(folder, 0)
    run.stage("read")
    parts = read_parts(data, config.image_size)
    train = parts.splits["train"].take(parts.splits["train"].good)
    parts.splits["train"] = train.take(np.linspace(0, len(train) - 1, 20).astype(int))
    run.stage("learn")
    TASK.train_parts(config, parts, backbone, run, (COMMAND, COMMAND))
    run.stage("done")
    evaluation = _evaluation(folder / "checkpoint")
    return {
        "read_all_images": run.seconds("read", "learn"),
        "model": run.seconds("learn", "evaluate"),
        "measuring": run.seconds("evaluate", "done"),
        **{name: evaluation.summary[name].as_dict() for name in METRICS},
    }


def twenty_of_all(backbone: Backbone, folder: Path) -> dict[str, Any]:
    """`twenty` on every simulated kind and on magnetic tiles, whose validation part is left out."""
    data = {kind: write_parts(folder / kind / "data", kind, 20, 10, seed=6) for kind in KINDS}
    data["magnetic_tile"] = magnetic_tile(folder / "magnetic_tile" / "data", validation=False)
    return {name: twenty(backbone, path, folder / name) for name, path in data.items()}


def _evaluation(folder: Path) -> Evaluation:
    evaluation = load_evaluation(folder)
    if evaluation is None:
        raise SystemExit("the run left no evaluation")
    return evaluation


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


def bundle(backbone: Backbone, named: str, folder: Path) -> dict[str, Any]:
    """The model of the page, with figures by kind and its origin in manifest and card."""
    parts = read_parts(lay_out(folder.parent / NAME), CONFIG.image_size)
    run = ListedRun(folder, CONFIG.seed, echo=lambda line: print(line, file=sys.stderr, flush=True))
    made = TASK.train_parts(CONFIG, replace(parts, name=NAME), backbone, run, (COMMAND, COMMAND))
    evaluation = _evaluation(made)
    found = {kind: of_kind(evaluation, kind) for kind in KINDS}
    if named != IMAGENET:
        manifest = json.loads((made / MANIFEST).read_text(encoding="utf-8"))
        trained = json.loads((Path(named) / STATED).read_text(encoding="utf-8"))
        origin: dict[str, Any] = ORIGIN
        shown = {"commands": commands_of(trained), "unexplained_variance": trained["unexplained_variance"]}
        features = origin["features"] | shown
        manifest |= {"by_kind": found, "licence": origin["licence"], "features": features}
        (made / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
        write_card(made, evaluation)
    return {"all": {name: metric.as_dict() for name, metric in evaluation.summary.items()}, **found}


def main() -> None:
    """Train the bundled model, or measure twenty good images or chosen rates, and print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--backbone", required=True, help=f"folder, or {IMAGENET}")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--twenty", action="store_true")
    parser.add_argument("--alarms", action="store_true", help="measure chosen false-alarm rates on new good parts")
    options = parser.parse_args()
    backbone = read_backbone(options.backbone)
    if options.twenty:
        found = twenty_of_all(backbone, options.out / "twenty")
    elif options.alarms:
        found = {kind: alarms(backbone, kind, options.out / "alarms" / kind) for kind in KINDS}
    else:
        found = bundle(backbone, options.backbone, options.out)
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
