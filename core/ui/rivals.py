"""The other models on the same rows, and what rules and model find with as many alerts."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import streamlit as st

from core.contracts import N_, Evaluation, Metric
from core.training.evaluation import MODEL_NAMES, OTHER
from core.ui.figures import metric_title
from core.ui.i18n import t
from core.ui.measured import Measured, interval

if TYPE_CHECKING:
    from core.training.rivals import Found, Overlap

METRICS = ("average_precision", "card_precision_at_100", "auroc")
"""What models are compared by, the figure that counts first."""
RULES = "rules"
_A_DAY = 100
_GROUPS = {
    "both": N_("Both"),
    "only_first": N_("Model alone"),
    "only_second": N_("Rules alone"),
    "neither": N_("Neither"),
}


def model_title(kind: str) -> str:
    """What a kind of model is called; one without a title goes by its own name."""
    return t(MODEL_NAMES[kind]) if kind in MODEL_NAMES else kind


def show_models(measured: Measured) -> None:
    """A line per model with its figures on the same rows, the best first."""
    if not compares_models(measured.evaluation):
        st.info(t("No other model was fitted with this version. Switch on “Fit the other models too” to compare."))
        return
    figures = _figures(measured)
    own = str(measured.version.manifest.get("architecture", ""))
    ranked = sorted(figures.items(), key=lambda pair: -_value(pair[1], METRICS[0]))
    present = [name for name in METRICS if any(name in found for found in figures.values())]
    st.dataframe(
        [
            {t("Model"): model_title(kind) + (f" · {t('answers')}" if kind == own else "")}
            | {metric_title(name): interval(found[name]) if name in found else "–" for name in present}
            for kind, found in ranked
        ],
        hide_index=True,
    )
    st.caption(
        t(
            "All were fitted to the same training rows and measured on the same test rows. Average precision and card "
            "precision count what is at the top of the list, where people look; AUROC counts all pairs alike and "
            "looks good for almost every model. In brackets 95 % intervals; where they overlap, the order may be "
            "chance."
        )
    )


def _figures(measured: Measured) -> dict[str, dict[str, Metric]]:
    """Kind of model -> its metrics; those of the version itself as they were stored with it."""
    from core.training.rivals import other_models

    own, evaluation = str(measured.version.manifest.get("architecture", "model")), measured.evaluation
    others = [kind for kind in other_models(evaluation) if kind != own]
    found = {own: dict(evaluation.summary)}
    with st.spinner(t("Measuring the other models")):
        for kind in others:
            found[kind] = _measured(measured.version.sha256, evaluation.data.fingerprint, kind, evaluation)
    return found


@st.cache_resource(max_entries=32, show_spinner=False)
def _measured(sha256: str, fingerprint: str, kind: str, _evaluation: Evaluation) -> dict[str, Metric]:
    """Intervals take seconds, and evaluations do not change; so each model is measured once for all visitors."""
    from core.training.rivals import ranking_figures, scored_by

    return ranking_figures(scored_by(_evaluation, kind))


def _value(found: Mapping[str, Metric], name: str) -> float:
    return found[name].value if name in found and not math.isnan(found[name].value) else -math.inf


def show_overlap(measured: Measured) -> None:
    """Who catches what, when the rules and the model may call as many transactions a day."""
    from core.training.rivals import other_models, overlap, scored_by

    evaluation = measured.evaluation
    if measured.version.manifest.get("architecture") == RULES:
        st.info(t("This version answers by the rules themselves, so there is no model to set beside them."))
        return
    if RULES not in other_models(evaluation):
        st.info(t("No rules were fitted with this version. Switch on “Fit the other models too” to compare."))
        return
    dated = "day" in evaluation.table
    a_day = st.slider(
        t("Alerts a day, rules and model each") if dated else t("Alerts, rules and model each"),
        5,
        500,
        _A_DAY,
        5,
        key=f"{measured.slug}.overlap_a_day",
        persist_state="session",
    )
    groups = overlap(evaluation, scored_by(evaluation, RULES), a_day)
    _show_groups(groups)
    _verdict(groups)
    st.caption(
        t(
            "Each flags its {a_day} highest scores of a day: {alerts} alerts on the {n} test rows. Of equal scores, of "
            "which rules have many, the larger amounts come first. In brackets 95 % intervals.",
            a_day=a_day,
            alerts=groups.alerts,
            n=evaluation.data.n,
        )
        if dated
        else t(
            "Each flags its {alerts} highest scores of the {n} test rows.", alerts=groups.alerts, n=evaluation.data.n
        )
    )


def _show_groups(groups: Overlap) -> None:
    st.markdown(f"**{t('Frauds found by')}**")
    with st.grid(min_column_width=165):
        for name, title in _GROUPS.items():
            found: Found = getattr(groups, name)
            share = found.share
            st.metric(
                t(title),
                t("{count} frauds", count=found.count),
                delta=f"{100 * share.value:.1f} % [{100 * share.low:.1f}, {100 * share.high:.1f}]",
                delta_color="off",
                delta_arrow="off",
                border=True,
                help=None
                if math.isnan(found.amount)
                else t("Amounts of these frauds together: {amount:,.0f}", amount=found.amount),
            )
    amounts = {name: getattr(groups, name).amount for name in _GROUPS}
    if not any(math.isnan(amount) for amount in amounts.values()):
        st.caption(
            t(
                "In money: both {both:,.0f}, model alone {only_first:,.0f}, rules alone {only_second:,.0f}, neither "
                "{neither:,.0f}.",
                **amounts,
            )
        )


def _verdict(groups: Overlap) -> None:
    more, less = groups.only_first.count, groups.only_second.count
    if not less:
        st.write(t("The model finds everything that the rules find, and {more} frauds more.", more=more))
    else:
        st.write(
            t(
                "With as many alerts the model finds {more} frauds that the rules miss, and misses {less} that they "
                "find. Rules beside a model are worth keeping for these.",
                more=more,
                less=less,
            )
        )


def compares_models(evaluation: Evaluation) -> bool:
    """Whether the table holds scores of other models, so that these views have something to say."""
    return any(name.startswith(OTHER) for name in evaluation.table)
