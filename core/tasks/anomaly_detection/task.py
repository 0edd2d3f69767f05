"""The task object: load, train, evaluate, explain. Everything else in this folder serves one of the four."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import numpy as np

from core.contracts import N_, Evaluation, Heatmap, ImageSample, Metric, RunContext
from core.data.images import Progress
from core.data.surfaces import PartImages, PartSet, read_parts
from core.device import pick_device
from core.errors import InputRefused
from core.tasks.anomaly_detection import explain, measure
from core.tasks.anomaly_detection.backbone import Backbone
from core.tasks.anomaly_detection.card import write_card
from core.tasks.anomaly_detection.checkpoint import Trained, write_checkpoint
from core.tasks.anomaly_detection.config import SECTOR, AnomalyDetectionConfig
from core.tasks.anomaly_detection.corrections import join_corrections
from core.tasks.anomaly_detection.held_out import beside_held_out, choosing_evaluation, held_out_evaluation
from core.tasks.anomaly_detection.model import start_backbone
from core.tasks.anomaly_detection.predictor import AnomalyPredictor
from core.tasks.anomaly_detection.robustness import measure_robustness
from core.tasks.anomaly_detection.statement import write_statement
from core.tasks.anomaly_detection.supervise import supervise
from core.tasks.anomaly_detection.train import Learned, learn, read_data, suspect_notice
from core.tasks.anomaly_detection.worst import keep_pictures, keep_worst
from core.training.commands import evaluate_command, train_command
from core.training.evaluation import VALIDATION, save_evaluation
from core.training.false_alarms import GAVE_LIMIT
from core.training.robustness import save_robustness
from core.training.run import stoppable

PROBE_SIDE = 512


class AnomalyDetection:
    """Is a part like the good ones, and where not?"""

    name: ClassVar[str] = "anomaly_detection"
    config_type: ClassVar[type] = AnomalyDetectionConfig
    headline_metric: ClassVar[str] = "image_auroc"
    methods: ClassVar[tuple[str, ...]] = explain.METHODS

    def load(self, checkpoint: Path, device: str) -> AnomalyPredictor:
        """Load a verified checkpoint folder; raises `ModelRefused`."""
        return AnomalyPredictor(checkpoint, device)

    def probe(self) -> ImageSample:
        """A made-up picture, to time a predictor with."""
        noise = np.random.default_rng(0).integers(0, 256, (PROBE_SIDE, PROBE_SIDE, 1), dtype=np.uint8)
        return ImageSample("probe", np.repeat(noise, 3, axis=2), "")

    def explain(self, predictor: AnomalyPredictor, sample: ImageSample, target: str, method: str) -> Heatmap:
        """The map of what is unlike good parts; `method` is one of `methods`."""
        return explain.explain(predictor, sample, target, method)

    def train(self, config: AnomalyDetectionConfig, data: Path, run: RunContext) -> Path:
        """Learn from the good parts of a data path; returns the checkpoint folder with its evaluation and card."""
        parts = read_data(data, config, run)
        commands = train_command(SECTOR, config, data), evaluate_command(SECTOR, data)
        return self.train_parts(config, parts, start_backbone(config), run, commands)

    def train_parts(
        self,
        config: AnomalyDetectionConfig,
        parts: PartImages,
        backbone: Backbone,
        run: RunContext,
        commands: tuple[str, str],
    ) -> Path:
        """Learn from images that were read; `commands` are the lines that repeat the run and its evaluation."""
        taught, joined = join_corrections(parts, run, config.supervised)
        learned = learn(backbone, taught, config, run)
        folder = run.directory / "checkpoint"
        trained = Trained(backbone.to("cpu"), learned, taught, config, commands[0], corrections=joined)
        write_checkpoint(folder, trained)
        if config.supervised:
            trained = supervise(trained, self.load(folder, pick_device()), run)
            write_checkpoint(folder, trained)
        run.stage("evaluate")
        predictor = self.load(folder, pick_device())
        tested, evaluation = _measured(predictor, parts, learned, commands[1], stoppable(run))
        save_evaluation(folder / VALIDATION, choosing_evaluation(predictor, parts, learned))
        if tested is not None:
            keep_worst(folder, predictor, tested, evaluation)
        if tested is not None and config.keep_examples:
            keep_pictures(folder, tested, evaluation)
        evaluation = beside_held_out(evaluation, predictor, parts, learned)
        save_evaluation(folder, evaluation)
        disturbed = measure_robustness(predictor, parts, run)
        if disturbed is not None:
            save_robustness(folder, disturbed)
        write_statement(folder, evaluation)
        write_card(folder, evaluation)
        return folder

    def evaluate(
        self,
        predictor: AnomalyPredictor,
        data: Path,
        columns: Mapping[str, str] | None = None,
        like: Evaluation | None = None,
    ) -> Evaluation:
        """Measure on the test split of a data path; with `like`, on the very images of that evaluation.

        Raises:
            InputRefused: `columns` were named, the data cannot be read, or hold nothing to measure on.
        """
        if columns:
            raise InputRefused(
                "data.no_columns", N_("Images have no columns that could be named."), N_("Leave the columns out.")
            )
        command = evaluate_command(SECTOR, data)
        parts = as_read_by(predictor, read_parts(data, predictor.size))
        if like is not None:
            return measure.evaluate_like(predictor, parts, like, command)
        chosen, split = measure.part_to_measure(predictor, parts)
        return measure.evaluate_part(predictor, parts, chosen, split, command)

    def summarise(self, evaluation: Evaluation) -> dict[str, Metric]:
        """The metrics of a table that came of `evaluate`, or of some of its rows."""
        return measure.summary_of(evaluation.table, gave_limit=evaluation.data.split in GAVE_LIMIT)


def as_read_by(predictor: AnomalyPredictor, parts: PartImages) -> PartImages:
    """The images with the channels that a model was made for."""
    if parts.grey or not predictor.grey:
        return parts
    grey = {
        name: replace(found, pixels=np.rint(found.pixels.mean(axis=3, keepdims=True)).astype(np.uint8))
        for name, found in parts.splits.items()
    }
    return replace(parts, splits=grey, grey=True)


def _measured(
    predictor: AnomalyPredictor, parts: PartImages, learned: Learned, command: str, progress: Progress
) -> tuple[PartSet | None, Evaluation]:
    """The images that a run is measured on, None where it has none, and its evaluation."""
    if "test" in parts.splits:
        chosen, split = measure.part_to_measure(predictor, parts)
        evaluation = measure.evaluate_part(predictor, parts, chosen, split, command, progress)
    else:
        chosen, evaluation = None, held_out_evaluation(predictor, parts, learned, command)
    return chosen, replace(evaluation, notices=(*evaluation.notices, *suspect_notice(learned)))


TASK = AnomalyDetection()
