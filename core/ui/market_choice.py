"""What is asked of the market page; every control stands in the link, so that the link draws the same chart again."""

from __future__ import annotations

from typing import Final

import pandas as pd
import streamlit as st

from core.market.catalog import SERIES
from core.market.observations import observations, series
from core.market.series import Series
from core.market.shaping import Choice, shapes_of, years_of
from core.ui.i18n import t
from core.ui.linked import linked, linked_many, linked_range
from core.ui.market_labels import SHAPES, entity_name

CHARTS: Final = {
    "line": ":material/show_chart:",
    "bar": ":material/bar_chart:",
    "area": ":material/area_chart:",
    "map": ":material/public:",
    "treemap": ":material/dashboard:",
}
"""Kind of chart -> its icon."""
_SHOWN: Final = 6
"""Entities that a chart shows before anybody chose: as many as there are colours."""


def series_input(key: str, allowed: tuple[Series, ...] = SERIES) -> Series:
    """Which series to look at."""
    names = [one.id for one in allowed]
    chosen = st.selectbox(
        t("Series"),
        names,
        format_func=lambda name: t(series(name).title),
        **linked(key, names, names[0]),
    )
    return series(str(chosen or names[0]))


def choice_input(one: Series, chart: str) -> Choice:
    """Entities, part, years and shape of a series."""
    table = observations(one.id)
    entities = _entities_input(one, table) if chart != "map" else ()
    left, right = st.columns(2)
    part = ""
    if one.parts:
        parts = sorted(set(table["part"]))
        with left:
            part = str(
                st.selectbox(
                    t(one.parts), parts, format_func=entity_name, **linked(f"market.{one.id}.part", parts, parts[0])
                )
            )
    first, last = years_of(one.id)
    if first < last:
        with left:
            first, last = st.slider(t("Years"), first, last, **linked_range(f"market.{one.id}.years", first, last))
    shapes = shapes_of(one)
    shape = shapes[0]
    if len(shapes) > 1:
        with right:
            shape = str(
                st.selectbox(
                    t("Shown"),
                    shapes,
                    format_func=lambda name: t(SHAPES[name]),
                    **linked(f"market.{one.id}.shape", shapes, shapes[0]),
                )
            )
    elif not one.source.alterable:
        with right:
            said = t("The licence lets these figures be quoted unchanged only: no index, no forecast.")
            st.caption(f":material/lock: {said}")
    return Choice(one.id, entities, part, int(first), int(last), shape)


def _entities_input(one: Series, table: pd.DataFrame) -> tuple[str, ...]:
    names, codes = _ranked(one, table), dict(zip(table["entity"], table["code"], strict=True))
    if len(names) == 1:
        return tuple(names)
    chosen = st.multiselect(
        t(one.entities),
        names,
        format_func=lambda name: entity_name(name, codes[name]),
        **linked_many(f"market.{one.id}.entities", names, names[:_SHOWN] if len(names) > 2 * _SHOWN else names),
    )
    return tuple(chosen)


def _ranked(one: Series, table: pd.DataFrame) -> list[str]:
    """Entities by their latest figure, the largest first; the whole before its parts, unknown ones last."""
    latest = table.sort_values("date").groupby("entity")["value"].last().sort_values(ascending=False)
    names = [str(name) for name in latest.index]
    return sorted(names, key=lambda name: (name in ("Unknown", "Others"), name != one.whole))


def chart_input(one: Series) -> str:
    """Line, bars, area, map or treemap: those that fit the series."""
    allowed = charts_of(one)
    chosen = st.segmented_control(
        t("Chart"),
        allowed,
        required=True,
        format_func=lambda name: CHARTS[name],
        **linked(f"market.{one.id}.chart", allowed, allowed[0]),
        label_visibility="collapsed",
    )
    return str(chosen or allowed[0])


def charts_of(one: Series) -> tuple[str, ...]:
    """Kinds of chart that tell the truth about a series: a pile and a treemap only where nothing counts twice."""
    table = observations(one.id)
    found = ["line"] if one.frequency != "once" and table["date"].nunique() > 1 else []
    if one.id == "ai_adoption_enterprises":  # one year of countries, a few of the union
        found = ["bar", *found]
    elif one.unit != "flop":
        found.append("bar")
    if one.adds_up and one.frequency != "once":
        found.append("area")
    if (table["code"] != "").sum() > 2:
        found.append("map")
    if one.adds_up:
        found.append("treemap")
    return tuple(dict.fromkeys(found))
