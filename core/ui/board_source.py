"""Which texts the board is about: our own made-up reviews, or a table of the visitor's, read with progress and stop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import streamlit as st

from core.contracts import N_, Sector
from core.errors import AppError
from core.store.registry import registry
from core.ui.board_upload import begin
from core.ui.i18n import t
from core.ui.live import duration
from core.ui.predict import wait_until_ready
from core.ui.views import escape, say, show_error, show_refusals

if TYPE_CHECKING:
    from core.serving.board import BoardReading, ScoredTexts

SOURCES: Final = {"sample": N_("Sample reviews"), "file": N_("My own file")}


def board_input(sector: Sector) -> ScoredTexts | None:
    """Choose texts and have them read; None until there are some."""
    slug = sector.slug
    source = st.segmented_control(
        t("Texts on the board"),
        list(SOURCES),
        default="sample",
        required=True,
        format_func={name: t(title) for name, title in SOURCES.items()}.__getitem__,
        key=f"{slug}.board.source",
        persist_state="session",
    )
    try:
        reading = _own(slug) if source == "file" else _sample(slug)
        return None if reading is None else _read_on(slug, reading)
    except AppError as error:
        show_error(error)
        return None


def _sample(slug: str) -> BoardReading:
    """The reading of our own reviews, begun anew when another version is in use."""
    from core.data.sample_board import REVIEWS, sample_table
    from core.serving.board import start_reading

    st.caption(
        t(
            "{count:,} reviews of a hotel, a restaurant and an online shop over half a year. Synthetic: put together "
            "from sentences that this project wrote, with the dates and the trouble made up.",
            count=REVIEWS,
        )
    )
    slot = f"{slug}.board.sample"
    reading: BoardReading | None = st.session_state.get(slot)
    if reading is None or reading.chosen.version.sha256 != registry().resolve(slug).sha256:
        wait_until_ready()
        reading = st.session_state[slot] = start_reading(slug, sample_table())
    return reading


def _own(slug: str) -> BoardReading | None:
    """The reading of a visitor's table, kept until he wants another: the upload is let go of once it is read."""
    slot = f"{slug}.board.own"
    reading: BoardReading | None = st.session_state.get(slot)
    # A place of its own, which is empty at once where the form is drawn no more: else it would stay until all is read.
    form = st.empty()
    if reading is None:
        with form.container():
            reading = begin(slug)
        if reading is None:
            return None
        st.session_state[slot] = reading
        st.rerun()
    line, button = st.columns([4, 1], vertical_alignment="center")
    line.markdown(f":material/table: **{escape(reading.table.name)}**")
    button.button(
        t("Another table"), icon=":material/upload_file:", key=f"{slug}.board.another", on_click=_forget, args=(slug,)
    )
    for notice in reading.table.notices:
        st.caption(f":material/info: {say(notice)}")
    show_refusals(reading.table.refused)
    if reading.chosen.version.sha256 != registry().resolve(slug).sha256:
        st.caption(
            t(
                "Another version is in use since; these texts were read by version {version}.",
                version=escape(reading.chosen.version.ref),
            )
        )
        if st.button(t("Read them again"), icon=":material/replay:", key=f"{slug}.board.again"):
            from core.serving.board import start_reading

            reading = st.session_state[slot] = start_reading(slug, reading.table)
    return reading


def _forget(slug: str) -> None:
    """Let go of a visitor's texts and of all that was made of them."""
    for name in ("own", "scored", "views"):
        st.session_state.pop(f"{slug}.board.{name}", None)


def _read_on(slug: str, reading: BoardReading) -> ScoredTexts | None:
    """Read what is left of a table, batch by batch, until it ends or the visitor stops it."""
    slot = f"{slug}.board.scored"
    if not reading.finished and not reading.stopped:
        place = st.empty()
        with place.container():
            bar = st.progress(0.0, _progress(reading))
            st.button(
                t("Stop"), icon=":material/stop_circle:", key=f"{slug}.board.stop", on_click=_stop, args=(reading,)
            )
        while not (reading.finished or reading.stopped):
            # Where the bar is drawn, a click of the visitor ends this run; the next one goes on from here.
            bar.progress(reading.done / reading.total, _progress(reading))
            reading.step()
        place.empty()
    if not reading.done:
        if reading.total:
            _show_stopped(slug, reading, 0)
        return None
    kept: tuple[BoardReading, ScoredTexts] | None = st.session_state.get(slot)
    if kept is None or kept[0] is not reading or len(kept[1]) != reading.done:
        with st.spinner(t("Putting the board together")):
            kept = (reading, reading.result())
        st.session_state[slot] = kept
    if len(kept[1]) < reading.total:
        _show_stopped(slug, reading, len(kept[1]))
    return kept[1]


def _progress(reading: BoardReading) -> str:
    said = t("{done:,} of {total:,} texts read", done=reading.done, total=reading.total)
    left = reading.seconds_left
    return said if left is None else f"{said} · {t('about {time} left', time=duration(left))}"


def _show_stopped(slug: str, reading: BoardReading, done: int) -> None:
    line, button = st.columns([4, 1], vertical_alignment="center")
    line.warning(
        t(
            "Stopped: the board shows the first {done:,} of {total:,} texts.",
            done=done,
            total=reading.total,
        ),
        icon=":material/stop_circle:",
    )
    button.button(t("Go on"), icon=":material/play_arrow:", key=f"{slug}.board.go_on", on_click=_go_on, args=(reading,))


def _stop(reading: BoardReading) -> None:
    reading.stopped = True


def _go_on(reading: BoardReading) -> None:
    reading.stopped = False
