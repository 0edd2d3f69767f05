"""Curves of an evaluation: ROC, precision and recall, calibration, and one threshold at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from core.contracts import Evaluation
from core.ui.i18n import t
from core.ui.labels import label_name
from core.ui.operating import show_figures, show_predictive_value
from core.ui.theme import mode, palette, show_chart
from core.ui.views import chart_text, escape

if TYPE_CHECKING:
    import plotly.graph_objects as go


def _target(slug: str, evaluation: Evaluation) -> int:
    """The class that counts as positive: the second of two, or the visitor's choice among more."""
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


def _both_present(evaluation: Evaluation, target: int) -> bool:
    positives = int(np.sum(np.asarray(evaluation.table["truth"]) == target))
    if 0 < positives < evaluation.data.n:
        return True
    st.info(t("The data hold no image with or no image without this label, so there is no such curve."))
    return False


def show_roc(slug: str, evaluation: Evaluation) -> None:
    """Sensitivity against false alarms over all thresholds."""
    from core.training import quality

    target = _target(slug, evaluation)
    if not _both_present(evaluation, target):
        return
    false_rate, true_rate, _ = quality.roc_points(evaluation, target)
    figure = _curve(100 * false_rate, 100 * true_rate)
    figure.add_scatter(x=[0, 100], y=[0, 100], mode="lines", line={"dash": "dot", "color": palette(mode()).muted})
    figure.update_xaxes(
        title=t("False alarms: share of the others called {label}, %", label=_short(evaluation, target))
    )
    figure.update_yaxes(title=t("Sensitivity, %"))
    show_chart(figure, f"{slug}.roc", height=380, alt=t("ROC curve"))
    st.caption(t("The dotted line is guessing."))


def show_pr(slug: str, evaluation: Evaluation) -> None:
    """Precision against sensitivity over all thresholds."""
    from core.training import quality

    target = _target(slug, evaluation)
    if not _both_present(evaluation, target):
        return
    recall, precision, _ = quality.pr_points(evaluation, target)
    share = 100 * float(np.mean(np.asarray(evaluation.table["truth"]) == target))
    figure = _curve(100 * recall, 100 * precision)
    figure.add_scatter(x=[0, 100], y=[share, share], mode="lines", line={"dash": "dot", "color": palette(mode()).muted})
    figure.update_xaxes(title=t("Sensitivity (recall), %"))
    figure.update_yaxes(title=t("Precision, %"))
    show_chart(figure, f"{slug}.pr", height=380, alt=t("Precision-recall curve"))
    st.caption(t("The dotted line is guessing: the share of {label} in the data.", label=_label(evaluation, target)))


def _curve(x: Any, y: Any) -> go.Figure:
    import plotly.graph_objects as go

    figure = go.Figure(
        go.Scatter(x=x, y=y, mode="lines", line={"width": 3}, hovertemplate="%{x:.1f} · %{y:.1f}<extra></extra>")
    )
    figure.update_layout(showlegend=False)
    figure.update_xaxes(range=[0, 101])
    figure.update_yaxes(range=[0, 101])
    return figure


def show_calibration(slug: str, evaluation: Evaluation) -> None:
    """How often the model is right, by how sure it was."""
    import plotly.graph_objects as go

    from core.training import quality

    bins = quality.reliability_bins(evaluation)
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
    show_chart(figure, f"{slug}.calibration", height=380, alt=t("Reliability diagram"))
    st.caption(t("On the dotted line a score means what it says. Bars are 95 % intervals."))


def show_threshold(slug: str, evaluation: Evaluation) -> None:
    """What one threshold means: figures, and the value of a positive answer at a prevalence."""
    from core.training import quality

    target = _target(slug, evaluation)
    if not _both_present(evaluation, target):
        return
    threshold = st.slider(
        t("Call it {label} from this score on, %", label=_label(evaluation, target)),
        1,
        99,
        50,
        key=f"{slug}.threshold",
        persist_state="session",
    )
    figures = quality.at_threshold(evaluation, threshold / 100, target)
    show_figures(figures)
    show_predictive_value(slug, figures, evaluation.labels[target])


def _label(evaluation: Evaluation, target: int) -> str:
    return escape(label_name(evaluation.labels[target]))


def _short(evaluation: Evaluation, target: int) -> str:
    return chart_text(label_name(evaluation.labels[target]), 20)
