"""Quality of a recommender part by part: users by what is known of them, and what they wanted by how many have it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import streamlit as st

from core.contracts import N_, Evaluation, Message, Metric
from core.errors import AppError
from core.ui.dots import show_dots
from core.ui.i18n import t
from core.ui.measured import interval, once
from core.ui.shop_answer import shelf_of
from core.ui.shop_wall import category_names

if TYPE_CHECKING:
    from core.training.ranking_views import UserPart

WANTED: Final = "wanted"
GROUPS: Final = {
    "head": N_("The fifth that is taken most"),
    "tail": N_("The long tail"),
    "new": N_("Taken by nobody before"),
}
_NOTES: Final = {
    "activity": N_("How much was known of a user before the test. Users with more history also take more in the test."),
    "rarity": N_(
        "Users in three parts of one size, by the share of their items that are not among the fifth that is taken most."
    ),
    "favourite": N_("By the kind of item of which a user had taken most before the test."),
}


def show_slices(slug: str, evaluation: Evaluation) -> None:
    """One way to part the users, or the items that they wanted, which the visitor chooses."""
    from core.training.ranking_views import by_wanted, slice_names

    names = {name: _title(name) for name in slice_names(evaluation)}
    if by_wanted(evaluation):
        names[WANTED] = t("Items that were wanted")
    if not names:
        st.info(t("The users of this test cannot be parted: nothing tells them apart."))
        return
    first = next(iter(names))
    chosen = st.segmented_control(
        t("Part by"),
        list(names),
        default=first,
        required=True,
        format_func=names.__getitem__,
        key=f"{slug}.slice_by",
    )
    if chosen == WANTED:
        _show_wanted(slug, evaluation)
    else:
        _show_users(slug, evaluation, chosen if chosen in names else first)


def _show_users(slug: str, evaluation: Evaluation, name: str) -> None:
    from core.training.ranking_views import by_slice
    from core.training.slices import SMALL

    parts, words = once(by_slice, evaluation, name), _words(slug, name)
    titles = {part.name: words.get(part.name, part.name) for part in parts}
    whole = evaluation.summary["ndcg_at_10"].value
    st.markdown(f"**{t('NDCG@10; the dotted line is all users')}**")
    show_dots(
        f"{slug}.slices",
        [(f"{titles[part.name]} ({part.headline.n:,})", part.headline) for part in parts],
        "",
        t("NDCG@10 of every part of the users"),
        reference=whole,
        span=None,
    )
    st.dataframe([_row(titles[part.name], part, SMALL) for part in parts], hide_index=True)
    if name in _NOTES:
        st.caption(t(_NOTES[name]))
    st.caption(
        t(
            "In brackets 95 % intervals over the users of the part. Parts with fewer than {small} users are marked; "
            "{count} parts are shown, so that one of them may stand out by chance.",
            small=SMALL,
            count=len(parts),
        )
    )


def _row(title: str, part: UserPart, small: int) -> dict[str, object]:
    return {
        t("Part"): title,
        t("Users"): part.headline.n,
        "NDCG@10": interval(part.headline),
        t("Ahead of popularity by"): "–" if part.ahead is None else _signed(part.ahead),
        t("Hit rate@10"): interval(part.hit_rate),
        t("Note"): t("few users") if part.headline.n < small else "",
    }


def _show_wanted(slug: str, evaluation: Evaluation) -> None:
    from core.training.ranking_views import by_wanted

    parts = once(by_wanted, evaluation)
    st.markdown(f"**{t('Share found among the first ten')}**")
    show_dots(
        f"{slug}.wanted",
        [(f"{t(GROUPS[part.name])} ({part.wanted:,})", part.found) for part in parts],
        "",
        t("Share of wanted items that were found, by how many users had taken them"),
        span=None,
    )
    st.dataframe(
        [
            {
                t("Items"): t(GROUPS[part.name]),
                t("Wanted in the test"): part.wanted,
                t("Found among the first ten"): interval(part.found),
            }
            for part in parts
        ],
        hide_index=True,
    )
    st.caption(
        t(
            "Everything that users took in the test, by how many had taken it before. What nobody had taken is never "
            "in the main list and counts as missed; it is offered beside it by its attributes, which is not measured."
        )
    )


def _title(name: str) -> str:
    """What a way to part is called on a button; within a sentence it begins small."""
    from core.training.slices import title

    found = title(name)
    shown = t(found) if isinstance(found, Message) else found
    return shown[:1].upper() + shown[1:]


def _words(slug: str, name: str) -> Mapping[str, str]:
    """Values of a way to part -> how the visitor reads them."""
    from core.training.slices import TITLES

    ours = {value: t(TITLES[value]) for value in ("low", "middle", "high", "other")}
    if name != "favourite":
        return ours
    try:
        return ours | category_names(shelf_of(slug))
    except AppError:
        return ours  # whose kinds are then called as in the table


def _signed(metric: Metric) -> str:
    return f"{metric.value:+.3f} [{metric.low:+.3f}, {metric.high:+.3f}]"
