"""Everything that a model says of one text: answer, language, each sentence, and what changes when words do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from core.contracts import Classification, TextSample
from core.data.sentences import sentence_spans
from core.serving import service
from core.serving.service import Answer
from core.serving.texts import languages
from core.store.versions import find_sector
from core.tasks import load_task
from core.tasks.text_classification.answers import UNSURE


class Sentence(Protocol):
    """A sentence of the text, read on its own: character offsets and the answer."""

    @property
    def start(self) -> int:
        """Of its first character."""
        ...

    @property
    def end(self) -> int:
        """Behind its last character."""
        ...

    @property
    def answer(self) -> Classification:
        """What the model says of it alone."""
        ...


@dataclass(frozen=True)
class TextReading:
    """One text as a model reads it."""

    answer: Answer
    language: str
    """`en`, `zh`, `mixed`, `other` (another language) or `none` (no letters)."""
    sentences: tuple[Sentence, ...]
    """Empty where there is only one."""
    methods: tuple[str, ...]
    """Explanations that this model offers, the usual one first."""
    threshold: float
    """Score of the second label from which it was decided."""
    unsure: float = UNSURE
    """Scores closer than this to one half are no decision; 0 at an operating point that was chosen."""


def read_text(slug: str, sample: TextSample, options: Mapping[str, Any]) -> TextReading:
    """What the version in use says of a text; `options` as for the predictor.

    Raises:
        StoreError, ModelRefused: as `service.predict`.
    """
    (answer,) = service.predict(slug, [sample], **options)
    task, chosen = load_task(find_sector(slug).task), options.get("threshold")
    with service.leased(task, service.choose(slug, answer.model.version).version) as loaded, loaded.turn:
        predictor: Any = loaded.predictor
        parts = predictor.sentences(sample.text, **options) if len(sentence_spans(sample.text)) > 1 else ()
        return TextReading(
            answer=answer,
            language=languages([sample.text])[0],
            sentences=tuple(parts),
            methods=tuple(predictor.methods),
            threshold=float(predictor.threshold if chosen is None else chosen),
            unsure=UNSURE if chosen is None else 0.0,
        )


@dataclass(frozen=True)
class Edit:
    """A stretch of a text and what stands there instead; nothing strikes it out."""

    start: int
    end: int
    instead: str = ""


def edited(text: str, edits: Iterable[Edit]) -> str:
    """The text after `edits`, which do not overlap; a struck word takes one of the blanks around it along."""
    parts, at = [], 0
    for edit in sorted(edits, key=lambda edit: edit.start):
        parts.append(text[at : edit.start])
        at = edit.end
        if edit.instead:
            parts.append(edit.instead)
        elif (not parts[-1] or parts[-1].endswith((" ", "\n"))) and text[at : at + 1] == " ":
            at += 1
    return "".join([*parts, text[at:]])
