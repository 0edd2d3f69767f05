"""A map of countries drawn from outlines that ship with the program: plotly's own maps ask the internet for theirs."""

from __future__ import annotations

import json
import math
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from core.market.series import Series
from core.market.shaping import Choice
from core.settings import settings
from core.ui.market_labels import entity_name, hover_of, unit_text
from core.ui.theme import Palette, mode, palette

if TYPE_CHECKING:
    import plotly.graph_objects as go

Line = tuple[list[float | None], list[float | None]]

_EUROPE: Final = (-25.0, 42.0, 34.0, 71.0)
_WORLD: Final = (-170.0, 190.0, -56.0, 80.0)
"""Corners that are shown: west, east, south, north."""


@lru_cache(maxsize=1)
def outlines() -> dict[str, Line]:
    """ISO 3166-1 alpha-3 -> x and y of its borders on a Mercator map, polygons parted by None.

    Source: Natural Earth 1:110m, see `bench/market_assets.py`. Where borders are disputed it draws who governs.
    """
    path = Path(settings().assets) / "market" / "outlines.geojson"
    features: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["features"]
    return {str(feature["id"]): _line(feature["geometry"]["coordinates"]) for feature in features}


def _line(polygons: list[list[list[list[float]]]]) -> Line:
    x: list[float | None] = []
    y: list[float | None] = []
    for polygon in polygons:
        across = [point[0] for point in polygon[0]]  # holes are countries of their own and drawn above
        if max(across) - min(across) > 180:  # over the date line: the western end goes on in the east
            across = [value + 360 if value < 0 else value for value in across]
        x += [*across, None]
        y += [_mercator(point[1]) for point in polygon[0]] + [None]
    return x, y


def _mercator(latitude: float) -> float:
    """Height on the map in degrees of longitude, for latitudes short of the poles."""
    bounded = math.radians(min(max(latitude, -80.0), 84.0))
    return math.degrees(math.log(math.tan(math.pi / 4 + bounded / 2)))


def map_of(one: Series, choice: Choice, table: pd.DataFrame) -> go.Figure:
    """The latest figure of each country as a colour; countries without one stay empty, which is not zero."""
    import plotly.graph_objects as go

    look, figure = palette(mode()), go.Figure()
    rows = table[table["code"] != ""].sort_values("date").groupby("code", as_index=False).last()
    rows = rows[rows["code"].isin(list(outlines()))]
    _add_empty(figure, set(rows["code"]), look)
    low, high = min(0.0, float(rows["value"].min())), float(rows["value"].max())
    for row, hover in zip(rows.itertuples(), hover_of(one, choice.shape, rows), strict=True):
        x, y = outlines()[str(row.code)]
        figure.add_scatter(
            x=x,
            y=y,
            mode="lines",
            fill="toself",
            fillcolor=_colour(look.sequence, (float(str(row.value)) - low) / ((high - low) or 1)),
            line={"color": look.background, "width": 0.7},
            hoveron="fills",
            hoverinfo="text",
            text=f"{entity_name(str(row.entity), str(row.code))}<br>{hover}",
            showlegend=False,
        )
    _add_scale(figure, low, high, unit_text(one, choice.shape), look)
    west, east, south, north = _EUROPE if one.id == "ai_adoption_enterprises" else _WORLD
    hidden = {"visible": False, "showgrid": False, "zeroline": False}
    figure.update_xaxes(hidden | {"range": [west, east]})
    figure.update_yaxes(hidden | {"range": [_mercator(south), _mercator(north)], "scaleanchor": "x"})
    return figure


def _add_empty(figure: go.Figure, with_figures: set[str], look: Palette) -> None:
    x: list[float | None] = []
    y: list[float | None] = []
    for code, (own_x, own_y) in outlines().items():
        if code not in with_figures:
            x, y = x + own_x, y + own_y
    figure.add_scatter(
        x=x,
        y=y,
        mode="lines",
        fill="toself",
        fillcolor="rgba(128,128,128,0.10)",
        line={"color": look.line, "width": 0.5},
        hoverinfo="skip",
        showlegend=False,
    )


def _add_scale(figure: go.Figure, low: float, high: float, title: str, look: Palette) -> None:
    """The bar of colours belongs to a trace without points: fills have none of their own."""
    steps = max(1, len(look.sequence) - 1)
    figure.add_scatter(
        x=[None],
        y=[None],
        mode="markers",
        showlegend=False,
        marker={
            "color": [low],
            "cmin": low,
            "cmax": high,
            "colorscale": [[number / steps, colour] for number, colour in enumerate(look.sequence)],
            "showscale": True,
            "colorbar": {"title": {"text": title, "side": "right"}, "thickness": 12},
        },
    )


def _colour(sequence: tuple[str, ...], share: float) -> str:
    """A colour between those of the sequence, 0 to 1."""
    place = min(max(share, 0.0), 1.0) * (len(sequence) - 1)
    before = min(int(place), len(sequence) - 2)
    first, second = (_channels(sequence[number]) for number in (before, before + 1))
    mixed = [round(a + (b - a) * (place - before)) for a, b in zip(first, second, strict=True)]
    return "rgb({},{},{})".format(*mixed)


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
