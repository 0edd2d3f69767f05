"""What the drift alarm says, and the way back: retrain on the stream as it is now, compare, promote, or undo."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from core import access, jobs
from core.contracts import N_, Message
from core.errors import AppError
from core.ui.i18n import t
from core.ui.live import STATUS_NAMES, show_progress
from core.ui.views import show_error

if TYPE_CHECKING:
    from core.serving.stream import WatchedStream


def show_state(stream: WatchedStream) -> None:
    """The alarm in words, or why there is none."""
    from core.serving.stream import REFERENCE_BATCHES
    from core.training.drift import STATISTICS

    learning = stream.learning()
    if not stream.number:
        st.caption(t("Start the stream. It first learns what normal looks like for the version in use."))
    elif learning:
        done = REFERENCE_BATCHES - learning
        text = t("Learning what is normal: batch {done} of {all}", done=done, all=REFERENCE_BATCHES)
        st.progress(done / REFERENCE_BATCHES, text)
    elif stream.alert is not None:
        moved = ", ".join(t(STATISTICS[name]) for name in stream.moved)
        st.error(t("Drift alarm. What changed: {moved}.", moved=moved), icon=":material/notifications_active:")
    else:
        st.success(t("The stream looks as it should."), icon=":material/check_circle:")


def show_how() -> None:
    """How the alarm works and how often it is wrong, for those who ask."""
    from core.serving.stream import BATCH, QUIET, REFERENCE_BATCHES, WINDOW
    from core.training.drift import FALSE_ALARM_RATE
    from core.ui.timeline import ROLLING

    st.caption(
        t(
            "Every batch holds {batch} synthetic images. The latest {window} are compared with the first {reference} "
            "images that this version answered: five two-sample Kolmogorov-Smirnov tests, corrected by Holm's method. "
            "On a stream that has not changed about {per_thousand:.0f} of 1,000 comparisons give a false alarm. The "
            "alarm ends after {quiet} quiet comparisons. Curves are means over {rolling} batches with 95 % intervals; "
            "declined images do not count as right.",
            batch=BATCH,
            window=BATCH * WINDOW,
            reference=BATCH * REFERENCE_BATCHES,
            per_thousand=1000 * FALSE_ALARM_RATE,
            quiet=QUIET,
            rolling=ROLLING,
        )
    )


def heal_controls(slug: str, stream: WatchedStream) -> None:
    """Retrain while the stream is changed; the job and the new version, once there are some."""
    job_id = st.session_state.get(f"{slug}.drift.job", "")
    if stream.drift is None and not job_id:
        return
    st.markdown(f"**{t('Heal it')}**")
    if stream.drift is not None:
        allowed = access.allowed("presenter")
        st.button(
            t("Retrain on the stream as it is now"),
            icon=":material/healing:",
            type="primary" if stream.alert is not None else "secondary",
            key=f"{slug}.drift.heal",
            disabled=not allowed or _under_way(job_id),
            help=None if allowed else t("This needs the role presenter."),
            on_click=_retrain,
            args=(slug, stream),
        )
        st.caption(
            t(
                "The run draws 640 labelled synthetic images, half of them changed as now and half as before, and "
                "trains our own network on them for a few epochs. The new version then answers the same stream beside "
                "the one in use. It has learned from synthetic images only: before it answers real ones, compare both "
                "on the frozen test images."
            )
        )
    if job_id:
        _job_line(slug, job_id)


def _retrain(slug: str, stream: WatchedStream) -> None:
    from core.jobs.healing import healing_args

    if stream.drift is None:
        return
    args = healing_args(slug, stream.drift, stream.seed)
    try:
        job_id = jobs.submit("heal", args, key=f"heal:{slug}:{args['stream']}")
    except AppError as error:
        show_error(error)
        return
    if st.session_state.get(f"{slug}.drift.job") != job_id:
        stream.mark("retrain", Message(N_("Retraining")))
    st.session_state[f"{slug}.drift.job"] = job_id


def _under_way(job_id: str) -> bool:
    try:
        return bool(job_id) and jobs.status(job_id).live
    except AppError:  # its line below says so
        return False


def _open_job(job_id: str) -> None:
    st.query_params["view"] = "improve"
    st.query_params["job"] = job_id


def _job_line(slug: str, job_id: str) -> None:
    """State of the retraining, with links to its curves and, once it is there, to the version."""
    try:
        record = jobs.status(job_id)
    except AppError as error:
        show_error(error)
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.write(t("Retraining: {status}", status=t(STATUS_NAMES.get(record.status, record.status))))
        st.button(
            t("Watch the training") if record.live else t("Compare and promote"),
            icon=":material/model_training:" if record.live else ":material/difference:",
            key=f"{slug}.drift.open_job",
            on_click=_open_job,
            args=(job_id,),
        )
    if record.live:
        show_progress(record)
    elif record.status == "completed":
        st.caption(t("The new version answers beside the one in use, on the timeline above."))
