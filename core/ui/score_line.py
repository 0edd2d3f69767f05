"""What a score like this one has meant on the test: the measured answer to what a percentage is worth."""

from __future__ import annotations

import streamlit as st

from core import catalog
from core.contracts import Decision, ModelRef
from core.errors import AppError
from core.store.registry import registry
from core.ui.labels import label_name
from core.ui.measured import once
from core.ui.quality import champion_evaluation
from core.ui.views import escape
from core.ui.wording import told


def show_measured_share(slug: str, decision: Decision, model: ModelRef, edges: tuple[float, ...] | None = None) -> None:
    """How many of the test examples with such a score were of the label that is looked for.

    Says nothing where the answer is not of the version in use, or nothing is stored with it.
    """
    from core.training.score_bins import EDGES, score_bins

    try:
        current = registry().resolve(slug).ref == model.version
    except AppError:
        return
    evaluation = champion_evaluation(catalog.sector(slug)) if current else None
    if evaluation is None or evaluation.labels != decision.labels:
        return
    found = [
        one for one in once(score_bins, evaluation, decision.threshold, 1, edges or EDGES) if one.holds(decision.score)
    ]
    for one in found:
        st.caption(
            told(
                "Of the {n:,} test images scored {low:g} to {high:g} %, {share:.1f} % were {label} (95 % interval "
                "{least:.1f} to {most:.1f} %).",
                slug,
                n=one.share.n,
                low=round(100 * one.low, 1),
                high=round(100 * one.high, 1),
                share=100 * one.share.value,
                label=escape(label_name(decision.labels[1])),
                least=100 * one.share.low,
                most=100 * one.share.high,
            )
        )
