"""Small tables of payments for the tests of fraud features."""

from dataclasses import replace

import numpy as np

from core.data.payments import PaymentWorld, simulate
from core.data.transactions import UNKNOWN, Transactions

DAY = 86_400


def table(seconds, customer=None, terminal=None, label=None, amount=None, **others) -> Transactions:
    """Payments at the given seconds after the start of a Thursday."""
    n = len(seconds)
    return Transactions(
        ids=np.arange(1, n + 1).astype(str),
        amount=np.arange(1.0, n + 1) if amount is None else np.asarray(amount, float),
        time=np.asarray(seconds, np.int64).astype("datetime64[s]"),
        customer=None if customer is None else np.asarray(customer, np.int32),
        customers=() if customer is None else tuple(f"customer {c}" for c in range(max(customer) + 1)),
        terminal=None if terminal is None else np.asarray(terminal, np.int32),
        terminals=() if terminal is None else tuple(f"T{t}" for t in range(max(terminal) + 1)),
        label=None if label is None else np.asarray(label, np.int8),
        **others,
    )


def crowded(seed: int, n: int = 400) -> Transactions:
    """Few customers and terminals, empty cells, equal times, unknown labels, another number and another text."""
    rng = np.random.default_rng(seed)
    return table(
        np.sort(rng.integers(0, 60 * 24, n)) * 3600,
        rng.integers(-1, 6, n),
        rng.integers(-1, 4, n),
        rng.choice([0, 0, 0, 1, UNKNOWN], n),
        np.round(rng.lognormal(3, 1, n), 2) * rng.choice([1, 1, 1, -1], n),
        numbers={"score": np.where(rng.random(n) < 0.1, np.nan, rng.normal(size=n))},
        categories={"kind": rng.choice(["food", "fuel", "", "=HYPERLINK(1)"], n)},
    )


def bank(seed: int = 1) -> Transactions:
    """A simulated bank with another number and another text."""
    whole = simulate(PaymentWorld(customers=200, terminals=60, days=90, seed=seed, fraud_share=0.03))
    rng = np.random.default_rng(seed)
    return replace(
        whole,
        numbers={"score": rng.normal(size=len(whole))},
        categories={"kind": rng.choice(["food", "fuel", "toys"], len(whole))},
    )
