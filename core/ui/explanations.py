"""Draws explanations of images; the view is chosen by `explanation.kind`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from core.contracts import Explanation, Faithfulness, Heatmap, ImageSample
from core.explain.overlay import blend
from core.ui.i18n import t
from core.ui.labels import label_name
from core.ui.pictures import kept_picture, show_picture
from core.ui.views import escape, for_display


def show_explanation(slug: str, explanation: Explanation, sample: ImageSample, opacity: float) -> None:
    """The explanation over the input, by kind; `opacity` in [0, 1]."""
    _EXPLANATION_VIEWS[explanation.kind](slug, explanation, sample, opacity)


def _show_heatmap(slug: str, heatmap: Heatmap, sample: ImageSample, opacity: float) -> None:
    picture = kept_picture(
        slug,
        ("map", sample.sha256, heatmap.method, heatmap.target, opacity),
        lambda: blend(for_display(sample.pixels), heatmap, opacity),
        source=heatmap,
    )
    show_picture(
        picture,
        t("The image with the importance map over it"),
        caption=t("Bright: matters most for the score of {target}", target=escape(label_name(heatmap.target))),
        width="stretch",
    )


def show_faithfulness(faithfulness: Faithfulness | None) -> None:
    """How far to trust the map, in words first and then in figures."""
    if faithfulness is None:
        st.caption(t("How faithful this map is was not measured."))
        return
    gain = faithfulness.gain
    if gain > 0.1:
        verdict = t("The map holds: hiding what it marks lowers the score much faster than hiding pixels at random.")
    elif gain > 0:
        verdict = t("The map is weak: hiding what it marks lowers the score only a little faster than random pixels.")
    else:
        verdict = t("Do not trust this map: random pixels matter to the model as much as the ones it marks.")
    st.write(verdict)
    st.caption(
        t(
            "Faithfulness {gain:+.2f} (above 0 is better than chance). Area under the score curve when the marked "
            "pixels are removed first: {deletion:.2f}, random order {random_deletion:.2f}; when they are shown first: "
            "{insertion:.2f}, random order {random_insertion:.2f}. Mean of {n_random} random orders.",
            gain=gain,
            deletion=faithfulness.deletion,
            random_deletion=faithfulness.random_deletion,
            insertion=faithfulness.insertion,
            random_insertion=faithfulness.random_insertion,
            n_random=faithfulness.n_random,
        )
    )


_EXPLANATION_VIEWS: dict[str, Callable[[str, Any, ImageSample, float], None]] = {"heatmap": _show_heatmap}
