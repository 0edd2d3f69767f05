"""Pictures that are no X-rays."""

from __future__ import annotations

import numpy as np
import pytest

from core.data.negatives import FAMILIES, GREY_SHARE, negatives


@pytest.mark.slow
def test_the_same_seed_gives_the_same_pictures() -> None:
    first, kinds = negatives(len(FAMILIES), 48, seed=3)
    again, _ = negatives(len(FAMILIES), 48, seed=3)
    other, _ = negatives(len(FAMILIES), 48, seed=4)
    assert first.shape == (len(FAMILIES), 48, 48, 3)
    assert first.dtype == np.uint8
    assert set(kinds) == set(FAMILIES)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_a_picture_does_not_depend_on_how_many_are_asked_for() -> None:
    few, _ = negatives(5, 32, seed=0)
    many, _ = negatives(9, 32, seed=0)
    assert np.array_equal(few, many[:5])


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_varies_at_any_size(family: str) -> None:
    for size in (28, 128):
        pixels, kinds = negatives(4, size, seed=1, families=[family])
        assert set(kinds) == {family}
        assert len({picture.tobytes() for picture in pixels}) == 4


@pytest.mark.slow
def test_most_pictures_are_grey_but_not_all() -> None:
    pixels, _ = negatives(4 * len(FAMILIES), 32, seed=2)
    colour = (np.ptp(pixels.astype(int), axis=-1) > 24).any(axis=(1, 2))
    assert 0.1 < colour.mean() < 1.4 * (1 - GREY_SHARE)


def test_an_unknown_family_is_an_error() -> None:
    with pytest.raises(KeyError):
        negatives(1, 32, seed=0, families=["unicorn"])
