"""Market analysis: published series with their sources, forecasts, disagreements, and where an opportunity may lie."""

from __future__ import annotations

import streamlit as st

from core.contracts import N_
from core.ui.i18n import t
from core.ui.linked import linked
from core.ui.market_board import show_board
from core.ui.market_canvas import show_canvas
from core.ui.market_cases import show_cases
from core.ui.market_charts import show_charts
from core.ui.market_conflicts import show_conflicts
from core.ui.market_forecast import show_forecast
from core.ui.market_models import show_models
from core.ui.market_own import show_own
from core.ui.market_sources import show_sources

PARTS = {
    "charts": (N_("Series"), show_charts),
    "models": (N_("Models"), show_models),
    "forecast": (N_("Forecast"), show_forecast),
    "conflicts": (N_("Disagreements"), show_conflicts),
    "board": (N_("Opportunities"), show_board),
    "canvas": (N_("Is it worth it?"), show_canvas),
    "cases": (N_("Cases"), show_cases),
    "own": (N_("Own data"), show_own),
    "sources": (N_("Sources"), show_sources),
}

st.title(t("Market analysis"), anchor=False)
st.markdown(
    t("Where applied AI is bought, built and used, from published figures, and whether a product is worth building.")
)
part = st.segmented_control(
    t("Part of the page"),
    list(PARTS),
    required=True,
    format_func={name: t(title) for name, (title, _) in PARTS.items()}.__getitem__,
    label_visibility="collapsed",
    **linked("market.part", list(PARTS), "charts"),
)
PARTS[str(part or "charts")][1]()
