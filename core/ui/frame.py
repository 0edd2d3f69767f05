"""What stands around every page: navigation, language, status, and the head of a sector."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import streamlit as st
from streamlit.navigation.page import Page

from core.catalog import SECTORS
from core.contracts import N_, Sector
from core.settings import ROOT, settings
from core.ui import i18n, session
from core.ui.i18n import LANGUAGE_NAMES, t
from core.ui.status import show_status

_PAGES: Final = ROOT / "pages"
_LANGUAGE_KEY: Final = "frame.language"
_PRODUCT: Final = "Vitrine"


def page_file(slug: str) -> str:
    """Absolute path of a page, as `st.page_link` and `st.switch_page` want it."""
    return str(_PAGES / f"{slug}.py")


def draw() -> Page:
    """Draw navigation and sidebar; returns the page to run."""
    # A picture of our own before the navigation names its icons: for a Material icon in the tab the browser would
    # ask the internet.
    st.set_page_config(page_icon=_asset("favicon.png"), layout="wide")
    i18n.keep_language_in_link()
    current = st.navigation(_navigation())
    st.set_page_config(page_title=f"{current.title} · {_PRODUCT}")
    st.logo(_asset("logo.svg"), size="large", icon_image=_asset("logo-mark.svg"))
    with st.sidebar:
        _language_switch()
        session.show_sign_in()
    show_status()
    return current


def page(sector: Sector) -> None:
    """Head of a sector's page: title, what it does, and the notice that stands above every result."""
    st.title(t(sector.title))
    st.markdown(t(sector.summary))
    if sector.notice:
        st.warning(t(sector.notice), icon=":material/health_and_safety:")


def _navigation() -> dict[str, list[Page]]:
    sections: dict[str, list[Page]] = {
        "": [st.Page(page_file("home"), title=t("Home"), icon=":material/home:", default=True)]
    }
    for sector in SECTORS:
        sections.setdefault(t(sector.section), []).append(
            st.Page(page_file(sector.slug), title=t(sector.title), icon=sector.icon, url_path=sector.slug)
        )
    sections[t(N_("Market"))] = [
        st.Page(page_file("market"), title=t("Market analysis"), icon=":material/monitoring:", url_path="market")
    ]
    sections[t(N_("Behind the scenes"))] = [
        st.Page(page_file("models"), title=t("Model room"), icon=":material/inventory_2:", url_path="models")
    ]
    return sections


def _language_switch() -> None:
    st.session_state[_LANGUAGE_KEY] = i18n.language()
    st.segmented_control(
        t("Language"),
        list(LANGUAGE_NAMES),
        format_func=lambda choice: LANGUAGE_NAMES[choice],
        required=True,
        key=_LANGUAGE_KEY,
        on_change=lambda: i18n.choose_language(st.session_state[_LANGUAGE_KEY]),
        label_visibility="collapsed",
        width="stretch",
    )


def _asset(name: str) -> str:
    return str(Path(settings().assets) / name)
