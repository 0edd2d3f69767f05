"""One look for all charts: a plotly template built from the theme in .streamlit/config.toml, light and dark."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, Literal

import streamlit as st

if TYPE_CHECKING:
    import plotly.graph_objects as go

Mode = Literal["light", "dark"]

FONT: Final = "Source Sans, PingFang SC, Microsoft YaHei, Noto Sans CJK SC, sans-serif"
"""Served with Streamlit or installed with the system: no font comes from a network."""

_FALLBACK: Final[dict[str, str]] = {
    "textColor": "#15232b",
    "backgroundColor": "#ffffff",
    "borderColor": "#d6dee2",
    "primaryColor": "#0b6b70",
    "grayColor": "#5b6b75",
}
"""Used when a script runs without the configuration file, as in some tests."""


@dataclass(frozen=True)
class Palette:
    """Colours of one mode, as `#rrggbb`."""

    text: str
    muted: str
    background: str
    line: str
    primary: str
    series: tuple[str, ...]
    sequence: tuple[str, ...]


def mode() -> Mode:
    """The mode the visitor looks at; light when the browser has not told yet."""
    return "dark" if st.context.theme.type == "dark" else "light"


@lru_cache(maxsize=2)
def palette(which: Mode) -> Palette:
    """The colours of `which` mode, read from the theme in force."""

    def colour(name: str) -> str:
        return str(st.get_option(f"theme.{which}.{name}") or st.get_option(f"theme.{name}") or _FALLBACK[name])

    def colours(name: str) -> tuple[str, ...]:
        return tuple(st.get_option(f"theme.{which}.{name}") or st.get_option(f"theme.{name}") or ())

    primary = colour("primaryColor")
    return Palette(
        text=colour("textColor"),
        muted=colour("grayColor"),
        background=colour("backgroundColor"),
        line=colour("borderColor"),
        primary=primary,
        series=colours("chartCategoricalColors") or (primary,),
        sequence=colours("chartSequentialColors") or (colour("backgroundColor"), primary),
    )


@lru_cache(maxsize=2)
def template(which: Mode) -> go.layout.Template:
    """The plotly template for `which` mode: transparent, thin grid, series colours that colour-blind eyes part."""
    import plotly.graph_objects as go

    look = palette(which)
    axis: dict[str, Any] = {
        "gridcolor": look.line,
        "linecolor": look.line,
        "zerolinecolor": look.line,
        "tickfont": {"color": look.muted, "size": 12},
        "title": {"font": {"color": look.text, "size": 13}, "standoff": 8},
        "automargin": True,
    }
    steps = max(1, len(look.sequence) - 1)
    return go.layout.Template(
        layout={
            "font": {"family": FONT, "color": look.text, "size": 13},
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "colorway": list(look.series),
            "colorscale": {"sequential": [[i / steps, colour] for i, colour in enumerate(look.sequence)]},
            "margin": {"l": 8, "r": 8, "t": 28, "b": 8},
            "xaxis": axis,
            "yaxis": axis,
            "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "font": {"color": look.text}},
            "hoverlabel": {"bgcolor": look.background, "bordercolor": look.line, "font": {"color": look.text}},
        }
    )


def show_chart(figure: go.Figure, key: str, height: int = 320, **options: Any) -> Any:
    """Draw `figure` in the house style and return what `st.plotly_chart` returns.

    Args:
        figure: The chart, without colours of its own where the series colours will do.
        key: Widget key, `f"{slug}.{name}"`.
        height: Pixels.
        options: Passed on to `st.plotly_chart`, for example `on_select`.
    """
    figure.update_layout(template=template(mode()), height=height)
    # With the "streamlit" theme the browser recolours the template when a visitor switches between light and dark,
    # which reruns nothing here.
    return st.plotly_chart(figure, key=key, theme="streamlit", config={"displayModeBar": False}, **options)
