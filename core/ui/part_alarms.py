"""Rates of false alarms to choose from: the limit that keeps each, and what it does on the test images."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np
import streamlit as st

from core.contracts import Evaluation
from core.ui.i18n import t
from core.ui.measured import Measured, once, outward
from core.ui.part_limit import ONE_IN
from core.ui.theme import mode, palette, show_chart
from core.ui.views import say

if TYPE_CHECKING:
    from core.training.part_limits import LimitFigures

_BINS: Final = 50


def show_false_alarms(measured: Measured, choosing: Evaluation | None) -> None:
    """A rate, its limit with the promise in words, and both kinds of mistakes at it.

    Args:
        measured: A version and its test.
        choosing: The good parts that its limits are taken from, see `core.training.part_limits`.
    """
    if choosing is None:
        st.info(t("No held-out good parts are stored with this version, so no other limit can be set for it."))
        return
    from core.training.false_alarms import in_words
    from core.training.part_limits import limit_figures

    found = {count: once(limit_figures, choosing, measured.evaluation, 1 / count) for count in ONE_IN}
    chosen = st.select_slider(
        t("False alarms: called defective is at most"),
        ONE_IN,
        value=_nearest(measured),
        format_func=lambda count: t("1 in {count:,} good parts", count=count),
        key=f"{measured.slug}.quality_one_in",
        persist_state="session",
    )
    figures = found[int(chosen)]
    left_out = int(measured.version.manifest.get("data", {}).get("suspects_left_out", 0))
    promise = replace(figures.promise, left_out=left_out)
    st.write(f":material/{'verified' if promise.kept else 'warning'}: {say(in_words(promise))}")
    if not figures.alarms.n:
        st.caption(t("No good parts are left to count false alarms on: those that gave the limit say nothing of it."))
    if not figures.alarms.n and not figures.escapes.n:
        return
    _measured(figures)
    _scores(measured, figures)
    _table(found)


def _nearest(measured: Measured) -> int:
    """The offered rate that is closest to the version's own."""
    own = 1 / float(measured.version.manifest.get("threshold", {}).get("rate", 0.01))
    return min(ONE_IN, key=lambda count: abs(np.log(count / own)))


def _measured(figures: LimitFigures) -> None:
    """False alarms and escapes on the test, each with its interval."""
    low, high = figures.expected
    alarms, escapes = st.columns(2)
    for column, title, share in (
        (alarms, t("False alarms among good test parts"), figures.alarms),
        (escapes, t("Escapes among test defects"), figures.escapes),
    ):
        ends = outward(share.low, share.high)
        column.metric(
            title,
            f"{100 * share.value:.1f} %" if share.n else "–",
            delta=f"{ends[0]:.1f} – {ends[1]:.1f} %, n = {share.n:,}" if share.n else None,
            delta_color="off",
            delta_arrow="off",
            border=True,
        )
    if not figures.alarms.n:
        return
    inside = low <= figures.count <= high
    counts = {"count": figures.count, "n": figures.alarms.n, "low": low, "high": high}
    said = (
        t(
            "{count:,} of {n:,} good test parts pass the limit. If the promise is kept, {low:,} to {high:,} do.",
            **counts,
        )
        if inside
        else t(
            "{count:,} of {n:,} good test parts pass the limit. If the promise were kept, {low:,} to {high:,} would: "
            "the test parts are not like the held-out ones.",
            **counts,
        )
    )
    st.write(f":material/{'check_circle' if inside else 'warning'}: {said}")


def _scores(measured: Measured, figures: LimitFigures) -> None:
    """How good and defective test parts score, with the limit and the band that it may lie in."""
    import plotly.graph_objects as go

    score = np.asarray(measured.evaluation.table["scores"])[:, 1]
    defect, look = np.asarray(measured.evaluation.table["truth"]) == 1, palette(mode())
    figure = go.Figure()
    for name, rows in ((t("Good"), ~defect), (t("Defect"), defect)):
        figure.add_histogram(
            x=score[rows],
            name=name,
            histnorm="percent",
            opacity=0.65,
            xbins={"start": 0, "end": 1, "size": 1 / _BINS},
            hovertemplate="%{x}: %{y:.1f} %<extra>%{fullData.name}</extra>",
        )
    (low, high), limit = figures.promise.unsure, figures.promise.limit
    shade = {"opacity": 0.18, "fillcolor": look.muted, "line": {"width": 0}}
    upright = {"xref": "x", "yref": "paper", "y0": 0, "y1": 1}
    figure.update_layout(
        barmode="overlay",
        showlegend=True,
        shapes=[
            {**upright, "type": "rect", "x0": low, "x1": high, **shade},
            {**upright, "type": "line", "x0": limit, "x1": limit, "line": {"dash": "dot", "color": look.text}},
        ],
    )
    figure.update_xaxes(title=t("Score"), range=[0, 1])
    figure.update_yaxes(title=t("Share of either kind, %"))
    show_chart(figure, f"{measured.slug}.alarm_scores", height=300, alt=t("Scores of good and defective test parts"))
    st.caption(
        t(
            "Dotted: the limit. Grey: where the limit of infinitely many good parts would lie for the promised rate, "
            "with 80 % confidence; scores there are called unsure."
        )
    )


def _table(found: dict[int, LimitFigures]) -> None:
    st.dataframe(
        [
            {
                t("Chosen"): t("1 in {count:,}", count=count),
                t("Promised, %"): round(100 * one.promise.rate, 2),
                t("Limit"): round(one.promise.limit, 4),
                t("False alarms"): f"{one.count:,} / {one.alarms.n:,}",
                t("By chance"): f"{one.expected[0]:,} – {one.expected[1]:,}",
                t("Escapes, %"): _percent(one),
            }
            for count, one in found.items()
        ],
        hide_index=True,
    )
    st.caption(
        t(
            "Limits come from the held-out good parts alone; false alarms and escapes are counted on the test. "
            "By chance: between so many false alarms lie 95 of 100 tests if the promise is kept, the doubt about the "
            "limit included. In brackets 95 % intervals (Wilson)."
        )
    )


def _percent(one: LimitFigures) -> str:
    if not one.escapes.n:
        return "–"
    low, high = outward(one.escapes.low, one.escapes.high)
    return f"{100 * one.escapes.value:.1f} [{low:.1f}, {high:.1f}]"
