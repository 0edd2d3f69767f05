"""The scale of scores: which stretch leads to which answer."""

from __future__ import annotations

from typing import cast

import pytest

from core.serving.service import Answer
from core.serving.text_reading import TextReading
from core.ui.verdict import zones_of


def zones(threshold: float, unsure: float) -> list[tuple[float, str]]:
    reading = TextReading(cast(Answer, None), "en", (), (), threshold, unsure)
    return [(round(zone.end, 3), zone.tone) for zone in zones_of(("negative", "positive"), reading)]


@pytest.mark.parametrize(
    ("threshold", "unsure", "expected"),
    [
        (0.5, 0.1, [(0.4, "down"), (0.6, "mid"), (1, "up")]),
        (0.9, 0.1, [(0.4, "down"), (0.6, "mid"), (0.9, "down"), (1, "up")]),
        (0.9, 0.0, [(0.9, "down"), (1, "up")]),
        (0.5, 0.0, [(0.5, "down"), (1, "up")]),
        (0.0, 0.0, [(1, "up")]),
        (1.0, 0.0, [(1, "down")]),
    ],
)
def test_zones_lead_to_the_answers_that_are_given(
    threshold: float, unsure: float, expected: list[tuple[float, str]]
) -> None:
    assert zones(threshold, unsure) == expected
