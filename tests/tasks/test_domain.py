"""The model declines what is not of its kind, and says why."""

import numpy as np
import pytest
import torch

from core.data.negatives import negatives
from core.tasks.image_classification.domain import pixel_reason, pooled_features
from core.tasks.image_classification.model import build_network
from core.tasks.image_classification.task import TASK
from tests.tasks.conftest import picture, sample


def colourful(rng):
    return rng.integers(0, 255, (48, 48, 3), dtype=np.uint8)


def test_blank_and_colour_are_named():
    assert pixel_reason(np.full((40, 40, 3), 120, np.uint8), grey=True).code == "domain.blank"
    assert pixel_reason(colourful(np.random.default_rng(0)), grey=True).code == "domain.colour"
    assert pixel_reason(colourful(np.random.default_rng(0)), grey=False) is None


def test_slight_tint_is_not_called_a_colour_photograph():
    tinted = picture("disc", np.random.default_rng(0)).astype(float) * [1.0, 0.97, 0.92]
    assert pixel_reason(tinted.astype(np.uint8), grey=True) is None


@pytest.mark.slow
def test_generated_images_of_other_kinds_are_declined_and_own_ones_are_not(trained):
    predictor = TASK.load(trained[0], "cpu")
    other, _ = negatives(100, 48, seed=987)
    grey = np.repeat(other.mean(3, keepdims=True).astype(np.uint8), 3, axis=3)
    declined = [a.abstained is not None for a in predictor.predict([sample(p) for p in grey])]
    rng = np.random.default_rng(99)
    own = predictor.predict([sample(picture(kind, rng)) for kind in ("disc", "bar") for _ in range(30)])
    assert np.mean(declined) > 0.9
    assert np.mean([a.abstained is not None for a in own]) < 0.1


def test_declined_answer_has_no_decision(trained):
    answer = TASK.load(trained[0], "cpu").predict([sample(np.zeros((48, 48, 3), np.uint8))])[0]
    assert answer.abstained.code == "domain.blank"
    assert answer.decision is None


@pytest.mark.parametrize(
    "name",
    ["resnet10t", "mobilenetv3_small_050", "efficientnet_b0", "vit_tiny_patch16_224", "convnext_atto", "regnetx_002"],
)
def test_features_come_with_the_logits_of_an_ordinary_pass(name):
    network = build_network(name, 3).eval()
    torch.nn.init.normal_(network.get_classifier().weight)
    inputs = torch.rand(2, 3, 224, 224)
    with torch.inference_mode():
        features, logits = pooled_features(network, inputs)
        expected = network(inputs)
    assert features.ndim == 2 and torch.isfinite(features).all()
    torch.testing.assert_close(logits, expected, atol=1e-4, rtol=1e-4)
