"""Transactions that visitors agreed to leave here: what the model saw of them, as JSON that is checked on reading."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.contracts import N_, Message, TransactionCase
from core.errors import InputRefused, StoreError
from core.store import kept

SCHEMA = 1
KEPT_BYTES = 256 * 1024
"""More than any case takes: a bound on the disk and on what is parsed."""
_TEXT_LENGTH = 500
_SHA256 = re.compile(r"[0-9a-f]{64}")


def write(stored: str, case: TransactionCase) -> None:
    """Keep a case as `stored`, without the name that it came with; a value that is no number is kept as null.

    Raises:
        InputRefused: it is too large to keep.
        StoreError: the disk is full or cannot be written; nothing is left.
    """
    values = {name: _plain(value) for name, value in case.values.items()}
    document = {"schema": SCHEMA, "sha256": case.sha256, "values": values}
    document |= {"features": list(case.features), "delay_days": case.delay_days}
    data = json.dumps(document, ensure_ascii=False, allow_nan=False).encode("utf-8")
    if len(data) > KEPT_BYTES:
        raise InputRefused(
            "correction.too_large",
            Message(N_("The case takes {size_kb} KB; up to {limit_kb} are kept."), _sizes(len(data))),
            N_("Save the answer without keeping the case."),
        )
    kept.write_bytes(stored, data)


def read(stored: str) -> TransactionCase:
    """A kept case; raises `StoreError` when it is gone or is not what `write` wrote."""
    return parse(kept.read_bytes(stored), Path(stored).name)


def parse(data: bytes, name: str) -> TransactionCase:
    """The same from bytes, such as of a file that a run was given to learn from; raises `StoreError`."""
    try:
        if len(data) > KEPT_BYTES:
            raise ValueError("too large")
        return _checked(json.loads(data, parse_constant=_refuse), name)
    except (ValueError, RecursionError) as error:
        raise StoreError(
            "corrections.damaged", N_("A kept case cannot be read: its file was changed."), N_("Delete the correction.")
        ) from error


def _checked(document: Any, name: str) -> TransactionCase:
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise ValueError("schema")
    sha256, values = document.get("sha256"), document.get("values")
    if not isinstance(sha256, str) or not _SHA256.fullmatch(sha256) or not isinstance(values, Mapping):
        raise ValueError("fields")
    # Cases of earlier releases do not say what their features were computed with.
    features, delay_days = document.get("features", []), document.get("delay_days")
    if not isinstance(features, list) or not all(isinstance(feature, str) for feature in features):
        raise ValueError("features")
    if delay_days is not None and type(delay_days) is not int:
        raise ValueError("delay")
    checked = {column: _value(value) for column, value in values.items()}
    return TransactionCase(name, checked, sha256, features=tuple(features), delay_days=delay_days)


def _value(value: object) -> float | str:
    if value is None:
        return math.nan
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError("value")
    return float(value)


def _plain(value: float | str) -> float | str | None:
    if isinstance(value, str):
        return value[:_TEXT_LENGTH]
    return float(value) if math.isfinite(value) else None


def _refuse(name: str) -> None:
    raise ValueError(name)


def _sizes(size: int) -> dict[str, object]:
    return {"size_kb": -(-size // 1024), "limit_kb": KEPT_BYTES // 1024}
