"""Views of quality: every one a function of the stored evaluation, shown with the data, split, n, seed and command."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, Literal

import numpy as np
import streamlit as st

from core.contracts import N_, Evaluation, Metric, Sector
from core.errors import AppError
from core.serving import service
from core.store.registry import registry
from core.store.versions import Version
from core.ui.curves import show_calibration, show_pr, show_roc, show_threshold
from core.ui.i18n import t
from core.ui.labels import SPLIT_NAMES, label_name
from core.ui.theme import mode, palette, show_chart
from core.ui.views import chart_text, escape, show_error

Split = Literal["test", "validation"]

METRIC_NAMES = {
    "auroc": N_("AUROC"),
    "accuracy": N_("Accuracy"),
    "balanced_accuracy": N_("Balanced accuracy"),
    "f1_macro": N_("F1 (macro)"),
    "average_precision": N_("Average precision"),
    "ece": N_("Calibration (ECE)"),
    "declined": N_("Declined"),
}
VIEWS = {
    "confusion": N_("Confusion"),
    "roc": N_("ROC"),
    "pr": N_("Precision and recall"),
    "calibration": N_("Calibration"),
    "threshold": N_("Threshold"),
}
_NUMBERS_UP_TO = 12
_IDS_SHOWN = 200


def champion_evaluation(sector: Sector, split: Split = "test") -> Evaluation | None:
    """The stored evaluation of the version in use; None when there is none or it cannot be read."""
    try:
        return _read_once(service.evaluation_of, registry().resolve(sector.slug), split)
    except AppError:
        return None


@lru_cache(maxsize=32)
def _read_once(
    read: Callable[[Version, Split], Evaluation | None], version: Version, split: Split
) -> Evaluation | None:
    """Evaluations do not change, and every run of a page wants one. What `read` raises is not kept."""
    return read(version, split)


def show_champion_quality(sector: Sector) -> None:
    """Quality of the version in use."""
    try:
        version = registry().resolve(sector.slug)
        evaluation = _read_once(service.evaluation_of, version, "test")
    except AppError as error:
        show_error(error)
        return
    if evaluation is None:
        st.info(t("No evaluation is stored with version {version}.", version=escape(version.ref)))
        return
    show_quality(sector.slug, evaluation)


def show_quality(slug: str, evaluation: Evaluation) -> None:
    """Figures with intervals, where they come from, and one heavy view at a time."""
    show_provenance(evaluation)
    show_summary(evaluation)
    view = st.segmented_control(
        t("View of quality"),
        list(VIEWS),
        default="confusion",
        required=True,
        format_func={name: t(title) for name, title in VIEWS.items()}.__getitem__,
        key=f"{slug}.quality_view",
        label_visibility="collapsed",
        persist_state="session",
    )
    _VIEWS[view or "confusion"](slug, evaluation)


def show_provenance(evaluation: Evaluation) -> None:
    """What the figures were measured on, and the command that measures them again."""
    data = evaluation.data
    st.caption(
        t(
            "Measured on {n} images: data set {name}, {split} split, seed {seed}. Intervals are 95 %.",
            n=data.n,
            name=escape(data.name),
            split=t(SPLIT_NAMES.get(data.split, data.split)),
            seed=evaluation.seed,
        )
    )
    if evaluation.skipped:
        left_out = ", ".join(f"{escape(label)} ({count})" for label, count in evaluation.skipped.items())
        st.caption(t("Left out, because the model does not know these classes: {classes}", classes=left_out))
    if evaluation.command:
        st.code(evaluation.command, language="bash", wrap_lines=True)


def show_summary(evaluation: Evaluation) -> None:
    """One figure per metric with its interval."""
    with st.grid(min_column_width=170):
        for name, title in METRIC_NAMES.items():
            metric = evaluation.summary.get(name)
            if metric is not None:
                st.metric(
                    t(title),
                    f"{metric.value:.3f}",
                    delta=f"{metric.low:.3f} – {metric.high:.3f}",
                    delta_color="off",
                    delta_arrow="off",
                    border=True,
                )


def interval(metric: Metric, digits: int = 3) -> str:
    """`0.912 [0.890, 0.931]`."""
    return f"{metric.value:.{digits}f} [{metric.low:.{digits}f}, {metric.high:.{digits}f}]"


def _confusion(slug: str, evaluation: Evaluation) -> None:
    import plotly.graph_objects as go

    from core.training import quality

    counts = quality.confusion(evaluation)
    colours = palette(mode()).sequence
    labels = [chart_text(label_name(label), 24) for label in evaluation.labels]
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    figure = go.Figure(
        go.Heatmap(
            z=share,
            x=list(range(len(labels))),
            y=list(range(len(labels))),
            text=counts if len(labels) <= _NUMBERS_UP_TO else None,
            texttemplate="%{text}" if len(labels) <= _NUMBERS_UP_TO else None,
            textfont={"size": 16},
            customdata=counts,
            hovertemplate="%{customdata}<extra></extra>",
            colorscale=[[place / (len(colours) - 1), colour] for place, colour in enumerate(colours)],
            zmin=0,
            zmax=1,
            showscale=False,
            xgap=2,
            ygap=2,
        )
    )
    ticks: dict[str, Any] = {"tickvals": list(range(len(labels))), "ticktext": labels, "showgrid": False}
    figure.update_xaxes(title=t("Decision of the model"), side="bottom", **ticks)
    figure.update_yaxes(title=t("True label"), autorange="reversed", **ticks)
    show_chart(
        figure,
        f"{slug}.confusion",
        height=min(760, 180 + 70 * len(labels)),
        alt=t("Confusion matrix: true label in rows, decision in columns"),
    )
    st.caption(t("Number of images; the colour is the share of each true label."))
    _confusion_cell(slug, evaluation)


def _confusion_cell(slug: str, evaluation: Evaluation) -> None:
    from core.training import quality

    numbers = range(len(evaluation.labels))

    named = [label_name(label) for label in evaluation.labels].__getitem__

    left, right = st.columns(2)
    truth = left.selectbox(t("Images that are"), numbers, format_func=named, key=f"{slug}.cell_truth")
    decided = right.selectbox(
        t("and were read as"), numbers, index=min(1, len(numbers) - 1), format_func=named, key=f"{slug}.cell_decided"
    )
    ids = quality.confusion_ids(evaluation, truth, decided)
    st.caption(t("{count} images, the most confident first", count=len(ids)))
    if ids:
        st.dataframe({t("Image"): ids[:_IDS_SHOWN]}, hide_index=True, height=min(38 + 35 * len(ids), 248))


_VIEWS: dict[str, Callable[[str, Evaluation], None]] = {
    "confusion": _confusion,
    "roc": show_roc,
    "pr": show_pr,
    "calibration": show_calibration,
    "threshold": show_threshold,
}
