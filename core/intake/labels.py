"""Names that a user sent are labels for a screen, never paths."""

from __future__ import annotations

import unicodedata

LABEL_LENGTH = 120
"""Longest label shown, in characters; the end is kept because it tells files apart."""


def display_label(name: str) -> str:
    """The last part of a sent name, safe to show: no control or direction characters, limited length.

    Args:
        name: Whatever came with the bytes, in any encoding state.
    """
    last = name.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1]
    return clean_text(last) or "unnamed"


def clean_text(text: str) -> str:
    """Drop control and direction characters, replace unpaired surrogates, normalise to NFC, limit the length."""
    whole = text.encode("utf-8", "replace").decode("utf-8")
    kept = "".join(
        char for char in whole if unicodedata.category(char) not in {"Cc", "Cf", "Zl", "Zp"} or char == "\u200d"
    )
    kept = unicodedata.normalize("NFC", kept).strip()
    if len(kept) > LABEL_LENGTH:
        kept = f"{kept[: LABEL_LENGTH // 2 - 1]}…{kept[-LABEL_LENGTH // 2 :]}"
    return kept
