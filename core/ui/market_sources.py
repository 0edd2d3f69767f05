"""Every series with its definition, source, edition, day of the copy, licence and caveats."""

from __future__ import annotations

import streamlit as st

from core.market.catalog import SERIES
from core.market.observations import observations
from core.ui.i18n import t
from core.ui.market_charts import NO_MARKET_SIZE
from core.ui.market_labels import UNITS, date_text
from core.ui.views import escape


def show_sources() -> None:
    """A card per series."""
    st.caption(f":material/info: {t(NO_MARKET_SIZE)}")
    for one in SERIES:
        table = observations(one.id)
        first, last = (date_text(day.date(), one.frequency) for day in (table["date"].min(), table["date"].max()))
        source = one.source
        with st.container(border=True):
            st.markdown(f"**{t(one.title)}**")
            st.markdown(t(one.definition))
            facts = {
                t("Figures"): f"{len(table):,} · {first}–{last} · {t(UNITS[one.unit])}",
                t("Source"): f"{escape(source.publisher)}: {escape(source.work)}",
                t("Edition"): escape(source.edition),
                t("Address"): " · ".join(f"<{address}>" for address in source.addresses),
                t("Copied"): escape(f"{source.retrieved}" + (f", {source.through}" if source.through else "")),
                t("Licence"): escape(source.licence),
            }
            st.markdown("\n".join(["| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in facts.items())]))
            for caveat in one.caveats:
                st.caption(f":material/report: {t(caveat)}")
