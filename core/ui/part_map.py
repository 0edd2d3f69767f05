"""A part with the map of what is unlike good parts over it, outlined regions, and a table of them."""

from __future__ import annotations

from typing import Final

import streamlit as st

from core.contracts import AnomalyPrediction, ImageSample, Region
from core.explain.overlay import blend_part, outline_regions
from core.ui.i18n import t
from core.ui.pictures import kept_picture, show_picture
from core.ui.views import for_display

DEFAULT_OPACITY: Final = 60
"""Percent."""


def show_map(slug: str, sample: ImageSample, found: AnomalyPrediction, title: str) -> None:
    """The part as it was sent beside the part with its map, and what was outlined; `title` is Markdown.

    Of a declined image there is no map: nearly all of it would be marked.
    """
    if found.abstained is not None:
        with st.grid(2, min_column_width=150):
            _show_part(slug, sample, title)
            st.caption(t("No map: the model gave no answer to explain."))
        return
    st.fragment(_draw)(slug, sample, found, title)
    _show_regions(slug, sample, found)


def _draw(slug: str, sample: ImageSample, found: AnomalyPrediction, title: str) -> None:
    """In a fragment: the slider redraws the pictures alone."""
    pictures = st.container()
    percent = st.slider(
        t("Opacity of the map, %"), 0, 100, DEFAULT_OPACITY, 5, key=f"{slug}.opacity", persist_state="session"
    )
    with pictures, st.grid(2, min_column_width=150):
        _show_part(slug, sample, title)
        show_picture(
            kept_picture(
                slug,
                ("map", sample.sha256, percent, found.map_threshold, len(found.regions)),
                lambda: outline_regions(blend_part(for_display(sample.pixels), found, percent / 100), found),
                source=found.anomaly_map,
            ),
            t("The part with the map of what is unlike good parts over it"),
            caption=t(
                "Violet over orange to yellow: more and more unlike good parts. Outlined: past the limit of the map."
            ),
            width="stretch",
        )


def _show_part(slug: str, sample: ImageSample, title: str) -> None:
    picture = kept_picture(slug, ("picture", sample.sha256), lambda: for_display(sample.pixels))
    show_picture(picture, t("The part as it was sent"), caption=title, width="stretch")


def _show_regions(slug: str, sample: ImageSample, found: AnomalyPrediction) -> None:
    """The outlined regions by their numbers in the picture."""
    from core.serving.parts import OUTLINED

    if not found.regions:
        st.caption(t("Nothing is outlined: no place passes the limit of the map."))
        return
    st.dataframe(
        [
            {
                t("Region"): number,
                t("Share of the image, %"): round(100 * region.area, 2),
                t("Area, px"): area_px(region, sample),
                t("Map, of its limit"): round(region.score / OUTLINED, 2),
            }
            for number, region in enumerate(found.regions, start=1)
        ],
        hide_index=True,
        height=min(38 + 35 * len(found.regions), 213),
        key=f"{slug}.regions",
    )
    st.caption(
        t(
            "Map, of its limit: the most unlike place of the region; 1.00 is the limit of the map. The map has a scale "
            "of its own, other than that of the score."
        )
    )
    if any(region.score < OUTLINED for region in found.regions):
        st.caption(t("Below 1.00 a place is outlined only because the part is called defective."))


def area_px(region: Region, sample: ImageSample) -> int:
    """Area of a region in pixels of the image that was sent."""
    height, width = sample.pixels.shape[:2]
    return max(1, round(float(region.area * height * width)))
