"""Two or three models side by side for the same user: the version in use, popularity, and one more."""

from __future__ import annotations

from typing import Final

import streamlit as st

from core import access
from core.contracts import RankingOptions
from core.errors import AppError
from core.serving import recommending
from core.serving.recommending import Shelf, Side
from core.store.registry import registry
from core.store.versions import Version
from core.training.evaluation import MODEL_NAMES
from core.ui.figures import data_title, stored_evaluation
from core.ui.highlight import draw, literal
from core.ui.i18n import t
from core.ui.measured import interval, once
from core.ui.predict import remembered
from core.ui.shop_items import facts_of, title_of
from core.ui.shop_options import split_title
from core.ui.shop_visitor import Visitor
from core.ui.views import escape, say, show_error

NONE: Final = ""


def show_side_by_side(slug: str, shelf: Shelf, who: Visitor, options: RankingOptions) -> None:
    """The lists of the models next to each other, with what each reached on the test."""
    try:
        versions = registry().versions(slug)
        champion = registry().resolve(slug, shelf.model.version)
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
    by_ref = {version.ref: version for version in (champion, *versions)}
    draw(_table(shelf, sides, by_ref))
    st.caption(t("A thick line above an item: it is in the first model's list too."))
    _show_figures(slug, sides, by_ref, champion)


def _third_input(slug: str, shelf: Shelf, versions: list[Version], champion: Version) -> str:
    """A simpler model or another version to look at besides popularity."""
    everybody = access.allowed("presenter")
    others = [
        version.ref
        for version in versions
        if version.ref != champion.ref and (everybody or recommending.open_to_all(slug, version))
    ]
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


def _table(shelf: Shelf, sides: list[Side], by_ref: dict[str, Version]) -> str:
    """The lists place by place as HTML of our own; what the first one has too is marked."""
    own = {item.item_id for item in sides[0].ranking.items}
    cells = []
    for side in sides:
        version = by_ref.get(side.name)
        sort = t("Version {version}", version=version.ref) if version else t("simpler model")
        cells.append(f"<b>{literal(_title(side.architecture))}<br><small>{literal(sort)}</small></b>")
    for rank in range(max((len(side.ranking.items) for side in sides), default=0)):
        cells += [_cell(shelf, side, rank, own) for side in sides]
    columns = f"grid-template-columns:repeat({len(sides)},minmax(6rem,1fr))"
    return f'<div class="vt-sides" style="{columns}">{"".join(cells)}</div>'


def _cell(shelf: Shelf, side: Side, rank: int, own: set[str]) -> str:
    if rank >= len(side.ranking.items):
        return "<div></div>"
    item = side.ranking.items[rank]
    # A version that learned from other data may call another item by the same id.
    known = item.item_id in shelf.places and (side.same is None or item.item_id in side.same)
    title = title_of(shelf, item.item_id) if known else item.title
    facts = f"<br><small>{literal(facts_of(shelf, item.item_id))}</small>" if known else ""
    same = ' class="same"' if known and item.item_id in own else ""
    return f"<div{same}>{rank + 1}. {literal(title)}{facts}</div>"


def _name(side: Side, version: Version | None) -> str:
    """Of a model, as plain text, so that two versions of one kind are told apart."""
    kind = _title(side.architecture)
    return kind if version is None else t("{kind}, version {version}", kind=kind, version=version.ref)


def _show_figures(slug: str, sides: list[Side], by_ref: dict[str, Version], champion: Version) -> None:
    """NDCG@10 of each model with its interval and where it was measured, and how alike the lists are."""
    from core.training.ranking_views import figure_of

    own = {item.item_id for item in sides[0].ranking.items}
    rows, sources = [], []
    for side in sides:
        evaluation = stored_evaluation(by_ref.get(side.name, champion))
        metric = None if evaluation is None else once(figure_of, evaluation, side.architecture)
        rows.append(
            {
                t("Model"): _name(side, by_ref.get(side.name)),
                "NDCG@10": "–" if metric is None else interval(metric),
                t("Same items as the first"): sum(
                    item.item_id in own and (side.same is None or item.item_id in side.same)
                    for item in side.ranking.items
                ),
            }
        )
        if evaluation is not None and metric is not None:
            sources.append(
                t(
                    "{n:,} users of {name}, {split}",
                    n=metric.n,
                    name=escape(data_title(evaluation.data.name)),
                    split=split_title(evaluation.data.split),
                )
            )
    st.dataframe(rows, hide_index=True, key=f"{slug}.shop.figures")
    st.caption(
        t("Measured on: {sources}. Intervals are 95 %, over users.", sources="; ".join(dict.fromkeys(sources)) or "–")
    )
    st.caption(
        t(
            "Simpler models were fitted to what version {version} learned from. Popularity shows everybody the same "
            "but for what the user has; a model has to beat it.",
            version=escape(champion.ref),
        )
    )
    for said in dict.fromkeys(say(notice) for side in sides for notice in side.ranking.notices):
        st.caption(f":material/info: {said}")
