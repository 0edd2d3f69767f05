"""Marking places on an image by hand: boxes and freehand strokes, with the selection of a chart as the pen."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import streamlit as st
from PIL import Image, ImageColor, ImageDraw

from core.contracts import N_, ImageSample, Outline
from core.data.marked import OUTLINES_MAX, area_of, outline_of, rectangle
from core.ui.i18n import t
from core.ui.pictures import kept_picture
from core.ui.theme import show_chart
from core.ui.views import for_display

if TYPE_CHECKING:
    import plotly.graph_objects as go
    from numpy.typing import NDArray

TOOLS: Final = {"box": N_("Box"), "freehand": N_("Freehand"), "closer": N_("Look closer")}
HEIGHT: Final = 400
CLOSEST: Final = 0.02
"""Smallest side of what is looked at, as a share of the image."""
CLICK: Final = 5e-6
"""Share of what is shown below which a stroke was no more than a click: not quite a pixel of the screen."""
INK: Final = "#ff7f0e"
_PLATE: Final = "#141414"
"""Behind the number of a place, which is read on any ground."""
_WHOLE: Final = (0.0, 0.0, 1.0, 1.0)


@dataclass
class Drawing:
    """What a visitor has marked so far, and which part of the image (left, top, right, bottom) is shown."""

    marked: list[Outline] = field(default_factory=list)
    view: tuple[float, float, float, float] = _WHOLE
    too_small: bool = False
    """Whether something of the last drawing was no more than a click."""

    def undo(self) -> None:
        """Take the last place back."""
        self.too_small = False
        del self.marked[-1:]

    def show_whole(self) -> None:
        """Look at all of the image again."""
        self.view = _WHOLE


def regions_input(slug: str, where: str, sample: ImageSample, offered: Sequence[Outline] = ()) -> tuple[Outline, ...]:
    """The places that were marked on an image; they last until `forget_regions`.

    Args:
        slug: Sector.
        where: Prefix of the keys.
        sample: The image.
        offered: Outlines that a click takes over, such as those of a model.
    """
    drawing: Drawing = st.session_state.setdefault(f"{where}.drawing", Drawing())
    tool = _tool_input(where)
    chart, side = st.columns([3, 1], gap="small")
    with side:
        _show_list(where, drawing, offered)
    with chart:
        key = f"{where}.canvas"
        show_chart(
            _canvas(slug, sample, drawing, "lasso" if tool == "freehand" else "select"),
            key,
            height=HEIGHT,
            alt=t("The image, to mark regions on it by dragging"),
            on_select=lambda: take_stroke(drawing, st.session_state[key]["selection"], closer=tool == "closer"),
            selection_mode=("box", "lasso"),
        )
    return tuple(drawing.marked)


def forget_regions(where: str) -> None:
    """Begin anew with the next image."""
    st.session_state.pop(f"{where}.drawing", None)


def take_stroke(drawing: Drawing, selection: Mapping[str, Any], *, closer: bool = False) -> None:
    """Add what was drawn, as the chart tells it, to the marked places; or look at that part of the image alone."""
    strokes = [*selection.get("box", ()), *selection.get("lasso", ())]
    left, top, right, bottom = drawing.view
    click = CLICK * (right - left) * (bottom - top)
    drawing.too_small = False
    for stroke in strokes:
        across, down = (sorted(stroke[axis]) for axis in ("x", "y"))
        box = rectangle(across[0], down[0], across[-1], down[-1])
        # A box is told by two corners, a lasso by every point of its way.
        outline = box if len(stroke["x"]) == 2 else outline_of(stroke["x"], stroke["y"])
        if box is None or outline is None or area_of(outline) < click:
            drawing.too_small = True
            continue
        if closer:
            drawing.view = _view_of(box)
            return
        if outline not in drawing.marked and len(drawing.marked) < OUTLINES_MAX:
            drawing.marked.append(outline)


def outlined(pixels: NDArray[np.uint8], marked: Sequence[Outline]) -> NDArray[np.uint8]:
    """A picture (H, W, 3) with the marked places outlined; as it is where nothing is marked."""
    if not marked:
        return pixels
    height, width = pixels.shape[:2]
    picture = Image.fromarray(pixels)
    draw = ImageDraw.Draw(picture)
    for outline in marked:
        corners = [(x * (width - 1), y * (height - 1)) for x, y in (*outline, outline[0])]
        for thickness, colour in ((5, "white"), (3, INK)):  # seen on any ground
            draw.line(corners, fill=colour, width=thickness, joint="curve")
    return np.asarray(picture)


def _view_of(box: Outline) -> tuple[float, float, float, float]:
    """The part of the image inside of a box, no smaller than `CLOSEST`."""
    (left, top), (right, bottom) = box[0], box[2]
    across, down = (max(end - begin, CLOSEST) for begin, end in ((left, right), (top, bottom)))
    left, top = min(left, 1 - across), min(top, 1 - down)
    return left, top, left + across, top + down


def _tool_input(where: str) -> str:
    chosen = st.segmented_control(
        t("Draw on the image"),
        list(TOOLS),
        default="box",
        required=True,
        format_func={name: t(title) for name, title in TOOLS.items()}.__getitem__,
        key=f"{where}.tool",
    )
    return str(chosen or "box")


def _show_list(where: str, drawing: Drawing, offered: Sequence[Outline]) -> None:
    for number, outline in enumerate(drawing.marked, start=1):
        st.markdown(t("Region {number}: {percent:.2g} % of the image", number=number, percent=100 * area_of(outline)))
    if not drawing.marked:
        st.caption(t("Nothing is marked yet."))
    if drawing.too_small:
        st.caption(t("What you drew is too small to be a region. Look closer and draw it again."))
    if len(drawing.marked) == OUTLINES_MAX:
        st.caption(t("More than {most} regions cannot be marked.", most=OUTLINES_MAX))
    if drawing.marked:
        st.button(t("Undo"), icon=":material/undo:", key=f"{where}.undo_region", on_click=drawing.undo)
    if offered and not drawing.marked:
        st.button(
            t("Take over the outlined regions"),
            icon=":material/add_box:",
            key=f"{where}.take_regions",
            on_click=drawing.marked.extend,
            args=(list(offered)[:OUTLINES_MAX],),
        )
    if drawing.view != _WHOLE:
        st.button(
            t("Whole image"),
            icon=":material/zoom_out_map:",
            key=f"{where}.whole",
            on_click=drawing.show_whole,
        )


def _canvas(slug: str, sample: ImageSample, drawing: Drawing, tool: str) -> go.Figure:
    """The picture behind a chart whose axes are shares of the image, and what was marked on it."""
    import plotly.graph_objects as go

    left, top, right, bottom = drawing.view
    height, width = sample.pixels.shape[:2]
    # Without a trace there is nothing to select, and a browser reports no selection.
    hidden: dict[str, Any] = {"marker": {"opacity": 0}}
    corners = go.Scatter(x=[0, 1], y=[0, 1], mode="markers", hoverinfo="skip", **hidden, selected=hidden)
    figure = go.Figure(corners.update(unselected=hidden))
    picture = kept_picture(slug, ("canvas", sample.sha256, drawing.view), lambda: _crop(sample.pixels, drawing.view))
    figure.add_layout_image(
        source="data:image/jpeg;base64," + base64.b64encode(picture).decode(),
        xref="x",
        yref="y",
        x=left,
        y=top,
        sizex=right - left,
        sizey=bottom - top,
        sizing="stretch",
        layer="below",
    )
    _draw_marks(figure, drawing)
    axis: dict[str, Any] = {"visible": False, "constrain": "domain", "fixedrange": True}
    figure.update_xaxes(range=[left, right], constraintoward="left", **axis)
    figure.update_yaxes(range=[bottom, top], scaleanchor="x", scaleratio=height / width, **axis)
    pen = {"line": {"color": INK, "width": 3, "dash": "solid"}}
    figure.update_layout(dragmode=tool, selectdirection="d", newselection=pen, showlegend=False)
    return figure.update_layout(margin={"l": 0, "r": 0, "t": 0, "b": 0})


def _draw_marks(figure: go.Figure, drawing: Drawing) -> None:
    """Outline and number of every marked region."""
    for number, outline in enumerate(drawing.marked, start=1):
        figure.add_shape(
            type="path",
            path="M" + "L".join(f"{x},{y}" for x, y in outline) + "Z",
            line={"color": INK, "width": 3},
            fillcolor=f"rgba{(*ImageColor.getrgb(INK), 0.12)}",
        )
        figure.add_annotation(
            x=min(x for x, _ in outline),
            y=min(y for _, y in outline),
            text=f"<b>{number}</b>",
            xanchor="left",
            yanchor="top",
            showarrow=False,
            font={"size": 15, "color": "white"},
            bgcolor=_PLATE,
            borderpad=3,
        )


def _crop(pixels: NDArray[np.uint8], view: tuple[float, float, float, float]) -> NDArray[np.uint8]:
    """The part of the picture that is looked at, in as much detail as it has."""
    height, width = pixels.shape[:2]
    left, top = int(view[0] * width), int(view[1] * height)
    right, bottom = max(left + 1, round(view[2] * width)), max(top + 1, round(view[3] * height))
    return for_display(pixels[top:bottom, left:right])
