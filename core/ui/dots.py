"""A dot with its interval for each of a few things, one below the other."""

from __future__ import annotations

from collections.abc import Sequence

from core.contracts import Metric
from core.ui.theme import mode, palette, show_chart
from core.ui.views import chart_text

SHARE = (-0.02, 1.02)
"""Ends of the axis for figures between 0 and 1."""


def show_dots(
    key: str,
    rows: Sequence[tuple[str, Metric]],
    title: str,
    alt: str,
    reference: float | None = None,
    span: tuple[float, float] | None = SHARE,
) -> None:
    """Draw figures with their 95 % intervals.

    Args:
        key: Of the chart.
        rows: What is measured, as plain text, and its figure; the first one stands at the top.
        title: Of the axis.
        alt: What the chart shows, for who cannot see it.
        reference: Where a dotted line is drawn, in the unit of the figures.
        span: Ends of the axis; None takes those of the figures.
    """
    import plotly.graph_objects as go

    figure = go.Figure(
        go.Scatter(
            x=[metric.value for _, metric in rows],
            y=[chart_text(name) for name, _ in rows],
            error_x={
                "type": "data",
                "array": [metric.high - metric.value for _, metric in rows],
                "arrayminus": [metric.value - metric.low for _, metric in rows],
            },
            mode="markers",
            marker={"size": 10},
            hovertemplate="%{y}: %{x:.3f}<extra></extra>",
        )
    )
    if reference is not None:
        figure.add_vline(x=reference, line={"dash": "dot", "color": palette(mode()).muted})
    figure.update_layout(showlegend=False)
    figure.update_xaxes(title=title, range=span)
    figure.update_yaxes(autorange="reversed")
    show_chart(figure, key, height=90 + 32 * len(rows), alt=alt)
