"""The limit by what it costs: so many good parts called defective at most, and what that promise is worth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import streamlit as st

from core.ui.answering import Asked
from core.ui.i18n import t
from core.ui.predict import remembered
from core.ui.views import say

if TYPE_CHECKING:
    from core.training.false_alarms import Promise

ONE_IN: Final = (20, 50, 100, 200, 1000)
"""Good parts of which one may be called defective: the rates that are offered."""


def promise_input(slug: str, asked: Asked) -> Promise:
    """A slider of false-alarm rates, the version's own first; returns the limit that keeps the chosen one.

    Raises:
        StoreError, ModelRefused: The version cannot be loaded.
    """
    own = promise_of(slug, asked, None)
    usual = round(1 / own.asked)
    choices = sorted({*ONE_IN, usual})
    chosen = st.select_slider(
        t("False alarms, at most"),
        choices,
        value=usual,
        format_func={count: t("1 in {count:,} good parts", count=count) for count in choices}.__getitem__,
        key=f"{slug}.one_in.{usual}",
        help=t(
            "You choose how often a good part may be called defective; the limit of the score follows from good parts "
            "that the model was not shown. Fewer false alarms mean that more defects escape."
        ),
        persist_state="session",
    )
    promise = own if chosen == usual else promise_of(slug, asked, 1 / chosen)
    show_promise(promise)
    return promise


def promise_of(slug: str, asked: Asked, rate: float | None) -> Promise:
    """The limit of a version for a false-alarm rate, None for its own; asked once in a session."""
    from core.serving.parts import promised

    waiting = t("The model is being asked")
    return remembered(slug, ("promise", rate), lambda: promised(slug, rate, asked.ref), waiting, asked.version.sha256)


def show_promise(promise: Promise) -> None:
    """What a limit promises, in plain words."""
    from core.training.false_alarms import in_words

    icon = "verified" if promise.kept else "warning"
    st.write(f":material/{icon}: {say(in_words(promise))}")
    if not promise.kept:
        st.caption(t("The limit is the highest score of those good parts. More of them would make it surer."))
