"""The outline of a true defect over its picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import label

from core.data.kept_maps import SIDE
from core.ui.part_overlay import TRUE_COLOUR, with_map
from tests.training.part_tables import parts
from tests.ui.part_versions import register


@pytest.mark.slow
@pytest.mark.parametrize("side", [192, 640])
def test_a_slanted_scratch_is_outlined_as_one(home: Path, monkeypatch: pytest.MonkeyPatch, side: int) -> None:
    from core.data.kept_maps import KeptMap, KeptMaps
    from core.ui import part_overlay

    version = register(home, "slant", evaluation=parts(good=4, defects=4))
    mask = np.zeros((SIDE, SIDE), bool)
    mask[range(40, 80), range(40, 80)] = True
    mask[100, 20] = True
    kept = KeptMaps(0.5, {"one": KeptMap(np.zeros((SIDE, SIDE), np.float32), mask)})
    monkeypatch.setattr(part_overlay, "maps_at", lambda folder: kept)
    drawn = with_map(version, "one", np.full((side, side, 3), 200, np.uint8))
    assert drawn is not None
    line = (drawn == TRUE_COLOUR).all(axis=2)
    assert label(line, np.ones((3, 3)))[1] == 2, "a line round the scratch, and one round the single place"
    middle = round(60.5 / SIDE * side)
    assert not line[middle, middle], "what is inside stays to be seen"
    assert (drawn[middle, middle] == 200).all()
