"""Images that a program sends, of patients or of parts: read by the same intake as those of the pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core import answers
from core.contracts import ImageSample
from core.errors import InputRefused

COVERAGE = 0.9
"""Of the prediction sets, when nothing else was asked for."""


def answer_image(slug: str, ref: str, coverage: float | None, name: str, data: bytes) -> dict[str, Any]:
    """What a version says of an image, as JSON.

    Raises:
        InputRefused: It is none that can be used.
    """
    from core.serving import service

    sample = _read(slug, name, data)
    (answer,) = service.predict(slug, [sample], ref, coverage=COVERAGE if coverage is None else coverage)
    return answers.predict_document(slug, [answers.Answered(sample, answer)])


def answer_part(slug: str, ref: str, asked: Mapping[str, float | None], name: str, data: bytes) -> dict[str, Any]:
    """What a version says of the image of a part, as JSON; `asked` are `threshold` and `false_alarm_rate`.

    Raises:
        InputRefused: It is none that can be used.
    """
    from core.serving import service
    from core.serving.parts import promised

    sample = _read(slug, name, data)
    chosen = service.choose(slug, ref)
    promise = promised(slug, asked["false_alarm_rate"], chosen) if asked["threshold"] is None else None
    (answer,) = service.predict(slug, [sample], chosen, **asked)
    return answers.parts_document(slug, [answers.answered_image(sample, answer)], promise)


def _read(slug: str, name: str, data: bytes) -> ImageSample:
    from core.intake.images import read_image
    from core.store import audit

    try:
        return read_image(data, name)
    except InputRefused as error:
        audit.note_refused(slug, [error.code])
        raise
