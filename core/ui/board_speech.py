"""What the texts of a board say: quotes that speak for many, words that tell, and the things people speak of."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import streamlit as st

from core.contracts import N_
from core.ui.beginnings import one_line
from core.ui.board_chosen import Board
from core.ui.board_trends import colours, share_bars, show_figures
from core.ui.i18n import t
from core.ui.theme import show_chart
from core.ui.views import chart_text, escape

if TYPE_CHECKING:
    from core.data.telling_terms import Term
    from core.serving.board import AspectReading

QUOTES: Final = 4
SHOWN: Final = 320
"""Characters of a quote."""
_HYPHEN: Final = "\u2011"
"""A date is not broken at it."""
CLAUSES: Final = 4
"""Of an aspect and polarity."""
GROUPS: Final = (
    (2, N_("Positive"), ":material/sentiment_satisfied:"),
    (1, N_("Neutral or undecided"), ":material/sentiment_neutral:"),
    (0, N_("Negative"), ":material/sentiment_dissatisfied:"),
)


def show_quotes(board: Board) -> None:
    """Some texts of each kind that speak for the others."""
    st.caption(
        t(
            "Ordinary texts rather than extreme ones: of those that the model is confident of, but not the most, the "
            "ones whose words are nearest to all the others', and each about something else."
        )
    )
    for column, (verdict, title, icon) in zip(st.columns(len(GROUPS)), GROUPS, strict=True):
        with column:
            st.markdown(f"{icon} **{t(title)}**")
            places = board.once(("quotes", verdict), partial(_quotes, board, verdict))
            for place in places:
                _quote(board, int(place))
            if not len(places):
                st.caption(t("None."))


def _quotes(board: Board, verdict: int) -> Any:
    from core.data.quotes import of_verdict, quotes

    scored = board.scored
    wanted = np.where(board.rows, scored.verdicts, -1).astype(np.int8)
    return quotes(scored.words, scored.table.texts, of_verdict(wanted, scored.scores, verdict), QUOTES)


def _quote(board: Board, place: int) -> None:
    with st.container(border=True, gap="xsmall"):
        st.markdown(escape(one_line(board.scored.table.texts[place], SHOWN)))
        st.caption(facts(board, place))


def facts(board: Board, place: int, score: float | None = None) -> str:
    """Score, category and day of a text, as Markdown; `score` is of a part of it."""
    scored = board.scored
    said = [_positive(float(scored.scores[place]) if score is None else score)]
    if scored.table.category is not None and scored.table.category[place]:
        said.append(escape(scored.table.category[place]))
    if scored.table.time is not None and not np.isnat(scored.table.time[place]):
        said.append(str(scored.table.time[place].astype("datetime64[D]")).replace("-", _HYPHEN))
    return " · ".join(said)


def _positive(score: float) -> str:
    """A score in percent; no text is certain, so none is said to be."""
    if score >= 0.995:
        return t("over 99 % positive")
    return t("{score:.0f} % positive", score=100 * score) if score > 0.005 else t("under 1 % positive")


def show_terms(board: Board) -> None:
    """The words by which positive and negative texts differ most."""
    from core.data.telling_terms import CHANCE, telling_terms

    scored = board.scored
    negative, positive = board.once("terms", lambda: telling_terms(scored.words, scored.verdicts, board.rows))
    if not negative and not positive:
        st.info(
            t(
                "No word tells positive from negative texts: there are too few of one of them, or they differ by no "
                "more than chance explains."
            )
        )
        return
    st.caption(
        t(
            "Words and pairs of words by how far they tell positive from negative texts, in standard errors of their "
            "log-odds ratio (Monroe, Colaresi and Quinn 2008). Beside a word: positive and negative texts with it. "
            "Positive and negative are the model's readings, which these words have led to in part."
        )
        + " "
        + t(
            "Of the words shown, at most {share:.0%} are expected to differ by chance (Benjamini and Hochberg 1995).",
            share=CHANCE,
        )
    )
    sides = ((2, N_("Tell positive texts"), positive), (0, N_("Tell negative texts"), negative))
    with st.grid(min_column_width=300):
        for verdict, title, terms in sides:
            with st.container():
                st.markdown(f"**{t(title)}**")
                _terms_chart(board, verdict, terms)


def _terms_chart(board: Board, verdict: int, terms: Sequence[Term]) -> None:
    import plotly.graph_objects as go

    if not terms:
        st.caption(t("None."))
        return
    figure = go.Figure(
        go.Bar(
            y=[f"{chart_text(term.text, 24)}  {term.positive:,} : {term.negative:,}" for term in terms],
            x=[abs(term.z) for term in terms],
            orientation="h",
            marker_color=colours()[verdict],
            hovertemplate="%{y}: %{x:.1f}<extra></extra>",
        )
    )
    figure.update_layout(bargap=0.35, margin={"t": 8})
    figure.update_xaxes(title=t("Standard errors"), rangemode="tozero")
    figure.update_yaxes(autorange="reversed", showgrid=False)
    show_chart(figure, f"{board.slug}.board.terms.{verdict}", height=80 + 26 * len(terms), alt=t("Telling terms"))


def show_aspects(board: Board) -> None:
    """The things that texts speak of, how clauses about them read, and some of those."""
    from core.data.aspects import CLAUSES_READ
    from core.data.board import shares_of
    from core.serving.board import read_aspects

    with st.spinner(t("Reading what is said of each thing")):
        found = board.once("aspects", lambda: read_aspects(board.slug, board.scored, board.rows))
    if not found:
        st.info(t("No thing is spoken of in enough of these texts."))
        return
    st.caption(
        t(
            "Nouns that many texts hold, found by simple rules, and how the model reads the clauses around them: up to "
            "{most} clauses each, spread over all texts. A clause speaks of what stands near the word; it is no "
            "judgement of the thing by itself.",
            most=CLAUSES_READ,
        )
    )
    verdicts = np.concatenate([one.verdicts for one in found])
    shares = shares_of(verdicts, np.repeat(np.arange(len(found)), [len(one.verdicts) for one in found]), len(found))
    order = np.arange(len(found))
    titles = [f"{chart_text(one.aspect.name, 24)} ({len(one.aspect.texts):,})" for one in found]
    show_chart(
        share_bars(titles, shares, order), f"{board.slug}.board.aspects", height=90 + 34 * len(found), alt=t("Aspects")
    )
    st.caption(t("In brackets: texts that hold the word. Shares are of the clauses that were read."))
    with st.expander(t("Figures of the aspects with their intervals")):
        show_figures(t("Aspect"), [one.aspect.name for one in found], shares, order)
    _clauses(board, found)


def _clauses(board: Board, found: Sequence[AspectReading]) -> None:
    names = [one.aspect.name for one in found]
    name = st.pills(
        t("What is said of"),
        names,
        default=names[0],
        required=True,
        key=f"{board.slug}.board.aspect.{hash(tuple(names)) & 0xFFFFFFFF:08x}",
    )
    one = found[names.index(str(name))]
    with st.grid(min_column_width=280):
        for verdict, title, icon in (GROUPS[0], GROUPS[2]):
            with st.container(gap="small"):
                st.markdown(f"{icon} **{t(title)}**")
                for place in _typical(one, verdict):
                    with st.container(border=True, gap="xsmall"):
                        st.markdown(escape(one_line(one.clauses[place], SHOWN)))
                        st.caption(facts(board, int(one.rows[place]), float(one.scores[place])))


def _typical(one: AspectReading, verdict: int) -> list[int]:
    """Places of clauses of ordinary length that read so, no two alike."""
    places = np.flatnonzero(one.verdicts == verdict)
    lengths = np.array([len(one.clauses[place]) for place in places])
    order = places[np.argsort(np.abs(lengths - np.median(lengths)), kind="stable")] if len(places) else places
    once = {one.clauses[place].casefold().strip(" .,。，!！"): int(place) for place in reversed(order)}
    return [int(place) for place in order if once[one.clauses[place].casefold().strip(" .,。，!！")] == place][:CLAUSES]
