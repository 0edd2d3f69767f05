"""Texts that a program sends, as JSON or as a table: read by the same intake as those of the pages."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from core import answers
from core.api_tables import ROWS_MAX, Sent, too_many_rows
from core.contracts import N_, Message, Refusal, TextSample
from core.errors import InputRefused

_EXAMPLE: Final = '{"texts": ["The room was clean.", "房间很干净。"]}'


def default_name(content_type: str) -> str:
    """What a body without a name is called, so that its ending says how it is read: a list of lines or a table."""
    return "texts.txt" if content_type.startswith("text/plain") else "texts.csv"


def texts_of_json(body: bytes) -> list[str]:
    """The texts of `{"texts": ["...", ...]}`.

    Raises:
        InputRefused: It is no such JSON, or holds too many texts.
    """
    try:
        document = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError):
        raise _refused(N_("The body is no JSON.")) from None
    texts = document.get("texts") if isinstance(document, dict) else None
    if not isinstance(texts, list) or not texts or not all(isinstance(text, str) for text in texts):
        raise _refused(N_("`texts` has to be a list of texts."))
    return texts


def answer_sent(slug: str, ref: str, sent: Sequence[str] | Sent, asked: Mapping[str, float | None]) -> dict[str, Any]:
    """What a version says of the texts, as JSON; `asked` are the options of `answer_texts`.

    Raises:
        InputRefused: None of the texts can be used.
    """
    from core.intake.texts import open_texts
    from core.serving import service
    from core.serving.texts import answer_texts
    from core.store import audit

    refused: list[Refusal] = []
    notices: tuple[Message, ...] = ()
    try:
        if isinstance(sent, Sent):
            table = open_texts(sent.data, sent.name, sent.columns)
            _check_rows(len(table))
            refused, notices = list(table.refused), table.notices
            samples = [table.sample(row) for row in range(len(table))]
        else:
            _check_rows(len(sent))
            samples = _opened(sent, refused)
    except InputRefused as error:
        audit.note_refused(slug, [error.code])
        raise
    found = answer_texts(slug, samples, service.choose(slug, ref), **asked)
    return answers.predict_document(slug, found, refused, notices)


def _opened(texts: Sequence[str], refused: list[Refusal]) -> list[TextSample]:
    """Those that can be used; raises `InputRefused` for the first where none can."""
    from core.intake.texts import open_text

    samples = []
    for number, text in enumerate(texts, 1):
        try:
            samples.append(open_text(text, f"text {number}"))
        except InputRefused as error:
            refused.append(error.refusal(f"text {number}"))
            if len(refused) == len(texts):
                raise
    return samples


def _check_rows(rows: int) -> None:
    if rows > ROWS_MAX:
        raise too_many_rows(rows)


def _refused(template: str) -> InputRefused:
    return InputRefused("api.json", Message(template), Message(N_("An example: {example}"), {"example": _EXAMPLE}))
