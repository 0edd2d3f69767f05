"""How kept texts begin, which is how a visitor tells one correction from another."""

from __future__ import annotations

import unicodedata
from typing import Final

from core.errors import AppError
from core.store import feedback
from core.store.feedback import Correction

SHOWN: Final = 60
"""Characters of a text."""
NOTHING: Final = "–"
"""Stands for a text that is not kept or cannot be read."""


def beginning(entry: Correction) -> str:
    """The first words of a kept text in one line, as plain text for tables and lists of choices."""
    if not entry.of_text:
        return NOTHING
    try:
        return one_line(feedback.kept_text(entry))
    except AppError:  # deleted a moment ago, or damaged, which the chosen correction says in words
        return NOTHING


def one_line(text: str, most: int = SHOWN) -> str:
    """The first `most` characters of a text without breaks, control and direction characters.

    Those would turn what stands behind them in the same line.
    """
    plain = "".join(
        " " if unicodedata.category(sign) in ("Cc", "Zl", "Zp") else sign
        for sign in text[: 20 * most]
        if unicodedata.category(sign) != "Cf" or sign == "\u200d"
    )
    flat = " ".join(plain.split())
    return flat if len(flat) <= most else flat[: most - 1].rstrip() + "…"
