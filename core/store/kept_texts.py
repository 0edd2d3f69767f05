"""Texts that visitors agreed to leave here: masked before they are written, as JSON that is checked on reading."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from core.contracts import N_, Message, TextSample
from core.errors import InputRefused, StoreError
from core.intake.personal import NAMES, mask
from core.store import kept

SCHEMA = 1
KEPT_BYTES = 256 * 1024
"""More than any text takes that the intake lets through: a bound on the disk and on what is parsed."""


def write(stored: str, sample: TextSample) -> None:
    """Keep a text as `stored`, without personal data and without the name that it came with.

    Raises:
        InputRefused: it is too large to keep.
        StoreError: the disk is full or cannot be written; nothing is left.
    """
    # Half a character, which UTF-8 cannot hold, becomes a question mark.
    masked = mask(sample.text.encode("utf-8", "replace").decode("utf-8"))
    document = {"schema": SCHEMA, "text": masked.text, "masked": dict(masked.found)}
    data = json.dumps(document, ensure_ascii=False).encode("utf-8")
    if len(data) > KEPT_BYTES:
        sizes = {"size_kb": -(-len(data) // 1024), "limit_kb": KEPT_BYTES // 1024}
        raise InputRefused(
            "correction.too_large",
            Message(N_("The text takes {size_kb} KB; up to {limit_kb} are kept."), sizes),
            N_("Save the answer without keeping the text."),
        )
    kept.write_bytes(stored, data)


def read(stored: str) -> TextSample:
    """A kept text; raises `StoreError` when it is gone or is not what `write` wrote."""
    return parse(kept.read_bytes(stored), Path(stored).name)


def parse(data: bytes, name: str) -> TextSample:
    """The same from bytes, such as of a file that a run was given to learn from; raises `StoreError`.

    Its sha256 is that of the masked text: one of the text that was sent could be searched for what the marks hide.
    """
    try:
        if len(data) > KEPT_BYTES:
            raise ValueError("too large")
        text = _text(json.loads(data))
        sha256 = hashlib.sha256(text.encode("utf-8")).hexdigest()
    except (ValueError, RecursionError) as error:
        raise StoreError(
            "corrections.damaged", N_("A kept text cannot be read: its file was changed."), N_("Delete the correction.")
        ) from error
    return TextSample(name, text, sha256)


def _text(document: Any) -> str:
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise ValueError("schema")
    text, masked = document.get("text"), document.get("masked")
    if not isinstance(text, str) or not isinstance(masked, dict) or not masked.keys() <= NAMES.keys():
        raise ValueError("fields")
    return text
