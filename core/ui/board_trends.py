"""The overview of a board: how shares move over time, how categories differ, and whether labels agree."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import streamlit as st

from core.contracts import N_
from core.ui.board_chosen import ALL, Board
from core.ui.i18n import t
from core.ui.measured import outward
from core.ui.theme import mode, palette, show_chart
from core.ui.views import chart_text

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from core.data.board import ByCategory, OverTime, Shares

TITLES: Final = (N_("Negative"), N_("Neutral or undecided"), N_("Positive"))
"""In the order of the shares."""
PER_UNIT: Final = {
    "day": N_("Texts a day"),
    "week": N_("Texts a week"),
    "month": N_("Texts a month"),
    "year": N_("Texts a year"),
}
_BY: Final = {
    "day": N_("Share of positive and negative texts by day"),
    "week": N_("Share of positive and negative texts by week"),
    "month": N_("Share of positive and negative texts by month"),
    "year": N_("Share of positive and negative texts by year"),
}
_TEXT_IN_BARS: Final = {"minsize": 10, "mode": "hide"}
_NARROW: Final = 0.06
"""Of a bar: too narrow for its figure to stand in."""


def colours() -> tuple[str, str, str]:
    """Of negative, undecided and positive, told apart by colour-blind eyes too."""
    look = palette(mode())
    return look.series[1 % len(look.series)], look.line, look.series[0]


def show_overview(board: Board) -> None:
    """Over time where there are dates, by category where there are some, agreement where there are labels."""
    from core.data.board import by_category, over_time

    scored, rows = board.scored, board.rows
    time = scored.table.time
    dated = board.once("over_time", lambda: None if time is None else over_time(scored.verdicts[rows], time[rows]))
    places, names = scored.categories
    parted = board.once("by_category", lambda: by_category(scored.verdicts[rows], places[rows], names))
    if dated is not None and len(dated.starts) > 1:
        _over_time(board, dated)
    if board.category == ALL and len(parted.names) > 1:
        _by_category(board, parted)
    _agreement(board)
    if time is None and not names:
        st.info(t("This table has no dates and no categories: the other views show what the texts say."))


def _over_time(board: Board, dated: OverTime) -> None:
    from plotly.subplots import make_subplots

    st.subheader(t(_BY[dated.unit]), anchor=False)
    figure = make_subplots(rows=2, cols=1, shared_xaxes=True, row_heights=[0.78, 0.22], vertical_spacing=0.06)
    for verdict in (2, 0):
        _line(figure, dated, verdict)
    counts = {"x": dated.starts, "y": dated.shares.n, "name": t(PER_UNIT[dated.unit])}
    bars: dict[str, Any] = {"marker_color": palette(mode()).line, "showlegend": False}
    figure.add_bar(**counts, **bars, hovertemplate="%{x|%Y-%m-%d}: %{y:,}<extra></extra>", row=2, col=1)
    figure.update_yaxes(title=t("Share, %"), range=[0, 100], row=1, col=1)
    figure.update_yaxes(nticks=3, row=2, col=1)
    figure.update_layout(hovermode="x unified")
    show_chart(figure, f"{board.slug}.board.over_time", height=380, alt=t(_BY[dated.unit]))
    st.caption(
        t(
            "Bands are 95 % intervals: where two of a line overlap, its rise or fall may be chance. Below: {count}.",
            count=t(PER_UNIT[dated.unit]).lower(),
        )
        + (f" {t('Texts without a date: {count:,}.', count=dated.undated)}" if dated.undated else "")
    )


def _line(figure: go.Figure, dated: OverTime, verdict: int) -> None:
    """A share over time with its band."""
    colour, shares = colours()[verdict], dated.shares
    low, high, value = (100 * part[:, verdict] for part in (shares.low, shares.high, shares.values))
    band = {"x": np.concatenate([dated.starts, dated.starts[::-1]]), "y": np.concatenate([high, low[::-1]])}
    figure.add_scatter(
        **band,
        fill="toself",
        fillcolor=colour,
        opacity=0.16,
        line_width=0,
        hoverinfo="skip",
        showlegend=False,
        row=1,
        col=1,
    )
    figure.add_scatter(
        x=dated.starts,
        y=value,
        name=t(TITLES[verdict]),
        mode="lines+markers",
        line={"color": colour, "width": 2.5},
        marker={"size": 6, "symbol": "circle" if verdict == 2 else "diamond"},
        hovertemplate="%{y:.1f} %",
        row=1,
        col=1,
    )


def _by_category(board: Board, parted: ByCategory) -> None:
    st.subheader(t("By category"), anchor=False)
    names = [*parted.names, *([t("{count} smaller ones", count=parted.others)] if parted.others else [])]
    order = np.argsort(-parted.shares.values[:, 0], kind="stable")
    titles = [f"{chart_text(names[place], 28)} ({parted.shares.n[place]:,})" for place in order]
    show_chart(
        share_bars(titles, parted.shares, order),
        f"{board.slug}.board.by_category",
        height=90 + 34 * len(order),
        alt=t("Shares of each category"),
    )
    with st.expander(t("Figures of the categories with their intervals")):
        show_figures(t("Category"), [names[place] for place in order], parted.shares, order)


def share_bars(titles: list[str], shares: Shares, order: np.ndarray[Any, Any]) -> go.Figure:
    """A bar of three parts for each group, in `order` from above; `titles` are safe for plotly."""
    import plotly.graph_objects as go

    look, figure = palette(mode()), go.Figure()
    for verdict, colour in enumerate(colours()):
        values = shares.values[order, verdict]
        figure.add_bar(
            y=titles,
            x=100 * values,
            orientation="h",
            name=t(TITLES[verdict]),
            marker={"color": colour, "line": {"color": look.background, "width": 1}},
            text=[f"{100 * value:.0f} %" if value >= _NARROW else "" for value in values],
            textposition="inside",
            insidetextanchor="middle",
            textangle=0,
            textfont={"color": look.text if verdict == 1 else look.background},
            hovertemplate="%{y}: %{x:.1f} %",
        )
    figure.update_layout(barmode="stack", bargap=0.28, legend={"traceorder": "normal"}, uniformtext=_TEXT_IN_BARS)
    figure.update_xaxes(range=[0, 100], showgrid=False, showticklabels=False)
    figure.update_yaxes(autorange="reversed", showgrid=False)
    return figure


def show_figures(what: str, names: list[str], shares: Shares, order: np.ndarray[Any, Any]) -> None:
    """The shares of groups as a table, each with its 95 % interval."""

    def cell(row: int, verdict: int) -> str:
        low, high = outward(float(shares.low[row, verdict]), float(shares.high[row, verdict]))
        return f"{100 * shares.values[row, verdict]:.1f} [{low:.1f}, {high:.1f}]"

    columns = {t(title): [cell(row, verdict) for row in order] for verdict, title in enumerate(TITLES)}
    st.dataframe({what: names, t("Texts"): shares.n[order], **columns}, hide_index=True)
    st.caption(t("Shares in percent, in brackets their 95 % intervals (Wilson)."))


def _agreement(board: Board) -> None:
    """How often the decided texts carry the label that the table gives them."""
    from core.data.board import accuracy_against

    scored, rows, label = board.scored, board.rows, board.scored.table.label
    if label is None:
        return
    found = board.once("agreement", lambda: accuracy_against(scored.verdicts[rows], label[rows]))
    if found is None:
        return
    st.subheader(t("Against the labels of the table"), anchor=False)
    low, high = outward(found.low, found.high)
    st.markdown(
        t(
            "The table says of {n:,} of the decided texts whether they are positive: the model says the same of "
            "**{share:.1f} %** (95 % interval {low:.1f} to {high:.1f} %). Search shows those on which they differ.",
            n=found.n,
            share=100 * found.value,
            low=low,
            high=high,
        )
    )
