"""How the list is made: variety and novelty with what they cost on the test, category, stock, and what he has."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

import streamlit as st

from core.contracts import RankingOptions
from core.errors import AppError
from core.log import log_event
from core.serving.recommending import Shelf
from core.store.registry import registry
from core.store.versions import Version
from core.ui.figures import data_title
from core.ui.i18n import t
from core.ui.shop_wall import category_input
from core.ui.views import escape, say

if TYPE_CHECKING:
    from core.tasks.recommendation.tradeoff import TradeOff

LENGTH: Final = 10
STRENGTHS: Final = (0.0, 0.2, 0.4, 0.6, 0.8)
"""Positions of both sliders: each pair of them was measured when the version was made."""


def options_input(slug: str, shelf: Shelf) -> RankingOptions:
    """Sliders and filters, behind one button, so that the list itself stands where the eye is."""
    key = f"{slug}.shop"
    with st.popover(t("Variety and filters"), icon=":material/tune:"):
        diversity = _strength(t("Variety"), t("Items unlike each other, instead of ten of a kind."), f"{key}.diversity")
        novelty = _strength(t("Novelty"), t("Items that few people take, instead of the usual ones."), f"{key}.novelty")
        category = category_input(slug, shelf, f"{key}.category", t("List from this category only"))
        stocked = False
        if shelf.stock:
            stocked = st.toggle(t("In stock only"), key=f"{key}.stocked")
        hide = st.toggle(
            t("Hide what the user has"),
            value=True,
            key=f"{key}.hide",
            help=t("The figures are measured with these items hidden."),
        )
    return RankingOptions(
        k=LENGTH,
        diversity=diversity,
        novelty=novelty,
        allowed=_allowed(shelf, category, stocked),
        keep_seen=not hide,
    )


def _strength(title: str, help_text: str, key: str) -> float:
    chosen = st.select_slider(
        title, STRENGTHS, format_func=lambda value: f"{100 * value:.0f} %", key=key, help=help_text, width=240
    )
    return float(chosen)


def _allowed(shelf: Shelf, category: str, stocked: bool) -> frozenset[str] | None:
    """Ids of the items that the filters leave; None without a filter."""
    found = shelf.catalogue.ids_with(shelf.category, {category}) if category and shelf.category else None
    if stocked and shelf.stock:
        found = shelf.stocked if found is None else found & shelf.stocked
    return found


def show_cost(slug: str, version_ref: str, options: RankingOptions) -> None:
    """What lists of the test are like with this setting, against those without; the figures behind a button.

    Args:
        slug: Sector.
        version_ref: The version that makes the list.
        options: The setting.
    """
    try:
        version = registry().resolve(slug, version_ref)
    except AppError:
        return  # the list below says what is wrong
    measured = trade_offs_of(version)
    plain, chosen = measured.get((0.0, 0.0)), measured.get((options.diversity, options.novelty))
    if plain is None or chosen is None:
        st.caption(t("What this setting costs was not measured for this version."))
        return
    if options.allowed is not None or options.keep_seen:
        st.caption(t("Lists with these filters were not measured."))
        return
    found = chosen.metrics["hr_at_10"]
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(t("{share:.0%} of the test users later took one of their ten.", share=found.value), width="content")
        if options.diversity or options.novelty:
            lost = 1 - chosen.metrics["ndcg_at_10"].value / max(plain.metrics["ndcg_at_10"].value, 1e-9)
            said = t("This setting gives up {share:.0%} of the accuracy", share=max(lost, 0.0))
            st.markdown(f":orange-badge[{said}]", width="content")
        with st.popover(t("Figures"), type="tertiary"):
            st.caption(f"{_figures(plain, chosen)} {_cost_line(version, chosen)}")


def _figures(plain: TradeOff, chosen: TradeOff) -> str:
    """What lists are like, as Markdown; with the figures of ranking by score alone where they differ."""
    titles = {"ndcg_at_10": "NDCG@10", "diversity": t("variety in a list"), "novelty": t("novelty in bits")}
    parts = []
    for name, title in titles.items():
        before, now = f"{plain.metrics[name].value:.3f}", f"{chosen.metrics[name].value:.3f}"
        parts.append(f"{title} **{now}**" if before == now else f"{title} {before} → **{now}**")
    return "; ".join(parts) + "."


def _cost_line(version: Version, chosen: TradeOff) -> str:
    data = version.manifest.get("data", {}), version.manifest.get("split", {})
    source = t(
        "Measured on {n:,} users of the test: data set {name}, {split}, seed {seed}.",
        n=chosen.cost.n,
        name=escape(data_title(str(data[0].get("name", "")))),
        split=split_title(str(data[1].get("name", ""))),
        seed=version.manifest.get("seed", 0),
    )
    if not (chosen.diversity or chosen.novelty):
        return f"{t('Ranked by score alone.')} {source}"
    cost = chosen.cost
    said = t(
        "NDCG@10 changes by {value:+.3f} (95 % interval {low:+.3f} to {high:+.3f}) against ranking by score alone.",
        value=cost.value,
        low=cost.low,
        high=cost.high,
    )
    return f"{said} {source}"


def split_title(name: str) -> str:
    """How a test part was made, as Markdown in the visitor's language."""
    from core.data.interaction_split import split_message

    return say(split_message(name))


@lru_cache(maxsize=8)
def trade_offs_of(version: Version) -> dict[tuple[float, float], TradeOff]:
    """Strengths of variety and novelty -> what was measured with them on the test; empty without."""
    from core.tasks.recommendation.tradeoff import read_trade_offs

    try:
        return read_trade_offs(version.path)
    except AppError as error:
        log_event("trade_offs_unreadable", level="WARNING", code=error.code, version=version.ref)
        return {}
