"""The score from which on a text is positive: a model's own leaves a stretch undecided, a chosen one does not."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from core.contracts import TextSample, TokenAttribution
from core.tasks.text_classification.answers import Answers, answers_of
from core.tasks.text_classification.predictor import TextModelPredictor

MANIFEST = {
    "architecture": "lengths",
    "threshold": {"value": 0.5},
    "data": {"fingerprint": "0"},
    "seed": 0,
    "config": {"validation_share": 0.1, "test_share": 0.1},
}


class Lengths(TextModelPredictor):
    """Scores a text by the number that it is; knows nothing of other texts."""

    methods = ()

    def answers(self, texts: Sequence[str]) -> Answers:
        scores = np.array([float(text.strip(".")) / 100 if text.strip(".").isdigit() else 0.5 for text in texts])
        known = np.array([text.strip(".").isdigit() for text in texts], float)
        return answers_of(scores, 1 - known, np.full(len(texts), "en"), known, np.ones(len(texts)))

    def explain(self, text: str, target: str, method: str) -> TokenAttribution:
        raise NotImplementedError


@pytest.fixture
def predictor() -> Lengths:
    return Lengths(MANIFEST, np.linspace(0, 1, 100), 0)


def decided(predictor: Lengths, threshold: float | None, *texts: str) -> list[str | None]:
    return [found.decision for found in predictor.predict([TextSample("", text, "") for text in texts], 0.9, threshold)]


def test_only_the_threshold_of_the_model_itself_leaves_scores_undecided(predictor: Lengths) -> None:
    texts = ("35", "50", "65", "95")
    assert decided(predictor, None, *texts) == ["negative", None, "positive", "positive"]
    assert decided(predictor, 0.9, *texts) == ["negative", "negative", "negative", "positive"]
    assert decided(predictor, 0.5, *texts) == ["negative", "positive", "positive", "positive"]


def test_what_the_model_cannot_read_is_decided_at_no_threshold(predictor: Lengths) -> None:
    assert decided(predictor, 0.1, "strange") == [None]


def test_sentences_are_read_like_the_text(predictor: Lengths) -> None:
    text = "65.\n95."
    for threshold in (None, 0.9):
        found = predictor.sentences(text, 0.999, threshold)
        assert [one.answer.decision for one in found] == decided(predictor, threshold, "65", "95")
        assert [len(one.answer.prediction_set) for one in found] == [2, 2]
