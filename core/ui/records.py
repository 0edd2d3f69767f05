"""What the house keeps book of, over all sectors: jobs, open alerts, the audit log, and the disk."""

from __future__ import annotations

from typing import Final

import streamlit as st

from core import jobs
from core.access import allowed
from core.catalog import SECTORS, sector
from core.contracts import N_
from core.errors import AppError
from core.jobs import JobRecord
from core.store import alerts, audit
from core.store.usage import disk_usage
from core.ui.i18n import link_parameters, t
from core.ui.live import STATUS_NAMES
from core.ui.theme import show_chart
from core.ui.views import escape, show_error

KIND_NAMES: Final = {
    "train": N_("Training"),
    "heal": N_("Training on the changed stream"),
    "compress": N_("Compression"),
}
ALERT_NAMES: Final = {alerts.DRIFT: N_("drift")}
_JOBS_SHOWN: Final = 50
_ROWS_SHOWN: Final = 200
_MB: Final = 1e6


def show_jobs() -> None:
    """The latest jobs of every sector; each opens on its page."""
    try:
        found = jobs.jobs(limit=_JOBS_SHOWN)
    except AppError as error:
        show_error(error)
        return
    if not found:
        st.caption(t("No job has run yet."))
    for record in found:
        line, link = st.columns([5, 1], vertical_alignment="center")
        line.markdown(_job_line(record))
        if record.kind in ("train", "heal"):
            link.page_link(
                _page(record.sector),
                label=t("Open"),
                icon=":material/open_in_new:",
                query_params=link_parameters(job=record.id),
            )


def _page(slug: str) -> str:
    from core.ui.frame import page_file

    return page_file(slug)


def _job_line(record: JobRecord) -> str:
    kind = t(KIND_NAMES.get(record.kind, record.kind))
    status = t(STATUS_NAMES.get(record.status, record.status))
    created = record.created.astimezone().strftime("%Y-%m-%d %H:%M")
    title = t(sector(record.sector).title)
    return f"{created} · {title} · {kind} · {escape(record.args.get('name', ''))} · **{status}**"


def show_alerts() -> None:
    """Alerts that nobody has closed."""
    try:
        found = alerts.open_alerts()
    except AppError as error:
        show_error(error)
        return
    if not found:
        st.caption(t("No alert is open."))
    for alert in found:
        title = t(sector(alert.sector).title)
        line, button = st.columns([5, 1], vertical_alignment="center")
        line.markdown(
            f":orange[:material/notification_important:] {alert.time.astimezone():%Y-%m-%d %H:%M} · {title} · "
            f"**{t(ALERT_NAMES.get(alert.kind, alert.kind))}**"
        )
        if allowed("presenter") and button.button(t("Close"), key=f"models.alert.{alert.seq}", width="stretch"):
            try:
                alerts.close_alert(alert.seq, "dismissed")
            except AppError as error:
                show_error(error)
            else:
                st.rerun()


def show_audit() -> None:
    """The latest rows of the audit log, and its check; for admins only."""
    if not allowed("admin"):
        st.caption(t("The audit log is for the role admin."))
        return
    try:
        found = audit.entries(_ROWS_SHOWN)
    except AppError as error:
        show_error(error)
        return
    st.caption(
        t(
            "Every answer, refusal, training, promotion and deletion leaves one row, chained to the one before by its "
            "checksum. Inputs are kept as keyed checksums only."
        )
    )
    if st.button(t("Check the chain"), icon=":material/link:", key="models.audit_check"):
        _check_chain()
    st.dataframe(
        [
            {
                t("Row"): entry.seq,
                t("Time"): entry.time.astimezone().strftime("%Y-%m-%d %H:%M:%S"),
                t("Who"): entry.actor,
                t("Role"): entry.role,
                t("Action"): entry.action,
                t("Sector"): entry.sector,
                t("Version"): entry.version,
                t("Items"): entry.n_items,
                t("Result"): entry.code,
                t("Job"): entry.job,
            }
            for entry in found
        ],
        hide_index=True,
        key="models.audit_table",
    )


def _check_chain() -> None:
    try:
        report = audit.verify()
    except AppError as error:
        show_error(error)
        return
    if report.intact:
        st.success(t("{rows:,} rows checked: all there, all as written.", rows=report.rows), icon=":material/verified:")
    elif report.other_key:
        st.error(t("Not a single row fits: the secret of this installation was exchanged."), icon=":material/key_off:")
    else:
        changed = ", ".join(map(str, report.broken[:20])) or "–"
        missing = ", ".join(map(str, report.missing[:20])) or "–"
        st.error(
            t("Rows changed since they were written: {changed}. Missing: {missing}.", changed=changed, missing=missing),
            icon=":material/link_off:",
        )


def show_disk() -> None:
    """What lies on the disk, by kind."""
    import plotly.graph_objects as go

    usage = disk_usage()
    shown = {title: size for title, size in usage.bytes_by_kind.items() if size}
    total = sum(shown.values())
    st.caption(
        t(
            "{used:,.1f} MB in use by this program's data, {free:,.1f} GB free on the disk.",
            used=total / _MB,
            free=usage.free_bytes / 1e9,
        )
    )
    if not shown:
        return
    titles = sorted(shown, key=shown.__getitem__)
    figure = go.Figure(
        go.Bar(
            x=[shown[title] / _MB for title in titles],
            y=[t(title) for title in titles],
            orientation="h",
            text=[f"{shown[title] / _MB:,.1f} MB" for title in titles],
        )
    )
    figure.update_xaxes(title="MB")
    show_chart(figure, "models.disk", height=90 + 34 * len(titles), alt=t("Disk use by kind"))


def sector_choice() -> str:
    """Which sector's versions to look at; no question while there is only one."""
    titles = {entry.slug: t(entry.title) for entry in SECTORS}
    if len(titles) == 1:
        return SECTORS[0].slug
    chosen = st.segmented_control(
        t("Sector"),
        list(titles),
        default=SECTORS[0].slug,
        required=True,
        format_func=titles.__getitem__,
        key="models.sector",
        bind="query-params",
    )
    return str(chosen or SECTORS[0].slug)
