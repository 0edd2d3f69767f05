"""Answers about many texts at once, as scripts want them: one call of the service, with the language of each text."""

from __future__ import annotations

from collections.abc import Sequence

from core.answers import Answered
from core.contracts import TextSample
from core.serving import service
from core.tasks.text_classification.language import languages_of
from core.tasks.text_classification.units import read_units

COVERAGE = 0.9
"""Of the prediction sets, when nothing else was asked for."""
_AT_ONCE = 10_000
"""Texts whose scripts are told apart at once."""


def answer_texts(
    slug: str,
    samples: Sequence[TextSample],
    ref: str | service.Chosen,
    coverage: float | None = None,
    threshold: float | None = None,
) -> list[Answered]:
    """What a version says of every text, in order; one row of the audit log.

    Args:
        slug: A sector that reads texts.
        samples: The texts.
        ref: As for `service.predict`, which says what it raises.
        coverage: Share of true labels that the prediction sets should hold; None for `COVERAGE`.
        threshold: Score from which on a text is called by the second label; None for the model's own.
    """
    share = COVERAGE if coverage is None else coverage
    answers = service.predict(slug, samples, ref, coverage=share, threshold=threshold)
    spoken = languages([sample.text for sample in samples])
    return [
        Answered(sample, answer, language) for sample, answer, language in zip(samples, answers, spoken, strict=True)
    ]


def languages(texts: Sequence[str]) -> list[str]:
    """`en`, `zh`, `mixed`, `other` (another language) or `none` (no letters) for each text; no model is asked."""
    found: list[str] = []
    for start in range(0, len(texts), _AT_ONCE):
        found += languages_of(read_units(texts[start : start + _AT_ONCE])).tolist()
    return found
