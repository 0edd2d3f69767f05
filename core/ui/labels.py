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
    "test, good parts held out": N_("test, good parts held out"),
    "held-out good parts": N_("held-out good parts"),
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
    "good": N_("Good"),
    "defect": N_("Defect"),
    "scratch": N_("Scratch"),
    "pit": N_("Pit"),
    "stain": N_("Stain"),
    "crack": N_("Crack"),
    "missing_print": N_("Missing print"),
    "brushed_metal": N_("Brushed metal"),
    "woven_cloth": N_("Woven cloth"),
    "printed_board": N_("Printed board"),
}


def label_name(label: str) -> str:
    """`label` for reading; plain text, so escape it before it meets Markdown.

    Our own parts are of several kinds: their defects are labelled `kind.defect`.
    """
    known = [_KNOWN.get(part) for part in label.strip().casefold().split(".")]
    return ", ".join(t(part) for part in known if part) if all(known) else label
