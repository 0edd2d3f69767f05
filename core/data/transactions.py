"""Payments, column by column: what fraud models read, whatever file or simulator the rows came from."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.contracts import Message, Refusal

GENUINE, FRAUD, UNKNOWN = 0, 1, -1
"""Labels of a row; unknown is not genuine."""
LABELS = ("genuine", "fraud")
AMOUNT_LIMIT = 1e11
"""No amount of a file lies beyond; sums of them then fit into 64 bits for 9,000 payments in one window."""


@dataclass(frozen=True)
class Transactions:
    """N transactions in order of time (in order of the file where there is none); every array has shape (N,).

    The first `context` rows are history: features look back at them, but they are not scored.
    """

    ids: NDArray[np.str_]
    """Unique; the file's own ids, else its row numbers from 1."""
    amount: NDArray[np.float64]
    """In the file's currency; within `AMOUNT_LIMIT`, negative for refunds."""
    time: NDArray[np.datetime64] | None = None
    """datetime64[s]; None when the file has no times."""
    customer: NDArray[np.int32] | None = None
    """Places in `customers`; -1 where the cell is empty."""
    customers: tuple[str, ...] = ()
    terminal: NDArray[np.int32] | None = None
    """Places in `terminals`, terminals or merchants; -1 where the cell is empty."""
    terminals: tuple[str, ...] = ()
    label: NDArray[np.int8] | None = None
    """`FRAUD`, `GENUINE` or `UNKNOWN`; None when the file has no labels."""
    numbers: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    """Other numeric columns by name; NaN where the cell is empty."""
    categories: Mapping[str, NDArray[np.str_]] = field(default_factory=dict)
    """Other text columns by name; empty strings where the cell is empty."""
    scenario: NDArray[np.str_] | None = None
    """How a simulator made a fraud: an answer key, for slices of the evaluation alone."""
    columns: Mapping[str, str] = field(default_factory=dict)
    """Role -> column of the file that it was read from."""
    name: str = ""
    sha256: str = ""
    """Over the contents of all columns."""
    context: int = 0
    notices: tuple[Message, ...] = ()
    refused: tuple[Refusal, ...] = ()
    """Rows that could not be used, with the reason."""

    def __len__(self) -> int:
        return len(self.amount)

    def take(self, rows: NDArray[Any]) -> Transactions:
        """The given rows (places or a mask), without history, in the order given."""

        def of(values: NDArray[Any] | None) -> Any:
            return None if values is None else values[rows]

        return replace(
            self,
            ids=self.ids[rows],
            amount=self.amount[rows],
            time=of(self.time),
            customer=of(self.customer),
            terminal=of(self.terminal),
            label=of(self.label),
            numbers={name: values[rows] for name, values in self.numbers.items()},
            categories={name: values[rows] for name, values in self.categories.items()},
            scenario=of(self.scenario),
            context=0,
        )


def fingerprint(transactions: Transactions) -> str:
    """sha256 over the contents of all columns, history included; names of file and columns' roles left aside."""
    digest = hashlib.sha256()
    columns: dict[str, NDArray[Any] | None] = {
        name: getattr(transactions, name)
        for name in ("ids", "amount", "time", "customer", "terminal", "label", "scenario")
    }
    columns |= {f"numbers.{name}": values for name, values in sorted(transactions.numbers.items())}
    columns |= {f"categories.{name}": values for name, values in sorted(transactions.categories.items())}
    for name, values in columns.items():
        if values is not None:
            digest.update(f"{name} {values.dtype.str} {len(values)}\n".encode())
            digest.update(values.tobytes())
    for names in (transactions.customers, transactions.terminals):
        digest.update("\n".join((str(len(names)), *names, "")).encode())
    return digest.hexdigest()
