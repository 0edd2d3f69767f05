"""Curves of an evaluation: ROC, precision and recall, and calibration, each with the area or error it sums up to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from core.contracts import Metric
from core.ui.i18n import t
from core.ui.labels import label_name
from core.ui.measured import Measured, interval, once
from core.ui.targets import both_present, decides_from, short_name, target_input, target_name
from core.ui.theme import mode, palette, show_chart
from core.ui.wording import told

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
    area = interval(once(quality.curve_area, evaluation, "auroc", target))
    st.caption(
        t("Area under the curve {area}, n = {n:,}. The dotted line is guessing.", area=area, n=evaluation.data.n)
    )


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
            "Average precision {area}, n = {n:,}. The dotted line is guessing: the share of {label} in the data.",
            area=interval(once(quality.curve_area, evaluation, "average_precision", target)),
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
    """What scores have meant: of the label that a threshold looks for, or of whatever the model was most sure of."""
    if len(measured.evaluation.labels) == 2 and "threshold" in measured.version.manifest:
        _of_looked_for(measured)
    else:
        _of_decided(measured)


def _of_looked_for(measured: Measured) -> None:
    """Score of the second of two labels against how many of the examples were of it."""
    from core.training.score_bins import score_bins

    evaluation, slug = measured.evaluation, measured.slug
    label = label_name(evaluation.labels[1])
    found = once(score_bins, evaluation, decides_from(measured))
    figure = _reliability([(one.mean, one.share) for one in found])
    end = 105 * max([*(one.share.high for one in found), *(one.mean for one in found), 0.05])
    figure.update_xaxes(title=t("Score for {label}, %", label=short_name(evaluation, 1)), range=[0, end])
    figure.update_yaxes(title=t("Actually {label}, %", label=short_name(evaluation, 1)), range=[0, end])
    show_chart(figure, f"{slug}.calibration", height=380, alt=t("Reliability diagram"))
    st.dataframe(
        {
            t("Score for {label}, %", label=label): [f"{100 * one.low:.4g} – {100 * one.high:.4g}" for one in found],
            told("Images", slug): [one.share.n for one in found],
            t("Mean score, %"): [round(100 * one.mean, 2) for one in found],
            t("Actually {label}, %", label=label): [
                f"{100 * one.share.value:.2f} [{100 * one.share.low:.2f}, {100 * one.share.high:.2f}]" for one in found
            ],
        },
        hide_index=True,
    )
    st.caption(
        t(
            "On the dotted line a score means what it says. Bars and brackets are 95 % intervals; where one does not "
            "reach the mean score, the scores there are too high or too low."
        )
    )
    _show_temperature(measured)


def _of_decided(measured: Measured) -> None:
    """Score of the decided label against how often it was right."""
    from core.training import quality

    bins = once(quality.reliability_bins, measured.evaluation)
    figure = _reliability([(entry.confidence, entry.accuracy) for entry in bins])
    figure.update_xaxes(title=t("Score of the model, %"), range=[0, 102])
    figure.update_yaxes(title=t("Right answers, %"), range=[0, 102])
    show_chart(figure, f"{measured.slug}.calibration", height=380, alt=t("Reliability diagram"))
    st.caption(t("On the dotted line a score means what it says. Bars are 95 % intervals."))
    if error := measured.evaluation.summary.get("ece"):
        st.caption(
            t(
                "Expected calibration error {error}, n = {n:,}: the mean distance from the dotted line over 15 bins.",
                error=interval(error),
                n=error.n,
            )
        )
    _show_temperature(measured)


def _reliability(points: Sequence[tuple[float, Metric]]) -> go.Figure:
    """Mean score and what it has meant, both fractions, with the line on which they agree."""
    import plotly.graph_objects as go

    values = [100 * share.value for _, share in points]
    figure = go.Figure(
        go.Scatter(
            x=[100 * mean for mean, _ in points],
            y=values,
            error_y={
                "type": "data",
                "array": [100 * share.high - value for (_, share), value in zip(points, values, strict=True)],
                "arrayminus": [value - 100 * share.low for (_, share), value in zip(points, values, strict=True)],
            },
            mode="markers+lines",
            customdata=[share.n for _, share in points],
            hovertemplate="%{x:.1f} % · %{y:.1f} % · n = %{customdata}<extra></extra>",
        )
    )
    figure.add_scatter(x=[0, 100], y=[0, 100], mode="lines", line={"dash": "dot", "color": palette(mode()).muted})
    figure.update_layout(showlegend=False)
    return figure


def _show_temperature(measured: Measured) -> None:
    if temperature := measured.version.manifest.get("temperature"):
        st.caption(
            told(
                "The scores were calibrated by one temperature, {temperature:.2f}, fitted to validation images.",
                measured.slug,
                temperature=float(temperature),
            )
        )
