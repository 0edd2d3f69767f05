"""The same test images darker, blurred, turned: what a version makes of them when a camera is not quite as it was."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import streamlit as st

from core.ui.dots import show_dots
from core.ui.figures import choose_figure, data_title, metric_title
from core.ui.i18n import t
from core.ui.labels import SPLIT_NAMES
from core.ui.measured import Measured, figure_of
from core.ui.views import escape

if TYPE_CHECKING:
    from core.training.robustness import Robustness

_SHOWN: Final = ("image_auroc", "false_alarm_rate", "escape_rate")


def show_robustness(measured: Measured) -> None:
    """A line for every disturbance: its figures beside those of the images as they were taken."""
    found = _stored(measured.version.path)
    if found is None:
        st.info(
            t(
                "How this version takes other light, blur or a turned part was not measured: its test holds too few "
                "good parts or too few defects."
            )
        )
        return
    names = [name for name in _SHOWN if all(name in row.metrics for row in found.rows)]
    name = choose_figure(f"{measured.slug}.robustness_figure", names)
    show_dots(
        f"{measured.slug}.robustness",
        [(t(row.title), row.metrics[name]) for row in found.rows],
        metric_title(name),
        t("{figure} under every disturbance", figure=metric_title(name)),
        found.rows[0].metrics[name].value,
    )
    _table(found, names)


def _table(found: Robustness, names: Sequence[str]) -> None:
    st.dataframe(
        [
            {t("Images"): t(row.title)}
            | {metric_title(figure): figure_of(figure, row.metrics[figure]) for figure in names}
            for row in found.rows
        ],
        hide_index=True,
    )
    st.caption(
        t(
            "The same {n:,} images each time: data set {name}, {split} split, seed {seed}; the limit is never moved. "
            "In brackets 95 % intervals; the dotted line is the images as taken. Where false alarms rise, the promise "
            "about good parts does not hold for such images: teach the part again as it looks now.",
            n=found.data.n,
            name=escape(data_title(found.data.name)),
            split=t(SPLIT_NAMES.get(found.data.split, found.data.split)),
            seed=found.seed,
        )
    )


@lru_cache(maxsize=16)
def _stored(folder: Path) -> Robustness | None:
    """Checkpoints do not change, and every run of a page asks; raises `ModelRefused` when the file is damaged."""
    from core.training.robustness import load_robustness

    return load_robustness(folder)
