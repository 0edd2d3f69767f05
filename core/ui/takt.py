"""Does the model keep up with a line? Measured answers to one part, against the time that the line leaves for each."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import streamlit as st

from core.contracts import ImageSample
from core.errors import AppError
from core.ui.answering import Asked
from core.ui.i18n import t
from core.ui.predict import wait_until_ready
from core.ui.theme import mode, palette, show_chart
from core.ui.views import escape, show_error

REPEATS: Final = 40
MINUTE_MS: Final = 60_000
_SPEED: Final = 60.0
"""Parts a minute that are shown at first."""


def show_takt(slug: str, sample: ImageSample, asked: Asked) -> None:
    """A section that measures when somebody opens it and asks for it."""
    found = st.expander(
        t("Does it keep up with the line?"), icon=":material/speed:", key=f"{slug}.takt_open", on_change="rerun"
    )
    if found.open:
        with found:
            st.fragment(_draw)(slug, sample, asked)


def _draw(slug: str, sample: ImageSample, asked: Asked) -> None:
    slot = f"{slug}.takt"
    speed = st.number_input(
        t("Speed of the line, parts a minute"),
        0.1,
        60_000.0,
        _SPEED,
        10.0,
        format="%g",
        key=f"{slug}.line_speed",
        persist_state="session",
    )
    if st.button(
        t("Measure on this part, {count} times", count=REPEATS), icon=":material/timer:", key=f"{slug}.measure_takt"
    ):
        try:
            st.session_state[slot] = (asked.version.sha256, _measure(slug, sample, asked.ref))
        except AppError as error:
            show_error(error)
            return
    measured = st.session_state.get(slot)
    if measured is None or measured[0] != asked.version.sha256:
        st.caption(t("Not measured yet for this version on this machine."))
        return
    taken_ms, device = measured[1]
    _show(slug, taken_ms, device, float(speed))


def _measure(slug: str, sample: ImageSample, ref: str) -> tuple[np.ndarray[Any, Any], str]:
    from core.device import pick_device
    from core.serving.parts import timed

    wait_until_ready()
    with st.spinner(t("The model looks at the part again and again"), show_time=True):
        return timed(slug, sample, ref, REPEATS), pick_device()


def _show(slug: str, taken_ms: np.ndarray[Any, Any], device: str, speed: float) -> None:
    slow_ms, takt_ms = slow_answer(taken_ms), MINUTE_MS / speed
    _chart(slug, slow_ms, takt_ms)
    if slow_ms <= takt_ms:
        st.markdown(
            ":primary[:material/check_circle:] "
            + t(
                "It keeps up: {slow:,.0f} ms of {takt:,.0f} ms for each part. Up to about **{most:,.0f}** parts a "
                "minute.",
                slow=slow_ms,
                takt=takt_ms,
                most=np.floor(MINUTE_MS / slow_ms),
            )
        )
    else:
        st.markdown(
            ":orange[:material/dangerous:] "
            + t(
                "Too slow for this line: {slow:,.0f} ms, and there are {takt:,.0f} ms for each part. Up to about "
                "**{most:,.0f}** parts a minute.",
                slow=slow_ms,
                takt=takt_ms,
                most=np.floor(MINUTE_MS / slow_ms),
            )
        )
    st.caption(
        t(
            "95 of 100 answers took at most {slow:.1f} ms, half of them {middle:.1f} ms: {count} answers one by one on "
            "{device}, from the pixels of this part to the verdict, while this machine did whatever else it does. "
            "Camera, transport and reading of a file come on top.",
            slow=slow_ms,
            middle=float(np.median(taken_ms)),
            count=len(taken_ms),
            device=escape(device),
        )
    )


def slow_answer(taken_ms: np.ndarray[Any, Any]) -> float:
    """The 95th percentile of measured times: one of them, none in between."""
    return float(np.quantile(taken_ms, 0.95, method="higher"))


def _chart(slug: str, slow_ms: float, takt_ms: float) -> None:
    import plotly.graph_objects as go

    look = palette(mode())
    figure = go.Figure(
        go.Indicator(
            mode="number+gauge",
            value=slow_ms,
            number={"suffix": " ms", "valueformat": ",.0f", "font": {"size": 26}},
            gauge={
                "shape": "bullet",
                "axis": {"range": [0, 1.25 * max(slow_ms, takt_ms)], "ticksuffix": " ms"},
                "bar": {"color": look.primary if slow_ms <= takt_ms else look.series[1 % len(look.series)]},
                "borderwidth": 0,
                "bgcolor": look.line,
                "threshold": {"line": {"color": look.text, "width": 4}, "thickness": 1.0, "value": takt_ms},
            },
        )
    )
    figure.update_layout(margin={"l": 12, "r": 12, "t": 12, "b": 28})
    show_chart(
        figure,
        f"{slug}.takt_chart",
        height=110,
        alt=t("Time for one part against the time that the line leaves, {takt:,.0f} ms", takt=takt_ms),
    )
