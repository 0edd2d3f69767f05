"""The canvas: what a chart's selection becomes, undo, a closer look, and what is drawn over kept pictures."""

from __future__ import annotations

import json

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.contracts import AnomalyPrediction, Decision, Region
from core.data.marked import OUTLINES_MAX, area_of, rectangle
from core.ui.draw_region import CLOSEST, HEIGHT, Drawing, outlined, take_stroke
from core.ui.part_correct import outlines_of


def box(left: float, top: float, right: float, bottom: float) -> dict[str, object]:
    return {"xref": "x", "yref": "y", "x": [left, right], "y": [top, bottom]}


LASSO = {"xref": "x", "yref": "y", "x": [0.5, 0.7, 0.6], "y": [0.5, 0.5, 0.8]}


def test_boxes_and_strokes_become_outlines_once_each() -> None:
    drawing = Drawing()
    take_stroke(drawing, {"box": [box(0.7, 0.4, 0.5, 0.2)], "lasso": []})
    assert drawing.marked == [rectangle(0.5, 0.2, 0.7, 0.4)], "drawn from any corner"
    take_stroke(drawing, {"box": [box(0.5, 0.2, 0.7, 0.4)], "lasso": [LASSO]})
    assert len(drawing.marked) == 2 and area_of(drawing.marked[1]) == pytest.approx(0.03)
    drawing.undo()
    assert len(drawing.marked) == 1
    drawing.undo()
    drawing.undo()
    assert drawing.marked == []


def test_clicks_mark_nothing_and_there_is_an_end() -> None:
    drawing = Drawing()
    take_stroke(drawing, {"box": [box(0.5, 0.5, 0.5, 0.5)], "lasso": [{"x": [0.1], "y": [0.1]}]})
    take_stroke(drawing, {"points": []})
    assert drawing.marked == []
    for place in range(OUTLINES_MAX + 3):
        take_stroke(drawing, {"box": [box(0.01 * place, 0.0, 0.01 * place + 0.02, 0.2)]})
    assert len(drawing.marked) == OUTLINES_MAX


@pytest.mark.parametrize(("pixels", "side"), [(6, 2000), (12, 4000)])
def test_small_box_is_marked(pixels: int, side: int) -> None:
    drawing, end = Drawing(), 0.5 + pixels / side
    take_stroke(drawing, {"box": [box(0.5, 0.5, end, end)]})
    assert drawing.marked == [rectangle(0.5, 0.5, end, end)] and not drawing.too_small


def test_what_is_a_click_depends_on_what_is_shown_and_is_said() -> None:
    drawing, end = Drawing(), 0.5 + 0.5 / HEIGHT
    tiny = {"box": [box(0.5, 0.5, end, end)]}
    take_stroke(drawing, tiny)
    assert not drawing.marked and drawing.too_small
    take_stroke(drawing, tiny, closer=True)
    assert drawing.view == (0.0, 0.0, 1.0, 1.0) and drawing.too_small, "nobody asks for a closer look with a click"
    take_stroke(drawing, {"box": [box(0.45, 0.45, 0.55, 0.55)]}, closer=True)
    assert not drawing.too_small
    take_stroke(drawing, tiny)
    assert len(drawing.marked) == 1 and not drawing.too_small
    take_stroke(drawing, {"lasso": [{"x": [0.5, 0.51, 0.52], "y": [0.5, 0.5, 0.5]}]})
    assert drawing.too_small
    take_stroke(drawing, {"box": []})
    assert len(drawing.marked) == 1 and not drawing.too_small


def test_closer_look_shows_that_part_and_marks_nothing() -> None:
    drawing = Drawing()
    take_stroke(drawing, {"box": [box(0.2, 0.3, 0.4, 0.6)]}, closer=True)
    assert drawing.view == pytest.approx((0.2, 0.3, 0.4, 0.6)) and drawing.marked == []
    take_stroke(drawing, {"box": [box(0.999, 0.0, 1.0, 1.0)]}, closer=True)
    assert drawing.view == pytest.approx((1 - CLOSEST, 0.0, 1.0, 1.0)), "never so close that nothing is left"
    drawing.show_whole()
    assert drawing.view == (0.0, 0.0, 1.0, 1.0)


def test_outlines_are_drawn_over_kept_pictures() -> None:
    pixels = np.full((60, 80, 3), 100, np.uint8)
    marked = rectangle(0.25, 0.25, 0.75, 0.75)
    assert marked is not None
    drawn = outlined(pixels, [marked])
    assert (drawn[15, 40] != 100).any() and (drawn[30, 40] == 100).all()
    assert outlined(pixels, ()) is pixels


def test_regions_of_an_answer_can_be_taken_over() -> None:
    regions = (Region(0.1, 0.2, 0.3, 0.4, 0.04, 0.9), Region(0.5, 0.5, 0.5, 0.6, 0.0, 0.8))
    verdict = Decision(("good", "defect"), 0.7, 0.5)
    answer = AnomalyPrediction(verdict, np.zeros((4, 4), np.float32), 0.5, regions, (0.4, 0.6), 3, 4)
    assert outlines_of(answer) == (rectangle(0.1, 0.2, 0.3, 0.4),), "an empty one is none"


def canvas() -> None:
    import numpy as np
    import streamlit as st

    from core.contracts import ImageSample
    from core.data.marked import rectangle
    from core.ui.draw_region import regions_input

    box = rectangle(0.1, 0.2, 0.3, 0.4)
    assert box is not None
    pixels = np.arange(48 * 64 * 3, dtype=np.uint8).reshape(48, 64, 3)
    sample = ImageSample("part.png", pixels, "a" * 64)
    st.session_state["found"] = regions_input("defects", "there", sample, (box,))


@pytest.mark.slow
def test_regions_are_offered_listed_and_taken_back() -> None:
    page = AppTest.from_function(canvas).run()
    assert not page.exception and page.session_state["found"] == ()
    page.button("there.take_regions").click().run()
    assert page.session_state["found"] == (rectangle(0.1, 0.2, 0.3, 0.4),)
    assert any("Region 1" in line.value and "4" in line.value for line in page.markdown)
    (number,) = json.loads(page.get("plotly_chart")[0].proto.spec)["layout"]["annotations"]
    assert (number["text"], number["x"], number["y"]) == ("<b>1</b>", 0.1, 0.2) and number["bgcolor"] == "#141414"
    page.session_state["there.drawing"].view = (0.2, 0.2, 0.4, 0.4)
    page.session_state["there.drawing"].too_small = True
    page.run()
    assert any("too small" in line.value for line in page.caption)
    page.button("there.whole").click().run()
    page.button("there.undo_region").click().run()
    assert not page.exception and page.session_state["found"] == ()
