"""A sector that reads transactions, with a task that scores by the amount alone, in no time and without training."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from core import catalog
from core.contracts import (
    DataInfo,
    Decisions,
    Evaluation,
    FeatureAttribution,
    Message,
    Metric,
    Preset,
    Sector,
    TransactionCase,
)
from core.data.transactions import FRAUD, LABELS, Transactions
from core.training.metrics import classification_summary
from tests.house import House, open_house
from tests.jobs import fake_sector

SLUG = "payments"
SECTOR = Sector(
    SLUG,
    "Payments",
    "",
    "Sectors",
    "fake_payments",
    "",
    (Preset("bundled", "bundled", "payments/bundled", "MIT", ""),),
    "average_precision",
    notice="Synthetic payments.",
    reads="transactions",
    offers=(),
    sections=("answer", "queue", "corrections", "improve", "quality", "card"),
    metrics=("average_precision", "auroc", "ece"),
)
THRESHOLD = 0.5
CSV = b"id,amount,time,customer,terminal,label\n" + b"".join(
    b"p%d,%d,2026-01-%02d 10:00:00,c%d,t%d,%d\n" % (n, 10 * n, 1 + n % 28, n % 5, n % 3, n >= 15) for n in range(1, 21)
)
"""Payments p1 to p20 of 10 to 200; those from 150 on are fraud."""


@dataclass(frozen=True)
class Config:
    """Options as the fraud task has them, as far as anything common looks at them."""

    columns: str = ""
    seed: int = 0


class Predictor:
    """The score is the amount over the amount and a hundred."""

    size_bytes = 1000
    labels = LABELS

    def predict(self, inputs: Sequence[Transactions], threshold: float | None = None) -> list[Decisions]:
        return [
            Decisions(LABELS, scores_of(table), THRESHOLD if threshold is None else threshold, (Message("Made up."),))
            for table in inputs
        ]


def scores_of(table: Transactions) -> Any:
    amount = np.maximum(table.amount[table.context :], 0)
    return (amount / (amount + 100)).astype(np.float32)


class Task:
    name = "fake_payments"
    config_type = Config
    headline_metric = "average_precision"
    methods = ("additive",)

    def load(self, checkpoint: Path, device: str) -> Predictor:
        return Predictor()

    def train(self, config: Config, data: Path, run: Any) -> Path:
        folder = fake_sector.write_checkpoint(run.directory / "checkpoint", labels=list(LABELS))
        from core.training.evaluation import save_evaluation

        save_evaluation(folder, evaluation())
        return folder

    def evaluate(self, predictor: Any, data: Path, columns: Any = None, like: Evaluation | None = None) -> Evaluation:
        from core.data.read_transactions import open_transactions

        return evaluation_of(open_transactions(data, data.name, columns, need_label=True))

    def summarise(self, found: Evaluation) -> dict[str, Metric]:
        return classification_summary(*(found.table[name] for name in ("truth", "prediction", "scores")))

    def explain(self, predictor: Any, sample: tuple[Transactions, int], target: str, method: str) -> FeatureAttribution:
        table, place = sample
        amount = float(table.amount[table.context + place])
        words = (Message("An amount of {amount:.2f}", {"amount": amount}), Message("<b>Nothing</b> else"))
        values, added = np.array([amount, np.nan]), np.array([amount / 100, -0.25])
        return FeatureAttribution(("amount", "else"), values, added, -1.0, amount / 100 - 1.25, method, words)


def evaluation_of(table: Transactions, fingerprint: str = "f") -> Evaluation:
    """The table measured by the fake predictor."""
    assert table.label is not None
    score, truth = scores_of(table), (table.label == FRAUD).astype(np.int64)
    columns: dict[str, Any] = {
        "id": table.ids,
        "truth": truth,
        "prediction": (score >= THRESHOLD).astype(np.int64),
        "scores": np.stack([1 - score, score], axis=1),
        "abstained": np.zeros(len(truth), bool),
        "domain_score": np.zeros(len(truth), np.float32),
        "amount": table.amount,
        "slice.amount": np.where(table.amount > 100, "high", "low"),
    }
    if table.customer is not None:
        columns["customer"] = table.customer
    if table.time is not None:
        columns["day"] = table.time.astype("datetime64[D]").astype(np.int64)
    found = Evaluation(LABELS, columns, {}, DataInfo("made up", "test", len(truth), fingerprint), 0, "python -m core")
    from dataclasses import replace

    return replace(found, summary=Task().summarise(found))


def made_up(n: int = 400, seed: int = 0) -> Transactions:
    """Payments of 40 customers on 20 days; one in ten, mostly large ones, is fraud."""
    random = np.random.default_rng(seed)
    label = (random.random(n) < 0.1).astype(np.int8)
    amount = np.round(random.gamma(2, 30, n) * np.where(label, 4, 1), 2)
    time = np.datetime64("2026-01-01T00:00:00") + np.sort(random.integers(0, 20 * 86400, n)).astype("timedelta64[s]")
    return Transactions(
        ids=np.array([f"p{row}" for row in range(n)]),
        amount=amount,
        time=time,
        customer=random.integers(0, 40, n).astype(np.int32),
        customers=tuple(f"c{one}" for one in range(40)),
        terminal=random.integers(0, 10, n).astype(np.int32),
        terminals=tuple(f"t{one}" for one in range(10)),
        label=label,
        name="made up",
        sha256="d" * 64,
    )


def evaluation(n: int = 400, seed: int = 0, fingerprint: str = "f") -> Evaluation:
    """An evaluation of made-up payments."""
    return evaluation_of(made_up(n, seed), fingerprint)


def case(amount: float = 150.0) -> TransactionCase:
    """One payment as a person judges it."""
    values = {"amount": amount, "time": "2026-01-31T10:00:00", "terminal_risk_7d": 0.25}
    return TransactionCase("p15", values, f"{int(amount):064x}")


def install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Add the sector to the catalogue and its task to the tasks."""
    package, module = ModuleType("core.tasks.fake_payments"), ModuleType("core.tasks.fake_payments.task")
    config = ModuleType("core.tasks.fake_payments.config")
    module.TASK, config.CONFIG_TYPE = Task(), Config  # type: ignore[attr-defined]
    for one in (package, module, config):
        monkeypatch.setitem(sys.modules, one.__name__, one)
    monkeypatch.setattr(catalog, "SECTORS", (*catalog.SECTORS, SECTOR))


@contextmanager
def open_payments(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """A house with this sector in it and a version of it that answers."""
    with open_house(folder, monkeypatch) as made:
        install(monkeypatch)
        from core.training.evaluation import VALIDATION, save_evaluation

        bundled = fake_sector.write_checkpoint(
            made.assets / "models" / SLUG / "bundled", b"payments", labels=list(LABELS)
        )
        save_evaluation(bundled, evaluation())
        save_evaluation(bundled / VALIDATION, evaluation(seed=1, fingerprint="v"))
        yield made


@pytest.fixture
def payments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """`open_payments` for one test."""
    with open_payments(tmp_path, monkeypatch) as made:
        yield made
