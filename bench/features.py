"""Keep the bundled model's features of its test and validation images, for fixing its last layer without the images.

python -m bench.features [--write]

Reads chest_xray_224, checks that the images and the scores are those of the stored evaluations, and with `--write` adds
`features.safetensors` to the preset and its checksum to the manifest. Needs `VITRINE_DATA`. Nothing else is changed.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.contracts import Evaluation
from core.data.catalog import local_path
from core.data.images import LabelledImages, read_labelled_images
from core.store.versions import bundled_version
from core.tasks.image_classification.features import Watched, head_of, keep_features, read_features, watched
from core.tasks.image_classification.measure import evaluate_split, watch_rest
from core.tasks.image_classification.predictor import ImagePredictor
from core.training.calibration import scores_of
from core.training.evaluation import FEATURES, VALIDATION, load_evaluation

SECTOR = "medical"
DATA = "chest_xray_224"


def stored_evaluations(folder: Path) -> dict[str, Evaluation]:
    """The evaluations of both splits that came with a checkpoint."""
    found = {"test": load_evaluation(folder), "validation": load_evaluation(folder / VALIDATION)}
    return {part: evaluation for part, evaluation in found.items() if evaluation is not None}


def features_of(predictor: ImagePredictor, data: LabelledImages, stored: dict[str, Evaluation]) -> Watched:
    """What the last layer sees, after checking that test and validation images are those of the stored tables."""
    rows: dict[str, list[NDArray[np.float32]]] = {}
    for part, evaluation in stored.items():
        with watched(predictor.network) as rows[part]:
            again = evaluate_split(predictor, data, part, evaluation.command)
        if not np.array_equal(again.table["id"], evaluation.table["id"]):
            raise SystemExit(f"the {part} images are not those of the stored evaluation")
        difference = np.abs(again.table["scores"] - evaluation.table["scores"]).max()
        print(f"{part:10} {len(again.table['id'])} images, scores measured again differ by at most {difference:.1e}")
    return watch_rest(predictor, data, rows)


def check(folder: Path, predictor: ImagePredictor, stored: dict[str, Evaluation]) -> dict[str, object]:
    """How far scores and decisions made from the kept features are from the stored ones."""
    kept = read_features(folder)
    if kept is None:
        return {}
    weight, bias = head_of(predictor.network)
    figures: dict[str, object] = {}
    for part, evaluation in stored.items():
        scores = scores_of(getattr(kept, part) @ weight.T + bias, predictor.temperature)
        difference = float(np.abs(scores - evaluation.table["scores"]).max())
        turned = int((predictor.decide(scores) != evaluation.table["prediction"]).sum())
        figures[part] = {"n": len(scores), "largest_difference": difference, "decisions_that_differ": turned}
        print(f"{part:10} head of kept features: scores within {difference:.1e}, {turned} decisions differ")
    return figures


def main(arguments: Sequence[str] = ()) -> dict[str, object]:
    """Compute, write when asked to, and check what is there."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="write the file and the manifest")
    options = parser.parse_args(arguments)
    folder = bundled_version(SECTOR).path
    stored = stored_evaluations(folder)
    predictor = ImagePredictor(folder, "cpu")
    if options.write:
        path = local_path(DATA)
        if path is None:
            raise SystemExit(f"{DATA} is not on this machine")
        data = read_labelled_images(path, predictor.preprocessing.size)
        if not keep_features(folder, predictor.network, features_of(predictor, data, stored), stored):
            raise SystemExit("the head does not make the stored scores of these features")
        print(f"{FEATURES}: {(folder / FEATURES).stat().st_size:,} bytes")
    return check(folder, predictor, stored)


if __name__ == "__main__":
    main(sys.argv[1:])
