"""What each feature adds to the score of one transaction, by the method that is exact for its model."""

from __future__ import annotations

import numpy as np

from core.contracts import N_, FeatureAttribution, Message
from core.data.transactions import LABELS, Transactions
from core.errors import InputRefused
from core.tasks.fraud_detection.predictor import FraudPredictor
from core.tasks.fraud_detection.wording import sentences

METHODS = ("contributions",)
"""There is one way for each model; `FeatureAttribution.method` names it."""
METHOD_OF = {
    "boosted_trees": "tree_shap",
    "logistic_regression": "coefficients",
    "network": "integrated_gradients",
    "rules": "rule_hits",
}


def explain(
    predictor: FraudPredictor, sample: tuple[Transactions, int], target: str, method: str
) -> FeatureAttribution:
    """Contributions in log odds; for `genuine` with the signs turned.

    Args:
        predictor: The model.
        sample: A table, and the place of a row among those that are scored: 0 is the first after the history.
        target: One of the labels.
        method: One of `METHODS`.

    Raises:
        InputRefused: There is no such label, method or row, or the table lacks columns.
    """
    transactions, place = sample
    n_rows = len(transactions) - transactions.context
    if target not in LABELS or method not in METHODS or not 0 <= place < n_rows:
        raise InputRefused(
            "explain.choice",
            Message(N_("There is no explanation of {target} by {method}."), {"target": target, "method": method}),
            Message(
                N_("Labels: {labels}. Methods: {methods}."),
                {"labels": ", ".join(LABELS), "methods": ", ".join(METHODS)},
            ),
        )
    plan, scorer = predictor.plan, predictor.model.main
    table = plan.build(transactions)
    row = table.values[place : place + 1]
    base, added = scorer.contributions(row)
    sign = 1.0 if target == LABELS[1] else -1.0
    return FeatureAttribution(
        names=plan.names,
        values=row[0].astype(np.float64),
        contributions=sign * added[0],
        base=sign * base,
        total=sign * float(scorer.score(row)[0]),
        method=METHOD_OF[scorer.kind],
        reasons=sentences(plan, transactions, table, place),
    )
