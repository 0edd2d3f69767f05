"""Places marked by hand: strokes to outlines, outlines to masks, and both ways through text."""

from __future__ import annotations

import math

import numpy as np
import pytest

from core.data.marked import (
    CORNERS_MAX,
    OUTLINES_MAX,
    area_of,
    as_text,
    from_text,
    mask_of,
    outline_of,
    rectangle,
)


def test_box_covers_its_share_of_a_mask() -> None:
    box = rectangle(0.25, 0.5, 0.75, 1.0)
    assert box is not None and area_of(box) == pytest.approx(0.25)
    mask = mask_of([box], 64)
    assert mask.mean() == pytest.approx(0.25, abs=0.02)
    assert mask[60, 32] and not mask[10, 32] and not mask[60, 5]


def test_long_stroke_is_thinned_and_keeps_its_area() -> None:
    angles = np.linspace(0, 2 * math.pi, 2000)
    outline = outline_of(0.5 + 0.2 * np.cos(angles), 0.5 + 0.2 * np.sin(angles))
    assert outline is not None and len(outline) == CORNERS_MAX
    assert area_of(outline) == pytest.approx(math.pi * 0.04, rel=0.01)


def test_stroke_beyond_the_edge_ends_there() -> None:
    outline = rectangle(-0.5, 0.9, 0.5, 1.5)
    assert outline is not None
    assert np.min(outline) == 0.0 and np.max(outline) == 1.0
    assert area_of(outline) == pytest.approx(0.05)


@pytest.mark.parametrize(
    ("across", "down"), [([0.5], [0.5]), ([0.1, 0.9], [0.3, 0.3]), ([], []), ([0, 1, math.nan], [0, 1, 1])]
)
def test_a_click_is_no_outline(across: list[float], down: list[float]) -> None:
    assert outline_of(across, down) is None


@pytest.mark.parametrize(("pixels", "side"), [(6, 2000), (10, 4000), (4, 4000)])
def test_small_box_on_a_large_image_is_kept_where_it_is(pixels: int, side: int) -> None:
    small = rectangle(1003 / side, 777 / side, (1003 + pixels) / side, (777 + pixels) / side)
    assert small is not None and area_of(small) == pytest.approx((pixels / side) ** 2, rel=0.01)
    assert mask_of([small], side).sum() == pytest.approx(pixels**2, rel=0.6)
    assert from_text(as_text((small,))) == (small,)


def test_thinnest_outline_marks_at_least_a_pixel() -> None:
    thin = rectangle(0.1, 0.5, 0.9, 0.501)
    assert thin is not None and mask_of([thin], 32).sum() >= 20
    assert not mask_of([], 32).any()


def test_text_gives_the_same_outlines() -> None:
    marked = tuple(box for place in range(3) if (box := rectangle(0.1 * place, 0.2, 0.1 * place + 0.05, 0.4)))
    assert len(marked) == 3 and from_text(as_text(marked)) == marked
    assert from_text(as_text(())) == ()


@pytest.mark.parametrize(
    "line",
    [
        "",
        "{}",
        "[[[0, 0]]]",
        "[[]]",
        "[[[0, 0], [1, 1, 1]]]",
        f"[{','.join(['[[0,0],[1,0],[1,1]]'] * (OUTLINES_MAX + 1))}]",
    ],
)
def test_other_text_is_refused(line: str) -> None:
    with pytest.raises((ValueError, TypeError)):
        from_text(line)
