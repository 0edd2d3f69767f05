"""Why accuracy lies where the answer that is looked for is rare."""

from __future__ import annotations

import streamlit as st

from core.contracts import Metric
from core.ui.figures import metric_title
from core.ui.i18n import t
from core.ui.labels import label_name
from core.ui.measured import Measured, interval, once
from core.ui.views import escape


def show_accuracy(measured: Measured) -> None:
    """A do-nothing answer beside the model: nearly equal in accuracy, and worlds apart in what they find."""
    from core.training.rivals import accuracies

    found, labels = once(accuracies, measured.evaluation), measured.evaluation.labels
    common, rare = (escape(label_name(label)) for label in labels[:2])
    with st.grid(2, min_column_width=240):
        _card(t("Always say “{label}”", label=common), found.always, 0, found.positives, rare)
        _card(t("The model in use"), found.model, found.found, found.positives, rare)
    st.write(
        t(
            "Whoever calls everything “{common}” is right in {always:.1f} % of cases and finds nothing. Accuracy "
            "counts the many easy answers; the {positives:,} that matter hardly show in it.",
            common=common,
            always=100 * found.always.value,
            positives=found.positives,
        )
    )
    precision = measured.evaluation.summary.get("average_precision")
    if precision is not None:
        st.write(
            t(
                "{title} tells them apart: {figure} for the model, {share:.3f} for an order by chance.",
                title=metric_title("average_precision"),
                figure=interval(precision),
                share=found.positives / max(1, found.model.n),
            )
        )


def _card(title: str, accuracy: Metric, found: int, positives: int, rare: str) -> None:
    with st.container(border=True):
        st.markdown(f"**{title}**")
        st.metric(
            t("Accuracy"),
            f"{100 * accuracy.value:.2f} %",
            delta=f"{100 * accuracy.low:.2f} – {100 * accuracy.high:.2f} %",
            delta_color="off",
            delta_arrow="off",
        )
        st.metric(t("{label}: found of all", label=rare), f"{found:,} / {positives:,}")
