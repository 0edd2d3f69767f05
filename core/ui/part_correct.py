"""What a part really is, said by whoever knows: fine, or a defect and where; for answers and for cases to review."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import streamlit as st

from core.contracts import N_, AnomalyPrediction, ImageSample, Outline, Region
from core.data.marked import rectangle
from core.ui.draw_region import regions_input
from core.ui.i18n import t

SAID: Final = (N_("This is fine"), N_("This is a defect"))
"""Beside the labels of a model of parts, in their order."""


def part_input(
    slug: str, where: str, sample: ImageSample, labels: Sequence[str], offered: Sequence[Outline] = ()
) -> tuple[ImageSample, str] | None:
    """The image with the places that were marked on it, and its right label; None until something is said.

    Args:
        slug: Sector.
        where: Prefix of the keys.
        sample: What the image shows is asked.
        labels: The ordinary one and that of defects.
        offered: Outlines that a click takes over.
    """
    titles = dict(zip(labels, SAID, strict=True))
    label = st.segmented_control(
        t("What is it really?"),
        list(labels),
        format_func={name: t(title) for name, title in titles.items()}.__getitem__,
        key=f"{where}.verdict",
    )
    if label is None:
        return None
    if label == labels[0]:
        return sample, label
    st.caption(
        t(
            "Mark the defect, as often as needed: drag a box, or draw round it. A training can learn where defects are "
            "from marked images only. The regions are kept with the image, and not without it."
        )
    )
    return replace(sample, marked=regions_input(slug, where, sample, offered)), label


def outlines_of(prediction: AnomalyPrediction) -> tuple[Outline, ...]:
    """The regions of an answer as outlines."""
    found = [_outline(region) for region in prediction.regions]
    return tuple(outline for outline in found if outline is not None)


def _outline(region: Region) -> Outline | None:
    return rectangle(region.left, region.top, region.right, region.bottom)
