"""Model room: the versions of every sector, where they come from, jobs, alerts, the audit log and the disk."""

from __future__ import annotations

import streamlit as st

from core.catalog import sector
from core.contracts import N_
from core.ui import records, room
from core.ui.i18n import t

PARTS = {
    "versions": N_("Versions"),
    "origins": N_("Lineage"),
    "jobs": N_("Jobs and alerts"),
    "audit": N_("Audit log"),
    "disk": N_("Disk"),
}

st.title(t("Model room"), anchor=False)
st.markdown(
    t("Every version trained here stays here: what it measured, what it was trained on, and which one answers.")
)
part = st.segmented_control(
    t("Part of the page"),
    list(PARTS),
    default="versions",
    required=True,
    format_func={name: t(title) for name, title in PARTS.items()}.__getitem__,
    key="models.part",
    bind="query-params",
    label_visibility="collapsed",
)
if part == "origins":
    room.show_origins(sector(records.sector_choice()))
elif part == "jobs":
    st.subheader(t("Open alerts"), anchor=False)
    records.show_alerts()
    st.subheader(t("Latest jobs"), anchor=False)
    records.show_jobs()
elif part == "audit":
    records.show_audit()
elif part == "disk":
    records.show_disk()
else:
    room.show(sector(records.sector_choice()))
