"""The board of many texts: how they read as a whole, over time and by category, in quotes, terms and aspects."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import streamlit as st

from core.contracts import N_, Sector
from core.errors import AppError
from core.ui import board_search, board_speech, board_trends
from core.ui.board_chosen import ALL, Board
from core.ui.board_source import board_input
from core.ui.i18n import t
from core.ui.labels import LANGUAGES
from core.ui.measured import outward, time_taken
from core.ui.views import escape, say, show_error

if TYPE_CHECKING:
    from core.serving.board import ScoredTexts

CHOICES: Final = ("en", "zh", "mixed")
"""Of the languages, those that can be chosen; texts in the others are not read."""
LANGUAGE_SHARE: Final = 0.02
"""Of the texts, that a language needs to be offered."""
VIEWS: Final = {
    "overview": N_("Overview"),
    "quotes": N_("Quotes"),
    "terms": N_("Telling terms"),
    "aspects": N_("Aspects"),
    "search": N_("Search and download"),
}


def show_board(sector: Sector) -> None:
    """A table of texts or our own, and what they say together."""
    scored = board_input(sector)
    if scored is not None:
        st.fragment(_draw)(sector, scored)


def _draw(sector: Sector, scored: ScoredTexts) -> None:
    board = _chosen(sector, scored)
    _show_tiles(board)
    view = st.segmented_control(
        t("View of the board"),
        list(VIEWS),
        default="overview",
        required=True,
        format_func={name: t(title) for name, title in VIEWS.items()}.__getitem__,
        key=f"{board.slug}.board.view",
        label_visibility="collapsed",
    )
    try:
        _SHOW[str(view)](board)
    except AppError as error:
        show_error(error)
    _show_origin(board)


def _chosen(sector: Sector, scored: ScoredTexts) -> Board:
    """The texts, or those of one category or language where there are several."""
    slug, category, language = sector.slug, ALL, ALL
    _, names = scored.categories
    counts = {name: int((scored.languages == name).sum()) for name in CHOICES}
    languages = [name for name, count in counts.items() if count >= max(1, LANGUAGE_SHARE * len(scored))]
    if len(names) > 1 or len(languages) > 1:
        with st.container(horizontal=True):
            if len(names) > 1:
                category = st.selectbox(
                    t("Category"),
                    [ALL, *names],
                    format_func=lambda name: name or t("All categories"),
                    key=f"{slug}.board.category.{scored.reading}",
                    width=260,
                )
            if len(languages) > 1:
                language = st.selectbox(
                    t("Language of the texts"),
                    [ALL, *languages],
                    format_func=lambda name: t(LANGUAGES[name]) if name else t("All languages"),
                    key=f"{slug}.board.language.{scored.reading}",
                    width=260,
                )
    return Board(slug, sector.notice, scored, str(category), str(language))


def _show_tiles(board: Board) -> None:
    """How many texts, and the three shares with their intervals."""
    from core.data.board import NEGATIVE, POSITIVE, READ, UNDECIDED, shares_of

    scored, rows = board.scored, board.rows
    shares = board.once("shares", lambda: shares_of(scored.verdicts[rows]))
    read, unread = int(shares.n[0]), int(rows.sum() - shares.n[0])
    tiles = {
        POSITIVE: t("Positive"),
        UNDECIDED: t("Neutral or undecided"),
        NEGATIVE: t("Negative"),
    }
    quiet: dict[str, Any] = {"border": True, "delta_color": "off", "delta_arrow": "off"}
    with st.grid(len(tiles) + 1, min_column_width=150):
        st.metric(t("Texts read"), f"{read:,}", t("of {sent:,}", sent=read + unread), **quiet)
        for verdict, title in tiles.items():
            low, high = outward(float(shares.low[0, verdict]), float(shares.high[0, verdict]))
            between = t("{low:.1f} to {high:.1f} %", low=low, high=high)
            value = f"{100 * float(shares.values[0, verdict]):.1f} %"
            st.metric(title, value if read else "–", between if read else None, **quiet)
    if read:
        mean = float(np.mean(scored.scores[rows & (scored.verdicts < READ)]))
        st.caption(
            t(
                "Small figures: 95 % intervals. Taken as probabilities, the scores add up to {share:.1f} % positive.",
                share=100 * mean,
            )
        )
    if unread:
        st.caption(
            t(
                "{count:,} more texts got no answer: without words, in another language, or of a kind that the model "
                "does not know. They are in no share.",
                count=unread,
            )
        )


def _show_origin(board: Board) -> None:
    scored = board.scored
    for notice in scored.notices:
        st.caption(f":material/info: {say(notice)}")
    st.caption(
        t(
            "Read by model {architecture}, version {version}, {count:,} texts in {time}. The shares count its "
            "readings; their intervals do not hold its errors, which stand under Quality.",
            architecture=escape(scored.model.architecture),
            version=escape(scored.model.version),
            count=len(scored),
            time=time_taken(scored.seconds),
        )
    )


_SHOW: Final[dict[str, Callable[[Board], None]]] = {
    "overview": board_trends.show_overview,
    "quotes": board_speech.show_quotes,
    "terms": board_speech.show_terms,
    "aspects": board_speech.show_aspects,
    "search": board_search.show_search,
}
