"""Measuring a classifier on labelled images: one row per image, what each is like, and the features behind the rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from core.contracts import N_, DataInfo, Evaluation, Message, Metric
from core.data.examples import CONTENT
from core.data.images import ImageSet, LabelledImages, Progress, join_sets, read_labelled_images
from core.data.splits import split
from core.errors import InputRefused
from core.tasks.image_classification.checkpoint import PLAIN, SMALL_SCAN, some_of
from core.tasks.image_classification.domain import domain_reason, pixel_reason
from core.tasks.image_classification.features import N_STRESSED, Watched, keep_features, watched
from core.tasks.image_classification.forward import as_batch
from core.tasks.image_classification.predictor import ImagePredictor
from core.tasks.image_classification.slices import slice_columns
from core.training.augment import STRENGTHS, Strength, augment
from core.training.evaluation import VALIDATION, save_evaluation
from core.training.metrics import classification_summary, share
from core.training.seen import with_seen

BATCH = 64
N_SPREAD = 500
"""Training images whose features are looked at for their spread, plain and in two changed forms."""
BY_NUMBER = Message(
    N_("The data name their classes by numbers only; they were matched to the model's classes in order. Check that.")
)


def images_to_measure(
    predictor: ImagePredictor, data: Path, progress: Progress | None = None
) -> tuple[LabelledImages, str]:
    """Images of a data path, and the name of the split that a predictor is measured on."""
    images = read_labelled_images(data, predictor.preprocessing.size, progress=progress)
    if "all" in images.splits and images.fingerprint == predictor.trained_on:
        # The run that made this model split these very images; only its test part says anything.
        images = split(images, seed=predictor.seed)
    return images, next(name for name in ("test", "all", "validation", "train") if name in images.splits)


def evaluate_like(predictor: ImagePredictor, data: Path, like: Evaluation, command: str) -> Evaluation:
    """One row per image of another evaluation; says which of them the predictor was made from.

    Raises:
        InputRefused: The data cannot be read, or hold none of these images.
    """
    images = read_labelled_images(data, predictor.preprocessing.size)
    found = evaluate_split(predictor, _same_images(images, like), like.data.split, command)
    if images.fingerprint != predictor.trained_on:
        return found
    own = split(images, seed=predictor.seed).splits
    return with_seen(found, np.isin(found.table["id"], [*own["train"].ids, *own["validation"].ids]))


def _same_images(images: LabelledImages, like: Evaluation) -> LabelledImages:
    """The images of another evaluation as one split with the name of its own, wherever these data have them."""
    wanted = set(map(str, like.table["id"]))
    parts = [
        found.take(rows)
        for found in images.splits.values()
        if len(rows := np.flatnonzero([image_id in wanted for image_id in found.ids]))
    ]
    if not parts:
        raise InputRefused(
            "data.other_examples",
            Message(N_("None of the images that were measured before is in {name}."), {"name": like.data.name}),
        )
    return replace(images, name=like.data.name, splits={like.data.split: join_sets(parts)})


def match_labels(model: tuple[str, ...], data: tuple[str, ...]) -> dict[int, int]:
    """Data class number -> model class number, by name without case; by number when the data have only numbers.

    Raises:
        InputRefused: No class of the data is known to the model.
    """
    found = _by_name(model, data)
    if not found and all(name.isdecimal() and int(name) < len(model) for name in data):
        found = {i: int(name) for i, name in enumerate(data)}
    if not found:
        raise InputRefused(
            "data.labels",
            Message(
                N_("None of the classes {found} is known to the model; it knows {known}."),
                {"found": ", ".join(data[:10]), "known": ", ".join(model)},
            ),
            Message(N_("Rename the class folders, or train a model on these classes.")),
        )
    return found


def _by_name(model: tuple[str, ...], data: tuple[str, ...]) -> dict[int, int]:
    known = {name.strip().casefold(): index for index, name in enumerate(model)}
    return {i: known[name.strip().casefold()] for i, name in enumerate(data) if name.strip().casefold() in known}


def _pixels(images: ImageSet) -> Iterator[NDArray[np.uint8]]:
    for begin in range(0, len(images.targets), BATCH):
        batch = images.pixels[begin : begin + BATCH]
        yield np.broadcast_to(batch, (*batch.shape[:3], 3)) if batch.shape[-1] == 1 else batch


def evaluate_split(predictor: ImagePredictor, data: LabelledImages, part: str, command: str) -> Evaluation:
    """One row per image of a split whose class the model knows.

    `accuracy` and the other figures count every image, also those the model declines; `declined` is their share.
    """
    mapping, by_name = match_labels(predictor.labels, data.labels), bool(_by_name(predictor.labels, data.labels))
    images = data.splits[part]
    skipped = {name: int((images.targets == i).sum()) for i, name in enumerate(data.labels) if i not in mapping}
    images = images.take(np.flatnonzero(np.isin(images.targets, list(mapping))))
    truth = np.array([mapping[int(target)] for target in images.targets], np.int64)
    rows: list[tuple[Any, Any]] = []
    declined: list[bool] = []
    for batch in _pixels(images):
        scores, domain = predictor.outputs(predictor.prepare(list(batch)))
        rows.append((scores, domain))
        for pixels, distance in zip(batch, domain, strict=True):
            declined.append(bool(pixel_reason(pixels, predictor.guard.grey) or domain_reason(float(distance))))
    scores = np.concatenate([row[0] for row in rows])
    prediction = predictor.decide(scores)
    table = {
        "id": np.array(images.ids, dtype=np.str_),
        "truth": truth,
        "prediction": prediction,
        "scores": scores,
        "abstained": np.array(declined, bool),
        "domain_score": np.concatenate([row[1] for row in rows]),
        **slice_columns(images, data.labels),
        **({} if images.contents is None else {CONTENT: images.contents}),
    }
    return Evaluation(
        labels=predictor.labels,
        table=table,
        summary=summary_of(table),
        data=DataInfo(data.name, part, len(truth), data.fingerprint),
        seed=predictor.seed,
        command=command,
        notices=() if by_name else (BY_NUMBER,),
        skipped=skipped,
    )


def summary_of(table: Mapping[str, NDArray[Any]]) -> dict[str, Metric]:
    """The metrics of an evaluation table, or of some of its rows."""
    summary = classification_summary(table["truth"], table["prediction"], table["scores"])
    summary["declined"] = share(int(table["abstained"].sum()), len(table["truth"]))
    return summary


def measure_splits(folder: Path, predictor: ImagePredictor, images: LabelledImages, command: str) -> Evaluation:
    """Measure on test and validation, store both tables and the features behind them; returns the one of test."""
    found: dict[str, Evaluation] = {}
    seen: dict[str, list[NDArray[np.float32]]] = {}
    for part, place in (("test", folder), ("validation", folder / VALIDATION)):
        with watched(predictor.network) as seen[part]:
            found[part] = evaluate_split(predictor, images, part, command)
        save_evaluation(place, found[part])
    if all(seen.values()) and found["validation"].data.n == len(images.splits["validation"]):
        keep_features(folder, predictor.network, watch_rest(predictor, images, seen), found)
    return found["test"]


def watch_rest(
    predictor: ImagePredictor, images: LabelledImages, seen: Mapping[str, list[NDArray[np.float32]]]
) -> Watched:
    """Features of test and validation, as `seen`, with those of changed validation images and of training images."""
    generator = torch.Generator().manual_seed(predictor.seed)

    def look(pixels: NDArray[np.uint8], strength: Strength) -> NDArray[np.float32]:
        with watched(predictor.network) as rows, torch.inference_mode():
            for begin in range(0, len(pixels), BATCH):
                batch = augment(as_batch(pixels[begin : begin + BATCH], predictor.device), strength, generator)
                predictor.network(predictor.preprocessing.normalise(batch))
        return np.concatenate(rows)

    train, validation = images.splits["train"].pixels, images.splits["validation"].pixels
    stressed = np.sort(np.random.default_rng(predictor.seed).permutation(len(validation))[:N_STRESSED])
    learned_from = some_of(train, N_SPREAD, predictor.seed)
    return Watched(
        test=np.concatenate(seen["test"]),
        validation=np.concatenate(seen["validation"]),
        stressed=look(validation[stressed], STRENGTHS["strong"]),
        stressed_rows=stressed,
        train=np.concatenate([look(learned_from, strength) for strength in (PLAIN, STRENGTHS["strong"], SMALL_SCAN)]),
    )
