"""One checkpoint in several weight formats: written, loaded as any other, measured beside the one it came from."""

from __future__ import annotations

import json
import os
import shlex
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file

from core.contracts import Evaluation, ImageSample, Metric, RunContext
from core.data.negatives import negatives
from core.device import memory, pick_device
from core.errors import ModelRefused, RunCancelled
from core.store.files import MANIFEST, WEIGHTS, sha256_of
from core.store.sealed import FILES
from core.tasks.image_classification.config import SECTOR
from core.tasks.image_classification.domain import domain_reason, pixel_reason
from core.tasks.image_classification.formats import FORMAT, FORMATS, PREFIXES, encode
from core.tasks.image_classification.model import (
    load_network,
    read_checkpoint,
)
from core.tasks.image_classification.predictor import ImagePredictor
from core.training.calibration import conformal_scores
from core.training.compression import AS_STORED, Compressed, Flip, Latency, Variant
from core.training.evaluation import VALIDATION, load_evaluation
from core.training.metrics import bootstrap, mean_of, share

FOLDER = "formats"
"""Where in a run's folder the formats are written, each in a folder of its name."""
N_OTHER = 160
"""Generated pictures of other kinds that the guard is asked about; none of them was learned from."""
_OTHER_SEED = 990_017
SINGLE_ROUNDS = 60
BATCH_ROUNDS = 8
BATCH = 32
_SIDE = 224
"""Side of the picture that latency is taken on: one that has to be reduced first, as an upload has."""


def write_variant(checkpoint: Path, name: str, target: Path) -> Path:
    """Write the checkpoint folder `target`: the network of `checkpoint` in the format `name`, the rest as it was.

    Evaluations, features and card are not copied: they have to be made of the new weights.

    Raises:
        ModelRefused: the checkpoint cannot be trusted, or the format cannot hold its values.
    """
    chosen, source = FORMATS[name], read_checkpoint(checkpoint, "image_classification")
    tensors = encode(load_network(source).state_dict(), chosen)
    tensors |= {key: value.contiguous() for key, value in source.tensors.items() if not key.startswith(PREFIXES)}
    target.mkdir(parents=True)
    save_file(tensors, target / WEIGHTS)
    own = (FILES, "folds", "seeds", "diagnosis")  # measured with the old weights
    manifest: dict[str, Any] = {key: value for key, value in source.manifest.items() if key not in own}
    manifest |= {
        FORMAT: name,
        "preprocessing": {**manifest["preprocessing"], "arithmetic": chosen.arithmetic},
        "parent": str(source.manifest["sha256"]),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "sha256": sha256_of(target / WEIGHTS),
    }
    (target / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
    return target


def name_command(folder: Path, data: Path, name: str) -> None:
    """Put the line that repeats the making of a format into its manifest."""
    line = f"python -m core compress {SECTOR} --data {shlex.quote(data.name)} --register {name}"
    _amend(folder, command=line)


def note_validation(folder: Path) -> None:
    """Put calibration, ranking and conformal scores of the new weights in the place of those of the old ones."""
    measured = load_evaluation(folder / VALIDATION)
    if measured is not None:
        tensors, table = load_file(folder / WEIGHTS), measured.table
        scores = conformal_scores(np.asarray(table["scores"]), np.asarray(table["truth"]))
        save_file(tensors | {"conformal.scores": torch.from_numpy(scores).float()}, folder / WEIGHTS)
        figures = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["validation"]
        again = {f"validation_{name}": round(metric.value, 6) for name, metric in measured.summary.items()}
        # Shares of decisions are left out: those of a training are taken at the highest score, not at the threshold.
        kept = {name: again[name] for name in _THRESHOLD_FREE if name in again}
        _amend(folder, validation={**figures, **kept}, sha256=sha256_of(folder / WEIGHTS))


_THRESHOLD_FREE = ("validation_ece", "validation_auroc", "validation_average_precision")


def _amend(folder: Path, **entries: object) -> None:
    manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    (folder / MANIFEST).write_text(json.dumps({**manifest, **entries}, indent=1) + "\n", encoding="utf-8")


def load_variants(
    checkpoint: Path, names: Sequence[str], folder: Path, device: str
) -> tuple[dict[str, ImagePredictor], dict[str, str]]:
    """The checkpoint as it is and in each format, loaded from folders below `folder`.

    Returns:
        Predictors by name, the one as it is first under `AS_STORED`, and the formats that could not be made with the
        codes of the reasons.
    """
    loaded = {AS_STORED: ImagePredictor(checkpoint, device)}
    left_out: dict[str, str] = {}
    for name in names:
        try:
            loaded[name] = ImagePredictor(write_variant(checkpoint, name, folder / name), device)
        except ModelRefused as error:
            left_out[name] = error.code
    return loaded, left_out


def time_variants(predictors: Mapping[str, ImagePredictor], run: RunContext) -> dict[str, Latency]:
    """Latency of one picture and throughput in batches; the variants take turns, so that all meet the same weather.

    Raises:
        RunCancelled: somebody asked for it to stop.
    """
    rng = np.random.default_rng(0)
    picture = np.repeat(rng.integers(0, 255, (_SIDE, _SIDE, 1), dtype=np.uint8), 3, axis=2)
    sample = ImageSample("latency.png", picture, "")
    single: dict[str, list[float]] = {name: [] for name in predictors}
    batch: dict[str, list[float]] = {name: [] for name in predictors}
    for predictor in predictors.values():  # the first answer of a network is slower than those that follow
        predictor.predict([sample] * BATCH)
        predictor.predict([sample])
    for turn in range(SINGLE_ROUNDS + BATCH_ROUNDS):
        if run.should_stop():
            raise RunCancelled
        alone = turn < SINGLE_ROUNDS
        for name, predictor in predictors.items():
            began = time.perf_counter()
            predictor.predict([sample] * (1 if alone else BATCH))
            (single if alone else batch)[name].append(time.perf_counter() - began)
        run.report(turn + 1, SINGLE_ROUNDS + BATCH_ROUNDS)
    return {
        name: Latency(
            p50_ms=1000 * float(np.median(single[name])),
            p95_ms=1000 * float(np.quantile(single[name], 0.95)),
            items_per_s=BATCH / float(np.median(batch[name])),
        )
        for name in predictors
    }


def guard_share(predictor: ImagePredictor, pixels: NDArray[np.uint8]) -> Metric:
    """Share of pictures of other kinds, (N, H, W, 3), that the predictor declines."""
    declined = 0
    for begin in range(0, len(pixels), BATCH):
        part = list(pixels[begin : begin + BATCH])
        _, distances = predictor.outputs(predictor.prepare(part))
        declined += sum(
            bool(pixel_reason(picture, predictor.guard.grey) or domain_reason(float(distance)))
            for picture, distance in zip(part, distances, strict=True)
        )
    return share(declined, len(pixels))


def compared(evaluation: Evaluation, before: Evaluation) -> tuple[Metric, tuple[Flip, ...]]:
    """Change in accuracy against `before` on the same rows, and the rows that are decided otherwise."""
    truth, now = np.asarray(evaluation.table["truth"]), np.asarray(evaluation.table["prediction"])
    was = np.asarray(before.table["prediction"])
    change = (now == truth).astype(float) - (was == truth).astype(float)
    labels, ids = evaluation.labels, evaluation.table["id"]
    flips = tuple(
        Flip(str(ids[row]), labels[truth[row]], labels[was[row]], labels[now[row]])
        for row in np.flatnonzero(was != now)
    )
    return bootstrap(mean_of(change), len(change)), flips


def compress(
    checkpoint: Path, names: Sequence[str], evaluate: Callable[[ImagePredictor], Evaluation], run: RunContext
) -> Compressed:
    """Write every format below `run.directory`, and measure all of them on the same images.

    Args:
        checkpoint: A verified checkpoint folder.
        names: Out of `FORMATS`.
        evaluate: Measures a predictor on the frozen test images.
        run: Told about progress; asked between two formats whether to stop.

    Raises:
        ModelRefused: the checkpoint cannot be trusted.
        RunCancelled: somebody asked for it to stop.
    """
    run.stage("compress")
    folder, device = run.directory / FOLDER, pick_device()
    loaded, left_out = load_variants(checkpoint, names, folder, device)
    run.stage("evaluate")
    evaluations: dict[str, Evaluation] = {}
    guards: dict[str, Metric] = {}
    other, _ = negatives(N_OTHER, loaded[AS_STORED].preprocessing.size, _OTHER_SEED)
    for step, (name, predictor) in enumerate(loaded.items()):
        if run.should_stop():
            raise RunCancelled
        evaluations[name], guards[name] = evaluate(predictor), guard_share(predictor, other)
        run.report(step + 1, len(loaded))
    run.stage("time")
    times = time_variants(loaded, run)
    variants = []
    for name, evaluation in evaluations.items():
        file = (checkpoint if name == AS_STORED else folder / name) / WEIGHTS
        change, flips = compared(evaluation, evaluations[AS_STORED])
        size_mb = file.stat().st_size / 2**20
        variants.append(Variant(name, size_mb, times[name], evaluation.summary, guards[name], change, flips))
    return Compressed(tuple(variants), left_out, evaluations[AS_STORED].data, conditions(device))


def conditions(device: str) -> dict[str, object]:
    """Under what the times were taken."""
    return {
        "processor": memory().name,
        "device": device,
        "threads": torch.get_num_threads(),
        "niceness": os.nice(0) if hasattr(os, "nice") else 0,
        "rounds": SINGLE_ROUNDS,
        "batch": BATCH,
        "torch": str(torch.__version__),
    }
