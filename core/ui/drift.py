"""Break it, heal it: a stream of pictures whose truth is known, a switch that changes it, an alarm, a retraining."""

from __future__ import annotations

import secrets
import time
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from core import access
from core.contracts import Sector
from core.errors import AppError
from core.store import alerts
from core.store.registry import registry
from core.ui.healing import heal_controls, show_how, show_state
from core.ui.i18n import t
from core.ui.pictures import kept_picture, show_picture
from core.ui.predict import wait_until_ready
from core.ui.views import escape, for_display, show_error

if TYPE_CHECKING:
    from core.data.drift import Drift
    from core.data.streams import RadiographStream
    from core.serving.stream import WatchedStream

TICK_S: Final = 1.5
"""Time between two batches."""
PAUSE_AFTER: Final = 400
"""Batches after which the stream stops by itself: nobody may be looking any more."""
_PREVIEW: Final = 3
"""Number of the picture that shows what a change does."""
_PREVIEW_SIDE: Final = 240


def show_drift(sector: Sector) -> None:
    """The whole section: what it is, the stream, the switch, the alarm, the way back."""
    from core.data.streams import stream_of

    slug = sector.slug
    st.subheader(t("Break it, heal it"), anchor=False)
    st.write(
        t(
            "A model is trained once, but the world goes on: lamps age, machines are exchanged. Here synthetic images, "
            "whose truth is known, run past the model in use. Change how they are taken, watch the alarm, retrain, "
            "and see it recover."
        )
    )
    source = stream_of(slug)
    if source is None:
        st.info(t("This page has no stream of images of its own."))
        return
    if not _can_be_asked(slug, source):
        return
    stream = _stream(slug, source)
    with st.container():  # always there, so that nothing below changes its place when an alert comes or goes
        _show_open_alert(slug, stream)
    running = _run_controls(slug, stream)
    _break_controls(slug, stream)
    st.fragment(_live, run_every=TICK_S if running else None)(slug, stream, running)


def _can_be_asked(slug: str, source: RadiographStream) -> bool:
    """Whether the version in use knows the classes of the stream; says so when not."""
    from core.serving.stream import knows

    try:
        version = registry().resolve(slug)
    except AppError as error:
        show_error(error)
        return False
    if knows(version.manifest.get("labels", ()), source):
        return True
    st.info(
        t(
            "The version in use knows other classes than the stream shows ({labels}). Roll back to watch it.",
            labels=escape(", ".join(source.labels)),
        )
    )
    return False


def _stream(slug: str, source: RadiographStream) -> WatchedStream:
    """The stream of this session, made on first sight."""
    from core.serving.stream import WatchedStream

    slot = f"{slug}.drift.stream"
    if slot not in st.session_state:
        st.session_state[slot] = WatchedStream(slug, source, seed=secrets.randbelow(2**31))
    stream: WatchedStream = st.session_state[slot]
    return stream


def _show_open_alert(slug: str, stream: WatchedStream) -> None:
    """An alert that somebody's stream has raised and that is still open."""
    try:
        standing = [alert for alert in alerts.open_alerts(slug) if alert.kind == alerts.DRIFT]
    except AppError as error:
        show_error(error)
        return
    for alert in standing:
        if alert.seq == stream.alert:
            continue
        words, button = st.columns([4, 1], vertical_alignment="center")
        raised = alert.time.astimezone().strftime("%Y-%m-%d %H:%M")
        words.badge(t("Drift alarm of {time} is still open", time=raised), icon=":material/warning:", color="orange")
        if access.allowed("presenter"):
            button.button(t("Dismiss"), key=f"{slug}.drift.dismiss.{alert.seq}", on_click=_dismiss, args=(alert.seq,))


def _dismiss(number: int) -> None:
    try:
        alerts.close_alert(number, "dismissed")
    except AppError as error:
        show_error(error)


def _run_controls(slug: str, stream: WatchedStream) -> bool:
    """Start, pause, start over; returns whether the stream runs."""
    slot = f"{slug}.drift.until"
    running = bool(stream.number < st.session_state.get(slot, 0))
    with st.container(horizontal=True):
        if running:
            st.button(
                t("Pause"), icon=":material/pause:", key=f"{slug}.drift.pause", on_click=_run_until, args=(slot, 0)
            )
        else:
            st.button(
                t("Start the stream") if not stream.number else t("Go on"),
                icon=":material/play_arrow:",
                type="primary",
                key=f"{slug}.drift.start",
                on_click=_run_until,
                args=(slot, stream.number + PAUSE_AFTER),
            )
        if stream.number:
            st.button(
                t("Start over"),
                icon=":material/restart_alt:",
                key=f"{slug}.drift.again",
                on_click=_forget,
                args=(slug,),
            )
    return running


def _run_until(slot: str, number: int) -> None:
    st.session_state[slot] = number


def _forget(slug: str) -> None:
    for name in ("stream", "until", "due"):
        st.session_state.pop(f"{slug}.drift.{name}", None)


def _break_controls(slug: str, stream: WatchedStream) -> None:
    """What shall change, and how much; not before the stream knows what normal is."""
    from core.data.drift import DRIFTS, Drift

    left, right = st.columns([3, 2], gap="medium")
    with left:
        kind = st.pills(
            t("What changes"),
            list(DRIFTS),
            default=next(iter(DRIFTS)),
            required=True,
            format_func={name: t(entry.title) for name, entry in DRIFTS.items()}.__getitem__,
            key=f"{slug}.drift.kind",
        )
        chosen = str(kind or next(iter(DRIFTS)))
        st.caption(t(DRIFTS[chosen].summary))
        percent = st.slider(t("How much, %"), 10, 100, 70, 10, key=f"{slug}.drift.strength")
        drift = Drift(chosen, percent / 100)
        same = stream.drift == drift
        learning = stream.learning() > 0
        with st.container(horizontal=True):
            st.button(
                t("Break it"),
                icon=":material/bolt:",
                key=f"{slug}.drift.break",
                disabled=learning or same,
                on_click=stream.inject,
                args=(drift,),
            )
            st.button(
                t("Back to normal"),
                icon=":material/settings_backup_restore:",
                key=f"{slug}.drift.normal",
                disabled=learning or stream.drift is None,
                on_click=stream.inject,
                args=(None,),
            )
    with right:
        _preview(slug, stream, drift)


def _preview(slug: str, stream: WatchedStream, drift: Drift) -> None:
    """The same picture before and after the change that is set."""

    def drawn(change: Drift | None) -> NDArray[np.uint8]:
        return for_display(stream.source.shot(stream.seed, _PREVIEW, change).sample.pixels, _PREVIEW_SIDE)

    with st.grid(2, min_column_width=104, gap="small"):
        for change, title in ((None, t("As it was")), (drift, t("Changed"))):
            picture = kept_picture(slug, ("stream", stream.seed, change), partial(drawn, change))
            show_picture(picture, title, caption=title, width="stretch")


def _live(slug: str, stream: WatchedStream, running: bool) -> None:
    """One batch when it is due, and everything that changes with it."""
    slot = f"{slug}.drift.due"
    if running and time.monotonic() >= st.session_state.get(slot, 0.0):
        wait_until_ready()
        st.session_state[slot] = time.monotonic() + 0.8 * TICK_S  # a click in between is not another batch
        learned, drift = stream.learning() > 0, stream.alert
        try:
            stream.step()
        except AppError as error:
            show_error(error)
            return
        over = stream.number >= st.session_state.get(f"{slug}.drift.until", 0)
        if over or (learned and stream.learning() == 0) or drift != stream.alert:
            st.rerun(scope="app")  # the controls around this fragment change too
    show_state(stream)
    if stream.points:
        from core.ui.timeline import show_figures, show_timeline

        show_figures(stream.points)
        show_timeline(slug, stream.points, stream.marks)
        show_how()
    heal_controls(slug, stream)
