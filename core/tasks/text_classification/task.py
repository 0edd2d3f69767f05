"""The task object: load, train, evaluate, explain. Everything else in this folder serves one of the four."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from core.contracts import Evaluation, Metric, RunContext, TextSample, TokenAttribution
from core.data.texts import LabelledTexts, divide, read_labelled_texts
from core.tasks.text_classification import explain, measure
from core.tasks.text_classification.card import write_card
from core.tasks.text_classification.config import SECTOR, TextClassificationConfig
from core.tasks.text_classification.predictor import TextPredictor
from core.tasks.text_classification.statement import write_statement
from core.tasks.text_classification.train import read_splits, train_checkpoint

PROBE = "The room was clean and the staff were friendly, but breakfast was cold. 房间很干净，早餐有点凉。"


class TextClassification:
    """Is a text positive or negative?"""

    name: ClassVar[str] = "text_classification"
    config_type: ClassVar[type] = TextClassificationConfig
    headline_metric: ClassVar[str] = "accuracy"
    methods: ClassVar[tuple[str, ...]] = explain.METHODS

    def load(self, checkpoint: Path, device: str) -> TextPredictor:
        """Load a verified checkpoint folder; raises `ModelRefused`."""
        return TextPredictor(checkpoint, device)

    def probe(self) -> TextSample:
        """A made-up text, to time a predictor with."""
        return TextSample("probe", PROBE, "")

    def explain(self, predictor: TextPredictor, sample: TextSample, target: str, method: str) -> TokenAttribution:
        """What every word adds to the log odds of `target`; `method` is one of `methods`."""
        return explain.explain(predictor, sample, target, method)

    def train(self, config: TextClassificationConfig, data: Path, run: RunContext) -> Path:
        """Train on labelled texts and return the checkpoint folder with its evaluation and card."""
        run.stage("read")
        texts = read_splits(data, config)
        texts = replace(texts, name=run.data_name or texts.name)
        return self.train_texts(config, texts, run, (train_command(config, data), evaluate_command(data)))

    def train_texts(
        self, config: TextClassificationConfig, texts: LabelledTexts, run: RunContext, commands: tuple[str, str]
    ) -> Path:
        """Train on texts in three parts; `commands` are the lines that repeat the run and its evaluation."""
        folder = train_checkpoint(texts, config, run, commands[0])
        run.stage("evaluate")
        evaluation = measure.measure_splits(folder, self.load(folder, "cpu"), texts, commands[1])
        write_statement(folder, evaluation)
        write_card(folder, evaluation)
        return folder

    def evaluate(self, predictor: TextPredictor, data: Path, columns: Mapping[str, str] | None = None) -> Evaluation:
        """Measure on the test part of a data path, or on all of it when it carries none.

        Data that the model was trained on are divided as they were then, and only the test part is measured.
        """
        texts = read_labelled_texts(data, columns)
        if "test" not in texts.splits and texts.fingerprint == predictor.trained_on:
            # The run that made this model divided these very texts; only its test part says anything.
            texts = divide(texts, predictor.seed, predictor.shares)
        part = next(name for name in ("test", "all", "validation", "train") if name in texts.splits)
        return measure.evaluate_part(predictor, texts, part, evaluate_command(data, columns))

    def summarise(self, evaluation: Evaluation) -> dict[str, Metric]:
        """The metrics of a table that came of `evaluate`, or of some of its rows."""
        return measure.summary_of(evaluation.table)


def train_command(config: TextClassificationConfig, data: Path) -> str:
    """The line that repeats a run."""
    default = TextClassificationConfig()
    changed = {k: v for k, v in vars(config).items() if v != getattr(default, k)}
    options = " ".join(f"--set {shlex.quote(f'{name}={value}')}" for name, value in changed.items())
    return f"python -m core train {SECTOR} --data {shlex.quote(data.name)} {options}".rstrip()


def evaluate_command(data: Path, columns: Mapping[str, str] | None = None) -> str:
    """The line that repeats an evaluation."""
    named = "".join(f" --column {shlex.quote(f'{role}={name}')}" for role, name in (columns or {}).items())
    return f"python -m core evaluate {SECTOR} --data {shlex.quote(data.name)}{named} --model VERSION --json"


TASK = TextClassification()
