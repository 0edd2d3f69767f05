"""Notable models one by one: a bubble for each over time, and who makes them for what as a treemap."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
import streamlit as st

from core.errors import AppError
from core.market.citing import citation
from core.market.countries import alpha_3_of
from core.market.models import first_of, notable_models
from core.market.observations import series
from core.ui.i18n import t
from core.ui.linked import linked, linked_range
from core.ui.market_labels import entity_name, number_text
from core.ui.theme import mode, palette, show_chart
from core.ui.views import chart_text, escape, show_error

if TYPE_CHECKING:
    import plotly.graph_objects as go

_FIRST: Final = 1990
_HEIGHT: Final = 480
_TOP: Final = 5


def show_models() -> None:
    """Choose years and domain; see computing over time and who makes what."""
    try:
        table = notable_models()
    except AppError as error:
        show_error(error)
        return
    table = table.assign(domain=first_of(table["domain"]), country=first_of(table["country"]))
    table = _chosen(table)
    known = table[table["flop"].notna()]
    st.markdown(
        t(
            "{count:,} notable models; the computing of {known:,} of them is known or estimated.",
            count=len(table),
            known=len(known),
        )
    )
    if known.empty:
        st.info(t("Nothing is left with these choices: choose more years or another domain."))
        return
    show_chart(_bubbles(known), "market.models.bubbles", height=_HEIGHT, alt=t("Computing of notable models over time"))
    st.caption(t("Each bubble is a model, larger for more parameters (by their logarithm), where they are known."))
    show_chart(_treemap(table), "market.models.treemap", height=_HEIGHT, alt=t("Notable models by domain and country"))
    one = series("notable_ai_models")
    st.caption(f":material/format_quote: {escape(citation(one))}")
    for caveat in one.caveats:
        st.caption(f":material/report: {t(caveat)}")


def _chosen(table: pd.DataFrame) -> pd.DataFrame:
    left, right = st.columns(2)
    last = int(table["date"].dt.year.max())
    with left:
        first, until = st.slider(t("Years"), _FIRST, last, **linked_range("market.models.years", _FIRST, last))
    domains = table["domain"].value_counts().index.tolist()
    with right:
        domain = st.selectbox(
            t("Domain"),
            ["", *domains],
            format_func=lambda name: name or t("All domains"),
            **linked("market.models.domain", ["", *domains], ""),
        )
    table = table[table["date"].dt.year.between(first, until)]
    return table[table["domain"] == domain] if domain else table


def _bubbles(table: pd.DataFrame) -> go.Figure:
    import plotly.graph_objects as go

    look, figure = palette(mode()), go.Figure()
    top = table["country"].value_counts().index[:_TOP].tolist()
    groups = table["country"].where(table["country"].isin(top), "Others")
    for number, name in enumerate([*top, *(["Others"] if (groups == "Others").any() else [])]):
        rows = table[groups == name]
        side = np.sqrt(rows["parameters"].fillna(1e6).clip(1e6, 1e13).map(np.log10) - 5)
        figure.add_scatter(
            x=rows["date"],
            y=rows["flop"],
            mode="markers",
            name=entity_name(name, alpha_3_of(name)),
            marker={"size": 4 + 6 * side, "opacity": 0.7, "color": look.series[number % len(look.series)]},
            text=[
                f"{chart_text(str(row.model), 60)}<br>{chart_text(str(row.organization), 60)}<br>"
                f"{number_text(float(row.flop), 'flop')} FLOP"
                for row in rows.itertuples()
            ],
            hovertemplate="%{text}<extra></extra>",
        )
    figure.update_yaxes(type="log", title_text=t("floating-point operations of the training"), exponentformat="power")
    return figure


def _treemap(table: pd.DataFrame) -> go.Figure:
    import plotly.graph_objects as go

    counts = table.groupby(["domain", "country"]).size()
    totals = counts.groupby(level=0).sum()
    ids = [*totals.index, *(f"{domain}/{country}" for domain, country in counts.index)]
    figure = go.Figure()
    figure.add_treemap(
        ids=ids,
        labels=[*totals.index, *(entity_name(country, alpha_3_of(country)) for _, country in counts.index)],
        parents=[""] * len(totals) + [domain for domain, _ in counts.index],
        values=[*totals, *counts],
        branchvalues="total",
        texttemplate="%{label}<br>%{value}",
        hovertemplate="%{id}: %{value}<extra></extra>",
    )
    figure.update_layout(uniformtext={"minsize": 10, "mode": "hide"})
    return figure
