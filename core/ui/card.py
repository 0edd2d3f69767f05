"""The model card of a version, with the facts of its manifest."""

from __future__ import annotations

import re

import streamlit as st

from core.contracts import Sector
from core.errors import AppError
from core.store.registry import registry
from core.store.versions import Version
from core.ui.i18n import t
from core.ui.views import show_error

_CARD_BYTES = 200_000
_HEADING = re.compile(r"^(#{1,4} )", re.MULTILINE)
_CHECKSUM = re.compile(r"\b[0-9a-f]{16,64}\b")


def show_card(sector: Sector) -> None:
    """Card and checksum of the version in use."""
    try:
        version = registry().resolve(sector.slug)
        text = card_text(version)
    except AppError as error:
        show_error(error)
        return
    if text:
        show_card_text(text)
    else:
        st.info(t("This version came without a model card."))
    st.caption(t("Architecture, version and checksum of the weights (sha256)"))
    st.code(
        f"{version.manifest.get('architecture', '')}  {version.ref}  {version.sha256}", language=None, wrap_lines=True
    )


def show_card_text(text: str) -> None:
    """A card as part of a page: headings two steps lower, and checksums that break on a narrow screen."""
    lower = _HEADING.sub(r"##\1", text)
    st.markdown(_CHECKSUM.sub(lambda found: "\u200b".join(re.findall(".{1,8}", found[0])), lower))


def card_text(version: Version) -> str:
    """The card that lies with the version as Markdown; empty when it has none."""
    path = version.path / "card.md"
    if not path.is_file():
        return ""
    text = path.read_bytes()[:_CARD_BYTES].decode("utf-8", errors="replace")
    # Class names from somebody's zip stand in the card of a trained version: there, no links and no pictures.
    return text.replace("](", "]\u2060(").replace("![", "!\u2060[") if version.number else text
