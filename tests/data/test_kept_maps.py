"""Maps of the worst test images: kept small, covered by the manifest, and refused when damaged."""

from __future__ import annotations

import json

import numpy as np
import pytest

from core.data.kept_maps import KEPT_MAX, MAPS, SIDE, keep_maps, kept_maps
from core.errors import ModelRefused
from core.store.files import MANIFEST


@pytest.fixture
def folder(tmp_path):
    (tmp_path / MANIFEST).write_text("{}")
    return tmp_path


def test_maps_and_masks_come_back_small(folder):
    values = np.zeros((2, 256, 256), np.float32)
    values[0, :128] = 0.8
    mask = values[0] > 0.5
    keep_maps(folder, ["a.png", "b.png"], values, [mask, None], 0.5)
    found = kept_maps(folder)
    assert found is not None and found.threshold == 0.5
    first, second = found.of["a.png"], found.of["b.png"]
    assert first.values.shape == (SIDE, SIDE) and first.values[:60].mean() == pytest.approx(0.8, abs=0.01)
    assert first.mask is not None and first.mask[: SIDE // 2].all() and not first.mask[SIDE // 2 :].any()
    assert second.mask is None
    assert MAPS in json.loads((folder / MANIFEST).read_text())["files"]


def test_no_more_are_kept_than_the_worst(folder):
    count = KEPT_MAX + 5
    keep_maps(folder, [str(i) for i in range(count)], np.zeros((count, 8, 8)), [None] * count, 0.5)
    found = kept_maps(folder)
    assert found is not None and list(found.of) == [str(i) for i in range(KEPT_MAX)]


def test_absent_maps_are_none_and_damaged_ones_are_refused(folder):
    assert kept_maps(folder) is None
    for content in (b"", b"no maps", b"PK\x03\x04 cut"):
        (folder / MAPS).write_bytes(content)
        with pytest.raises(ModelRefused, match="cannot be read"):
            kept_maps(folder)
