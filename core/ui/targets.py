"""The class that counts as positive in a curve, and how it is called."""

from __future__ import annotations

import numpy as np
import streamlit as st

from core.contracts import Evaluation
from core.ui.i18n import t
from core.ui.labels import label_name
from core.ui.measured import Measured
from core.ui.views import chart_text, escape
from core.ui.wording import told

_WITHOUT_THRESHOLD = 0.5
"""Where the class is the one with the highest score, this is what stands for its threshold."""


def target_input(measured: Measured) -> int:
    """The class that counts as positive: the second of two, or the visitor's choice among more."""
    slug, evaluation = measured.slug, measured.evaluation
    if len(evaluation.labels) == 2:
        return 1
    return int(
        st.selectbox(
            t("Class against the rest"),
            range(len(evaluation.labels)),
            format_func=[label_name(label) for label in evaluation.labels].__getitem__,
            key=f"{slug}.quality_target",
            persist_state="session",
        )
    )


def decides_from(measured: Measured) -> float:
    """The threshold that the version decides by."""
    stored = measured.version.manifest.get("threshold")
    if stored and len(measured.evaluation.labels) == 2:
        # A limit of parts is the score of a good one: only what lies above it is called defective.
        return float(np.nextafter(stored["value"], 1.0) if "promised" in stored else stored["value"])
    return _WITHOUT_THRESHOLD


def both_present(slug: str, evaluation: Evaluation, target: int) -> bool:
    """Whether the class and others are among the examples; says so where they are not."""
    positives = int(np.sum(np.asarray(evaluation.table["truth"]) == target))
    if 0 < positives < evaluation.data.n:
        return True
    st.info(told("The data hold no image with or no image without this label, so there is no such curve.", slug))
    return False


def target_name(evaluation: Evaluation, target: int) -> str:
    """Name of the class, as Markdown."""
    return escape(label_name(evaluation.labels[target]))


def short_name(evaluation: Evaluation, target: int) -> str:
    """Name of the class for a chart."""
    return chart_text(label_name(evaluation.labels[target]), 20)
