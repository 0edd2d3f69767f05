"""Operating point, coverage and prevalence: what a visitor may set about an answer, and what it costs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st

from core.contracts import N_, Evaluation, Metric
from core.ui.i18n import t
from core.ui.labels import SPLIT_NAMES, label_name
from core.ui.views import DEFAULT_COVERAGE, escape
from core.ui.wording import told

if TYPE_CHECKING:
    from core.training.quality import OperatingFigures

FIGURE_NAMES = {
    "sensitivity": N_("Sensitivity"),
    "specificity": N_("Specificity"),
    "precision": N_("Precision"),
    "f1": N_("F1"),
    "accuracy": N_("Accuracy"),
}
_RARE = 0.01
"""Below this share a slider up to 90 % would hold it in its first pixels."""
RULES = {
    "default": N_("As trained"),
    "sensitivity": N_("By sensitivity"),
    "specificity": N_("By specificity"),
}


def coverage_input(slug: str) -> float:
    """How often the prediction set shall hold the true label."""
    percent = st.slider(
        t("Coverage of the prediction set, %"),
        70,
        99,
        round(100 * DEFAULT_COVERAGE),
        key=f"{slug}.coverage",
        help=told(
            "On images like the ones the model was calibrated on, the set of labels holds the true one at least this "
            "often. More coverage means larger sets.",
            slug,
        ),
        persist_state="session",
    )
    return percent / 100


def show_figures(
    slug: str, figures: OperatingFigures, names: Sequence[str] = ("sensitivity", "specificity", "accuracy")
) -> None:
    """Figures at a threshold by their names in `FIGURE_NAMES`, each with its interval."""
    with st.grid(3, min_column_width=150):
        for name in names:
            metric: Metric = getattr(figures, name)
            st.metric(
                t(FIGURE_NAMES[name]),
                "–" if math.isnan(metric.value) else f"{100 * metric.value:.1f} %",
                border=True,
                delta=f"{100 * metric.low:.1f} – {100 * metric.high:.1f} %",
                delta_color="off",
                delta_arrow="off",
            )
    st.caption(
        told(
            "95 % intervals; {positive:,} images with the label, {negative:,} without.",
            slug,
            positive=figures.sensitivity.n,
            negative=figures.specificity.n,
        )
    )


def percent_input(title: str, start: float, key: str, limits: tuple[float, float] = (0.01, 99.99)) -> float:
    """A share or score in percent; returns it as a fraction, and until somebody moves it exactly `start`.

    Args:
        title: Of the slider.
        start: A fraction.
        key: Of the widget.
        limits: Ends of the slider, in percent.
    """
    low, high = limits
    shown = min(high, max(low, round(100 * start, 2)))
    percent = st.slider(title, low, high, shown, 0.01, format="%.2f", key=key, persist_state="session")
    return start if percent == shown else percent / 100


def show_predictive_value(slug: str, figures: OperatingFigures, label: str) -> None:
    """What a positive answer is worth where the label is rarer or more common than in the test data."""
    from core.training import quality

    label = escape(label_name(label))
    measured = figures.sensitivity.n / (figures.sensitivity.n + figures.specificity.n)
    title = told("Prevalence where the model would be used: share of images that are {label}, %", slug, label=label)
    prevalence = percent_input(title, measured, f"{slug}.prevalence_of_use", (0.01, 9.0 if measured < _RARE else 90.0))
    value = quality.ppv(figures.sensitivity.value, figures.specificity.value, prevalence)
    if math.isnan(value):
        st.write(told("At this threshold the model never calls an image {label}.", slug, label=label))
        return
    st.write(
        told(
            "Of 100 images that the model calls {label}, about **{right}** are, at a prevalence of {prevalence:.2f} %.",
            slug,
            label=label,
            right=round(100 * value),
            prevalence=100 * prevalence,
        )
    )
    st.caption(t("Positive predictive value by Bayes' rule from the sensitivity and specificity above."))


def options_input(
    slug: str, evaluation: Evaluation | None, validation: Evaluation | None, about_point: str | None = None
) -> dict[str, Any]:
    """Coverage and, for two labels, the operating point; returns the options of a prediction.

    The threshold is chosen on `validation` and its figures are measured on `evaluation`, other images. `about_point`
    says, in the visitor's language, what else changes with the operating point.
    """
    with st.expander(t("Coverage and operating point"), icon=":material/tune:"):
        options: dict[str, Any] = {"coverage": coverage_input(slug)}
        if evaluation is not None and validation is not None and len(evaluation.labels) == 2:
            options |= _operating_point(slug, evaluation, validation, about_point)
    st.session_state[f"{slug}.options"] = options
    return options


def chosen_options(slug: str) -> dict[str, Any]:
    """The options as they were set last, for a part of the page that does not offer them."""
    options: dict[str, Any] = st.session_state.get(f"{slug}.options", {"coverage": DEFAULT_COVERAGE})
    return options


def _operating_point(
    slug: str, evaluation: Evaluation, validation: Evaluation, about_point: str | None
) -> dict[str, Any]:
    """Threshold by a rule on the validation images; empty for the model's own."""
    rule = st.segmented_control(
        t("Operating point"),
        list(RULES),
        default="default",
        required=True,
        format_func={name: t(title) for name, title in RULES.items()}.__getitem__,
        key=f"{slug}.operating_rule",
        help=about_point,
        persist_state="session",
    )
    if rule in (None, "default"):
        st.caption(t("The decision uses the threshold that was fixed when the model was trained."))
        return {}
    threshold = _threshold_input(slug, validation, rule)
    from core.training import quality

    figures = quality.at_threshold(evaluation, threshold)
    st.caption(
        told(
            "An image is called {label} from a score of {threshold:.1f} % on. Chosen on {chosen:,} validation images, "
            "measured on {n:,} images of the {split} split of {name}; the two can differ.",
            slug,
            label=escape(label_name(evaluation.labels[1])),
            threshold=100 * threshold,
            chosen=validation.data.n,
            n=evaluation.data.n,
            split=t(SPLIT_NAMES.get(evaluation.data.split, evaluation.data.split)),
            name=escape(evaluation.data.name),
        )
    )
    show_figures(slug, figures)
    show_predictive_value(slug, figures, evaluation.labels[1])
    return {"threshold": threshold}


def _threshold_input(slug: str, evaluation: Evaluation, rule: str) -> float:
    """The threshold on the second label that reaches the sensitivity or specificity asked for."""
    from core.training import quality

    label = escape(label_name(evaluation.labels[1]))
    percent = st.slider(
        t("Sensitivity for {label} of at least, %", label=label)
        if rule == "sensitivity"
        else t("Specificity for {label} of at least, %", label=label),
        50,
        99,
        95,
        key=f"{slug}.operating_target",
        persist_state="session",
    )
    if rule == "sensitivity":
        return quality.threshold_for(evaluation, sensitivity=percent / 100)
    return quality.threshold_for(evaluation, specificity=percent / 100)
