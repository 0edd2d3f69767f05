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
from core.ui.ended import show_ended
from core.ui.i18n import t
from core.ui.run_curves import show_run_curves
from core.ui.stages import stage_number
from core.ui.views import escape, plain, say, show_error
from core.ui.wording import told

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
    "draw": N_("Drawing the images of the stream"),
    "compress": N_("Writing the formats"),
    "time": N_("Taking the times"),
    "seeds": N_("Training with other seeds"),
    "diagnose": N_("Looking for overfitting"),
    "look": N_("Looking at the good parts"),
    "suspects": N_("Searching for parts that look unlike all others"),
    "remember": N_("Choosing what to remember of the good parts"),
    "hold_out": N_("Judging each good part without itself, for the limit"),
    "outline": N_("Training the second network on known defects"),
    "map": N_("Laying out the map of the items"),
    "variety": N_("Measuring what more variety costs"),
    "robustness": N_("Measuring on darker, blurred and turned images"),
}


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
        events = _events(slug, record)
    except AppError as error:
        show_error(error)
        return
    if was_live and not record.live:
        # The whole page, so that the fragment stops asking and the new version appears in the list below.
        st.rerun(scope="app")
    st.subheader(t("Training job: {status}", status=t(STATUS_NAMES.get(record.status, record.status))), anchor=False)
    if record.live:
        st.caption(t("Keep this page's link to come back to the job; closing the page does not stop it."))
    show_progress(record, events)
    _remarks(events)
    show_run_curves(slug, events)
    if record.live:
        _cancel(slug, record)
    else:
        show_ended(slug, record)
    _log(slug, events)


def _events(slug: str, record: JobRecord) -> list[Event]:
    """All events of the job, after those of the run that it goes on from; only new ones are asked for."""
    kept: tuple[str, list[Event]] = st.session_state.get(f"{slug}.events", ("", []))
    events = kept[1] if kept[0] == record.id else earlier_events(record)
    events = events + jobs.events(record.id, after=events[-1].seq if events else 0)
    st.session_state[f"{slug}.events"] = (record.id, events)
    return events


def earlier_events(record: JobRecord) -> list[Event]:
    """Epochs of the runs that this one goes on from: the beginning of its curves."""
    if not record.resumes or record.args.get("afresh"):
        return []
    try:
        before = jobs.status(record.resumes)
    except AppError:  # its record was removed; the curves begin later
        return []
    epochs = [event for event in jobs.events(before.id) if "epoch" in event.data.get("metrics", {})]
    return earlier_events(before) + epochs


def show_progress(record: JobRecord, events: Sequence[Event] = ()) -> None:
    """Place in the queue, or stage and step; with the job's `events` also the time left."""
    if record.status == "queued":
        _waiting(record)
        return
    if record.status != "running":
        return
    stage = told(STAGE_NAMES.get(record.stage, record.stage or N_("Starting")), record.sector)
    number = stage_number(record.sector, [event.data["stage"] for event in events if event.kind == "stage"])
    stage = f"{stage} ({number})" if number else stage
    if not record.total:
        st.progress(0.0, stage)
        return
    text = t("{stage}: {step} of {total}", stage=stage, step=record.step, total=record.total)
    left = seconds_left(record, events, datetime.now(UTC))
    if left is not None:
        text = f"{text} · {t('about {time} left in this stage', time=duration(left))}"
    st.progress(min(record.step / record.total, 1.0), text)


def _waiting(record: JobRecord) -> None:
    """What a queued job waits for: others before it, or its own process."""
    try:
        running = [other for other in jobs.jobs(limit=20) if other.status == "running"]
    except AppError as error:
        show_error(error)
        return
    if not running and record.position <= 1:
        st.write(t("Starting: its process is being prepared."))
        return
    st.write(t("Waiting: place {place} in the queue.", place=max(record.position, 1)))
    for other in running:
        share = round(100 * other.step / other.total) if other.total else 0
        stage = told(STAGE_NAMES.get(other.stage, other.stage or N_("Starting")), other.sector)
        name = escape(other.args.get("name", ""))
        st.caption(t("Running now: {name}; {stage}, {share} %", name=name, stage=stage, share=share))


def _remarks(events: Sequence[Event]) -> None:
    """What the run itself had to say, such as that it goes on with smaller batches."""
    for event in events:
        if event.kind == "log":
            remark = Message(str(event.data["template"]), event.data.get("params", {}))
            st.caption(f":material/info: {say(remark)}")


def _log(slug: str, events: Sequence[Event]) -> None:
    """When which stage began and how the job stands, for who wants to know exactly."""
    with st.expander(t("Log ({count})", count=len(events))):
        rows = [
            {t("Time"): event.time.astimezone().strftime("%H:%M:%S"), t("Event"): line}
            for event in events
            if (line := _log_line(slug, event))
        ]
        st.dataframe(rows, hide_index=True, height=min(38 + 35 * max(len(rows), 1), 318))


def _log_line(slug: str, event: Event) -> str:
    if event.kind == "stage":
        return told(STAGE_NAMES.get(event.data["stage"], event.data["stage"]), slug)
    if event.kind == "status":
        return t(STATUS_NAMES.get(event.data["status"], event.data["status"]))
    if event.kind == "log":
        return plain(Message(str(event.data["template"]), event.data.get("params", {})))
    epoch = event.data["metrics"].get("epoch")
    figures = [f"{name} {value:.4f}" for name, value in event.data["metrics"].items() if value and name != "epoch"]
    return f"{t('Epoch {n}', n=int(epoch))}: {', '.join(figures)}" if epoch else ""


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
