"""The other models on the same rows, and what rules and model find with as many alerts."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import streamlit as st

from core.contracts import N_, Evaluation, Metric
from core.store.versions import Version
from core.training.evaluation import MODEL_NAMES, OTHER
from core.ui.figures import metric_title
from core.ui.i18n import t
from core.ui.measured import Measured, interval, once

if TYPE_CHECKING:
    from core.training.rivals import Found, Overlap

METRICS = ("average_precision", "card_precision_at_100", "auroc")
"""What models are compared by, the figure that counts first."""
CHANGE = "change"
"""Among a model's figures: its first metric less that of the model that answers."""
WHY_BUNDLED = {
    "fraud": N_(
        "Boosted trees answer all the same: what each feature adds to one of their scores can be told exactly, and "
        "amounts need no scaling. Whoever wants another model trains a version with it."
    ),
    "recommendations": N_(
        "EASE answers because it listed more of what users took next than any plainer kind of model, when a validation "
        "part as long as the test was replayed. Nearest items, the next plainer kind, are close to it."
    ),
}
"""Sector -> why the model that ships with it was taken."""
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
            | {t("Against the one that answers"): _signed(found[CHANGE]) if CHANGE in found else "–"}
            for kind, found in ranked
        ],
        hide_index=True,
    )
    st.caption(
        t(
            "All were fitted to the same training rows and measured on the same test rows. Average precision and card "
            "precision count what is at the top of the list, where people look; AUROC counts all pairs alike and "
            "looks good for almost every model. In brackets 95 % intervals. The last column is the difference in "
            "average precision to the model that answers, on the same resamples for both; where its interval holds 0 "
            "the order may be chance."
        )
    )
    _show_limit(measured.evaluation)
    if ranked[0][0] != own:
        _why_not_the_best(measured)


def _show_limit(evaluation: Evaluation) -> None:
    from core.training.rivals import card_precision_limit

    limit = card_precision_limit(evaluation)
    if limit is not None:
        st.caption(
            t(
                "Card precision can be no higher than {limit:.3f} here: on these days there are no more bad cards than "
                "that among {cards} a day, even for a model that knew every fraud.",
                limit=limit,
                cards=_A_DAY,
            )
        )


def _why_not_the_best(measured: Measured) -> None:
    """Why a model answers although another one ranks above it."""
    st.info(
        t("Another model ranks above the one that answers. A model is chosen before the test, on validation days."),
        icon=":material/info:",
    )
    reason = why_bundled(measured.version)
    if reason:
        st.markdown(f"{t(reason)} [{t('Card')}](?view=card)")


def why_bundled(version: Version) -> str | None:
    """Why the model that ships with a sector is the one it is, in English, to be translated; None for any other."""
    return WHY_BUNDLED.get(version.sector) if version.number == 0 else None


def _signed(change: Metric) -> str:
    return f"{change.value:+.3f} [{change.low:+.3f}, {change.high:+.3f}]"


def _figures(measured: Measured) -> dict[str, dict[str, Metric]]:
    """Kind of model -> its metrics; those of the version itself as they were stored with it."""
    from core.training.rivals import other_models

    own, evaluation = str(measured.version.manifest.get("architecture", "model")), measured.evaluation
    others = [kind for kind in other_models(evaluation) if kind != own]
    found = {own: dict(evaluation.summary)}
    with st.spinner(t("Measuring the other models")):
        for kind in others:
            found[kind] = once(_rival, evaluation, kind)
    return found


def _rival(evaluation: Evaluation, kind: str) -> dict[str, Metric]:
    """Metrics of another model on the same rows, and the change against the one that answers."""
    from core.training.paired import metric_change
    from core.training.rivals import ranking_figures, scored_by

    other = scored_by(evaluation, kind)
    found = ranking_figures(other)
    return found | {CHANGE: metric_change(evaluation, other, METRICS[0])} if found else found


def _value(found: Mapping[str, Metric], name: str) -> float:
    return found[name].value if name in found and not math.isnan(found[name].value) else -math.inf


def _beside_rules(evaluation: Evaluation, a_day: int) -> Overlap:
    from core.training.rivals import overlap, scored_by

    return overlap(evaluation, scored_by(evaluation, RULES), a_day)


def show_overlap(measured: Measured) -> None:
    """Who catches what, when the rules and the model may call as many transactions a day."""
    from core.training.rivals import other_models

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
    groups = once(_beside_rules, evaluation, a_day)
    _show_groups(groups)
    _verdict(groups)
    st.caption(
        t(
            "Each flags its {a_day} highest scores of a day: {alerts:,} alerts on the {n:,} test rows. Of equal "
            "scores, of which rules have many, the larger amounts come first. In brackets 95 % intervals.",
            a_day=a_day,
            alerts=groups.alerts,
            n=evaluation.data.n,
        )
        if dated
        else t(
            "Each flags its {alerts:,} highest scores of the {n:,} test rows.",
            alerts=groups.alerts,
            n=evaluation.data.n,
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
                t("{count:,} frauds", count=found.count),
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
