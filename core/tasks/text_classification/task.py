"""The task object: load, train, evaluate, explain. Everything else in this folder serves one of the four."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from core.contracts import N_, Evaluation, Message, Metric, Refit, RunContext, TextSample, TokenAttribution
from core.data.mapping import parse_mapping
from core.data.texts import LabelledTexts
from core.errors import InputRefused
from core.tasks.text_classification import fixit, measure
from core.tasks.text_classification.architectures import (
    fetch_weights,
    load_predictor,
    measuring_device,
    train_checkpoint,
)
from core.tasks.text_classification.card import write_card
from core.tasks.text_classification.config import SECTOR, TextClassificationConfig
from core.tasks.text_classification.corrections import join_corrections, note_joined
from core.tasks.text_classification.held_out import keep_held_out
from core.tasks.text_classification.manifest import TFIDF
from core.tasks.text_classification.predictor import TextModelPredictor
from core.tasks.text_classification.statement import write_statement
from core.tasks.text_classification.train import read_splits
from core.training.commands import evaluate_command, train_command
from core.training.evaluation import SUITE, save_evaluation

SUITE_COMMAND = evaluate_command(SECTOR, "core/data/sentiment/slices.tsv")
PROBE = "The room was clean and the staff were friendly, but breakfast was cold. 房间很干净，早餐有点凉。"


class TextClassification:
    """Is a text positive or negative?"""

    name: ClassVar[str] = "text_classification"
    config_type: ClassVar[type] = TextClassificationConfig
    headline_metric: ClassVar[str] = "accuracy"
    methods: ClassVar[tuple[str, ...]] = ("contributions", "integrated_gradients", "occlusion")
    """Of all architectures; a predictor names its own."""

    def load(self, checkpoint: Path, device: str) -> TextModelPredictor:
        """Load a verified checkpoint folder; raises `ModelRefused`."""
        return load_predictor(checkpoint, device)

    def probe(self) -> TextSample:
        """A made-up text, to time a predictor with."""
        return TextSample("probe", PROBE, "")

    def explain(self, predictor: TextModelPredictor, sample: TextSample, target: str, method: str) -> TokenAttribution:
        """What every word adds to the log odds of `target`; `method` is one of the predictor's own.

        Raises:
            InputRefused: There is no such label or method.
        """
        if target not in predictor.labels or method not in predictor.methods:
            said = {"target": target, "method": method}
            choice = {"labels": ", ".join(predictor.labels), "methods": ", ".join(predictor.methods)}
            raise InputRefused(
                "explain.choice",
                Message(N_("There is no explanation of {target} by {method}."), said),
                Message(N_("Labels: {labels}. Methods: {methods}."), choice),
            )
        return predictor.explain(sample.text, target, method)

    def train(self, config: TextClassificationConfig, data: Path, run: RunContext) -> Path:
        """Train on labelled texts and return the checkpoint folder with its evaluation and card."""
        run.stage("read")
        fetch_weights(config, run)
        texts = read_splits(data, config)
        texts = replace(texts, name=run.data_name or texts.name)
        commands = train_command(SECTOR, config, data), evaluate_command(SECTOR, data, parse_mapping(config.columns))
        return self.train_texts(config, texts, run, commands)

    def train_texts(
        self, config: TextClassificationConfig, texts: LabelledTexts, run: RunContext, commands: tuple[str, str]
    ) -> Path:
        """Train on texts in three parts; `commands` are the lines that repeat the run and its evaluation."""
        texts, joined = join_corrections(texts, run)
        folder = train_checkpoint(texts, config, run, commands[0])
        note_joined(folder, joined)
        self.measure_checkpoint(folder, config, texts, run, commands[1])
        return folder

    def measure_checkpoint(
        self, folder: Path, config: TextClassificationConfig, texts: LabelledTexts, run: RunContext, command: str
    ) -> None:
        """Write all that is said of trained weights into their folder: evaluations, suite, figures and card."""
        run.stage("evaluate")
        predictor = self.load(folder, measuring_device(config))
        from core.tasks.text_classification.tfidf import fit_baseline  # scikit-learn takes a second to import

        # The baseline is in every table, so that nobody has to take the word of a model for its worth.
        baseline = None if predictor.architecture == TFIDF else fit_baseline(texts, config.class_weights, run)
        evaluation = measure.measure_splits(folder, predictor, texts, command, baseline)
        keep_held_out(folder, predictor, texts)
        self._describe(folder, predictor, evaluation)

    def _describe(self, folder: Path, predictor: TextModelPredictor, evaluation: Evaluation) -> None:
        """Suite, figures and card of a checkpoint with these test figures."""
        suite = self.suite(predictor)
        save_evaluation(folder / SUITE, suite)
        write_statement(folder, predictor, evaluation)
        write_card(folder, evaluation, suite)

    def refit(
        self,
        predictor: TextModelPredictor,
        checkpoint: Path,
        examples: Sequence[tuple[TextSample, str]],
        target: Path,
        tolerance: float = 0.01,
    ) -> Refit:
        """Move a few weights to fit corrections, with everything measured anew, into the folder `target`.

        See `core.tasks.text_classification.fixit`.
        """
        found = fixit.refit(predictor, checkpoint, examples, target, tolerance)
        self._describe(target, self.load(target, "cpu"), found.test)
        return found

    def suite(self, predictor: TextModelPredictor) -> Evaluation:
        """Measure on the lines of our own; see `core.training.slice_suite`."""
        return measure.measure_suite(predictor, SUITE_COMMAND)

    def evaluate(
        self,
        predictor: TextModelPredictor,
        data: Path,
        columns: Mapping[str, str] | None = None,
        like: Evaluation | None = None,
    ) -> Evaluation:
        """Measure on the test part of a data path, or on all of it when it carries none.

        Data that the model was trained on are divided as they were then, and only the test part is measured. With
        `like`, on the very texts of that evaluation.
        """
        command = evaluate_command(SECTOR, data, columns)
        if like is not None:
            return measure.evaluate_like(predictor, data, columns, like, command)
        texts, part = measure.texts_to_measure(predictor, data, columns)
        return measure.evaluate_part(predictor, texts, part, command)

    def summarise(self, evaluation: Evaluation) -> dict[str, Metric]:
        """The metrics of a table that came of `evaluate`, or of some of its rows."""
        return measure.summary_of(evaluation.table)


TASK = TextClassification()
