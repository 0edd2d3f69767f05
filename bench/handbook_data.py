"""The payments of the Fraud Detection Handbook, its folds and its three metrics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.data.time_split import blocked
from core.data.transactions import Transactions
from core.settings import settings
from core.training.card_precision import card_precision_of
from core.training.metrics import auroc_of, average_precision_of, whole

FILE = Path("fraud") / "handbook_simulated" / "transactions.parquet"
COLUMNS = {
    "TX_DATETIME": "time",
    "CUSTOMER_ID": "customer",
    "TERMINAL_ID": "terminal",
    "TX_AMOUNT": "amount",
    "TX_FRAUD": "fraud",
}
DELAY = 7
WEEK = np.timedelta64(7, "D")
EARLIER = ("2018-06-20", "2018-06-27", "2018-07-04", "2018-07-11")
"""First training days of the folds that everything is chosen on."""
FOLDS = ("2018-07-25", "2018-08-01", "2018-08-08", "2018-08-15")
"""Those of protocol B; the first is protocol A."""
METRICS = ("auroc", "average_precision", "card_precision_at_100")


def read_frame() -> pd.DataFrame:
    """The columns that features are made of, in order of time.

    Raises:
        SystemExit: The data are not there.
    """
    folder = settings().data
    if folder is None or not (folder / FILE).is_file():
        raise SystemExit(f"needs {FILE.as_posix()} below VITRINE_DATA")
    return pd.read_parquet(folder / FILE, columns=list(COLUMNS)).rename(columns=COLUMNS)


def payments_of(frame: pd.DataFrame) -> Transactions:
    """The same as the product holds them."""
    customer, terminal = (frame[name].to_numpy(np.int32) for name in ("customer", "terminal"))
    return Transactions(
        ids=np.arange(len(frame)).astype(str),
        amount=frame["amount"].to_numpy(),
        time=frame["time"].to_numpy().astype("datetime64[s]"),
        customer=customer,
        customers=tuple(map(str, range(int(customer.max()) + 1))),
        terminal=terminal,
        terminals=tuple(map(str, range(int(terminal.max()) + 1))),
        label=frame["fraud"].to_numpy(),
    )


@dataclass(frozen=True)
class Fold:
    """A week to learn from, a week left out while labels are waited for, and a week to be measured on."""

    train: NDArray[np.int64]
    """Rows of the training week."""
    long: NDArray[np.int64]
    """Rows of the four weeks that end with it."""
    test: NDArray[np.int64]
    """Rows of the test week without customers who are known as bad on their day."""


def fold_of(payments: Transactions, first_day: str) -> Fold:
    """The fold whose training week begins on `first_day`."""
    start, time = np.datetime64(first_day), payments.time
    assert time is not None
    begins, ends = start + 2 * WEEK, start + 3 * WEEK
    train = np.flatnonzero((time >= start) & (time < start + WEEK))
    test = np.flatnonzero((time >= begins) & (time < ends))
    test = test[~blocked(payments, DELAY, train, test)]
    return Fold(train, np.flatnonzero((time >= start - 3 * WEEK) & (time < start + WEEK)), test)


def measure(payments: Transactions, rows: NDArray[np.int64], score: NDArray[Any]) -> dict[str, float]:
    """The three metrics of one test week."""
    assert payments.label is not None and payments.customer is not None and payments.time is not None
    truth, day = payments.label[rows] == 1, payments.time[rows].astype("datetime64[D]").astype(np.int64)
    cards, customers = card_precision_of(truth, score, payments.customer[rows], day)
    found = (whole(auroc_of(truth, score), len(rows)), whole(average_precision_of(truth, score), len(rows)))
    return dict(zip(METRICS, [float(value) for value in (*found, whole(cards, customers))], strict=True))


def mean_of_folds(found: list[dict[str, float]]) -> Mapping[str, tuple[float, float]]:
    """Metric -> mean and standard deviation over measurements."""
    columns = {name: np.array([one[name] for one in found]) for name in METRICS}
    return {name: (round(float(values.mean()), 4), round(float(values.std()), 4)) for name, values in columns.items()}
