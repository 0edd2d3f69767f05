"""The simulated bank as files: the whole one that is made on this machine, and the small one that ships with the page.

Both come of `core.data.payments`. The small bank has other customers and terminals than the whole one, so that no model
trained on that one has seen a payment of it; its days are the last ones of the same half year.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd

from core.contracts import N_
from core.data.payments import PaymentWorld, simulate
from core.data.transactions import Transactions, fingerprint
from core.settings import settings

WORLD = PaymentWorld(customers=2000, terminals=800, days=180, seed=1)
"""The data set `simulated_bank`."""
SMALL_WORLD = PaymentWorld(customers=600, terminals=240, days=180, seed=4)
SMALL_DAYS = 45
"""The last days of it are kept: long enough for windows of 30 days that end a label delay ago, and a week to score."""

TITLES = {
    "ordinary": N_("Ordinary payment"),
    "genuine_large": N_("Large, yet genuine"),
    "genuine_at_compromised": N_("Genuine, at a compromised terminal"),
    "large_amount": N_("Large amount with a stolen card"),
    "careful_amount": N_("Stolen card, below an old limit"),
    "compromised_terminal": N_("Copied card at a compromised terminal"),
    "stolen_at_night": N_("Stolen card details, at night"),
    "stolen_by_day": N_("Stolen card details, by day"),
}
"""What the samples of the page show."""

_FOLDER = Path("samples") / "fraud"
_BANK = "bank.parquet"


@dataclass(frozen=True)
class SampleTransaction:
    """A payment of the small bank that the page offers to look at."""

    place: int
    """Row of `sample_bank()`."""
    kind: str
    """Key of `TITLES`."""

    @property
    def title(self) -> str:
        """What it is, to be translated."""
        return TITLES[self.kind]


@lru_cache(maxsize=1)
def sample_bank() -> Transactions:
    """The small bank with its labels and answer key; the same object for all callers."""
    return _read(settings().assets / _FOLDER / _BANK)


@lru_cache(maxsize=1)
def sample_transactions() -> tuple[SampleTransaction, ...]:
    """Payments of the last week of `sample_bank()`, genuine ones first."""
    entries = json.loads((settings().assets / _FOLDER / "manifest.json").read_text(encoding="utf-8"))
    return tuple(SampleTransaction(int(entry["place"]), str(entry["kind"])) for entry in entries)


def make_bank(path: Path) -> None:
    """Simulate the whole bank and write it to `path`; some seconds."""
    save(simulate(WORLD), path)


def save(transactions: Transactions, path: Path) -> None:
    """Write simulated payments as parquet, with the names of the roles as columns."""
    frame = pd.DataFrame(
        {
            "id": transactions.ids.astype(np.int32),
            "time": transactions.time,
            "customer": np.array(transactions.customers)[transactions.customer],
            "terminal": np.array(transactions.terminals)[transactions.terminal],
            "amount": transactions.amount,
            "label": transactions.label,
            "scenario": transactions.scenario,
        }
    )
    # What only ever grows takes a fifth of the space as differences.
    growing = {"id": "DELTA_BINARY_PACKED", "time": "DELTA_BINARY_PACKED"}
    others = [name for name in frame if name not in growing]
    frame.to_parquet(path, compression="zstd", index=False, use_dictionary=others, column_encoding=growing)


def _read(path: Path) -> Transactions:
    frame = pd.read_parquet(path)
    places, names = {}, {}
    for role in ("customer", "terminal"):
        codes = pd.Categorical(frame[role])
        places[role], names[role] = codes.codes.astype(np.int32), tuple(map(str, codes.categories))
    read = Transactions(
        ids=frame["id"].to_numpy().astype(np.str_),
        amount=frame["amount"].to_numpy(np.float64),
        time=frame["time"].to_numpy().astype("datetime64[s]"),
        customer=places["customer"],
        customers=names["customer"],
        terminal=places["terminal"],
        terminals=names["terminal"],
        label=frame["label"].to_numpy(np.int8),
        scenario=frame["scenario"].to_numpy().astype(np.str_),
        columns={name: name for name in frame.columns},
        name=path.stem,
    )
    return replace(read, sha256=fingerprint(read))
