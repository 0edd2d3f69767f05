"""Augmentation keeps shape and range, follows its generator, and leaves images alone where asked to."""

import pytest
import torch

from core.training.augment import STRENGTHS, Strength, augment


@pytest.mark.parametrize("name", sorted(STRENGTHS))
@pytest.mark.parametrize("channels", [1, 3])
def test_shape_and_range_are_kept(name, channels):
    images = torch.rand(8, channels, 40, 40)
    changed = augment(images, STRENGTHS[name], torch.Generator().manual_seed(0))
    assert changed.shape == images.shape
    assert changed.min() >= 0 and changed.max() <= 1


def test_same_generator_state_gives_the_same_images():
    images = torch.rand(16, 1, 32, 32)
    first, second = (augment(images, STRENGTHS["strong"], torch.Generator().manual_seed(3)) for _ in range(2))
    other = augment(images, STRENGTHS["strong"], torch.Generator().manual_seed(4))
    assert torch.equal(first, second)
    assert not torch.equal(first, other)


def test_input_is_not_changed_in_place():
    images = torch.rand(16, 1, 32, 32)
    before = images.clone()
    augment(images, STRENGTHS["strong"], torch.Generator().manual_seed(0))
    assert torch.equal(images, before)


def test_keep_share_leaves_about_that_share_untouched():
    images = torch.rand(400, 1, 32, 32)
    changed = augment(images, Strength(gain=0.4, keep_share=0.25), torch.Generator().manual_seed(0))
    same = (changed == images).flatten(1).all(1).float().mean()
    assert 0.18 < same < 0.32


def test_coarse_images_lose_detail():
    images = (torch.rand(64, 1, 64, 64) > 0.5).float()
    changed = augment(images, Strength(coarse_share=1.0, coarse_min_px=16), torch.Generator().manual_seed(0))
    assert changed.std() < images.std()
