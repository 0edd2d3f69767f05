"""Curves of an evaluation: ROC, precision and recall, and calibration, each with the area or error it sums up to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from core.ui.i18n import t
from core.ui.measured import Measured, interval
from core.ui.targets import both_present, short_name, target_input, target_name
from core.ui.theme import mode, palette, show_chart

if TYPE_CHECKING:
    import plotly.graph_objects as go


def show_roc(measured: Measured) -> None:
    """Sensitivity against false alarms over all thresholds."""
    from core.training import quality

    evaluation, target = measured.evaluation, target_input(measured)
    if not both_present(measured.slug, evaluation, target):
        return
    false_rate, true_rate, _ = quality.roc_points(evaluation, target)
    figure = _curve(100 * false_rate, 100 * true_rate)
    figure.add_scatter(x=[0, 100], y=[0, 100], mode="lines", line={"dash": "dot", "color": palette(mode()).muted})
    figure.update_xaxes(
        title=t("False alarms: share of the others called {label}, %", label=short_name(evaluation, target))
    )
    figure.update_yaxes(title=t("Sensitivity, %"))
    show_chart(figure, f"{measured.slug}.roc", height=380, alt=t("ROC curve"))
    area = interval(quality.curve_area(evaluation, "auroc", target))
    st.caption(t("Area under the curve {area}, n = {n}. The dotted line is guessing.", area=area, n=evaluation.data.n))


def show_pr(measured: Measured) -> None:
    """Precision against sensitivity over all thresholds."""
    from core.training import quality

    evaluation, target = measured.evaluation, target_input(measured)
    if not both_present(measured.slug, evaluation, target):
        return
    recall, precision, _ = quality.pr_points(evaluation, target)
    share = 100 * float(np.mean(np.asarray(evaluation.table["truth"]) == target))
    figure = _curve(100 * recall, 100 * precision)
    figure.add_scatter(x=[0, 100], y=[share, share], mode="lines", line={"dash": "dot", "color": palette(mode()).muted})
    figure.update_xaxes(title=t("Sensitivity (recall), %"))
    figure.update_yaxes(title=t("Precision, %"))
    show_chart(figure, f"{measured.slug}.pr", height=380, alt=t("Precision-recall curve"))
    st.caption(
        t(
            "Average precision {area}, n = {n}. The dotted line is guessing: the share of {label} in the data.",
            area=interval(quality.curve_area(evaluation, "average_precision", target)),
            n=evaluation.data.n,
            label=target_name(evaluation, target),
        )
    )


def _curve(x: Any, y: Any) -> go.Figure:
    import plotly.graph_objects as go

    figure = go.Figure(
        go.Scatter(x=x, y=y, mode="lines", line={"width": 3}, hovertemplate="%{x:.1f} · %{y:.1f}<extra></extra>")
    )
    figure.update_layout(showlegend=False)
    figure.update_xaxes(range=[0, 101], dtick=20)
    figure.update_yaxes(range=[0, 101])
    return figure


def show_calibration(measured: Measured) -> None:
    """How often the model is right, by how sure it was."""
    import plotly.graph_objects as go

    from core.training import quality

    bins = quality.reliability_bins(measured.evaluation)
    values = [100 * entry.accuracy.value for entry in bins]
    figure = go.Figure(
        go.Scatter(
            x=[100 * entry.confidence for entry in bins],
            y=values,
            error_y={
                "type": "data",
                "array": [100 * entry.accuracy.high - value for entry, value in zip(bins, values, strict=True)],
                "arrayminus": [value - 100 * entry.accuracy.low for entry, value in zip(bins, values, strict=True)],
            },
            mode="markers+lines",
            customdata=[entry.accuracy.n for entry in bins],
            hovertemplate="%{x:.1f} % · %{y:.1f} % · n = %{customdata}<extra></extra>",
        )
    )
    figure.add_scatter(x=[0, 100], y=[0, 100], mode="lines", line={"dash": "dot", "color": palette(mode()).muted})
    figure.update_layout(showlegend=False)
    figure.update_xaxes(title=t("Score of the model, %"), range=[0, 102])
    figure.update_yaxes(title=t("Right answers, %"), range=[0, 102])
    show_chart(figure, f"{measured.slug}.calibration", height=380, alt=t("Reliability diagram"))
    st.caption(t("On the dotted line a score means what it says. Bars are 95 % intervals."))
    _calibration_figures(measured)


def _calibration_figures(measured: Measured) -> None:
    if error := measured.evaluation.summary.get("ece"):
        st.caption(
            t(
                "Expected calibration error {error}, n = {n}: the mean distance from the dotted line over 15 bins.",
                error=interval(error),
                n=error.n,
            )
        )
    if temperature := measured.version.manifest.get("temperature"):
        st.caption(
            t(
                "The scores were calibrated by one temperature, {temperature:.2f}, fitted to validation images.",
                temperature=float(temperature),
            )
        )
