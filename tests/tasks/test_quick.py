"""Quick mode looks at every unchanged image once, and what it hands on is what another look would find."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from core.tasks.image_classification import train
from core.tasks.image_classification.checkpoint import Trained, look
from core.tasks.image_classification.domain import pooled_maps
from core.tasks.image_classification.head import Fitted
from core.tasks.image_classification.model import build_network
from core.tasks.image_classification.task import train_splits
from core.training.run import ListedRun
from tests.tasks.conftest import TINY

QUICK = replace(TINY, mode="quick")


@pytest.fixture
def fitted(shapes_zip, tmp_path):
    run = ListedRun(tmp_path, QUICK.seed)
    data = train.read_splits(shapes_zip, QUICK.image_size, QUICK.seed, run)
    start = train.build_start(QUICK, len(data.labels))
    return data, start, train_splits(start, data, QUICK, run)


def test_what_was_seen_is_what_a_pass_finds(fitted):
    data, start, done = fitted
    assert len(data.splits["train"]) > 64, "rows of several batches are put together"
    trained = Trained(done, start, data, QUICK, {}, "command")
    again = look(replace(trained, fitted=Fitted(done.network)))
    assert look(trained) is done.seen
    for name in ("train", "validation", "logits"):
        found, expected = getattr(done.seen, name), getattr(again, name)
        np.testing.assert_allclose(found, expected, atol=1e-5, rtol=1e-4)


def test_standard_mode_hands_nothing_on(fitted, monkeypatch, tmp_path):
    data, start, done = fitted
    monkeypatch.setattr(train, "train_network", lambda *_: done.network)
    run = ListedRun(tmp_path, 0)
    assert train_splits(start, data, replace(QUICK, mode="standard"), run).seen is None


@pytest.mark.parametrize("name", ["resnet10t", "vit_tiny_patch16_224"])
def test_features_are_mean_and_spread_of_every_map(name):
    network = build_network(name, 2).eval()
    inputs = torch.rand(2, 3, 224, 224, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        _, maps = network.forward_intermediates(inputs)
        flat = [layer.flatten(2) if layer.ndim == 4 else layer.transpose(1, 2) for layer in maps]
        expected = torch.cat([part for layer in flat for part in (layer.mean(-1), layer.std(-1, correction=0))], 1)
        torch.testing.assert_close(pooled_maps(network, inputs)[0], expected, atol=1e-5, rtol=1e-4)
