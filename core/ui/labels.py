"""Names of classes, parts and languages: our own in the visitor's language, everybody else's as they are."""

from __future__ import annotations

from core.contracts import N_
from core.ui.i18n import t

SPLIT_NAMES = {
    "train": N_("training"),
    "validation": N_("validation"),
    "test": N_("test"),
    "all": N_("all examples"),
    "test, not by time": N_("test, not by time"),
}
LANGUAGES = {
    "en": N_("English"),
    "zh": N_("Chinese"),
    "mixed": N_("English and Chinese"),
    "other": N_("another language"),
    "none": N_("no letters"),
}
"""What a text can be in."""
_KNOWN = {
    "normal": N_("Normal"),
    "pneumonia": N_("Pneumonia"),
    "genuine": N_("Genuine"),
    "fraud": N_("Fraud"),
    "negative": N_("Negative"),
    "positive": N_("Positive"),
}


def label_name(label: str) -> str:
    """`label` for reading; plain text, so escape it before it meets Markdown."""
    known = _KNOWN.get(label.strip().casefold())
    return t(known) if known else label
