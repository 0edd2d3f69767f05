"""Curves of a training run, drawn from what its job reported."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.contracts import N_
from core.jobs import Event
from core.ui.i18n import t
from core.ui.theme import show_chart

SERIES_NAMES = {
    "loss": N_("Training loss"),
    "train_loss": N_("Training loss"),
    "validation_loss": N_("Validation loss"),
    "validation_accuracy": N_("Validation accuracy"),
    "learning_rate": N_("Learning rate"),
    "network_train_loss": N_("Network: training loss"),
    "network_validation_loss": N_("Network: validation loss"),
    "boosted_trees_validation_loss": N_("Boosted trees: validation loss"),
}
COMPARED = ("network_", "boosted_trees_")
"""What losses of models begin with that are fitted for comparison; their steps are others, so each has its chart."""
_CURVE_POINTS = 500
_CURVE_FROM = 3
"""Fewer points than this are no curve."""
_STEPS_NAMED = 12
"""Up to this many steps each one has its mark, and no half step has."""


def show_run_curves(slug: str, events: Sequence[Event]) -> None:
    """Losses on the left, shares such as the accuracy on the right, once there are enough points for a curve."""
    series = metric_series(events)
    losses = {name: points for name, points in series.items() if "loss" in name and not name.startswith(COMPARED)}
    others = {owner: {name: points for name, points in series.items() if name.startswith(owner)} for owner in COMPARED}
    shares = {name: points for name, points in series.items() if "accuracy" in name or "auroc" in name}
    shown = [(name, group) for name, group in (("loss", losses), ("share", shares), *others.items()) if group]
    if not shown or max(len(points) for points in series.values()) < _CURVE_FROM:
        return
    for place, (name, group) in zip(st.columns(len(shown)), shown, strict=True):
        with place:
            _lines(f"{slug}.curve.{name}", group, shares=name == "share")


def metric_series(events: Sequence[Event]) -> dict[str, list[tuple[float, float | None]]]:
    """(step, value) points of every metric, thinned for drawing; None parts the folds of a cross-validation."""
    series: dict[str, list[tuple[float, float | None]]] = {}
    for event in events:
        if event.kind != "metrics":
            continue
        step = float(event.data["step"])
        for name, value in event.data["metrics"].items():
            points = series.setdefault(name, [])
            if points and step < points[-1][0]:
                points.append((step, None))
            points.append((step, value))
    return {name: points[:: max(1, len(points) // _CURVE_POINTS)] for name, points in series.items()}


def _lines(key: str, group: dict[str, list[tuple[float, float | None]]], shares: bool) -> None:
    import plotly.graph_objects as go

    figure = go.Figure()
    for name, points in group.items():
        xs, ys = zip(*points, strict=True)
        mode = "lines+markers" if len(points) < 30 else "lines"
        figure.add_scatter(x=xs, y=ys, mode=mode, name=t(SERIES_NAMES.get(name, name)))
    figure.update_layout(showlegend=True)
    places = [x for points in group.values() for x, _ in points]
    figure.update_xaxes(title=t("Step"), dtick=1 if max(places) - min(places) <= _STEPS_NAMED else None)
    if shares:  # a flat curve at 1 would have an axis on to 2
        figure.update_yaxes(autorangeoptions={"clipmax": 1})
        figure.update_traces(cliponaxis=False)
    show_chart(figure, key, height=260, alt=t("Curves of the training run"))
