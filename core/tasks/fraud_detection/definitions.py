"""What the features are: every name that a plan may hold, with its title, its unit and the columns it needs."""

from __future__ import annotations

from dataclasses import dataclass

from core.contracts import N_, Message

DAYS = (1, 7, 30)
"""Lengths of the windows."""
CATEGORY_DAYS = RATIO_DAYS = 30
LONG_DAYS, SHIFT_DAYS, LARGE_DAYS, LARGE_TIMES = 90, 7, 14, 3
"""A customer's habits are those of the long window; a payment of more than so many times its mean is a large one."""
FRAUD_RUN_DAYS = 30
NAME_LENGTH_MAX = 300
NUMBER, CATEGORY_COUNT, CATEGORY_RISK = "number:", "category_count_30d:", "category_risk_30d:"
"""What the names of features of other columns begin with; the column's name follows."""

AMOUNT, PAYMENTS, SHARE, TIMES = N_("amount"), N_("payments"), N_("share"), N_("times")
YES_NO, PLAIN = N_("yes or no"), ""


@dataclass(frozen=True)
class Definition:
    """One feature."""

    title: Message
    unit: str
    """To be translated; empty for plain numbers."""
    roles: tuple[str, ...] = ()
    """Columns that it is computed from, by role, besides the amount."""
    days: int = 0
    """Length of its window."""
    column: str = ""
    """The other column that it is computed from."""


def _windowed(days: int) -> dict[str, Definition]:
    customer, terminal, length = ("time", "customer"), ("time", "terminal"), {"days": days}
    return {
        f"customer_count_{days}d": Definition(
            Message(N_("payments of the customer, {days} d"), length), PAYMENTS, customer, days
        ),
        f"customer_mean_{days}d": Definition(
            Message(N_("mean amount of the customer, {days} d"), length), AMOUNT, customer, days
        ),
        f"terminal_count_{days}d": Definition(
            Message(N_("payments at the terminal, {days} d"), length), PAYMENTS, terminal, days
        ),
        f"terminal_risk_{days}d": Definition(
            Message(N_("known frauds at the terminal, {days} d"), length), SHARE, terminal, days
        ),
    }


FIXED: dict[str, Definition] = {
    "amount": Definition(Message(N_("amount")), AMOUNT),
    "log_amount": Definition(Message(N_("order of magnitude of the amount")), PLAIN),
    "night": Definition(Message(N_("at night")), YES_NO, ("time",)),
    "weekend": Definition(Message(N_("at a weekend")), YES_NO, ("time",)),
    "hour_sin": Definition(Message(N_("hour of the day (sine)")), PLAIN, ("time",)),
    "hour_cos": Definition(Message(N_("hour of the day (cosine)")), PLAIN, ("time",)),
    "amount_ratio": Definition(
        Message(N_("amount over the customer's mean, 30 d")), TIMES, ("time", "customer"), RATIO_DAYS
    ),
    f"customer_shift_{SHIFT_DAYS}d": Definition(
        Message(N_("customer's mean of {days} d over that of {long} d"), {"days": SHIFT_DAYS, "long": LONG_DAYS}),
        TIMES,
        ("time", "customer"),
        SHIFT_DAYS,
    ),
    f"customer_large_{LARGE_DAYS}d": Definition(
        Message(N_("earlier large payments of the customer, {days} d"), {"days": LARGE_DAYS}),
        PAYMENTS,
        ("time", "customer"),
        LARGE_DAYS,
    ),
    "terminal_fraud_days": Definition(
        Message(N_("days of nothing but known frauds at the terminal")), PLAIN, ("time", "terminal"), FRAUD_RUN_DAYS
    ),
} | {name: definition for days in DAYS for name, definition in _windowed(days).items()}
"""Features of the named columns of a payment."""


def definition_of(name: str) -> Definition | None:
    """The feature called `name`, or None when there is no such one."""
    if name in FIXED:
        return FIXED[name]
    prefix, _, column = name.partition(":")
    if not column or len(name) > NAME_LENGTH_MAX or not name.isprintable():
        return None
    said = {"column": column, "days": CATEGORY_DAYS}
    if prefix + ":" == NUMBER:
        return Definition(Message("{column}", said), PLAIN, column=column)
    if prefix + ":" == CATEGORY_COUNT:
        title = Message(N_("payments with the same {column}, {days} d"), said)
        return Definition(title, PAYMENTS, ("time",), CATEGORY_DAYS, column)
    if prefix + ":" == CATEGORY_RISK:
        title = Message(N_("known frauds with the same {column}, {days} d"), said)
        return Definition(title, SHARE, ("time",), CATEGORY_DAYS, column)
    return None
