"""Model room: the versions of every sector, what they measured, and which one is in use."""

from __future__ import annotations

import streamlit as st

from core.catalog import SECTORS, sector
from core.ui import room
from core.ui.i18n import t

st.title(t("Model room"), anchor=False)
st.markdown(
    t("Every version trained here stays here: what it measured, what it was trained on, and which one answers.")
)

slugs = [entry.slug for entry in SECTORS]
slug = slugs[0]
if len(slugs) > 1:
    slug = (
        st.segmented_control(
            t("Sector"),
            slugs,
            default=slugs[0],
            required=True,
            format_func=lambda name: t(sector(name).title),
            key="models.sector",
            bind="query-params",
        )
        or slugs[0]
    )
room.show(sector(slug))
