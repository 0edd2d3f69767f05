"""Which version answers: the one in use, unless a visitor tries another one; the choice stands in the link."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import streamlit as st

from core.contracts import Sector
from core.store.registry import CHALLENGER, CHAMPION, registry
from core.store.versions import BUNDLED, Version
from core.ui.i18n import t
from core.ui.moves import role, version_name

PARAMETER: Final = "model"
"""Name in the link, with the number of a version or `bundled`: a version taught a minute ago is tried by it."""

_DATA_OF_SAMPLES: Final = "simulated_parts"
"""Data set of the kinds of parts that the samples show."""


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


def offer_bundled(sector: Sector, asked: Asked) -> None:
    """Where a version that was taught on other parts answers: whose the samples are, and a click to ask that one."""
    if not asked.version.number or asked.version.manifest.get("data", {}).get("name") == _DATA_OF_SAMPLES:
        return
    current = registry().resolve(sector.slug)
    st.caption(f":material/info: {t('These samples are parts of the bundled model.')}")
    st.button(
        t("Answer with the bundled model"),
        icon=":material/swap_horiz:",
        key=f"{sector.slug}.ask_bundled",
        on_click=_ask,
        args=(BUNDLED, current.ref),
    )


def _ask(ref: str, current: str) -> None:
    if ref == current:
        st.query_params.pop(PARAMETER, None)
    else:
        st.query_params[PARAMETER] = ref


def _remember(key: str, current: str) -> None:
    _ask(st.session_state[key], current)


def _title(version: Version, current: Version) -> str:
    """Name and role, for a select."""
    alias = CHAMPION if version.number == current.number else CHALLENGER if CHALLENGER in version.aliases else ""
    name = version_name(version)
    name = name[:1].upper() + name[1:]
    return f"{name} · {role(alias)}" if alias else name
