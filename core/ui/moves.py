"""Moving the champion from a page: the callback of the buttons, what came of it, and how versions are called."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import streamlit as st

from core.contracts import N_
from core.errors import AppError
from core.store.versions import Version
from core.ui.i18n import t
from core.ui.views import escape, say, show_error

ALIAS_NAMES: Final = {"champion": N_("in use"), "challenger": N_("challenger")}


def move(slug: str, action: Callable[[], Version], refused_at: str = "") -> None:
    """Promote or roll back, as the callback of a button, and leave for the page that follows what came of it.

    Args:
        slug: Of the sector.
        action: What moves the champion.
        refused_at: Where in the session a refusal is left for whoever drew the button; empty for `show_outcome`.
    """
    try:
        st.session_state[f"{slug}.moved"] = action()
    except AppError as error:
        st.session_state[refused_at or f"{slug}.moved"] = error


def show_outcome(slug: str, refused_at: str = "") -> None:
    """What came of the last `move`, once; also of one refused at a button that is gone, such as of a closed dialog."""
    left = [st.session_state.pop(slot, None) for slot in (f"{slug}.moved", refused_at) if slot]
    outcome = next((one for one in left if one is not None), None)
    if isinstance(outcome, AppError):
        show_error(outcome)
        hint = f" {say(outcome.hint)}" if outcome.hint.template else ""
        st.toast(f"{say(outcome.message)}{hint}", icon=":material/error:")  # the button may stand far below
    elif outcome is not None:
        said = t("In use now: {name}.", name=version_name(outcome))
        st.success(said, icon=":material/published_with_changes:")
        st.toast(said, icon=":material/published_with_changes:")


def version_name(version: Version) -> str:
    """How a sentence calls the version, safe in Markdown."""
    if not version.number:
        return t("the bundled model")
    return t("version {number}", number=version.number) + (f" ({escape(version.name)})" if version.name else "")


def role(alias: str) -> str:
    """What a version is for, in the visitor's language."""
    return t(ALIAS_NAMES.get(alias, alias))
