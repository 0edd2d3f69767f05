"""The measuring set of the refusal."""

from __future__ import annotations

import ast
from collections import Counter

import numpy as np
import pytest

from core.settings import ROOT

pytest.importorskip("skimage", reason="the photographs lie in scikit-image, a development package")


@pytest.mark.slow
def test_there_are_two_hundred_pictures_of_all_kinds_and_always_the_same() -> None:
    from bench.domain_pictures import non_xrays

    first, again = non_xrays(0), non_xrays(0)
    assert len(first) == 200
    assert set(Counter(picture.kind for picture in first)) == {"photograph", "drawing", "print", "noise", "medical"}
    for one, two in zip(first, again, strict=True):
        assert one.pixels.dtype == np.uint8
        assert one.pixels.shape[2:] == (3,)
        assert one.name == two.name
        assert np.array_equal(one.pixels, two.pixels)


@pytest.mark.parametrize("module", ["domain_pictures", "domain_drawings"])
def test_nothing_is_shared_with_what_the_training_sees(module: str) -> None:
    tree = ast.parse((ROOT / "bench" / f"{module}.py").read_text(encoding="utf-8"))
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module}
    assert not any(name.startswith("core") for name in imported)
