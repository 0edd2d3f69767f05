"""What a model has to be told of a transaction, read from its manifest alone; imports no torch, as a form needs it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from core.data.new_transaction import Fields
from core.tasks.fraud_detection.definitions import NUMBER
from core.tasks.fraud_detection.features import FeaturePlan

AMOUNT = "amount"


def fields_of(manifest: Mapping[str, Any]) -> Fields:
    """The fields of a form for one transaction; raises `ModelRefused` when the list of features cannot be read."""
    plan = FeaturePlan.from_json(json.dumps(manifest.get("features")))
    ranges = {feature.name: feature.quantiles for feature in plan.features}
    columns = {feature.name: feature.definition.column for feature in plan.features if feature.definition.column}
    numbers = {column: ranges[name] for name, column in columns.items() if name.startswith(NUMBER)}
    texts = dict.fromkeys(column for name, column in columns.items() if not name.startswith(NUMBER))
    return Fields(ranges[AMOUNT], numbers, tuple(texts), plan.delay_days)
