"""A small simulated bank as a file, and models of it that are trained in seconds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from core.data.payments import PaymentWorld, simulate
from core.data.simulated_bank import save
from core.data.transactions import Transactions
from core.tasks.fraud_detection.config import FraudConfig
from core.tasks.fraud_detection.predictor import FraudPredictor
from core.tasks.fraud_detection.task import TASK
from core.training.run import ListedRun

WORLD = PaymentWorld(customers=200, terminals=60, days=90, seed=1, fraud_share=0.03)
QUICK = FraudConfig(trees=60, leaves=8, tree_rate=0.1, epochs=3, batch_size=128, width=32, seed=1)


def small_bank() -> Transactions:
    return simulate(WORLD)


@pytest.fixture(scope="session")
def bank_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("bank") / "bank.parquet"
    save(small_bank(), path)
    return path


@pytest.fixture(scope="session")
def fraud_run(bank_file: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ListedRun]:
    """A checkpoint with all four models, of which the trees answer, and the run that made it."""
    run = ListedRun(tmp_path_factory.mktemp("run"), QUICK.seed)
    return TASK.train(QUICK, bank_file, run), run


@pytest.fixture(scope="session")
def fraud_checkpoint(fraud_run: tuple[Path, ListedRun]) -> Path:
    return fraud_run[0]


@pytest.fixture(scope="session")
def fraud_predictor(fraud_checkpoint: Path) -> FraudPredictor:
    return TASK.load(fraud_checkpoint, "cpu")


def answering(predictor: FraudPredictor, kind: str) -> FraudPredictor:
    """The same checkpoint with another one of its models in front."""
    other = object.__new__(FraudPredictor)
    vars(other).update(vars(predictor))
    other.model, other.architecture = replace(predictor.model, kind=kind), kind
    return other
