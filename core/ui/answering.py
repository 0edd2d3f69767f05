"""Which version answers: the one in use, unless a visitor tries another one; the choice stands in the link."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import streamlit as st

from core.contracts import Sector
from core.store.registry import CHALLENGER, CHAMPION, registry
from core.store.versions import Version
from core.ui.i18n import t
from core.ui.moves import role, version_name

PARAMETER: Final = "model"
"""Name in the link, with the number of a version or `bundled`: a version taught a minute ago is tried by it."""


@dataclass(frozen=True)
class Asked:
    """The version that is asked, and how: the one in use by its alias, so that the bundled one can stand in for it."""

    ref: str
    version: Version


def version_input(sector: Sector) -> Asked:
    """A select of the versions of a sector; nothing is drawn while there is but one.

    Raises:
        StoreError: The files of the version in use are gone.
    """
    key = f"{sector.slug}.answering"
    versions = {version.ref: version for version in registry().versions(sector.slug)}
    current = registry().resolve(sector.slug)
    versions.setdefault(current.ref, current)
    if len(versions) == 1:
        return Asked(CHAMPION, current)
    asked = st.query_params.get(PARAMETER, "")
    st.session_state[key] = asked if asked in versions else current.ref
    chosen = st.selectbox(
        t("Which version answers"),
        list(versions),
        format_func={ref: _title(version, current) for ref, version in versions.items()}.__getitem__,
        key=key,
        on_change=_remember,
        args=(key, current.ref),
        help=t("Any version can be tried here. Which one is in use is decided under Improve."),
    )
    version = versions[chosen]
    return Asked(CHAMPION if version.number == current.number else version.ref, version)


def _remember(key: str, current: str) -> None:
    if st.session_state[key] == current:
        st.query_params.pop(PARAMETER, None)
    else:
        st.query_params[PARAMETER] = st.session_state[key]


def _title(version: Version, current: Version) -> str:
    """Name and role, for a select."""
    alias = CHAMPION if version.number == current.number else CHALLENGER if CHALLENGER in version.aliases else ""
    name = version_name(version)
    name = name[:1].upper() + name[1:]
    return f"{name} · {role(alias)}" if alias else name
