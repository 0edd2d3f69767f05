"""Views of quality: every one a function of the stored evaluation, shown with the data, split, n, seed and command."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Literal

import streamlit as st

from core.contracts import N_, Evaluation, Sector
from core.errors import AppError
from core.serving import service
from core.store.registry import registry
from core.store.versions import Version, find_sector
from core.ui.accuracy import show_accuracy
from core.ui.baseline import show_baseline
from core.ui.confusion import show_confusion
from core.ui.curves import show_calibration, show_pr, show_roc
from core.ui.diagnosis import show_diagnosis
from core.ui.figures import metric_meaning, metric_title
from core.ui.i18n import t
from core.ui.labels import SPLIT_NAMES
from core.ui.measured import SHARES, Measured, outward
from core.ui.money import show_money
from core.ui.part_alarms import show_false_alarms
from core.ui.part_money import show_part_money
from core.ui.part_quality import show_mistakes, show_types
from core.ui.rivals import show_models, show_overlap
from core.ui.robustness import show_robustness
from core.ui.slices import show_classes, show_slices
from core.ui.suite import show_suite
from core.ui.threshold import show_threshold
from core.ui.views import escape, show_error
from core.ui.wording import told

Split = Literal["test", "validation"]

VIEWS = {
    "confusion": N_("Confusion"),
    "classes": N_("By class"),
    "roc": N_("ROC"),
    "pr": N_("Precision and recall"),
    "calibration": N_("Calibration"),
    "threshold": N_("Threshold"),
    "money": N_("Money"),
    "slices": N_("Slices"),
    "overfitting": N_("Overfitting"),
    "models": N_("Models"),
    "baseline": N_("Baseline"),
    "suite": N_("Hard lines"),
    "overlap": N_("Rules and model"),
    "accuracy": N_("Why accuracy lies"),
    "types": N_("By type of defect"),
    "alarms": N_("False alarms"),
    "mistakes": N_("Worst mistakes"),
    "robustness": N_("Robustness"),
}
_OF_IMAGES = ("confusion", "classes", "roc", "pr", "calibration", "threshold", "money", "slices", "overfitting")
_OF_TRANSACTIONS = (
    *("models", "overlap", "accuracy", "pr", "roc", "calibration", "threshold", "money", "slices"),
    "confusion",
)
_OF_TEXTS = ("confusion", "classes", "suite", "baseline", "slices", "calibration", "threshold", "roc", "pr")
_OF_PARTS = ("types", "alarms", "mistakes", "robustness", "money", "confusion", "roc", "slices")
_OF = {
    "images": _OF_IMAGES,
    "parts": _OF_PARTS,
    "transactions": _OF_TRANSACTIONS,
    "texts": _OF_TEXTS,
    "interactions": (),
}


SKIPPED = {
    "blocked cards": N_("transactions of blocked cards"),
    "unknown label": N_("transactions whose label is not known"),
}
"""What evaluations of transactions leave out -> its words."""
_WHY_BLOCKED = N_("As in a bank, a card is blocked once a fraud of it is known, and is not scored from then on.")


def views_of(sector: Sector) -> tuple[str, ...]:
    """Names of the views of a sector's tables, in order, the first one shown first."""
    return _OF[sector.reads]


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
    show_quality(Measured(sector.slug, version, evaluation))


def show_quality(measured: Measured) -> None:
    """Figures with intervals, where they come from, and one heavy view at a time."""
    sector = find_sector(measured.version.sector)
    command_last = sector.reads == "parts"  # a visitor there is no statistician; what the figures mean comes first
    show_provenance(measured.evaluation, measured.version, with_command=not command_last)
    show_summary(measured.evaluation, sector)
    views = views_of(sector)
    view = st.segmented_control(
        t("View of quality"),
        views,
        default=views[0],
        required=True,
        format_func={name: t(VIEWS[name]) for name in views}.__getitem__,
        key=f"{measured.slug}.quality_view",
        label_visibility="collapsed",
        persist_state="session",
    )
    try:
        _VIEWS[view or views[0]](measured)
    except AppError as error:
        show_error(error)
    if command_last:
        _show_command(measured.evaluation, measured.version)


def _money(measured: Measured) -> None:
    """Money needs a second table, which chooses the threshold."""
    chooses = _read_once(service.evaluation_of, measured.version, "validation")
    show = show_part_money if find_sector(measured.version.sector).reads == "parts" else show_money
    show(measured, chooses)


def _alarms(measured: Measured) -> None:
    """Limits are taken from the parts of a second table too."""
    show_false_alarms(measured, _read_once(service.evaluation_of, measured.version, "validation"))


def show_provenance(evaluation: Evaluation, version: Version, with_command: bool = True) -> None:
    """What the figures were measured on, and the command that measures them again."""
    data = evaluation.data
    st.caption(
        told(
            "Measured on {n:,} images: data set {name}, {split} split, seed {seed}. Intervals are 95 %.",
            version.sector,
            n=data.n,
            name=escape(data.name),
            split=t(SPLIT_NAMES.get(data.split, data.split)),
            seed=evaluation.seed,
        )
    )
    if evaluation.skipped:
        left_out = ", ".join(f"{escape(_skipped(why))} ({count:,})" for why, count in evaluation.skipped.items())
        said = told(
            "Left out, because the model does not know these classes: {classes}", version.sector, classes=left_out
        )
        st.caption(f"{said}. {t(_WHY_BLOCKED)}" if "blocked cards" in evaluation.skipped else said)
    if with_command:
        _show_command(evaluation, version)


def _show_command(evaluation: Evaluation, version: Version) -> None:
    if evaluation.command:
        # Written before the version had its number.
        command = evaluation.command.replace("--model VERSION", f"--model {version.ref}")
        st.code(command, language="bash", wrap_lines=True)


def _skipped(why: str) -> str:
    """Why rows were left out, in words; a class of somebody's data as it is."""
    return t(SKIPPED[why]) if why in SKIPPED else why


def show_summary(evaluation: Evaluation, sector: Sector) -> None:
    """One figure per metric of the sector with its interval."""
    with st.grid(min_column_width=170):
        for name in sector.metrics:
            metric = evaluation.summary.get(name)
            if metric is not None:
                share, low, high = name in SHARES, metric.low, metric.high
                if share:
                    low, high = outward(low, high)
                st.metric(
                    metric_title(name),
                    f"{100 * metric.value:.1f} %" if share else f"{metric.value:.3f}",
                    delta=f"{low:.1f} – {high:.1f} %" if share else f"{low:.3f} – {high:.3f}",
                    delta_color="off",
                    delta_arrow="off",
                    border=True,
                    help=metric_meaning(name),
                )
    for name in SHARES:
        if name in sector.metrics and name in evaluation.summary:
            st.caption(f"**{metric_title(name)}:** {metric_meaning(name)}")


_VIEWS: dict[str, Callable[[Measured], None]] = {
    "confusion": show_confusion,
    "classes": show_classes,
    "roc": show_roc,
    "pr": show_pr,
    "calibration": show_calibration,
    "threshold": show_threshold,
    "money": _money,
    "slices": show_slices,
    "overfitting": show_diagnosis,
    "models": show_models,
    "baseline": show_baseline,
    "suite": show_suite,
    "overlap": show_overlap,
    "accuracy": show_accuracy,
    "types": show_types,
    "alarms": _alarms,
    "mistakes": show_mistakes,
    "robustness": show_robustness,
}
