"""Makes what the fraud page starts with: the last weeks of a small simulated bank, and payments of it to look at.

The payments are chosen by what the simulator knows of them, by rules below; no model is asked. Of those that fit a rule
the first in time is taken, and never two of one customer.

Run: python -m bench.payments
"""

from __future__ import annotations

import argparse
import hashlib
import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.data.payments import OLD_LIMIT, simulate
from core.data.simulated_bank import SMALL_DAYS, SMALL_WORLD, TITLES, save
from core.data.transactions import FRAUD, Transactions
from core.settings import settings

LAST_DAYS = 7
"""The samples are of these, so that the windows before them are whole."""
KNOWN_AFTER = np.timedelta64(7, "D")
COMMAND = "python -m bench.payments"

Mask = NDArray[np.bool_]


def last_days(bank: Transactions, days: int) -> Transactions:
    """The end of a bank; customers and terminals keep their places."""
    assert bank.time is not None
    return bank.take(bank.time >= bank.time[-1].astype("datetime64[D]") - np.timedelta64(days - 1, "D"))


def known_frauds(bank: Transactions) -> NDArray[np.int64]:
    """Frauds at the terminal of each row in the 30 days that ended `KNOWN_AFTER` before it, (N,)."""
    assert bank.time is not None
    assert bank.terminal is not None
    assert bank.label is not None
    counts = np.zeros(len(bank), np.int64)
    for terminal in np.unique(bank.terminal[bank.label == FRAUD]):
        rows = np.flatnonzero(bank.terminal == terminal)
        times = bank.time[rows[bank.label[rows] == FRAUD]]
        until = bank.time[rows] - KNOWN_AFTER
        counts[rows] = np.searchsorted(times, until) - np.searchsorted(times, until - np.timedelta64(30, "D"))
    return counts


def rules(bank: Transactions) -> dict[str, Mask]:
    """Which rows fit each kind of sample."""
    assert bank.time is not None
    assert bank.customer is not None
    assert bank.scenario is not None
    hour = (bank.time - bank.time.astype("datetime64[D]")).astype("timedelta64[h]").astype(int)
    genuine = bank.scenario == "genuine"
    counts = np.bincount(bank.customer)
    own = np.bincount(bank.customer, bank.amount)[bank.customer] / counts[bank.customer]
    frequent = counts[bank.customer] > 40
    risky = known_frauds(bank)
    by_day, over = (hour >= 9) & (hour < 20), bank.amount / own
    return {
        "ordinary": genuine & frequent & by_day & (over > 0.7) & (over < 1.3) & (risky == 0),
        "genuine_large": genuine & frequent & by_day & (bank.amount > OLD_LIMIT) & (risky == 0),
        "genuine_at_compromised": genuine & frequent & by_day & (over < 1.3) & (risky >= 5),
        "large_amount": (bank.scenario == "large_amount") & frequent & (bank.amount > 1.5 * OLD_LIMIT),
        "careful_amount": (bank.scenario == "large_amount") & frequent & (bank.amount < OLD_LIMIT) & (over > 3),
        "compromised_terminal": (bank.scenario == "compromised_terminal") & frequent & (risky >= 5),
        "stolen_at_night": (bank.scenario == "stolen_card") & frequent & (hour < 5) & (over > 2),
        "stolen_by_day": (bank.scenario == "stolen_card") & frequent & by_day & (over > 2),
    }


def choose(bank: Transactions) -> list[dict[str, Any]]:
    """One row per kind, with what the simulator knows of it."""
    assert bank.time is not None
    assert bank.customer is not None
    assert bank.scenario is not None
    recent = bank.time >= bank.time[-1].astype("datetime64[D]") - np.timedelta64(LAST_DAYS - 1, "D")
    taken: set[int] = set()
    entries = []
    for kind, fits in rules(bank).items():
        place = next(int(row) for row in np.flatnonzero(fits & recent) if int(bank.customer[row]) not in taken)
        taken.add(int(bank.customer[place]))
        entries.append(
            {
                "place": place,
                "kind": kind,
                "title": TITLES[kind],
                "id": str(bank.ids[place]),
                "scenario": str(bank.scenario[place]),
                "amount": float(bank.amount[place]),
                "time": str(bank.time[place]),
                "synthetic": True,
            }
        )
    return entries


def main() -> None:
    """Simulate, cut, choose, write."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    bank = last_days(simulate(SMALL_WORLD), SMALL_DAYS)
    folder = settings().assets / "samples" / "fraud"
    folder.mkdir(parents=True, exist_ok=True)
    save(bank, folder / "bank.parquet")
    entries = choose(bank)
    (folder / "manifest.json").write_text(json.dumps(entries, indent=1) + "\n", encoding="utf-8")
    assert bank.label is not None
    world = {name: getattr(SMALL_WORLD, name) for name in SMALL_WORLD.__dataclass_fields__}
    facts = {
        "synthetic": True,
        "command": COMMAND,
        "simulator": "core/data/payments.py",
        "world": world,
        "kept": f"the last {SMALL_DAYS} days",
        "licence": "CC0-1.0",
        "rows": len(bank),
        "frauds": int((bank.label == FRAUD).sum()),
        "sha256": hashlib.sha256((folder / "bank.parquet").read_bytes()).hexdigest(),
    }
    text = json.dumps(facts, indent=1)
    (folder / "provenance.json").write_text(text + "\n", encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
