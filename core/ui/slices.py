"""Quality class by class and part by part, the worst part first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from core.contracts import Evaluation, Message, Metric
from core.store.versions import find_sector
from core.training.p_value import p_figure
from core.ui.examples import examples_of, show_examples
from core.ui.i18n import t
from core.ui.labels import label_name
from core.ui.measured import Measured, interval, once
from core.ui.theme import mode, palette, show_chart
from core.ui.views import chart_text, escape
from core.ui.wording import told

if TYPE_CHECKING:
    from core.training.slices import SliceFigures

_CHARTED = 14


def show_classes(measured: Measured) -> None:
    """Precision, recall and F1 of every class."""
    from core.training import quality

    found = quality.class_figures(measured.evaluation)
    labels = measured.evaluation.labels
    st.dataframe(
        {
            t("Class"): [label_name(labels[entry.target]) for entry in found],
            told("Images", measured.slug): [entry.n for entry in found],
            t("Precision"): [interval(entry.precision) for entry in found],
            t("Recall"): [interval(entry.recall) for entry in found],
            t("F1"): [interval(entry.f1) for entry in found],
        },
        hide_index=True,
    )
    st.caption(
        told(
            "In brackets 95 % intervals: Wilson for precision and recall, a bootstrap for F1. Precision is over the "
            "images that were called the class, recall over those that are.",
            measured.slug,
        )
    )


def show_slices(measured: Measured) -> None:
    """Every part of the test images against all of them; the images of a part that were read wrong.

    Where the label that is looked for is rare the parts are of its examples alone: nearly all others are read right, so
    that they would hide what is missed.
    """
    from core.training.slices import worst_slices

    evaluation = measured.evaluation
    rare = len(evaluation.labels) == 2 and "accuracy" not in find_sector(measured.version.sector).metrics
    if rare:
        measured = replace(measured, evaluation=once(_of_rare, evaluation))
    words = _words(measured, rare)
    found = once(worst_slices, measured.evaluation)
    if not found:
        st.info(
            told("These images cannot be parted: there is one class and nothing else is known of them.", measured.slug)
        )
        return
    st.caption(words.measure)
    _chart(measured.slug, found[:_CHARTED], words)
    _table(measured.slug, found, words)
    st.caption(_note(measured, len(found), rare))
    _wrong_in(measured, found, words)


def _of_rare(evaluation: Evaluation) -> Evaluation:
    """The examples of the second label alone."""
    from core.training.quality import take

    return take(evaluation, np.flatnonzero(np.asarray(evaluation.table["truth"]) == 1))


@dataclass(frozen=True)
class _Words:
    """What is counted in a part, in the visitor's language; all plain text but `measure`, which is Markdown."""

    measure: str
    count: str
    right: str
    axis: str
    wrong: str


def _words(measured: Measured, rare: bool) -> _Words:
    slug = measured.slug
    if not rare:
        return _Words(
            told("Share of images read right, part by part, the part furthest below the whole first.", slug),
            told("Images", slug),
            told("Read right", slug),
            told("Percentage points above or below all images", slug),
            told("Images read wrong in this part", slug),
        )
    label = label_name(measured.evaluation.labels[1])
    return _Words(
        t(
            "Of the {n:,} test examples that are {label}: the share that the model finds at its threshold, part by "
            "part, the part furthest below the whole first. False alarms are not in it: see Confusion.",
            n=len(measured.evaluation.table["truth"]),
            label=escape(label),
        ),
        label,
        t("Found"),
        t("Percentage points above or below all {label}", label=chart_text(label, 24)),
        t("{label} missed in this part", label=label),
    )


def _note(measured: Measured, parts: int, rare: bool) -> str:
    from core.training.slices import SMALL

    if rare:
        return t(
            "The gap is to all {label}, with its 95 % interval. {count} parts were looked at, so p is corrected for "
            "that (Holm): below 0.05 a gap is more than chance. Parts with fewer than {small} are marked; their "
            "figures say little.",
            label=escape(label_name(measured.evaluation.labels[1])),
            count=parts,
            small=SMALL,
        )
    return told(
        "The gap is to all images, with its 95 % interval. {count} parts were looked at, so p is corrected for that "
        "(Holm): below 0.05 a gap is more than chance. Parts with fewer than {small} images are marked; their figures "
        "say little.",
        measured.slug,
        count=parts,
        small=SMALL,
    )


def _word(name: str) -> str:
    """Name or value of a slice as plain text."""
    from core.training.slices import title

    shown = title(name)
    return t(shown) if isinstance(shown, Message) else label_name(shown) or "–"


def _name(part: SliceFigures) -> str:
    return f"{_word(part.name)}: {_word(part.value)}"


def _points(metric: Metric) -> str:
    return f"{100 * metric.value:+.1f} [{100 * metric.low:+.1f}, {100 * metric.high:+.1f}]"


def _table(slug: str, found: Sequence[SliceFigures], words: _Words) -> None:
    rows = [
        {
            t("Part"): _name(part),
            words.count: part.n,
            words.right: interval(part.metric),
            t("Gap, points"): _points(part.gap),
            t("p, corrected"): p_figure(part.p_value),
            t("Note"): told("few images", slug) if part.small else "",
        }
        for part in found
    ]
    st.dataframe(rows, hide_index=True, height=min(38 + 35 * len(rows), 388))


def _chart(slug: str, found: Sequence[SliceFigures], words: _Words) -> None:
    import plotly.graph_objects as go

    values = [100 * part.gap.value for part in found]
    figure = go.Figure(
        go.Scatter(
            x=values,
            y=[chart_text(f"{_name(part)} ({part.n:,})") for part in found],
            error_x={
                "type": "data",
                "array": [100 * part.gap.high - value for part, value in zip(found, values, strict=True)],
                "arrayminus": [value - 100 * part.gap.low for part, value in zip(found, values, strict=True)],
            },
            mode="markers",
            marker={"size": 9, "symbol": ["circle-open" if part.small else "circle" for part in found]},
            hovertemplate="%{y}: %{x:+.1f}<extra></extra>",
        )
    )
    figure.add_vline(x=0, line={"dash": "dot", "color": palette(mode()).muted})
    figure.update_layout(showlegend=False)
    figure.update_xaxes(title=words.axis)
    figure.update_yaxes(autorange="reversed")
    show_chart(figure, f"{slug}.slices", height=90 + 32 * len(found), alt=told("Gap of every part to all images", slug))


def _wrong_in(measured: Measured, found: Sequence[SliceFigures], words: _Words) -> None:
    """Wrongly read images of the part that the visitor chooses, the most confident first."""
    from core.training.slices import slices_of

    place = st.selectbox(
        words.wrong,
        range(len(found)),
        format_func=[_name(part) for part in found].__getitem__,
        key=f"{measured.slug}.slice",
    )
    part, table = found[place], measured.evaluation.table
    rows: Any = next(
        rows for name, value, rows in slices_of(measured.evaluation) if (name, value) == (part.name, part.value)
    )
    wrong = np.flatnonzero(rows & (np.asarray(table["truth"]) != np.asarray(table["prediction"])))
    order = np.argsort(-np.asarray(table["scores"])[wrong].max(axis=1), kind="stable")
    ids = [str(table["id"][row]) for row in wrong[order]]
    st.caption(
        told(
            "{name}: {wrong:,} of {n:,} images read wrong",
            measured.slug,
            name=escape(_name(part)),
            wrong=len(ids),
            n=part.n,
        )
    )
    show_examples(measured, "slice", f"{part.name}.{part.value}", examples_of(measured.evaluation, ids))
