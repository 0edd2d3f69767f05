"""The limit by what it costs: so many good parts called defective at most, and what that promise is worth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import streamlit as st

from core.contracts import Evaluation, Metric
from core.ui.answering import Asked
from core.ui.figures import stored_evaluation
from core.ui.i18n import t
from core.ui.measured import outward
from core.ui.predict import remembered
from core.ui.views import say

if TYPE_CHECKING:
    from core.training.false_alarms import Promise

ONE_IN: Final = (20, 50, 100, 200, 1000)
"""Good parts of which one may be called defective: the rates that are offered."""
_FEW: Final = (5, 10)
"""Offered besides where few good parts were held out."""


def promise_input(slug: str, asked: Asked) -> Promise:
    """A slider of the false-alarm rates that can be promised, the version's own first; returns the chosen limit.

    A version that was asked for a lower rate than its held-out parts can promise begins at the lowest one they can.

    Raises:
        StoreError, ModelRefused: The version cannot be loaded.
    """
    own = promise_of(slug, asked, None)
    choices, usual = offered(own), min(round(1 / own.asked), own.held_out + 1)
    chosen = st.select_slider(
        t("False alarms, at most"),
        choices,
        value=usual,
        format_func={count: t("1 in {count:,}", count=count) for count in choices}.__getitem__,
        key=f"{slug}.one_in.{usual}.{own.held_out}",
        help=t(
            "You choose how often a good part may be called defective; the limit of the score follows from good parts "
            "that the model was not shown. Fewer false alarms mean that more defects escape."
        ),
        persist_state="session",
    )
    st.caption(t("The model's own: 1 in {count:,} good parts.", count=round(1 / own.asked)))
    promise = own if chosen == usual else promise_of(slug, asked, 1 / chosen)
    show_promise(promise)
    _show_price(asked, promise)
    return promise


def offered(own: Promise) -> list[int]:
    """Rates, as one in so many good parts, that the held-out parts of a version can promise; the lowest one last."""
    best = own.held_out + 1
    usual = (*_FEW, *ONE_IN, round(1 / own.asked)) if best < ONE_IN[1] else (*ONE_IN, round(1 / own.asked))
    return sorted({count for count in usual if count < best} | {best})


def promise_of(slug: str, asked: Asked, rate: float | None) -> Promise:
    """The limit of a version for a false-alarm rate, None for its own; asked once in a session."""
    from core.serving.parts import promised

    waiting = t("The model is being asked")
    return remembered(slug, ("promise", rate), lambda: promised(slug, rate, asked.ref), waiting, asked.version.sha256)


def show_promise(promise: Promise) -> None:
    """What a limit promises, and for which parts, in plain words."""
    st.write(promise_line(promise))
    if not promise.kept:
        st.caption(t("The limit is the highest score of those good parts. More of them would make it surer."))
    st.caption(
        t(
            "This holds for parts photographed like the held-out ones: same light, place and sharpness. See Quality, "
            "Robustness."
        )
    )


def promise_line(promise: Promise) -> str:
    """What a limit promises, as Markdown, with a sign of whether that is what was asked for."""
    from core.training.false_alarms import in_words

    return f":material/{'verified' if promise.kept else 'warning'}: {say(in_words(promise))}"


def _show_price(asked: Asked, promise: Promise) -> None:
    """Which share of the defects in the stored test of the version a limit lets escape; nothing where it holds none."""
    test = stored_evaluation(asked.version)
    if test is None:
        return
    found = escapes(test, promise.limit)
    if found.n:
        low, high = outward(found.low, found.high)
        said = t(
            "At this limit {share:.1f} % of the {count:,} test defects escape ({low:.1f} to {high:.1f} %).",
            share=100 * found.value,
            count=found.n,
            low=low,
            high=high,
        )
        st.write(f":material/call_missed_outgoing: {said}")


def escapes(test: Evaluation, limit: float) -> Metric:
    """Share of the defects among test images that are not above a limit, with its Wilson interval."""
    from core.training.metrics import share

    score = np.asarray(test.table["scores"])[np.asarray(test.table["truth"]) == 1, 1].astype(np.float64)
    return share(int((score <= limit).sum()), len(score))
