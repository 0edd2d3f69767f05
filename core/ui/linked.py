"""Controls whose choice stands in the link by its id, so that a link means the same in every language.

Streamlit's own binding writes what a visitor reads, which changes with the language.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

SEPARATOR = "~"
"""Between several values of one parameter; no id holds it."""


def linked(key: str, options: Sequence[str], default: str) -> dict[str, Any]:
    """Arguments for a control that chooses one of `options`: its key and what keeps the link in step.

    Args:
        key: Of the control and of the parameter.
        options: What can be chosen; anything else in a link is passed over.
        default: What is chosen when the link says nothing; it leaves no parameter.
    """
    asked = st.query_params.get(key, st.session_state.get(key, default))
    st.session_state[key] = asked if asked in options else default if default in options else options[0]
    return {"key": key, "on_change": _write, "args": (key, default, str)}


def linked_many(key: str, options: Sequence[str], default: Sequence[str]) -> dict[str, Any]:
    """The same for a control that chooses several."""
    given = st.query_params.get(key)
    asked = given.split(SEPARATOR) if given is not None else st.session_state.get(key, list(default))
    st.session_state[key] = [name for name in asked if name in options]
    return {"key": key, "on_change": _write, "args": (key, list(default), SEPARATOR.join)}


def linked_range(key: str, low: int, high: int) -> dict[str, Any]:
    """The same for a slider with two ends, whole numbers from `low` to `high`."""
    given = st.query_params.get(key, "")
    first, _, last = given.partition(SEPARATOR)
    asked = st.session_state.get(key, (low, high))
    if first.isdigit() and last.isdigit():
        asked = (int(first), int(last))
    ends = sorted(min(max(int(end), low), high) for end in asked)
    st.session_state[key] = (ends[0], ends[1])
    return {"key": key, "on_change": _write, "args": (key, (low, high), _both)}


def linked_number(key: str, low: int, high: int, default: int) -> dict[str, Any]:
    """The same for a slider with one end."""
    given = st.query_params.get(key, "")
    asked = int(given) if given.isdigit() else st.session_state.get(key, default)
    st.session_state[key] = min(max(int(asked), low), high)
    return {"key": key, "on_change": _write, "args": (key, default, str)}


def linked_switch(key: str, default: bool) -> dict[str, Any]:
    """The same for a switch, as 0 or 1."""
    given = st.query_params.get(key)
    st.session_state[key] = given == "1" if given is not None else bool(st.session_state.get(key, default))
    return {"key": key, "on_change": _write, "args": (key, default, lambda on: str(int(on)))}


def _both(ends: Sequence[int]) -> str:
    return f"{ends[0]}{SEPARATOR}{ends[1]}"


def _write(key: str, default: Any, text: Callable[[Any], str]) -> None:
    value = st.session_state[key]
    if value == default:
        st.query_params.pop(key, None)
    else:
        st.query_params[key] = text(value)
