"""English and Chinese: every sentence a visitor reads passes through `t`.

The English sentence is the key of the gettext catalogue below assets/locales. Sentences that carry values are
templates with named fields; the values are put in after translation, so what a visitor typed is never a template.
"""

from __future__ import annotations

import gettext
import re
import threading
from functools import lru_cache
from typing import Final, Literal, get_args

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from core.contracts import Message
from core.settings import settings

Language = Literal["en", "zh"]

LANGUAGE_NAMES: Final[dict[Language, str]] = {"en": "English", "zh": "中文"}
"""Each language by its own name: the switch must be legible to someone who reads only one of them."""

PARAMETER: Final = "lang"
"""Name in the link."""

_CHOSEN: Final = "frame.language_chosen"

_run = threading.local()
"""The script run of this thread and its language: a page translates a hundred sentences a run, and each look at the
link and at the session costs more than the translation."""


@lru_cache(maxsize=64)
def parse_language(tag: str | None) -> Language | None:
    """The language we speak for a tag such as `zh-Hans-CN` or `en_GB`; None when we do not speak it."""
    head = re.split(r"[-_]", (tag or "").strip().lower())[0]
    for known in get_args(Language):
        if head == known:
            return known  # type: ignore[no-any-return]
    return None


def language() -> Language:
    """The language of this session: the link's, else the one chosen before, else the browser's, else English."""
    context = get_script_run_ctx(suppress_warning=True)
    if context is None:
        return "en"
    if getattr(_run, "context", None) is not context:
        candidates = (st.query_params.get(PARAMETER), st.session_state.get(_CHOSEN), st.context.locale)
        _run.language = next((found for tag in candidates if (found := parse_language(tag))), "en")
        _run.context = context
    kept: Language = _run.language
    return kept


def forget_language() -> None:
    """Ask link, session and browser anew: at the start of a run, and after one of them was changed."""
    _run.context = None


def choose_language(chosen: Language) -> None:
    """Use `chosen` for the rest of the session and put it into the link."""
    st.session_state[_CHOSEN] = chosen
    st.query_params[PARAMETER] = chosen
    forget_language()


def keep_language_in_link() -> None:
    """Carry a chosen language along: switching pages drops the parameters of a link."""
    forget_language()
    asked = parse_language(st.query_params.get(PARAMETER))
    if asked is not None:
        st.session_state[_CHOSEN] = asked
    elif chosen := parse_language(st.session_state.get(_CHOSEN)):
        st.query_params[PARAMETER] = chosen


def link_parameters(**parameters: str) -> dict[str, str]:
    """Query parameters for a link to another page that keeps the language."""
    chosen = st.session_state.get(_CHOSEN)
    return {PARAMETER: chosen, **parameters} if chosen else parameters


def translate(text: str | Message, to: Language, **params: object) -> str:
    """`text` in the language `to`, with its fields filled in.

    A plain `text` without `params` is returned as it stands, braces included. Values that are messages themselves
    are translated too.
    """
    template, values = (text.template, {**text.params, **params}) if isinstance(text, Message) else (text, params)
    # gettext answers the empty string with the header of the catalogue.
    found = _catalogue(to).gettext(template) if template else ""
    if not values and not isinstance(text, Message):
        return found
    return found.format(**{name: _value(value, to) for name, value in values.items()})


def t(text: str | Message, **params: object) -> str:
    """`text` in the language of this session."""
    return translate(text, language(), **params)


def _value(value: object, to: Language) -> object:
    return translate(value, to) if isinstance(value, Message) else value


@lru_cache(maxsize=len(get_args(Language)))
def _catalogue(to: Language) -> gettext.NullTranslations:
    if to == "en":
        return gettext.NullTranslations()
    # Without its catalogue a language falls back to English: an error message must not fail for want of a file.
    return gettext.translation("vitrine", settings().assets / "locales", languages=[to], fallback=True)
