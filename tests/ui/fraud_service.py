"""A stand-in for the serving layer of fraud: scores by amount, terminal and night; in no time and without a model."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from core.contracts import (
    DataInfo,
    Decisions,
    Evaluation,
    FeatureAttribution,
    Message,
    Metric,
    ModelRef,
    TransactionCase,
)
from core.data.new_transaction import Fields
from core.data.transactions import LABELS, Transactions
from core.serving import service, warmup
from core.store.registry import Registry
from core.ui import asking

MODEL = ModelRef("fraud", "bundled", "boosted_trees", "f" * 64)
THRESHOLD = 0.5
LIMIT = 200.0
START = np.datetime64("2026-03-01T00:00:00", "s")


@dataclass(frozen=True)
class Version:
    sha256: str = "f" * 64
    ref: str = "bundled"
    sector: str = "fraud"
    number: int = 0
    manifest: dict[str, Any] = field(
        default_factory=lambda: {"threshold": {"value": THRESHOLD}, "architecture": "boosted_trees"}, hash=False
    )


def bank(days: int = 40, a_day: int = 20, seed: int = 0) -> Transactions:
    """So many rows a day of ten customers at six terminals; every 25th row is a fraud of a large amount."""
    draw = np.random.default_rng(seed)
    n = days * a_day
    fraud = np.arange(n) % 25 == 7
    seconds = np.sort(draw.integers(0, days * 86_400, n))
    return Transactions(
        ids=np.array([f"t{row}" for row in range(n)]),
        amount=np.round(draw.gamma(2.0, 20.0, n) + 250 * fraud, 2),
        time=START + seconds.astype("timedelta64[s]"),
        customer=draw.integers(0, 10, n).astype(np.int32),
        customers=tuple(f"C{place}" for place in range(10)),
        terminal=draw.integers(0, 6, n).astype(np.int32),
        terminals=tuple(f"T{place}" for place in range(6)),
        label=fraud.astype(np.int8),
        sha256="b" * 64,
    )


def scores(table: Transactions) -> np.ndarray:
    return (1 / (1 + np.exp(-raw(table).sum(axis=1)))).astype(np.float32)


def raw(table: Transactions) -> np.ndarray:
    """What amount and the first terminal add, (N, 2), for the rows that are to be scored."""
    amount, terminal = table.amount[table.context :], table.terminal
    risky = np.zeros(len(amount)) if terminal is None else terminal[table.context :] == 0
    return np.stack([(amount - LIMIT) / 60, 1.5 * risky], axis=1)


def predict(slug: str, inputs: Sequence[Transactions], ref: Any = "champion", **options: Any) -> list[service.Answer]:
    return [service.Answer(Decisions(LABELS, scores(table), THRESHOLD), MODEL, 3.2) for table in inputs]


def explain(slug: str, sample: tuple[Transactions, int], target: str, method: str, ref: Any = "champion") -> Any:
    table, place = sample
    added = raw(table)[place]
    row = table.context + place
    return FeatureAttribution(
        names=("amount", "log_amount", "terminal"),
        values=np.array([table.amount[row], np.log(table.amount[row]), 0.0]),
        contributions=np.array([added[0] / 2, added[0] / 2, added[1]]),
        base=0.0,
        total=float(added.sum()),
        method="tree_shap",
        reasons=(
            Message("The amount is {amount}.", {"amount": f"{table.amount[row]:.2f}"}),
            Message("The amount is {amount}.", {"amount": f"{table.amount[row]:.2f}"}),
            Message("Terminal {terminal}.", {"terminal": "T0"}),
        ),
    )


def case_of(slug: str, table: Transactions, model: ModelRef = MODEL) -> TransactionCase:
    digest = hashlib.sha256(table.sha256.encode()).hexdigest()
    return TransactionCase(str(table.ids[-1]), {"amount": float(table.amount[-1])}, digest)


def cases_of(slug: str, tables: Iterable[Transactions], model: ModelRef = MODEL) -> list[TransactionCase]:
    return [case_of(slug, table) for table in tables]


def evaluation(n: int = 3000, seed: int = 0, **columns: np.ndarray) -> Evaluation:
    draw = np.random.default_rng(seed)
    truth = (draw.random(n) < 0.03).astype(np.int64)
    amount = draw.gamma(2.0, 30.0, n) * (1 + 3 * truth)
    positive = 1 / (1 + np.exp(-(5 * truth - 4 + draw.normal(size=n))))
    rules = np.where(amount > 200, 0.6, 0.01).astype(np.float32)
    table = {
        "id": np.array([f"t{row}" for row in range(n)]),
        "truth": truth,
        "prediction": (positive >= THRESHOLD).astype(np.int64),
        "scores": np.stack([1 - positive, positive], axis=1).astype(np.float32),
        "abstained": np.zeros(n, bool),
        "domain_score": np.zeros(n, np.float32),
        "amount": amount,
        "customer": draw.integers(0, 400, n),
        "day": np.arange(n) // (n // 10),
        "other.rules": rules,
        "other.logistic_regression": np.where(draw.random(n) < 0.5, positive, 0.1).astype(np.float32),
        **columns,
    }
    summary = {"average_precision": Metric(0.8, 0.7, 0.9, n), "auroc": Metric(0.99, 0.98, 1.0, n)}
    return Evaluation(LABELS, table, summary, DataInfo("made up", "test", n, "f"), 0, "python -m core evaluate")


def install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the stand-in where the views look for the serving layer."""
    monkeypatch.setattr(service, "choose", lambda slug, ref="champion": SimpleNamespace(version=Version()))
    monkeypatch.setattr(service, "predict", predict)
    monkeypatch.setattr(service, "explain", explain)
    monkeypatch.setattr(service, "methods", lambda slug: ("contributions",))
    monkeypatch.setattr(service, "evaluation_of", lambda version, split="test": evaluation(seed=split != "test"))
    monkeypatch.setattr(Registry, "resolve", lambda self, slug, ref="champion": Version())
    monkeypatch.setattr(asking, "case_of", case_of)
    monkeypatch.setattr(asking, "cases_of", cases_of)
    monkeypatch.setattr(service, "fields_of", lambda slug: Fields((5.0, 40.0, 300.0), delay_days=7))
    monkeypatch.setattr(warmup, "state", lambda: warmup.WarmUp("ready", 1.0))
