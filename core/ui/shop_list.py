"""The list for a user: rank, picture and reasons of every item, "not for me", and a closer look at one of them."""

from __future__ import annotations

from typing import Final

import streamlit as st

from core.contracts import ItemReasons, ModelRef, RankedItem, Ranking
from core.errors import AppError
from core.serving import recommending
from core.serving.recommending import Listed, Shelf
from core.settings import settings
from core.ui.highlight import bars, draw
from core.ui.i18n import t
from core.ui.predict import remembered
from core.ui.shop_items import attributes_of, like_button, show_item_picture, title_of
from core.ui.shop_reasons import carriers, common_of, row_of, tones
from core.ui.shop_visitor import Visitor, bring_all_back, bring_back, keep_key, take_out
from core.ui.shop_wall import show_cards
from core.ui.views import escape, say, show_error

PICTURE_PX: Final = 48
LIST_ANCHOR: Final = "list"
_REASONS: Final = 8
"""Items of the user's whose shares are drawn when one of the list is looked at."""


def show_list(slug: str, shelf: Shelf, listed: Listed, who: Visitor) -> None:
    """The list with what has to be said of it, what the visitor removed, and which model made it."""
    ranking, model = listed.ranking, listed.answer.model
    st.subheader(t("For this user"), anchor=LIST_ANCHOR)
    for notice in ranking.notices:
        st.info(say(notice), icon=":material/info:")
    _show_undo(slug, shelf, who)
    looked_at, colour = st.session_state.get(_look_key(slug)), tones(listed.history)
    for rank, item in enumerate(ranking.items, start=1):
        _show_row(slug, shelf, item, rank, model, row_of(shelf, item, rank, colour))
        if item.item_id == looked_at:
            _show_closely(slug, shelf, item, who)
    _show_removed(slug, shelf, who)
    st.caption(
        t(
            "Model {architecture}, version {version}. Answered in {latency:.1f} ms.",
            architecture=escape(model.architecture),
            version=escape(model.version),
            latency=listed.answer.latency_ms,
        )
    )
    for notice in listed.answer.notices:
        st.caption(f":material/info: {say(notice)}")


def show_new(slug: str, shelf: Shelf, listed: Listed, who: Visitor) -> None:
    """Items that nobody took yet and that are like the user's by what is written about them."""
    items = [item.item_id for item in listed.new.items]
    if not items:
        return
    st.markdown(f"**{t('Nobody has taken these yet')}**")
    st.caption(
        t(
            "Chosen by their attributes alone, because nothing else is known of them. How often that is right was not "
            "measured; they never enter the list above."
        )
    )
    show_cards(slug, shelf, items, "new", who.liked)


def _show_row(slug: str, shelf: Shelf, item: RankedItem, rank: int, model: ModelRef, body: str) -> None:
    with st.container(horizontal=True, wrap=False, vertical_alignment="top", gap="small"):
        show_item_picture(shelf, item.item_id, PICTURE_PX)
        draw(body)
        st.button(
            "",
            icon=":material/zoom_in:",
            type="tertiary",
            help=t("Look closely"),
            key=f"{slug}.list.look.{item.item_id}",
            on_click=_look,
            args=(slug, item.item_id),
        )
        st.button(
            "",
            icon=":material/thumb_down:",
            type="tertiary",
            help=t("Not for me"),
            key=f"{slug}.list.remove.{item.item_id}",
            on_click=take_out,
            args=(slug, model, item.item_id, rank),
        )


def _show_undo(slug: str, shelf: Shelf, who: Visitor) -> None:
    """The way back from the last removal, where it happened."""
    last = next((item for item in reversed(who.removed) if item in shelf.places), None)
    if last is None:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(t("Not for me: {name}", name=escape(title_of(shelf, last))), width="content")
        st.button(
            t("Undo"),
            icon=":material/undo:",
            type="tertiary",
            key=f"{slug}.list.undo",
            on_click=bring_back,
            args=(slug, last),
        )


def _show_closely(slug: str, shelf: Shelf, item: RankedItem, who: Visitor) -> None:
    """Attributes, all reasons and the items most like one of the list."""
    with st.container(border=True):
        like_button(slug, shelf, item.item_id, "look", item.item_id in who.liked)
        show_attributes(shelf, item.item_id)
        if item.reasons is not None:
            _show_reasons(shelf, item.reasons)
        show_similar(slug, shelf, item.item_id, who)


def show_attributes(shelf: Shelf, item: str) -> None:
    """What the catalogue says of an item."""
    st.caption(" · ".join(f"{escape(name)}: {escape(cell)}" for name, cell in attributes_of(shelf, item).items()))


def _show_reasons(shelf: Shelf, reasons: ItemReasons) -> None:
    rows = [(title_of(shelf, reasons.item_ids[place]), 100 * share) for place, share in carriers(reasons, _REASONS)]
    against = int((reasons.contributions < 0).sum())
    if rows:
        st.markdown(f"**{t('Items of this user that carry it, in percent')}**")
        draw(bars(rows, 100.0, "{:.0f}".format))
        if common := common_of(shelf, reasons):
            st.caption(escape(common))
    if reasons.method == "attributes":
        st.caption(t("Shares of the likeness by attributes, which adds up over the items."))
    elif reasons.exact:
        st.caption(t("The score is a sum over the user's items, so that the shares are exact."))
    else:
        st.caption(t("Each share is what the score loses without the item; together they need not make up the score."))
    if against:
        st.caption(t("Items of this user that speak against it: {count}.", count=against))


def show_similar(slug: str, shelf: Shelf, item: str, who: Visitor) -> None:
    """The items most like one, by who took them or by attributes, and which of the two."""
    try:
        ranking: Ranking = remembered(
            slug,
            ("similar", item),
            lambda: recommending.similar(slug, item, shelf.model.version),
            t("Looking for items like it"),
            shelf.model.sha256,
        )
    except AppError as error:
        show_error(error)
        return
    st.markdown(f"**{t('Most like it')}**")
    if ranking.origin == "history":
        st.caption(t("By who took them together, not by what is written about them."))
    for notice in ranking.notices:
        st.caption(f":material/info: {say(notice)}")
    if not ranking.items:
        st.caption(t("Nothing is like it."))
    show_cards(slug, shelf, [found.item_id for found in ranking.items], f"similar.{item}", who.liked)


def _show_removed(slug: str, shelf: Shelf, who: Visitor) -> None:
    """What the visitor took out, with the way back, and what is stored of it."""
    if who.trouble is not None:
        show_error(who.trouble)
        who.trouble = None
    with st.container(border=True, gap="small"):
        st.checkbox(t("Keep the items that I like with what I remove"), key=keep_key(slug), persist_state="session")
        st.caption(
            t(
                "“Not for me” stores the item, its place in the list and the version, without your name. If you agree, "
                "the items that you clicked are kept with it for at most {days:g} days. Bringing an item back deletes "
                "its entry. That item alone goes, not what is like it, and no training uses these entries.",
                days=settings().correction_days,
            )
        )
        removed = [item for item in who.removed if item in shelf.places]
        if removed:
            st.markdown(f"**{t('Not for me: {count}', count=len(removed))}**")
            with st.container(horizontal=True, gap="small"):
                st.button(
                    t("Bring all back"),
                    icon=":material/undo:",
                    type="tertiary",
                    key=f"{slug}.list.back_all",
                    on_click=bring_all_back,
                    args=(slug,),
                )
                for item in removed:
                    st.button(
                        escape(title_of(shelf, item)),
                        icon=":material/undo:",
                        key=f"{slug}.list.back.{item}",
                        on_click=bring_back,
                        args=(slug, item),
                        help=t("Bring it back"),
                    )


def _look(slug: str, item: str) -> None:
    key = _look_key(slug)
    st.session_state[key] = None if st.session_state.get(key) == item else item


def _look_key(slug: str) -> str:
    return f"{slug}.shop.looked_at"
