"""Quality of a recommender: figures with intervals, other models, a replay, slices, what was removed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import streamlit as st

from core.contracts import N_, Evaluation, Sector
from core.errors import AppError
from core.store import removals
from core.store.registry import registry
from core.store.versions import Version
from core.training.evaluation import OTHER
from core.ui.dots import show_dots
from core.ui.figures import data_title, stored_evaluation
from core.ui.gate import check_line
from core.ui.i18n import t
from core.ui.measured import interval, once
from core.ui.quality import show_summary
from core.ui.rivals import model_title, why_bundled
from core.ui.shop_answer import shelf_of
from core.ui.shop_items import title_of
from core.ui.shop_options import split_title, trade_offs_of
from core.ui.shop_replay import show_replays
from core.ui.shop_slices import show_slices
from core.ui.views import escape, show_error

NO_HISTORY: Final = "users without history"
HEADLINE: Final = "ndcg_at_10"
VIEWS: Final = {
    "models": N_("Other models"),
    "replay": N_("Replay"),
    "slices": N_("Slices"),
    "variety": N_("Variety and novelty"),
    "removed": N_("Not for me"),
}


def show_shop_quality(sector: Sector) -> None:
    """Quality of the version in use: figures, where they come from, and one view at a time."""
    try:
        version = registry().resolve(sector.slug)
    except AppError as error:
        show_error(error)
        return
    evaluation = stored_evaluation(version)
    if evaluation is None:
        st.info(t("No evaluation is stored with version {version}.", version=escape(version.ref)))
        return
    show_source(evaluation, version)
    show_summary(evaluation, sector)
    view = st.segmented_control(
        t("View of quality"),
        list(VIEWS),
        default="models",
        required=True,
        format_func={name: t(title) for name, title in VIEWS.items()}.__getitem__,
        key=f"{sector.slug}.quality_view",
        label_visibility="collapsed",
    )
    if view == "removed":
        _show_removed(sector.slug)
    elif view == "variety":
        _show_variety(sector.slug, version)
    elif view == "slices":
        show_slices(sector.slug, evaluation)
    elif view == "replay":
        show_replays(sector.slug, version)
    else:
        _show_models(evaluation, version)
    show_command(evaluation, version)


def show_source(evaluation: Evaluation, version: Version) -> None:
    """What the figures were measured on and how."""
    data = evaluation.data
    st.caption(
        t(
            "Measured on {n:,} users: data set {name}, {split}, seed {seed}. Intervals are 95 %, over users; that of "
            "coverage is over items. All items that a user did not have were ranked; none were sampled.",
            n=data.n,
            name=escape(data_title(data.name)),
            split=split_title(data.split),
            seed=evaluation.seed,
        )
    )
    if without := evaluation.skipped.get(NO_HISTORY):
        st.caption(t("Left out: {count:,} users without history; they are all shown the same.", count=without))
    for notice in evaluation.notices:
        st.caption(f":material/info: {escape(str(notice))}")


def show_command(evaluation: Evaluation, version: Version) -> None:
    """The line that measures the figures again."""
    st.code(evaluation.command.replace("--model VERSION", f"--model {version.ref}"), language="bash", wrap_lines=True)


def _show_models(evaluation: Evaluation, version: Version) -> None:
    """NDCG@10 of each model on the same users, by how much the version is ahead, and what the gate makes of it."""
    from core.training.ranking_gate import popularity_check
    from core.training.ranking_views import compared

    kind, own = str(version.manifest.get("architecture", "")), evaluation.summary[HEADLINE]
    shown, behind = [(model_title(kind), own)], []
    rows = [{t("Model"): model_title(kind), "NDCG@10": interval(own), t("The version is ahead by"): "–"}]
    for name in sorted(name.removeprefix(OTHER) for name in evaluation.table if name.startswith(OTHER)):
        figure, ahead = once(compared, evaluation, name)
        shown.append((model_title(name), figure))
        behind += [model_title(name)] if ahead.low <= 0 else []
        said = f"{ahead.value:+.4f} [{ahead.low:+.4f}, {ahead.high:+.4f}]"
        rows.append({t("Model"): model_title(name), "NDCG@10": interval(figure), t("The version is ahead by"): said})
    if len(shown) > 1:
        st.markdown(models_verdict(behind))
        st.markdown("**NDCG@10**")
        show_dots("recommendations.models", shown, "", t("NDCG@10 of every model"), span=None)
    st.dataframe(rows, hide_index=True)
    st.caption(
        t(
            "User by user on the same test. Where the interval of the difference holds zero, the version is not shown "
            "to be better. Past data cannot say what another list would have sold."
        )
    )
    st.markdown(t("The gate refuses a version that is not shown to beat popularity."))
    st.markdown(check_line(once(popularity_check, evaluation)))
    if reason := why_bundled(version):
        st.caption(t(reason))


def models_verdict(behind: Sequence[str]) -> str:
    """Of which other models, by their titles, a version is not shown to be better, as Markdown."""
    if not behind:
        return t("It is shown to be better than each of them.")
    return t("It is **not** shown to be better than: {models}.", models=escape(", ".join(behind)))


def _show_variety(slug: str, version: Version) -> None:
    """What more variety or rarer items cost, each alone."""
    measured = trade_offs_of(version)
    if not measured:
        st.info(t("What this setting costs was not measured for this version."))
        return
    titles = {0: t("Variety"), 1: t("Novelty")}
    for place, title in titles.items():
        alone = [one for pair, one in sorted(measured.items()) if not pair[1 - place]]
        rows = [
            {
                title: f"{100 * (one.diversity, one.novelty)[place]:.0f} %",
                "NDCG@10": interval(one.metrics[HEADLINE]),
                t("Change of NDCG@10"): f"{one.cost.value:+.4f} [{one.cost.low:+.4f}, {one.cost.high:+.4f}]",
                t("Variety in a list"): interval(one.metrics["diversity"]),
                t("Novelty, bits"): interval(one.metrics["novelty"], 2),
                t("Coverage"): interval(one.metrics["coverage"]),
            }
            for one in alone
        ]
        st.markdown(f"**{t('NDCG@10 with more {what}', what=title)}**")
        dots = [(str(row[title]), one.metrics[HEADLINE]) for row, one in zip(rows, alone, strict=True)]
        show_dots(f"{slug}.variety_chart.{place}", dots, "", t("NDCG@10 at every position of a slider"), span=None)
        st.dataframe(rows, hide_index=True, key=f"{slug}.variety.{place}")
    st.caption(
        t(
            "Lists of ten, {n:,} users of the test evenly spread. The other strength is zero; the sliders of the "
            "answer show every pair.",
            n=next(iter(measured.values())).cost.n,
        )
    )


def _show_removed(slug: str) -> None:
    """What visitors took out of their lists, as far as the one who asks may see it."""
    try:
        found, shelf = removals.most_removed(slug), shelf_of(slug)
    except AppError as error:
        show_error(error)
        return
    if not found:
        st.info(t("Nobody has taken anything out of a list."))
        return
    rows = [
        {t("Item"): title_of(shelf, item) if item in shelf.places else item, t("Taken out"): count}
        for item, count in found
    ]
    st.dataframe(rows, hide_index=True)
    st.caption(t("Viewers see their own entries. No training uses them: who sees an item decides who can remove it."))
