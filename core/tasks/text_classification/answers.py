"""What any model of this task says of a batch of texts, and why it gives no decision on some of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.contracts import N_, Classification, Message, Reason
from core.tasks.text_classification.language import NONE, OTHER

UNSURE = 0.1
"""Scores closer than this to one half are no decision, unless somebody has chosen an operating point."""
DECIDED = ""
"""In `Answers.reasons`, of a text that is decided."""
EMPTY, LANGUAGE, UNKNOWN, UNDECIDED = "text.empty", "text.language", "text.unknown", "text.unsure"
"""Why there is no decision; the first that applies, in this order."""
UNMEASURED = "text.unmeasured"
"""The same, of a model that was never measured on the language of the text; in place of a decision or `UNDECIDED`."""


@dataclass(frozen=True)
class Answers:
    """A column for each thing that a model says of a batch; arrays (N,), the same whatever the architecture."""

    scores: NDArray[np.float32]
    """Calibrated probability of the second label."""
    domain: NDArray[np.float32]
    """How unlike the training texts, 1 at the limit above which the model declines."""
    languages: NDArray[np.str_]
    """One of `language.LANGUAGES`."""
    known: NDArray[np.float32]
    """Share of the words that the model knows, in [0, 1]; 0 for a text without any."""
    sizes: NDArray[np.int64]
    """Units of each text: words, Chinese characters, marks and emoji."""
    reasons: NDArray[np.str_]
    """`DECIDED`, or the code of the reason why there is no decision."""


@dataclass(frozen=True)
class Sentence:
    """A sentence of a longer text, read on its own."""

    start: int
    end: int
    """Character offsets in the text; blanks at both ends are left out."""
    answer: Classification


def answers_of(
    scores: NDArray[Any], domain: NDArray[Any], languages: NDArray[np.str_], known: NDArray[Any], sizes: NDArray[Any]
) -> Answers:
    """The answers with the reasons that follow from the other columns; arguments as the fields of `Answers`."""
    conditions = [
        (sizes == 0) | ((languages == NONE) & (known == 0)),
        languages == OTHER,
        (domain > 1) | (known == 0),
        np.abs(scores - 0.5) < UNSURE,
    ]
    return Answers(
        scores=np.asarray(scores, np.float32),
        domain=np.asarray(domain, np.float32),
        languages=languages,
        known=np.asarray(known, np.float32),
        sizes=np.asarray(sizes, np.int64),
        reasons=np.select(conditions, [EMPTY, LANGUAGE, UNKNOWN, UNDECIDED], DECIDED),
    )


def at_operating_point(found: Answers) -> Answers:
    """The answers where somebody has chosen the score from which on a text is called by the second label.

    Everything that the model reads is decided then: the figures beside an operating point are of such decisions, and
    a stretch of undecided scores about one half would contradict one that lies elsewhere.
    """
    return replace(found, reasons=np.where(found.reasons == UNDECIDED, DECIDED, found.reasons))


def declined(found: Answers) -> NDArray[np.bool_]:
    """Which texts of a batch get no decision, (N,); the same as `reason_of` for each."""
    return np.asarray(found.reasons != DECIDED)


def reason_of(found: Answers, place: int) -> Reason | None:
    """Why the model gives no decision on a text; None when it does."""
    code = str(found.reasons[place])
    if code == DECIDED:
        return None
    template = {
        EMPTY: N_("There are no words in this text."),
        LANGUAGE: N_("The text is neither English nor Chinese; this model knows no other."),
        UNKNOWN: N_("The model knows only {share:.0%} of the words: another language, or a text of another kind."),
        UNDECIDED: N_("The words speak for both sides, or for neither."),
        UNMEASURED: N_("This model was never measured on texts in this language."),
    }[code]
    return Reason(code, Message(template, {"share": float(found.known[place])} if code == UNKNOWN else {}))
