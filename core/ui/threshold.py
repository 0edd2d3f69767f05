"""One threshold at a time: everything that follows from it, with intervals and counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from core.ui.i18n import t
from core.ui.measured import Measured
from core.ui.operating import FIGURE_NAMES, percent_input, show_figures, show_predictive_value
from core.ui.targets import both_present, decides_from, target_input, target_name
from core.ui.theme import mode, palette, show_chart

if TYPE_CHECKING:
    from core.training.quality import Counts


def show_threshold(measured: Measured) -> None:
    """A slider, what it means on the test examples, and the value of a positive answer at a prevalence."""
    from core.training import quality

    evaluation, target = measured.evaluation, target_input(measured)
    if not both_present(measured.slug, evaluation, target):
        return
    label = target_name(evaluation, target)
    title, key = t("Call it {label} from this score on, %", label=label), f"{measured.slug}.threshold"
    threshold = percent_input(title, decides_from(measured), key)
    figures = quality.at_threshold(evaluation, threshold, target)
    show_figures(measured.slug, figures, list(FIGURE_NAMES))
    _counts(figures.counts, label)
    _curves(measured, target, 100 * threshold)
    show_predictive_value(measured.slug, figures, evaluation.labels[target])


def _counts(counts: Counts, label: str) -> None:
    st.caption(
        t(
            "Called {label}: {right:,} rightly and {false:,} by mistake. Called something else: {missed:,} that are "
            "{label}, and {rest:,} rightly.",
            label=label,
            right=counts.true_positive,
            false=counts.false_positive,
            missed=counts.false_negative,
            rest=counts.true_negative,
        )
    )


def _curves(measured: Measured, target: int, percent: float) -> None:
    """How each figure moves with the threshold, and where it stands."""
    import plotly.graph_objects as go

    from core.training import quality

    thresholds = np.arange(0.25, 100, 0.25)
    figure = go.Figure()
    for name, values in quality.threshold_curves(measured.evaluation, thresholds / 100, target).items():
        figure.add_scatter(
            x=thresholds,
            y=100 * values,
            mode="lines",
            name=t(FIGURE_NAMES[name]),
            hovertemplate="%{x:.2f} · %{y:.1f}<extra>%{fullData.name}</extra>",
        )
    figure.add_vline(x=percent, line={"dash": "dot", "color": palette(mode()).muted})
    figure.update_layout(showlegend=True)
    figure.update_xaxes(title=t("Threshold, %"), range=[0, 100])
    figure.update_yaxes(title="%", range=[0, 102])
    show_chart(figure, f"{measured.slug}.threshold_curves", height=320, alt=t("Figures over the threshold"))
