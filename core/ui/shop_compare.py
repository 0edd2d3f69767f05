"""Two or three models side by side for the same user: the version in use, popularity, and one more."""

from __future__ import annotations

from typing import Final

import numpy as np
import streamlit as st

from core.contracts import Evaluation, Metric, RankingOptions
from core.errors import AppError
from core.serving import recommending
from core.serving.recommending import Shelf, Side
from core.store.registry import registry
from core.store.versions import Version
from core.training.evaluation import MODEL_NAMES, OTHER
from core.ui.figures import data_title, stored_evaluation
from core.ui.highlight import draw
from core.ui.i18n import t
from core.ui.measured import interval, once
from core.ui.predict import remembered
from core.ui.shop_items import show_item_picture
from core.ui.shop_options import split_title
from core.ui.shop_reasons import row_of
from core.ui.shop_visitor import Visitor
from core.ui.views import escape, say, show_error

NONE: Final = ""
PICTURE_PX: Final = 48


def show_side_by_side(slug: str, shelf: Shelf, who: Visitor, options: RankingOptions) -> None:
    """The lists of the models next to each other, with what each reached on the test."""
    try:
        versions = registry().versions(slug)
        champion = registry().resolve(slug)
        third = _third_input(slug, shelf, versions, champion)
        others = tuple(dict.fromkeys(name for name in (*shelf.rivals[:1], third) if name))
        profile = who.profile
        sides: list[Side] = remembered(
            slug,
            ("sides", profile.sha256, options, others),
            lambda: recommending.side_by_side(slug, profile, options, others),
            t("The models make their lists"),
            shelf.model.sha256,
        )
    except AppError as error:
        show_error(error)
        return
    own = {item.item_id for item in sides[0].ranking.items}
    for column, side in zip(st.columns(len(sides), gap="medium"), sides, strict=True):
        with column:
            _show_side(shelf, side, _version_of(side, champion, versions), champion, own)
    st.caption(t("Popularity shows everybody the same but for what the user has; a model has to beat it."))


def _third_input(slug: str, shelf: Shelf, versions: list[Version], champion: Version) -> str:
    """A simpler model or another version to look at besides popularity."""
    others = [version.ref for version in versions if version.ref != champion.ref]
    offered = [*shelf.rivals[1:], *others]
    if not offered:
        return NONE
    return str(
        st.selectbox(
            t("Beside popularity"),
            [*offered, NONE],
            format_func=lambda name: _title(name) if name else t("nothing else"),
            key=f"{slug}.shop.third",
            width=320,
        )
    )


def _title(name: str) -> str:
    """Of a side, as plain text."""
    return t(MODEL_NAMES[name]) if name in MODEL_NAMES else t("Version {version}", version=name)


def _version_of(side: Side, champion: Version, versions: list[Version]) -> Version | None:
    """The version that made a side; None for a simpler model."""
    return next((one for one in (champion, *versions) if one.ref == side.name), None)


def _show_side(shelf: Shelf, side: Side, version: Version | None, champion: Version, own: set[str]) -> None:
    st.markdown(f"**{escape(_title(side.architecture))}**")
    if version is None:
        st.caption(t("Fitted to what version {version} learned from", version=escape(champion.ref)))
    else:
        st.caption(t("Version {version}", version=escape(version.ref)))
    _show_figure(side, version or champion)
    for notice in side.ranking.notices:
        st.caption(f":material/info: {say(notice)}")
    same = sum(item.item_id in own for item in side.ranking.items)
    if version is None or version.ref != champion.ref:
        st.caption(t("{same} of {count} also listed by the version in use", same=same, count=len(side.ranking.items)))
    for rank, item in enumerate(side.ranking.items, start=1):
        if item.item_id not in shelf.places:  # of a version that learned from other data
            draw(row_of(shelf, item, rank))
            continue
        with st.container(horizontal=True, wrap=False, vertical_alignment="center"):
            show_item_picture(shelf, item.item_id, PICTURE_PX)
            draw(row_of(shelf, item, rank))


def _show_figure(side: Side, version: Version) -> None:
    """NDCG@10 with its interval, and where it was measured."""
    evaluation = stored_evaluation(version)
    metric = None if evaluation is None else once(figure_of, evaluation, side.architecture)
    if evaluation is None or metric is None:
        st.caption(t("No figure of this model is stored."))
        return
    st.caption(
        t(
            "NDCG@10 {value} on {n:,} users of {name}, {split}",
            value=interval(metric),
            n=metric.n,
            name=escape(data_title(evaluation.data.name)),
            split=split_title(evaluation.data.split),
        )
    )


def figure_of(evaluation: Evaluation, architecture: str) -> Metric | None:
    """NDCG@10 of a model on the users of an evaluation, the version's own where it is not among the others."""
    from core.training.metrics import bootstrap, mean_of

    name = OTHER + architecture
    if name not in evaluation.table:
        return evaluation.summary.get("ndcg_at_10")
    values = np.asarray(evaluation.table[name], np.float64)
    return bootstrap(mean_of(values), len(values))
