"""Any timm backbone by name: other heads, fixed input sizes, and words where something cannot be."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from core.errors import InputRefused
from core.tasks.image_classification.task import TASK
from core.tasks.image_classification.train import build_start, with_every_class
from core.training.run import ListedRun
from tests.tasks.conftest import TINY


@pytest.mark.parametrize(("asked", "expected"), [(0, 224), (224, 224)])
def test_fixed_input_size_is_taken(asked, expected):
    start = build_start(replace(TINY, architecture="vit_tiny_patch16_224", image_size=asked), 3)
    assert start.preprocessing.size == expected


def test_other_size_than_the_fixed_one_is_refused():
    with pytest.raises(InputRefused) as refused:
        build_start(replace(TINY, architecture="vit_tiny_patch16_224", image_size=96), 3)
    assert "224" in str(refused.value.message) and "96" in str(refused.value.message)


@pytest.mark.slow
def test_quick_mode_needs_a_linear_head(shapes_zip, tmp_path):
    options = replace(TINY, architecture="resnetv2_50", mode="quick", image_size=32)
    with pytest.raises(InputRefused) as refused:
        TASK.train(options, shapes_zip, ListedRun(tmp_path))
    assert refused.value.code == "config.quick"


@pytest.mark.slow
@pytest.mark.parametrize("name", ["resnetv2_50", "convnext_atto"])
def test_trains_and_loads(shapes_zip, tmp_path, name):
    folder = TASK.train(replace(TINY, architecture=name, image_size=32, epochs=1), shapes_zip, ListedRun(tmp_path, 0))
    predictor = TASK.load(folder, "cpu")
    scores, _ = predictor.outputs(torch.rand(2, 3, predictor.preprocessing.size, predictor.preprocessing.size))
    np.testing.assert_allclose(scores.sum(1), 1, atol=1e-5)


def test_split_without_a_class_is_refused(shapes_zip):
    from core.data.images import read_labelled_images
    from core.data.splits import split

    data = split(read_labelled_images(shapes_zip, 32), seed=0)
    only = data.splits["validation"].take(np.flatnonzero(data.splits["validation"].targets == 0))
    with pytest.raises(InputRefused) as refused:
        with_every_class(replace(data, splits={**data.splits, "validation": only}))
    assert "disc" in str(refused.value.message)
