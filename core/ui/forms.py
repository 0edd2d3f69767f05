"""A form for any configuration dataclass, from the metadata of its fields.

Metadata of a field: see `core.training.options.option`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import Field, fields
from typing import Any

import streamlit as st

from core.training.options import applies
from core.ui.i18n import t


def config_form(prefix: str, config_type: type, settled: Collection[str] = ()) -> dict[str, Any]:
    """Draw one widget per field of the dataclass `config_type`; returns the chosen values by field name.

    Fields in `settled`, of which the page knows the value already, are not drawn and have no value here.

    Options marked `advanced` stand behind an expander; those that mean nothing beside what is chosen are left out, and
    their values too. Nothing is checked here: the dataclass checks itself.
    """
    asked = [entry for entry in fields(config_type) if entry.name not in settled]
    values = _fields_input(prefix, [entry for entry in asked if not entry.metadata.get("advanced")], {})
    advanced = [entry for entry in asked if entry.metadata.get("advanced") and applies(entry, values)]
    if advanced:
        with st.expander(t("More options ({count})", count=len(advanced))):
            values |= _fields_input(prefix, advanced, values)
    return values


def _fields_input(prefix: str, entries: Sequence[Field[Any]], before: Mapping[str, Any]) -> dict[str, Any]:
    """What is chosen or typed in columns, then the switches in lines of their own: their labels are longer."""
    switches = [entry for entry in entries if isinstance(entry.default, bool)]
    values: dict[str, Any] = {}
    with st.grid(min_column_width=240):
        for entry in entries:
            if entry not in switches and applies(entry, {**before, **values}):
                values[entry.name] = _field_input(prefix, entry)
    if switches:
        with st.container(horizontal=True):
            for entry in switches:
                if applies(entry, {**before, **values}):
                    values[entry.name] = _field_input(prefix, entry)
    return values


def _field_input(prefix: str, entry: Field[Any]) -> Any:
    meta, default = entry.metadata, entry.default
    common: dict[str, Any] = {
        "label": t(str(meta.get("label", entry.name))),
        "help": t(str(meta.get("help", ""))),
        "key": f"{prefix}.{entry.name}",
        "persist_state": "session",
    }
    if "choices" in meta:
        return _choice_input(str(default), meta["choices"], common)
    if isinstance(default, bool):
        return st.toggle(value=default, **common)
    if isinstance(default, int | float):
        return _number_input(default, meta, common)
    if "suggestions" in meta:
        options = list(dict.fromkeys([str(default), *meta["suggestions"]()]))
        return str(st.selectbox(options=options, accept_new_options=True, **common) or default).strip()
    return st.text_input(value=str(default), max_chars=120, **common).strip()


def _choice_input(default: str, names: Mapping[str, str], common: dict[str, Any]) -> str:
    titles = {option: t(title) for option, title in names.items()}
    index = list(titles).index(default)
    return str(st.selectbox(options=list(titles), index=index, format_func=titles.__getitem__, **common))


def _number_input(default: float, meta: Mapping[str, Any], common: dict[str, Any]) -> int | float:
    kind = type(default)
    low, high = meta.get("low"), meta.get("high")
    value = st.number_input(
        min_value=None if low is None else kind(low),
        max_value=None if high is None else kind(high),
        value=default,
        step=1 if kind is int else _step(default),
        format="%d" if kind is int else "%g",
        **common,
    )
    return kind(value)


def _step(default: float) -> float:
    """A tenth of a small default, so that the arrows move a learning rate as well as a share."""
    return default / 10 if 0 < default < 0.01 else 0.05
