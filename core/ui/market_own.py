"""A table of the visitor's own: columns guessed and put right, the same charts and the same forecast."""

from __future__ import annotations

from typing import Any, Final

import streamlit as st

from core.contracts import N_
from core.errors import AppError
from core.intake.tables import Table
from core.intake.workbooks import read_sheet
from core.market.forecasting import SEASONS, forecast, regular
from core.market.own_data import REQUIRED, ROLES, WIDE, OwnData, guess, own_data
from core.market.shaping import Choice
from core.settings import settings
from core.ui.columns import columns_input, columns_problem
from core.ui.i18n import t
from core.ui.market_charts import figure_of
from core.ui.market_forecast import show_made
from core.ui.quota import charge_upload, megabytes
from core.ui.theme import show_chart
from core.ui.views import escape, show_error

_SLOT: Final = "market.own"
_PREVIEW: Final = 5
_EXAMPLE: Final = "entity,year,value\nGermany,2022,12.5\nGermany,2023,14.1\nGermany,2024,17.3\n"
_HEIGHT: Final = 420


def show_own() -> None:
    """Send a table, confirm its columns, see it drawn and forecast."""
    limits = settings().limits
    file = st.file_uploader(
        t("Your table"),
        key="market.own.upload",
        max_upload_size=megabytes(limits.table_bytes),
        label_visibility="collapsed",
    )
    st.caption(
        t(
            "CSV, TSV, Parquet or Excel (.xlsx, first sheet) with a column of dates and one of figures, and one that "
            "says of whom, or with a column for each year. Up to {mb} MB. It stays in the memory of this session.",
            mb=limits.table_bytes // 2**20,
        )
    )
    if file is None:
        st.code(_EXAMPLE, language=None)
        return
    try:
        data = _confirmed(file)
        if data is not None:
            _show(data)
    except AppError as error:
        show_error(error)


def _confirmed(file: Any) -> OwnData | None:
    """The table by its columns; None before they were confirmed."""
    kept = st.session_state.get(_SLOT)
    if kept is None or kept[0] != file.file_id:
        charge_upload(len(file.getvalue()))
        kept = (file.file_id, read_sheet(file.getvalue(), file.name), None)
        st.session_state[_SLOT] = kept
    table: Table = kept[1]
    guessed = guess(table)
    if WIDE in guessed:
        return own_data(table, guessed)
    with st.form("market.own.columns"):
        chosen = columns_input("market.own", table.frame.head(_PREVIEW), guessed, ROLES, REQUIRED)
        if st.form_submit_button(t("Draw"), type="primary", icon=":material/show_chart:"):
            st.session_state[_SLOT] = kept = (*kept[:2], chosen)
    if kept[2] is None:
        return None
    if problem := columns_problem(kept[2], ROLES, REQUIRED):
        st.error(problem, icon=":material/error:")
        return None
    return own_data(table, kept[2])


def _show(data: OwnData) -> None:
    one, table = data.series, data.table
    st.markdown(f"**{escape(one.title)}** · {t('{count:,} figures', count=len(table))}")
    if data.left_out:
        st.caption(t("Left out: {count:,} rows without a date or a figure.", count=data.left_out))
    names = table.sort_values("date").groupby("entity")["value"].last().sort_values(ascending=False).index.tolist()
    shown = (
        st.multiselect(t(ROLES["entity"]), names, default=names[:6], key="market.own.entities")
        if len(names) > 1
        else names
    )
    chosen = table[table["entity"].isin(shown)]
    if chosen.empty:
        st.info(t("Choose at least one line."))
        return
    kinds = ["line", "bar", *(["map"] if (chosen["code"] != "").sum() > 2 else [])]
    titles = {"line": N_("Lines"), "bar": N_("Bars"), "map": N_("Map")}
    kind = st.segmented_control(
        t("Chart"),
        kinds,
        default=kinds[0],
        required=True,
        format_func=lambda name: t(titles[name]),
        key="market.own.chart",
    )
    show_chart(
        figure_of(one, Choice("own"), chosen, str(kind or "line")),
        "market.own.drawn",
        height=_HEIGHT,
        alt=t("Your table"),
    )
    if one.frequency in SEASONS:
        _show_forecast(data, [str(name) for name in shown])


def _show_forecast(data: OwnData, names: list[str]) -> None:
    entity = names[0] if len(names) == 1 else st.selectbox(t("Forecast of"), names, key="market.own.forecast")
    if not st.toggle(t("Forecast"), key="market.own.forecasting"):
        return
    one = data.series
    line, skipped = regular(data.table[data.table["entity"] == entity], one.frequency)
    with st.spinner(t("Fitting, and testing on the past"), show_time=True):
        made = forecast(line, one.frequency, len(line) // 6, skipped)
    show_made(one, str(entity), line, made)
