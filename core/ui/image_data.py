"""Labelled images to learn from: how they come, and what is in them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from core.contracts import N_
from core.ui.i18n import t
from core.ui.labels import SPLIT_NAMES

if TYPE_CHECKING:
    from core.data.check import DataReport, DuplicatePairs
    from core.ui.training_data import TrainingData

CHECK_SIDE = 64
"""Images are looked at in this size: enough for counts and duplicates, and quick."""
EXAMPLE = "images.zip\n├── cats\n│   ├── 1.png\n│   └── 2.png\n└── dogs\n    ├── 1.png\n    └── 2.png"


def read_report(data: TrainingData) -> DataReport:
    """The data check, with a bar; raises `InputRefused`."""
    from core.data.images import read_labelled_images

    bar = st.progress(0.0, t("Reading the images"))

    def progress(done: int, total: int) -> None:
        if total and (done == total or done % 25 == 0):
            bar.progress(min(done / total, 1.0), t("{done:,} of {total:,} images", done=done, total=total))

    try:
        with data.on_disk() as path:
            return read_labelled_images(path, CHECK_SIDE, progress=progress).report
    finally:
        bar.empty()


def show_counts(report: DataReport) -> None:
    """Counts per class and split, sizes and duplicates."""
    labels = sorted({label for counts in report.counts.values() for label in counts})
    st.dataframe(
        {t("Class"): labels}
        | {
            t(SPLIT_NAMES.get(split, split)).capitalize(): [counts.get(label, 0) for label in labels]
            for split, counts in report.counts.items()
        },
        hide_index=True,
        height=min(38 + 35 * len(labels), 388),
    )
    sizes = report.sizes
    st.caption(
        t(
            "Width {w_low} to {w_high} pixels (median {w_mid}), height {h_low} to {h_high} (median {h_mid}). Largest "
            "class over smallest: {balance:.1f}. Duplicates: {within} within a class, {classes} in two classes, "
            "{splits} in two splits.",
            w_low=sizes.width[0],
            w_mid=sizes.width[1],
            w_high=sizes.width[2],
            h_low=sizes.height[0],
            h_mid=sizes.height[1],
            h_high=sizes.height[2],
            balance=report.balance,
            within=report.duplicates_within.total,
            classes=report.duplicates_across_classes.total,
            splits=report.duplicates_across_splits.total,
        )
    )
    show_pairs(
        (
            (N_("two splits"), report.duplicates_across_splits),
            (N_("two classes"), report.duplicates_across_classes),
        )
    )


def show_pairs(found: Sequence[tuple[str, DuplicatePairs]]) -> None:
    """Pairs of equal pictures that harm, with a word for where they stand."""
    rows = [
        {t("Same picture in"): t(where), t("Image"): one, t("Again as"): other}
        for where, duplicates in found
        for one, other in duplicates.pairs
    ]
    if rows:
        st.dataframe(rows, hide_index=True, height=min(38 + 35 * len(rows), 248))
