"""How much of the past a table brings; to a model that looks back further everybody seems newer than they are."""

from __future__ import annotations

import numpy as np

from core.contracts import N_, Message
from core.data.transactions import Transactions
from core.tasks.fraud_detection.definitions import LONG_DAYS
from core.tasks.fraud_detection.features import Feature, FeaturePlan

FIRST_SHARE = 0.5
"""Share of the scored rows that are the first of their customer from which on it is said."""
_LONG = ("customer_shift_", "customer_large_")
_OF_CUSTOMER = ("customer_", "amount_ratio")


def history_notices(plan: FeaturePlan, transactions: Transactions) -> tuple[Message, ...]:
    """That a table is short of history; empty where it brings enough, and for models that do not look back.

    Rows before the scored ones are taken for all the history there is: whoever chose them knew the model.
    """
    reach = look_back(plan)
    if not reach or transactions.time is None or not len(transactions):
        return ()
    rows, days = len(transactions) - transactions.context, _span(transactions)
    if transactions.context or days >= reach:
        return _first_payments(transactions) if rows > 1 else ()
    if rows == 1:
        template = N_(
            "No earlier payment of this customer or at this terminal is known here; the model looks back {reach} days."
        )
        return (Message(template, {"reach": reach}),)
    template = N_(
        "This table holds {days} days; the model looks back {reach} days: customers and terminals look newer than they "
        "are, and the scores are less sure than they read."
    )
    return (Message(template, {"days": days, "reach": reach}), *_first_payments(transactions))


def look_back(plan: FeaturePlan) -> int:
    """Days before a payment that the features of a plan are made from at most."""
    return max((_reach(feature, plan.delay_days) for feature in plan.features), default=0)


def _reach(feature: Feature, delay_days: int) -> int:
    days = feature.definition.days
    if not days or feature.name.startswith(_OF_CUSTOMER):
        return LONG_DAYS if feature.name.startswith(_LONG) else days
    return days + delay_days


def _span(transactions: Transactions) -> int:
    """Calendar days from the first row to the last."""
    days = np.asarray(transactions.time).astype("datetime64[D]")
    return int((days.max() - days.min()).astype(np.int64)) + 1


def _first_payments(transactions: Transactions) -> tuple[Message, ...]:
    """That most of the scored rows are of customers without a past."""
    if transactions.customer is None:
        return ()
    first = np.zeros(len(transactions), bool)
    first[np.unique(transactions.customer, return_index=True)[1]] = True
    first = first[transactions.context :] & (transactions.customer[transactions.context :] >= 0)
    if first.mean() <= FIRST_SHARE:
        return ()
    template = N_("{share:.0%} of the scored payments are the first of their customer here: nothing is known of them.")
    return (Message(template, {"share": float(first.mean())}),)
