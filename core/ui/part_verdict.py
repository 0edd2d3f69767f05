"""What is said of a part: OK, defect or unsure, big and clear; why there is no answer; and the score on its scale."""

from __future__ import annotations

from typing import Final

import streamlit as st

from core.contracts import N_, AnomalyPrediction, Outcome
from core.ui.highlight import Zone, draw, scale
from core.ui.i18n import t
from core.ui.views import say

OUTCOMES: Final[dict[Outcome, str]] = {
    "ok": N_("OK"),
    "defect": N_("Defect"),
    "unsure": N_("Unsure"),
    "declined": N_("No answer"),
}
SIGNS: Final[dict[Outcome, str]] = {"ok": "✓", "defect": "✕", "unsure": "?", "declined": "–"}
"""For tables, whose cells hold plain text."""
_FACES: Final[dict[Outcome, tuple[str, str]]] = {
    "ok": ("primary", "check_circle"),
    "defect": ("orange", "dangerous"),
    "unsure": ("gray", "help"),
    "declined": ("gray", "do_not_disturb_on"),
}
"""Colour and icon; told apart by colour-blind eyes, and by the word at any rate."""


def headline(outcome: Outcome) -> str:
    """The outcome with its icon and colour, as Markdown."""
    colour, icon = _FACES[outcome]
    return f":{colour}[:material/{icon}: {t(OUTCOMES[outcome]).upper()}]"


def show_part_verdict(found: AnomalyPrediction) -> None:
    """Outcome and score."""
    show_outcome(found)
    show_score(found)


def show_outcome(found: AnomalyPrediction) -> None:
    """The outcome in one word, and of a declined image why."""
    st.title(headline(found.outcome), anchor=False)
    if found.abstained is not None:
        st.warning(say(found.abstained.message), icon=":material/do_not_disturb_on:")
        far = found.domain_score
        st.caption(t("Distance from the part that the model knows: {distance:.2f} times the limit.", distance=far))


def show_score(found: AnomalyPrediction) -> None:
    """The score on its scale, with the limit and the band around it, and among those of held-out good parts.

    Nothing is drawn of a declined image.
    """
    if found.abstained is not None:
        return
    score, limit = found.verdict.score, found.verdict.threshold
    draw(scale(score, _zones(found), was=limit))
    st.caption(
        t(
            "Score {score:.2f} (solid mark), limit {limit:.2f} (dashed). The score is not a probability.",
            score=score,
            limit=limit,
        )
    )
    if found.outcome == "unsure":
        sentence = (
            N_("Just below the limit, which {count:,} good parts do not fix more exactly. Let a person look.")
            if score < limit
            else N_("Just above the limit, which {count:,} good parts do not fix more exactly. Let a person look.")
        )
        st.write(t(sentence, count=found.held_out))
    st.write(
        t(
            "Of {count:,} held-out good parts, {lower:,} score lower than this one.",
            count=found.held_out,
            lower=found.exceeded,
        )
    )


def _zones(found: AnomalyPrediction) -> list[Zone]:
    """OK below the limit, unsure around it, defect above."""
    low, high = (min(1.0, max(0.0, end)) for end in found.unsure)
    zones = [Zone(low, t(OUTCOMES["ok"]), "up"), Zone(high, t(OUTCOMES["unsure"]), "mid")]
    return [*(zones if high > low else zones[:1]), Zone(1.0, t(OUTCOMES["defect"]), "down")]
