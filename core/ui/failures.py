"""The last word on errors that a page did not handle."""

from __future__ import annotations

import streamlit as st

from core.errors import AppError
from core.log import log_error
from core.ui.i18n import t


def on_script_error(error: Exception) -> bool:
    """Log `error`, and show the visitor a sentence with the reference to the log.

    Returns:
        True, so that Streamlit shows nothing of its own.
    """
    reference = log_error(error, route="page")
    if isinstance(error, AppError):
        from core.ui.views import show_error

        show_error(error)
        st.caption(t("Reference {reference}", reference=reference))
        return True
    st.error(
        t(
            "Something went wrong on our side; nothing of yours was changed. Try again, and if it stays, pass on the "
            "reference {reference}.",
            reference=reference,
        ),
        icon=":material/error:",
    )
    return True
