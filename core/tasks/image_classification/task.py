"""The task object: load, train, evaluate, explain. Everything else in this folder serves one of the four."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from core.contracts import N_, DataInfo, Evaluation, Explanation, ImageSample, Message, RunContext
from core.data.images import ImageSet, LabelledImages, read_labelled_images
from core.data.splits import split
from core.errors import InputRefused
from core.tasks.image_classification import explain, train
from core.tasks.image_classification.card import write_card
from core.tasks.image_classification.checkpoint import Trained, write_checkpoint
from core.tasks.image_classification.config import ImageClassificationConfig
from core.tasks.image_classification.domain import domain_reason, pixel_reason
from core.tasks.image_classification.predictor import ImagePredictor
from core.training.evaluation import VALIDATION, save_evaluation
from core.training.metrics import classification_summary, share
from core.training.seeding import seed_everything

BATCH = 64
BY_NUMBER = Message(
    N_("The data name their classes by numbers only; they were matched to the model's classes in order. Check that.")
)


class ImageClassification:
    """Which of K classes does an image show?"""

    name: ClassVar[str] = "image_classification"
    config_type: ClassVar[type] = ImageClassificationConfig
    headline_metric: ClassVar[str] = "auroc"
    methods: ClassVar[tuple[str, ...]] = explain.METHODS

    def load(self, checkpoint: Path, device: str) -> ImagePredictor:
        """Load a verified checkpoint folder; raises `ModelRefused`."""
        return ImagePredictor(checkpoint, device)

    def explain(self, predictor: ImagePredictor, sample: ImageSample, target: str, method: str) -> Explanation:
        """Where the score of `target` comes from; `method` is one of `methods`."""
        return explain.explain(predictor, sample, target, method)

    def train(self, config: ImageClassificationConfig, data: Path, run: RunContext) -> Path:
        """Train on a folder, zip or npz, and return the checkpoint folder with its evaluation and card."""
        size = train.build_start(config, 2).preprocessing.size
        images = train.read_splits(data, size, config.seed, run)
        images = replace(images, name=run.data_name or images.name)
        folds = train.cross_validate(images, config, run) if config.folds > 1 else {}
        run.stage("train")
        seed_everything(config.seed)
        start = train.build_start(config, len(images.labels))
        network = train.train_network(start, images.splits["train"], images.splits["validation"], config, run)
        folder = run.directory / "checkpoint"
        write_checkpoint(folder, Trained(network, start, images, config, folds, train_command(config, data)), run)
        run.stage("evaluate")
        predictor = self.load(folder, "cpu")
        evaluation = evaluate_split(predictor, images, "test", evaluate_command(data))
        save_evaluation(folder, evaluation)
        save_evaluation(folder / VALIDATION, evaluate_split(predictor, images, "validation", evaluate_command(data)))
        write_card(folder, evaluation)
        return folder

    def evaluate(self, predictor: ImagePredictor, data: Path) -> Evaluation:
        """Measure on the test split of a data path, or on all of it when it carries no split."""
        images = read_labelled_images(data, predictor.preprocessing.size)
        if "all" in images.splits and images.fingerprint == predictor.trained_on:
            # The run that made this model split these very images; only its test part says anything.
            images = split(images, seed=predictor.seed)
        part = next(name for name in ("test", "all", "validation", "train") if name in images.splits)
        return evaluate_split(predictor, images, part, evaluate_command(data))


def train_command(config: ImageClassificationConfig, data: Path) -> str:
    """The line that repeats a run."""
    default = ImageClassificationConfig()
    changed = {k: v for k, v in vars(config).items() if v != getattr(default, k)}
    options = " ".join(f"--set {name}={value}" for name, value in changed.items())
    return f"python -m core train medical --data {shlex.quote(data.name)} {options}".rstrip()


def evaluate_command(data: Path) -> str:
    """The line that repeats an evaluation."""
    return f"python -m core evaluate medical --data {shlex.quote(data.name)} --model VERSION --json"


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
    summary = classification_summary(truth, prediction, scores)
    summary["declined"] = share(sum(declined), len(declined))
    return Evaluation(
        labels=predictor.labels,
        table={
            "id": np.array(images.ids, dtype=np.str_),
            "truth": truth,
            "prediction": prediction,
            "scores": scores,
            "abstained": np.array(declined, bool),
            "domain_score": np.concatenate([row[1] for row in rows]),
        },
        summary=summary,
        data=DataInfo(data.name, part, len(truth), data.fingerprint),
        seed=predictor.seed,
        command=command,
        notices=() if by_name else (BY_NUMBER,),
        skipped=skipped,
    )


TASK = ImageClassification()
