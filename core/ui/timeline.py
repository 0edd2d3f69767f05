"""The timeline of a stream: how many pictures were answered right, how sure and how far from home the model was."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st

from core.contracts import Metric
from core.ui.i18n import t
from core.ui.theme import mode, palette, show_chart
from core.ui.views import chart_text

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from core.serving.stream import Mark, Point, Tally

ROLLING = 4
"""Batches behind each value of the curve: one batch alone jumps by six points for every picture."""
SHOWN = 120
"""Latest batches that are drawn."""


def rolling_share(tallies: Sequence[Tally | None], at: int, count: str) -> Metric | None:
    """Share of `right` or `declined` pictures in the `ROLLING` batches up to `at` that one version answered."""
    from core.training.metrics import share

    own = tallies[at]
    if own is None:
        return None
    window = [tally for tally in tallies[max(0, at - ROLLING + 1) : at + 1] if tally and tally.version == own.version]
    return share(sum(getattr(tally, count) for tally in window), sum(tally.n for tally in window))


def show_timeline(slug: str, points: Sequence[Point], marks: Sequence[Mark]) -> None:
    """Right answers with their interval above, distance and confidence below, and what happened when."""
    from plotly.subplots import make_subplots

    points = points[-SHOWN:]
    look = palette(mode())
    figure = make_subplots(rows=2, cols=1, shared_xaxes=True, vertical_spacing=0.1, row_heights=[0.62, 0.38])
    xs = [point.number for point in points]
    _quality(figure, xs, [point.champion for point in points], t("In use: right"), look.series[0])
    if any(point.challenger for point in points):
        _quality(figure, xs, [point.challenger for point in points], t("Challenger: right"), look.series[1])
    declined = [rolling_share([point.champion for point in points], at, "declined") for at in range(len(points))]
    figure.add_scatter(
        x=xs,
        y=[100 * metric.value if metric else None for metric in declined],
        mode="lines",
        name=t("In use: declined"),
        line={"color": look.muted, "dash": "dot", "width": 2},
    )
    _signals(figure, points, look.series)
    _marks(figure, marks, xs, look.text)
    below = {"orientation": "h", "y": -0.2, "yanchor": "top", "x": 0}
    figure.update_layout(showlegend=True, margin={"t": 72}, hovermode="x unified", legend=below)
    figure.update_yaxes(title=t("Share, %"), range=[-3, 103], row=1, col=1)
    figure.update_yaxes(title=t("Signals"), rangemode="tozero", row=2, col=1)
    figure.update_xaxes(title=t("Batch"), row=2, col=1)
    show_chart(figure, f"{slug}.drift.timeline", height=520, alt=t("Timeline of the stream"))


def _quality(figure: go.Figure, xs: Sequence[int], tallies: list[Tally | None], name: str, colour: str) -> None:
    """One curve with its 95 % band; it breaks where another version takes over."""
    found = [rolling_share(tallies, at, "right") for at in range(len(tallies))]

    def values(field: str) -> list[float | None]:
        return [100 * float(getattr(metric, field)) if metric else None for metric in found]

    band: dict[str, Any] = {"x": xs, "mode": "lines", "line": {"width": 0}, "showlegend": False, "hoverinfo": "skip"}
    figure.add_scatter(y=values("high"), **band)
    figure.add_scatter(y=values("low"), fill="tonexty", fillcolor=_faint(colour), **band)
    figure.add_scatter(x=xs, y=values("value"), mode="lines", name=name, line={"color": colour, "width": 3})


def _signals(figure: go.Figure, points: Sequence[Point], colours: Sequence[str]) -> None:
    xs = [point.number for point in points]
    for name, field, colour in (
        (t("Distance from the training images"), "domain_score", colours[2 % len(colours)]),
        (t("How sure the model is"), "confidence", colours[3 % len(colours)]),
    ):
        values = [getattr(point.champion, field) for point in points]
        figure.add_scatter(x=xs, y=values, mode="lines", name=name, line={"color": colour}, row=2, col=1)
    alarms = [point.number for point in points if point.alarm]
    if alarms:
        figure.add_scatter(
            x=alarms,
            y=[0.0] * len(alarms),
            mode="markers",
            name=t("Test says: changed"),
            marker={"symbol": "triangle-up", "size": 8, "color": "#c0392b"},
            row=2,
            col=1,
        )


def _marks(figure: go.Figure, marks: Sequence[Mark], xs: Sequence[int], colour: str) -> None:
    """A line for each event, its words above it on one of three steps, so that neighbours stay legible."""
    shown = [mark for mark in marks if xs and xs[0] <= mark.number <= xs[-1] + 1]
    for place, mark in enumerate(shown):
        figure.add_vline(x=mark.number - 0.5, line={"color": colour, "width": 1, "dash": "dash"})
        figure.add_annotation(
            x=mark.number - 0.5,
            y=1.02 + 0.06 * (place % 3),
            yref="paper",
            yanchor="bottom",
            xanchor="left",
            text=chart_text(t(mark.text), 18),
            showarrow=False,
            font={"size": 11, "color": colour},
        )


def _faint(colour: str) -> str:
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.15)"


def show_figures(points: Sequence[Point]) -> None:
    """The latest values in a row: right, declined, sure, distance."""
    tallies: list[Tally | None] = [point.champion for point in points]
    last = points[-1].champion
    right, declined = (rolling_share(tallies, len(tallies) - 1, count) for count in ("right", "declined"))
    with st.grid(min_column_width=140):
        for title, metric in ((t("Answered right"), right), (t("Declined"), declined)):
            if metric is not None:
                st.metric(
                    title,
                    f"{100 * metric.value:.0f} %",
                    delta=f"{100 * metric.low:.0f}–{100 * metric.high:.0f} %",
                    delta_color="off",
                    delta_arrow="off",
                )
        st.metric(t("How sure the model is"), f"{100 * last.confidence:.0f} %")
        st.metric(
            t("Distance, limit 1"),
            f"{last.domain_score:.2f}",
            help=t("Distance from the training images; above 1 the model declines."),
        )
