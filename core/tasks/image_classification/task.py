"""The task object: load, train, evaluate, explain. Everything else in this folder serves one of the four."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch

from core.contracts import N_, Evaluation, Explanation, ImageSample, Metric, Refit, RunContext
from core.data.images import LabelledImages
from core.device import pick_device, place
from core.errors import InputRefused
from core.tasks.image_classification import compress, explain, fixit, train
from core.tasks.image_classification.card import write_card
from core.tasks.image_classification.checkpoint import Trained, write_checkpoint
from core.tasks.image_classification.config import SECTOR, ImageClassificationConfig
from core.tasks.image_classification.corrections import join_corrections
from core.tasks.image_classification.folds import cross_validate
from core.tasks.image_classification.formats import FORMATS
from core.tasks.image_classification.head import Fitted, fit_head
from core.tasks.image_classification.measure import (
    evaluate_like,
    evaluate_split,
    images_to_measure,
    measure_splits,
    summary_of,
)
from core.tasks.image_classification.model import Start
from core.tasks.image_classification.predictor import ImagePredictor
from core.tasks.image_classification.statement import write_statement
from core.tasks.image_classification.studies import add_studies, keep_test_pictures
from core.training.commands import evaluate_command, train_command
from core.training.compression import Compressed
from core.training.evaluation import save_evaluation
from core.training.run import stoppable
from core.training.seeding import seed_everything
from core.training.snapshot import NETWORK

PROBE_SIDE = 512


class ImageClassification:
    """Which of K classes does an image show?"""

    name: ClassVar[str] = "image_classification"
    config_type: ClassVar[type] = ImageClassificationConfig
    headline_metric: ClassVar[str] = "auroc"
    methods: ClassVar[tuple[str, ...]] = explain.METHODS
    formats: ClassVar[tuple[str, ...]] = tuple(FORMATS)

    def load(self, checkpoint: Path, device: str) -> ImagePredictor:
        """Load a verified checkpoint folder; raises `ModelRefused`."""
        return ImagePredictor(checkpoint, device)

    def probe(self) -> ImageSample:
        """A made-up picture, to time a predictor with."""
        noise = np.random.default_rng(0).integers(0, 256, (PROBE_SIDE, PROBE_SIDE, 1), dtype=np.uint8)
        return ImageSample("probe", np.repeat(noise, 3, axis=2), "")

    def explain(self, predictor: ImagePredictor, sample: ImageSample, target: str, method: str) -> Explanation:
        """Where the score of `target` comes from; `method` is one of `methods`."""
        return explain.explain(predictor, sample, target, method)

    def train(self, config: ImageClassificationConfig, data: Path, run: RunContext) -> Path:
        """Train on a folder, zip or npz, and return the checkpoint folder with its evaluation and card."""
        size = train.build_start(config, 2).preprocessing.size
        images = train.read_splits(data, size, config.seed, run)
        images = replace(images, name=run.data_name or images.name)
        folds = cross_validate(images, data, config, run) if config.folds > 1 else {}
        images, joined = join_corrections(images, run)
        run.stage("train")
        seed_everything(config.seed)
        start = train.build_start(config, len(images.labels))
        fitted = train_splits(start, images, config, run)
        folder = run.directory / "checkpoint"
        command = train_command(SECTOR, config, data)
        write_checkpoint(folder, Trained(fitted, start, images, config, folds, command, joined), run)
        add_studies(folder, fitted.network, images, config, run)
        run.stage("evaluate")
        predictor = self.load(folder, "cpu")
        evaluation = measure_splits(folder, predictor, images, evaluate_command(SECTOR, data))
        if config.keep_examples:
            keep_test_pictures(folder, images.splits["test"], evaluation)
        write_statement(folder, evaluation)
        write_card(folder, evaluation)
        return folder

    def refit(
        self,
        predictor: ImagePredictor,
        checkpoint: Path,
        examples: Sequence[tuple[ImageSample, str]],
        target: Path,
        tolerance: float = 0.01,
    ) -> Refit:
        """Fit the last layer to corrections, with everything measured anew, into the folder `target`."""
        return fixit.refit(predictor, checkpoint, examples, target, tolerance)

    def evaluate(
        self,
        predictor: ImagePredictor,
        data: Path,
        columns: Mapping[str, str] | None = None,
        like: Evaluation | None = None,
    ) -> Evaluation:
        """Measure on the test split of a data path, or on all of it when it carries no split.

        With `like`, on the very images of that evaluation.

        Raises:
            InputRefused: `columns` were named; images have none.
        """
        if columns:
            raise InputRefused(
                "data.no_columns", N_("Images have no columns that could be named."), N_("Leave the columns out.")
            )
        command = evaluate_command(SECTOR, data)
        if like is not None:
            return evaluate_like(predictor, data, like, command)
        images, part = images_to_measure(predictor, data)
        return evaluate_split(predictor, images, part, command)

    def summarise(self, evaluation: Evaluation) -> dict[str, Metric]:
        """The metrics of a table that came of `evaluate`, or of some of its rows."""
        return summary_of(evaluation.table)

    def compress(self, checkpoint: Path, data: Path, run: RunContext, keep: str = "") -> Compressed:
        """Write the checkpoint in every format and measure them on the test split of `data`; see `Compresses`."""
        run.stage("read")
        images, part = images_to_measure(self.load(checkpoint, "cpu"), data, stoppable(run))
        images = replace(images, name=run.data_name or images.name)
        command = evaluate_command(SECTOR, data)
        found = compress.compress(
            checkpoint, self.formats, lambda model: evaluate_split(model, images, part, command), run
        )
        if keep not in self.formats or keep in found.left_out:
            return found
        folder = run.directory / compress.FOLDER / keep
        compress.name_command(folder, data, keep)
        predictor = self.load(folder, "cpu")
        if {"train", "validation", "test"} <= images.splits.keys():
            evaluation = measure_splits(folder, predictor, images, command)
            compress.note_validation(folder)
        else:
            evaluation = evaluate_split(predictor, images, part, command)
            save_evaluation(folder, evaluation)
        write_statement(folder, evaluation)
        write_card(folder, evaluation)
        return replace(found, kept=folder)


def train_splits(start: Start, data: LabelledImages, config: ImageClassificationConfig, run: RunContext) -> Fitted:
    """Train on the splits of `data` as `train_network` does; quick mode says what it saw besides."""
    learning, choosing = data.splits["train"], data.splits["validation"]
    if config.mode != "quick":
        return Fitted(train.train_network(start, learning, choosing, config, run, NETWORK))
    # Nothing but passes forward from here on; inputs come in this layout, and a CPU likes the weights in it too.
    network = place(start.network, pick_device()).to(memory_format=torch.channels_last)
    return fit_head(network, start.preprocessing, learning, choosing, config, run)


TASK = ImageClassification()
