"""Why a score is what it is: what each feature adds to it, in words and with its sign, the weightiest first."""

from __future__ import annotations

import math
from collections.abc import Sequence

import streamlit as st

from core.contracts import N_, Decision, FeatureAttribution
from core.ui.i18n import t
from core.ui.labels import label_name
from core.ui.views import escape, say

SHOWN = 6
METHODS = {
    "tree_shap": N_("exact tree SHAP"),
    "coefficients": N_("coefficients times values"),
    "integrated_gradients": N_("integrated gradients"),
    "rule_hits": N_("the rules that hit"),
}
"""Method of an attribution -> its words."""
_SLIGHT = 0.05
"""Below this, in log odds, a reason has no direction worth a colour."""
_RESIDUAL = 0.005
"""What is left over is told from here on; below it is rounding."""


def show_reasons(attribution: FeatureAttribution, decision: Decision) -> None:
    """The `SHOWN` weightiest reasons, the others behind an expander, and the sum that they make."""
    ranked = sorted(said(attribution).items(), key=lambda pair: -abs(pair[1]))
    label = escape(label_name(decision.labels[1]))
    st.markdown(f"**{t('What pushed the score for {label} up (+) and down (−)', label=label)}**")
    _list(ranked[:SHOWN])
    if rest := ranked[SHOWN:]:
        together = signed(sum(added for _, added in rest))
        with st.expander(t("{count} more reasons, together {sum}", count=len(rest), sum=together)):
            _list(rest)
    _sum(attribution, decision, label)
    if len(ranked) < len(attribution.names):
        said_of = {"features": len(attribution.names), "reasons": len(ranked)}
        st.caption(t("The {features} features make {reasons} reasons: those that say the same are one.", **said_of))


def said(attribution: FeatureAttribution) -> dict[str, float]:
    """What each sentence adds; features that say the same, such as an amount and its logarithm, are one reason."""
    found: dict[str, float] = {}
    for place, added in enumerate(attribution.contributions):
        words = _words(attribution, place)
        found[words] = found.get(words, 0.0) + float(added)
    return found


def signed(value: float, digits: int = 2) -> str:
    """A difference with its sign, `+2.10`, such as a contribution in log odds."""
    return f"{round(value, digits) + 0.0:+.{digits}f}".replace("-", "−")


def _list(reasons: Sequence[tuple[str, float]]) -> None:
    st.markdown("\n".join(f"- :{_colour(added)}-badge[{signed(added)}] {words}" for words, added in reasons))


def _colour(added: float) -> str:
    if abs(added) < _SLIGHT:
        return "gray"
    return "orange" if added > 0 else "blue"


def _words(attribution: FeatureAttribution, place: int) -> str:
    """The sentence of a feature; its name and value where the task has none."""
    if attribution.reasons:
        return say(attribution.reasons[place])
    value = float(attribution.values[place])
    name = escape(attribution.names[place])
    return t("{name}: unknown", name=name) if math.isnan(value) else f"{name}: {value:g}"


def _sum(attribution: FeatureAttribution, decision: Decision, label: str) -> None:
    st.caption(
        t(
            "They add up: {base} for an ordinary case, with all {count} features {total}, in log odds. Calibration "
            "makes that a score for {label} of {score:.1f} %. Method: {method}.",
            base=signed(attribution.base),
            count=len(attribution.names),
            total=signed(attribution.total),
            label=label,
            score=100 * decision.score,
            method=t(METHODS[attribution.method]) if attribution.method in METHODS else escape(attribution.method),
        )
    )
    if abs(attribution.residual) > _RESIDUAL:
        st.caption(t("The method leaves {residual} unexplained.", residual=signed(attribution.residual)))
