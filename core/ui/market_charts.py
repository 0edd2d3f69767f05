"""Charts of a market series: lines, bars, piles, a map with outlines of our own, a treemap."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd
import streamlit as st

from core.contracts import N_
from core.errors import AppError
from core.market.citing import citation, cited_csv
from core.market.countries import POPULATION_SOURCE
from core.market.series import Series
from core.market.shaping import Choice, shaped
from core.ui.i18n import t
from core.ui.linked import linked_switch
from core.ui.market_choice import chart_input, choice_input, series_input
from core.ui.market_labels import entity_name, hover_of, unit_text
from core.ui.market_map import map_of
from core.ui.theme import mode, palette, show_chart
from core.ui.views import escape, show_error

if TYPE_CHECKING:
    import plotly.graph_objects as go

_HEIGHT: Final = 440
_DASHES: Final = ("solid", "dash", "dot", "dashdot")
NO_MARKET_SIZE: Final = N_(
    "There is no open, citable series of “AI market size”: the figures that go round are sold by market researchers "
    "without a public method. Here stand investment, spending and use under their own names; a table of your own can "
    "be shown under Own data."
)


def show_charts() -> None:
    """Choose a series, draw it, say where it comes from, take it along."""
    st.caption(f":material/info: {t(NO_MARKET_SIZE)}")
    one = series_input("market.series")
    st.markdown(t(one.definition))
    chart = chart_input(one)
    choice = choice_input(one, chart)
    try:
        table = shaped(choice)
    except AppError as error:
        show_error(error)
        return
    if table.empty:
        st.info(t("Nothing is left with these choices: choose an entity, or more years."))
        return
    logarithmic = _log_input(one, table, chart)
    show_chart(
        figure_of(one, choice, table, chart, logarithmic),
        f"market.{one.id}.{chart}.drawn",
        height=_HEIGHT,
        alt=t(one.title),
    )
    _show_origin(one, choice, table)


def _log_input(one: Series, table: pd.DataFrame, chart: str) -> bool:
    if chart not in ("line", "bar") or not (table["value"] > 0).all():
        return False
    return st.toggle(t("Logarithmic scale"), **linked_switch(f"market.{one.id}.log", one.unit == "flop"))


def figure_of(one: Series, choice: Choice, table: pd.DataFrame, chart: str, logarithmic: bool = False) -> go.Figure:
    """The chart of a shaped table; `chart` is a key of `market_choice.CHARTS`."""
    draw = {"line": _lines, "bar": _bars, "area": _areas, "map": map_of, "treemap": _treemap}[chart]
    figure = draw(one, choice, table)
    if chart in ("line", "bar", "area"):
        figure.update_yaxes(title_text=unit_text(one, choice.shape), type="log" if logarithmic else "linear")
        if not logarithmic and choice.shape == "as_published":
            figure.update_yaxes(rangemode="tozero")
    return figure


def _groups(table: pd.DataFrame) -> list[tuple[str, str, pd.DataFrame]]:
    """Name as read, code and rows of each entity, the largest latest figure first."""
    found = [(str(name), str(rows["code"].iloc[0]), rows) for name, rows in table.groupby("entity", sort=False)]
    return sorted(found, key=lambda one: -one[2]["value"].iloc[-1])


def _lines(one: Series, choice: Choice, table: pd.DataFrame) -> go.Figure:
    import plotly.graph_objects as go

    look, figure = palette(mode()), go.Figure()
    for number, (name, code, rows) in enumerate(_groups(table)):
        figure.add_scatter(
            x=rows["date"],
            y=rows["value"],
            name=entity_name(name, code),
            mode="lines" if len(rows) > 30 else "lines+markers",
            line={
                "shape": "hv" if one.cumulative else "linear",
                "color": look.series[number % len(look.series)],
                "dash": _DASHES[(number // len(look.series)) % len(_DASHES)],
            },
            text=hover_of(one, choice.shape, rows),
            hovertemplate="%{fullData.name}<br>%{text}<extra></extra>",
        )
    return figure


def _bars(one: Series, choice: Choice, table: pd.DataFrame) -> go.Figure:
    """The latest figure of each entity, and for few entities over time side by side."""
    import plotly.graph_objects as go

    figure, groups = go.Figure(), _groups(table)
    if table["date"].nunique() > 1 and len(groups) <= 4 and one.frequency == "year":
        for name, code, rows in groups:
            figure.add_bar(
                x=rows["date"],
                y=rows["value"],
                name=entity_name(name, code),
                text=hover_of(one, choice.shape, rows),
                textposition="none",
                hovertemplate="%{fullData.name}<br>%{text}<extra></extra>",
            )
        return figure
    latest = [rows.iloc[[-1]] for _, _, rows in groups]
    names = [entity_name(name, code) for name, code, _ in groups]
    hover = [hover_of(one, choice.shape, row)[0] for row in latest]
    values = [float(row["value"].iloc[0]) for row in latest]
    figure.add_bar(x=names, y=values, text=hover, textposition="none", hovertemplate="%{x}<br>%{text}<extra></extra>")
    figure.update_layout(showlegend=False)
    return figure


def _areas(one: Series, choice: Choice, table: pd.DataFrame) -> go.Figure:
    import plotly.graph_objects as go

    figure = go.Figure()
    for name, code, rows in _groups(table[table["entity"] != one.whole]):
        figure.add_scatter(
            x=rows["date"],
            y=rows["value"],
            name=entity_name(name, code),
            stackgroup="all",
            mode="lines",
            text=hover_of(one, choice.shape, rows),
            hovertemplate="%{fullData.name}<br>%{text}<extra></extra>",
        )
    return figure


def _treemap(one: Series, choice: Choice, table: pd.DataFrame) -> go.Figure:
    import plotly.graph_objects as go

    rows = table[table["entity"] != one.whole].sort_values("date").groupby("entity", as_index=False).last()
    names = [entity_name(name, code) for name, code in zip(rows["entity"], rows["code"], strict=True)]
    figure = go.Figure()
    figure.add_treemap(
        labels=names,
        parents=[""] * len(names),
        values=rows["value"],
        text=hover_of(one, choice.shape, rows),
        texttemplate="%{label}<br>%{text}",
        hovertemplate="%{label}<br>%{text}<extra></extra>",
    )
    return figure


def _show_origin(one: Series, choice: Choice, table: pd.DataFrame) -> None:
    """Citation, caveats, and the figures to take along."""
    st.caption(f":material/format_quote: {escape(citation(one))}")
    for caveat in one.caveats:
        st.caption(f":material/report: {t(caveat)}")
    if choice.shape == "per_million":
        st.caption(f":material/groups: {escape(POPULATION_SOURCE)}")
    link = "?" + "&".join(f"{name}={value}" for name, value in st.query_params.items())
    st.download_button(
        t("Figures with their citation, CSV"),
        cited_csv(table, one, choice.shape, link),
        file_name=f"vitrine-market-{one.id}.csv",
        mime="text/csv",
        icon=":material/download:",
        key=f"market.{one.id}.csv",
        on_click="ignore",
    )
