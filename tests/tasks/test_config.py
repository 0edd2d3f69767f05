"""The options of a run check themselves."""

from dataclasses import fields

import pytest

from core.errors import InputRefused
from core.tasks.image_classification.config import ImageClassificationConfig


def test_every_option_has_a_label_and_a_sentence():
    for entry in fields(ImageClassificationConfig):
        assert entry.metadata["label"], entry.name
        assert entry.metadata["help"].endswith("."), entry.name


@pytest.mark.parametrize(
    "wrong",
    [
        {"mode": "fast"},
        {"epochs": -1},
        {"epochs": 2.5},
        {"epochs": True},
        {"learning_rate": 0.0},
        {"learning_rate": float("nan")},
        {"learning_rate": "big"},
        {"class_weights": 1},
        {"image_size": 7},
        {"dropout": 0.9},
        {"architecture": 3},
        {"seeds": 3, "mode": "quick"},
    ],
)
def test_wrong_value_is_refused_with_what_came_and_what_is_allowed(wrong):
    with pytest.raises(InputRefused) as refused:
        ImageClassificationConfig(**wrong)
    name, value = next(iter(wrong.items()))
    assert name in str(refused.value.message)
    assert str(value) in str(refused.value.message)


def test_limits_themselves_are_allowed():
    ImageClassificationConfig(epochs=300, dropout=0.8, image_size=16, learning_rate=0.1)
