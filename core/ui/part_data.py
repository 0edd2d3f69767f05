"""Images of parts to learn from: what is in them, what looks wrong, and what each kind is used for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
import streamlit as st
from PIL import Image

from core.contracts import N_
from core.data.surface_check import MASKS_MIN
from core.data.surface_layout import GOOD
from core.ui.i18n import t
from core.ui.image_data import show_pairs
from core.ui.labels import SPLIT_NAMES, label_name
from core.ui.pictures import jpeg, show_picture
from core.ui.views import escape

if TYPE_CHECKING:
    from core.data.surface_check import PartReport
    from core.data.surfaces import PartImages
    from core.ui.training_data import TrainingData

CHECK_SIDE: Final = 96
"""Images are looked at in this size: enough for counts, repetitions and small pictures of them."""
PICTURES_MAX: Final = 400
"""Small pictures of good parts that a session keeps, so that those left out of a training can be shown."""
SHOWN: Final = 12
EXAMPLE: Final = (
    "bracket.zip\n├── train\n│   └── good\n├── test\n│   ├── good\n│   └── scratch\n└── ground_truth\n    └── scratch"
)


def read_report(slug: str, data: TrainingData) -> PartReport:
    """The data check, with a bar; raises `InputRefused`."""
    from core.data.surfaces import read_parts

    bar = st.progress(0.0, t("Reading the images"))

    def progress(done: int, total: int) -> None:
        if total and (done == total or done % 10 == 0):
            bar.progress(min(done / total, 1.0), t("{done:,} of {total:,} images", done=done, total=total))

    try:
        with data.on_disk() as path:
            parts = read_parts(path, CHECK_SIDE, progress=progress)
    finally:
        bar.empty()
    st.session_state[f"{slug}.part_pictures"] = (data.key, _pictures(parts))
    return parts.report


def _pictures(parts: PartImages) -> dict[str, bytes]:
    """Small pictures of the good parts to learn from, by id."""
    found = parts.splits.get("train")
    if found is None:
        return {}
    return {
        found.ids[row]: jpeg(Image.fromarray(np.repeat(found.pixels[row], 3 // found.pixels.shape[3], axis=2)))
        for row in np.flatnonzero(found.good)[:PICTURES_MAX]
    }


def pictures_of(slug: str, key: str) -> Mapping[str, bytes]:
    """Small pictures of the good parts of the data that was checked last, by id; none of other data."""
    kept: tuple[str, dict[str, bytes]] = st.session_state.get(f"{slug}.part_pictures", ("", {}))
    return kept[1] if kept[0] == key else {}


def settled(slug: str, key: str) -> dict[str, bool]:
    """Options that the checked data leave no choice about, such as without masks whether to learn from defects."""
    from core.data.surface_check import PartReport

    kept = st.session_state.get(f"{slug}.data_check")
    if kept is None or kept[0] != key or not isinstance(kept[1], PartReport):
        return {}
    without = {"supervised": not _learnable(kept[1]), "keep_examples": "test" not in kept[1].counts}
    return {name: False for name, barred in without.items() if barred}


def _learnable(report: PartReport) -> bool:
    """Whether a second network could learn from the defects of checked data."""
    trained = sum(report.masked.get("train", {}).values())
    # Without masks among the training images half of the test images of each type is taken.
    halved = sum(count // 2 for count in report.masked.get("test", {}).values())
    return (trained or halved) >= MASKS_MIN


def show_counts(slug: str, key: str, report: PartReport) -> None:
    """Images by what they show and what they are for, sizes, colours, and pairs that harm."""
    kinds = sorted(
        {kind for counts in report.counts.values() for kind in counts}, key=lambda kind: (kind != GOOD, kind)
    )
    masks = {kind: sum(counts.get(kind, 0) for counts in report.masked.values()) for kind in kinds}
    st.dataframe(
        {t("Shows"): [label_name(kind) for kind in kinds]}
        | {
            t(SPLIT_NAMES.get(split, split)).capitalize(): [counts.get(kind, 0) for kind in kinds]
            for split, counts in report.counts.items()
        }
        | {t("With mask"): [None if kind == GOOD else masks[kind] for kind in kinds]},
        hide_index=True,
        height=min(38 + 35 * len(kinds), 388),
    )
    _show_strip(report.unlike, pictures_of(slug, key))
    _say_uses(report)
    _say_sizes(report)
    show_pairs(
        (
            (N_("good and defective"), report.duplicates_across_classes),
            (N_("two splits"), report.duplicates_across_splits),
            (N_("one split"), report.duplicates_within),
        )
    )


def _show_strip(names: Sequence[str], pictures: Mapping[str, bytes]) -> None:
    """Small pictures with their names; those that are not kept are named alone."""
    shown = [name for name in names if name in pictures][:SHOWN]
    if shown:
        with st.grid(min_column_width=104, gap="small"):
            for name in shown:
                last = name.rpartition("/")[2]
                show_picture(pictures[name], last, caption=escape(last), width="stretch")


def show_left_out(names: Sequence[str], pictures: Mapping[str, bytes], left_out: bool) -> None:
    """Good parts that a training found to look unlike all others, with their pictures as far as they are kept."""
    if not names:
        return
    if left_out:
        said = t("{count} images among the good parts look unlike all others and were left out.", count=len(names))
    else:
        said = t("{count} images among the good parts look unlike all others; they were learned.", count=len(names))
    st.warning(f"{said} {t('Look at them: they may show defects.')}", icon=":material/warning:")
    _show_strip(names, pictures)
    if hidden := [name for name in names if name not in pictures]:
        st.caption(", ".join(escape(name) for name in hidden[:SHOWN]))


def _say_uses(report: PartReport) -> None:
    """What the images are used for, defects above all: never silently for the model of good parts."""
    lines = [
        t(
            "{count:,} images of good parts are learned from. Each is judged once by a memory of the others; that "
            "gives the limit and what can be promised about false alarms.",
            count=report.good,
        )
    ]
    masks = sum(sum(kinds.values()) for kinds in report.masked.values())
    if report.defects:
        lines.append(
            t(
                "{count:,} images of defects, {masks:,} with a mask: the version is measured on them. The model of "
                "good parts never learns from them.",
                count=report.defects,
                masks=masks,
            )
        )
        if _learnable(report):
            lines.append(
                t(
                    "If you switch it on below, a second network learns from images with masks to outline known "
                    "defects; what it learns from is not measured on."
                )
            )
        else:
            lines.append(
                t(
                    "There are too few masks to learn from the defects themselves; a second network needs {count} "
                    "images with a mask to learn from.",
                    count=MASKS_MIN,
                )
            )
    else:
        lines.append(t("No defects came along: how well they are found cannot be measured."))
    for line in lines:
        st.caption(f":material/info: {line}")


def _say_sizes(report: PartReport) -> None:
    sizes, total = report.sizes, sum(sum(kinds.values()) for kinds in report.counts.values())
    counts = {
        "colour": report.coloured,
        "grey": total - report.coloured,
        "within": report.duplicates_within.total,
        "across": report.duplicates_across_splits.total,
    }
    (w_low, w_mid, w_high), (h_low, h_mid, h_high) = sizes.width, sizes.height
    if (w_low, h_low) == (w_high, h_high):
        said = t(
            "All are {width} × {height} pixels; {colour:,} in colour, {grey:,} grey. Repeated images: {within:,}; in "
            "two parts of the data: {across:,}.",
            width=w_low,
            height=h_low,
            **counts,
        )
    else:
        said = t(
            "Width {w_low} to {w_high} pixels (median {w_mid}), height {h_low} to {h_high} (median {h_mid}); "
            "{colour:,} in colour, {grey:,} grey. Repeated images: {within:,}; in two parts of the data: {across:,}.",
            w_low=w_low,
            w_mid=w_mid,
            w_high=w_high,
            h_low=h_low,
            h_mid=h_mid,
            h_high=h_high,
            **counts,
        )
    st.caption(said)
