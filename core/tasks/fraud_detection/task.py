"""The task object: load, train, evaluate, explain. Everything else in this folder serves one of the four."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np

from core.contracts import Evaluation, FeatureAttribution, Metric, RunContext, TransactionCase
from core.data.mapping import parse_mapping
from core.data.payments import PaymentWorld, simulate
from core.data.transactions import Transactions
from core.tasks.fraud_detection import explain, measure
from core.tasks.fraud_detection.card import write_card
from core.tasks.fraud_detection.checkpoint import Trained, write_checkpoint
from core.tasks.fraud_detection.config import SECTOR, FraudConfig
from core.tasks.fraud_detection.corrections import join_corrections
from core.tasks.fraud_detection.examples import cases, read_examples
from core.tasks.fraud_detection.predictor import FraudPredictor
from core.tasks.fraud_detection.statement import write_statement
from core.tasks.fraud_detection.theatre import add_theatre
from core.tasks.fraud_detection.to_measure import examples_to_measure, seen_rows
from core.tasks.fraud_detection.train import fit_models
from core.training.commands import evaluate_command, train_command
from core.training.seeding import seed_everything
from core.training.seen import with_seen

PROBE = PaymentWorld(customers=20, terminals=40, days=40, seed=0)


class FraudDetection:
    """Which transactions of a table are fraud?"""

    name: ClassVar[str] = "fraud_detection"
    config_type: ClassVar[type] = FraudConfig
    headline_metric: ClassVar[str] = "average_precision"
    methods: ClassVar[tuple[str, ...]] = explain.METHODS

    def load(self, checkpoint: Path, device: str) -> FraudPredictor:
        """Load a verified checkpoint folder; raises `ModelRefused`."""
        return FraudPredictor(checkpoint, device)

    def probe(self) -> Transactions:
        """A made-up table, to time a predictor with."""
        return simulate(PROBE)

    def cases(
        self, predictor: FraudPredictor, transactions: Transactions, places: Sequence[int]
    ) -> tuple[TransactionCase, ...]:
        """Scored rows as a person judges them; `places` count from the first row after the history."""
        plan = predictor.plan
        return cases(transactions, plan, plan.build(transactions), np.asarray(places, np.int64))

    def explain(
        self, predictor: FraudPredictor, sample: tuple[Transactions, int], target: str, method: str
    ) -> FeatureAttribution:
        """What each feature adds to the score of one row; `method` is one of `methods`."""
        return explain.explain(predictor, sample, target, method)

    def train(self, config: FraudConfig, data: Path, run: RunContext) -> Path:
        """Train on a table with labels and return the checkpoint folder with its evaluation and card."""
        examples = read_examples(data, config, run)
        examples, joined = join_corrections(examples, run)
        run.stage("train")
        seed_everything(config.seed)
        scorers = fit_models(examples, config, run)
        folder = run.directory / "checkpoint"
        write_checkpoint(folder, Trained(scorers, examples, config, train_command(SECTOR, config, data), joined), run)
        if config.diagnose:
            run.stage("diagnose")
            add_theatre(folder, examples, config, run)
        run.stage("evaluate")
        command = evaluate_command(SECTOR, data, parse_mapping(config.columns))
        evaluation = measure.measure_splits(folder, self.load(folder, "cpu"), examples, command)
        write_statement(folder, evaluation)
        write_card(folder, evaluation)
        return folder

    def evaluate(
        self,
        predictor: FraudPredictor,
        data: Path,
        columns: Mapping[str, str] | None = None,
        like: Evaluation | None = None,
    ) -> Evaluation:
        """Measure on the test part of a table by the model's own split, or on all of it when it is too short.

        With `like`, on the very transactions of that evaluation.
        """
        examples = examples_to_measure(predictor, data, columns, like)
        command = evaluate_command(SECTOR, data, columns or {})
        found = measure.evaluate_part(predictor, examples, "test", command)
        return with_seen(found, seen_rows(predictor, examples))

    def summarise(self, evaluation: Evaluation) -> dict[str, Metric]:
        """The metrics of a table that came of `evaluate`, or of some of its rows."""
        return measure.summarise(evaluation)


TASK = FraudDetection()
