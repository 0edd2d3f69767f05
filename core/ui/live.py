"""A job as it runs: stage, curves, time left, place in the queue, cancel; found again by `?job=` in the link."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import streamlit as st

from core import jobs
from core.contracts import N_, Message, Sector
from core.errors import AppError
from core.jobs import Event, JobRecord
from core.ui.i18n import t
from core.ui.theme import show_chart
from core.ui.views import escape, say, show_error

REFRESH_S = 1.0
STATUS_NAMES = {
    "queued": N_("waiting"),
    "running": N_("running"),
    "completed": N_("completed"),
    "failed": N_("failed"),
    "cancelled": N_("cancelled"),
    "lost": N_("lost"),
}
STAGE_NAMES = {
    "read": N_("Reading the images"),
    "check": N_("Checking the data"),
    "train": N_("Training"),
    "calibrate": N_("Calibrating the scores"),
    "evaluate": N_("Measuring on the test images"),
    "compare": N_("Measuring the version in use on the same images"),
    "register": N_("Registering the version"),
    "cross-validate": N_("Cross-validation"),
}
SERIES_NAMES = {
    "loss": N_("Training loss"),
    "train_loss": N_("Training loss"),
    "validation_loss": N_("Validation loss"),
    "validation_accuracy": N_("Validation accuracy"),
    "learning_rate": N_("Learning rate"),
}
_CURVE_POINTS = 500
_CURVE_FROM = 3
"""Fewer points than this are no curve."""


def show_job(sector: Sector, job_id: str) -> None:
    """The job in a fragment that redraws itself only while the job lives."""
    slug = sector.slug
    try:
        record = jobs.status(job_id)
    except AppError as error:
        show_error(error)
        record = None
    if record is not None and record.sector != slug:
        st.info(t("This job belongs to another page."))
    elif record is not None:
        live = record.live
        st.fragment(_draw, run_every=REFRESH_S if live else None)(slug, job_id, live)
    if st.button(t("Train another version"), icon=":material/add:", key=f"{slug}.new_job"):
        del st.query_params["job"]
        st.rerun()


def _draw(slug: str, job_id: str, was_live: bool) -> None:
    try:
        record = jobs.status(job_id)
        events = _events(slug, job_id)
    except AppError as error:
        show_error(error)
        return
    if was_live and not record.live:
        # The whole page, so that the fragment stops asking and the new version appears in the list below.
        st.rerun(scope="app")
    st.subheader(t("Training job: {status}", status=t(STATUS_NAMES.get(record.status, record.status))), anchor=False)
    if record.live:
        st.caption(t("Keep this page's link to come back to the job; closing the page does not stop it."))
    _progress(record, events)
    _remarks(events)
    _curves(slug, events)
    if record.live:
        _cancel(slug, record)
    else:
        _outcome(record)


def _events(slug: str, job_id: str) -> list[Event]:
    """All events of the job; only new ones are asked for."""
    kept: tuple[str, list[Event]] = st.session_state.get(f"{slug}.events", ("", []))
    events = kept[1] if kept[0] == job_id else []
    events = events + jobs.events(job_id, after=events[-1].seq if events else 0)
    st.session_state[f"{slug}.events"] = (job_id, events)
    return events


def _progress(record: JobRecord, events: Sequence[Event]) -> None:
    if record.status == "queued":
        st.write(t("Waiting: place {place} in the queue.", place=max(record.position, 1)))
        return
    if record.status != "running":
        return
    stage = t(STAGE_NAMES.get(record.stage, record.stage or N_("Starting")))
    if not record.total:
        st.progress(0.0, stage)
        return
    text = t("{stage}: {step} of {total}", stage=stage, step=record.step, total=record.total)
    left = seconds_left(record, events, datetime.now(UTC))
    if left is not None:
        text = f"{text} · {t('about {time} left in this stage', time=duration(left))}"
    st.progress(min(record.step / record.total, 1.0), text)


def _remarks(events: Sequence[Event]) -> None:
    """What the run itself had to say, such as that it goes on with smaller batches."""
    for event in events:
        if event.kind == "log":
            remark = Message(str(event.data["template"]), event.data.get("params", {}))
            st.caption(f":material/info: {say(remark)}")


def seconds_left(record: JobRecord, events: Sequence[Event], now: datetime) -> float | None:
    """Time left in the stage at the pace so far; None while it is too early to say."""
    begun = [event.time for event in events if event.kind == "stage"]
    if not begun or not record.total or record.step < 2:
        return None
    spent = (now - begun[-1]).total_seconds()
    return spent / record.step * (record.total - record.step) if spent > 2 else None


def duration(seconds: float) -> str:
    """`40 s`, `3 min`, `1 h 10 min`."""
    if seconds < 60:
        return t("{n} s", n=max(1, round(seconds)))
    minutes = round(seconds / 60)
    if minutes < 60:
        return t("{n} min", n=minutes)
    return t("{hours} h {minutes} min", hours=minutes // 60, minutes=minutes % 60)


def _curves(slug: str, events: Sequence[Event]) -> None:
    series = metric_series(events)
    losses = {name: points for name, points in series.items() if "loss" in name}
    shares = {name: points for name, points in series.items() if "accuracy" in name or "auroc" in name}
    shown = [(name, group) for name, group in (("loss", losses), ("share", shares)) if group]
    if not shown or max(len(points) for points in series.values()) < _CURVE_FROM:
        return
    for place, (name, group) in zip(st.columns(len(shown)), shown, strict=True):
        with place:
            _lines(f"{slug}.curve.{name}", group)


def metric_series(events: Sequence[Event]) -> dict[str, list[tuple[float, float | None]]]:
    """(step, value) points of every metric, thinned for drawing; None parts the folds of a cross-validation."""
    series: dict[str, list[tuple[float, float | None]]] = {}
    for event in events:
        if event.kind != "metrics":
            continue
        step = float(event.data["step"])
        for name, value in event.data["metrics"].items():
            points = series.setdefault(name, [])
            if points and step < points[-1][0]:
                points.append((step, None))
            points.append((step, value))
    return {name: points[:: max(1, len(points) // _CURVE_POINTS)] for name, points in series.items()}


def _lines(key: str, group: dict[str, list[tuple[float, float | None]]]) -> None:
    import plotly.graph_objects as go

    figure = go.Figure()
    for name, points in group.items():
        xs, ys = zip(*points, strict=True)
        mode = "lines+markers" if len(points) < 30 else "lines"
        figure.add_scatter(x=xs, y=ys, mode=mode, name=t(SERIES_NAMES.get(name, name)))
    figure.update_layout(showlegend=True)
    figure.update_xaxes(title=t("Step"))
    show_chart(figure, key, height=260, alt=t("Curves of the training run"))


def _cancel(slug: str, record: JobRecord) -> None:
    if record.cancelling:
        st.caption(t("Asked to stop; it ends at its next step or is ended within seconds."))
    elif st.button(t("Cancel the training"), icon=":material/stop_circle:", key=f"{slug}.cancel"):
        try:
            jobs.cancel(record.id)
        except AppError as error:
            show_error(error)
            return
        st.toast(t("The training stops at its next step."))


def _outcome(record: JobRecord) -> None:
    if record.status == "completed":
        version = record.result.get("version")
        st.success(
            t("Version {version} is registered as challenger. Compare it below.", version=escape(version)),
            icon=":material/check_circle:",
        )
    elif record.status == "cancelled":
        st.info(t("The training was cancelled. Nothing was changed."))
    elif record.error is not None:
        hint = f" {say(record.hint)}" if record.hint else ""
        st.error(f"{say(record.error)}{hint} ({escape(record.error_code)})", icon=":material/error:")
    else:
        st.error(t("The training ended unexpectedly. The version in use is untouched."), icon=":material/error:")


def show_recent_jobs(sector: Sector, shown: str) -> None:
    """Other jobs of this page, newest first; a live one can be opened."""
    try:
        others = [record for record in jobs.jobs(sector=sector.slug, limit=10) if record.id != shown]
    except AppError as error:
        show_error(error)
        return
    if not others:
        return
    with st.expander(t("Earlier and running jobs ({count})", count=len(others))):
        for record in others:
            line, button = st.columns([4, 1], vertical_alignment="center")
            line.markdown(_line(record))
            if button.button(t("Open"), key=f"{sector.slug}.open.{record.id}", width="stretch"):
                st.query_params["job"] = record.id
                st.rerun()


def _line(record: JobRecord) -> str:
    status = t(STATUS_NAMES.get(record.status, record.status))
    started = record.created.astimezone().strftime("%Y-%m-%d %H:%M")
    name: Any = record.args.get("name", "")
    return f"{started} · {escape(name)} · {status}"
