"""Simulated parts: to a seed, damaged where the mask says and nowhere else."""

import numpy as np
import pytest
from scipy import ndimage

from core.data.pixels import is_grey
from core.data.surfaces import read_parts
from core.data.surfaces_simulator import KINDS, defects_of, draw_part, write_parts

ALL = [(kind, defect) for kind in KINDS for defect in defects_of(kind)]


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "defect"), ALL)
def test_damage_lies_where_the_mask_says(kind, defect):
    part = draw_part(kind, defect, 3, side=160)
    again = draw_part(kind, defect, 3, side=160)
    assert np.array_equal(part.pixels, again.pixels) and np.array_equal(part.mask, again.mask)
    assert 0 < part.mask.mean() < 0.3
    good = draw_part(kind, seed=3, side=160)
    assert not good.mask.any()
    assert not np.array_equal(good.pixels, draw_part(kind, seed=4, side=160).pixels)
    differs = np.abs(part.pixels.astype(int) - good.pixels).max(axis=2)
    assert differs[~ndimage.binary_dilation(part.mask, iterations=4)].max() < 20
    assert (differs[part.mask] > 8).mean() > 0.5, "damage that nobody can see"


def test_no_kind_is_read_as_grey():
    assert not any(is_grey(draw_part(kind, seed=1, side=96).pixels) for kind in KINDS)


def test_boards_alone_can_miss_print():
    assert "missing_print" in defects_of("printed_board")
    with pytest.raises(KeyError):
        draw_part("woven_cloth", "missing_print")
    with pytest.raises(KeyError):
        draw_part("marble")


@pytest.mark.slow
def test_a_written_set_is_read_as_one(tmp_path):
    data = read_parts(write_parts(tmp_path, "brushed_metal", good=5, tested=1), 64)
    assert {name: len(part) for name, part in data.splits.items()} == {"train": 5, "test": 5}
    assert data.splits["test"].has_mask.all() and not data.report.blocking
