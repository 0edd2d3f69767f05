"""The best items of every user of the training, as a file to take away."""

from __future__ import annotations

from typing import Final

import streamlit as st

from core.serving import recommending
from core.ui.i18n import t
from core.ui.views import escape

LENGTHS: Final = (5, 10, 20, 50)
"""Items for each user that a visitor can choose; a file of longer lists for many users would not fit in memory."""


def lists_download(slug: str, ref: str, users: int) -> None:
    """How many items for each user, and the file; draw it for those alone who may look at these users.

    Args:
        slug: Sector.
        ref: Version whose lists they are.
        users: How many it knows.
    """
    with st.container(horizontal=True, vertical_alignment="bottom"):
        k = st.selectbox(
            t("Items for each user"),
            LENGTHS,
            index=LENGTHS.index(recommending.EVERYONE),
            key=f"{slug}.everyone.k.{ref}",
            width=160,
        )
        st.download_button(
            t("Lists of version {version} for all {users:,} users", version=escape(ref), users=users),
            lambda: recommending.everyones_lists(slug, k, ref),
            file_name=f"vitrine-{slug}-lists-{ref}.csv",
            mime="text/csv",
            icon=":material/download:",
            key=f"{slug}.everyone.{ref}",
            on_click="ignore",
        )
