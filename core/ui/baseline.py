"""The simple baseline beside a model on the same rows: what the model is worth over counting words."""

from __future__ import annotations

import streamlit as st

from core.contracts import Evaluation, Metric
from core.ui.figures import metric_title
from core.ui.i18n import t
from core.ui.measured import Measured, interval, once
from core.ui.rivals import compares_models, model_title

METRICS = ("accuracy", "auroc")


def show_baseline(measured: Measured) -> None:
    """A line for each model with its figures and the change in accuracy that the version brings."""
    evaluation = measured.evaluation
    if not compares_models(evaluation):
        st.info(t("This version is the baseline itself, or no baseline was fitted with it."), icon=":material/balance:")
        return
    own = str(measured.version.manifest.get("architecture", "model"))
    with st.spinner(t("Measuring the other models")):
        changes = once(_changes, evaluation)
        others = once(_others, evaluation)
    found = {own: {name: evaluation.summary[name] for name in METRICS if name in evaluation.summary}} | others
    st.dataframe(
        [
            {t("Model"): model_title(kind) + (f" · {t('answers')}" if kind == own else "")}
            | {metric_title(name): interval(figures[name]) if name in figures else "–" for name in METRICS}
            | {t("Accuracy of the one that answers, less this one's"): _signed(changes.get(kind))}
            for kind, figures in found.items()
        ],
        hide_index=True,
    )
    st.caption(
        t(
            "The baseline was fitted to the training texts of the same run, and all were measured on the same {n:,} "
            "test texts; a score of one half decides. A version that started from another knows what that one had "
            "learned, too. In brackets 95 % intervals; those of the differences are over the same resamples for both, "
            "and where one holds 0 the order may be chance.",
            n=evaluation.data.n,
        )
    )


def _others(evaluation: Evaluation) -> dict[str, dict[str, Metric]]:
    """Figures of the other models by kind."""
    from core.training.rivals import decided_by, deciding_figures, other_models

    return {kind: deciding_figures(decided_by(evaluation, kind)) for kind in other_models(evaluation)}


def _changes(evaluation: Evaluation) -> dict[str, Metric]:
    """What the version is more often right than each of the others."""
    from core.training.paired import metric_change
    from core.training.rivals import decided_by, other_models

    return {
        kind: metric_change(decided_by(evaluation, kind), evaluation, METRICS[0]) for kind in other_models(evaluation)
    }


def _signed(change: Metric | None) -> str:
    return "–" if change is None else f"{change.value:+.3f} [{change.low:+.3f}, {change.high:+.3f}]"
