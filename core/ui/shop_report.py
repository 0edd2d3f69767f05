"""What the check of interactions found, in plain words and a few figures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import streamlit as st

from core.contracts import N_
from core.ui.i18n import t
from core.ui.labels import SPLIT_NAMES
from core.ui.shop_options import split_title
from core.ui.views import escape

if TYPE_CHECKING:
    import numpy as np

    from core.data.interaction_check import InteractionReport

_WHY: Final = {
    "given": N_("because the data bring their own parts"),
    "leave_last": N_("because times or the order of the rows say what each user took last"),
    "random": N_("because neither times nor the order of the rows say what came first"),
}
"""Split that is chosen where nobody says which -> why."""
_DECIDING: Final[dict[str, tuple[str, ...]]] = {
    "given": ("validation_share", "seed"),
    "leave_last": (),
    "time": ("test_share",),
    "random": ("test_share", "validation_share", "seed"),
}
"""Split -> options that decide which rows are in which part."""
_COLUMNS_NAMED: Final = 12


def show_counts(report: InteractionReport) -> None:
    """Users, items, density, what was left out and why, and how the data will be split."""
    with st.grid(min_column_width=130):
        for title, value in (
            (t("Rows"), f"{report.rows:,}"),
            (t("Interactions"), f"{report.interactions:,}"),
            (t("Users"), f"{report.users:,}"),
            (t("Items"), f"{report.items:,}"),
            (t("Density"), f"{100 * report.density:.3g} %"),
        ):
            st.metric(title, value)
    st.caption(f"{_of_users(report)} {_of_items(report)}")
    _show_left_out(report)
    _show_split(report)


def _of_users(report: InteractionReport) -> str:
    least, median, most = report.per_user
    words = t(
        "A user has {least:,} to {most:,} items (median {median:,}); with one item alone: {single:,}.",
        least=least,
        most=most,
        median=median,
        single=report.single,
    )
    if report.zeros:
        zeros = t("Ids that begin with a zero, which are kept as they are written: {count:,}.", count=report.zeros)
        words = f"{words} {zeros}"
    if report.span is None:
        return words
    return f"{t('From {first} to {last}.', first=_moment(report.span[0]), last=_moment(report.span[1]))} {words}"


def _moment(moment: np.datetime64) -> str:
    return str(moment.astype("datetime64[m]")).replace("T", " ")


def _of_items(report: InteractionReport) -> str:
    words = t("Items that nobody took: {count:,}.", count=report.items - report.taken)
    if not report.columns:
        return f"{words} {t('Nothing is known of the items but their ids.')}"
    named = ", ".join(escape(name) for name in report.columns[:_COLUMNS_NAMED])
    return f"{words} {t('What is known of the items: {columns}.', columns=named)}"


def _show_left_out(report: InteractionReport) -> None:
    """Rows that are not learned from, by reason."""
    other = report.unusable - report.off_scale - report.future
    rows = {
        t("The same user and item once more"): report.repeated,
        t("Rating off the scale"): report.off_scale,
        t("Time in the future"): report.future,
        t("Without user or item, or unreadable"): other,
    }
    found = {title: count for title, count in rows.items() if count}
    if found:
        st.dataframe({t("Rows left out"): list(found), t("Count"): list(found.values())}, hide_index=True)


def _show_split(report: InteractionReport) -> None:
    """How training and test are parted, why so, and on whom the version will be measured."""
    split = report.split
    if split is None:
        return
    rows = {"train": split.train, "validation": split.validation, "test": split.test}
    sizes = ", ".join(f"{t(SPLIT_NAMES.get(name, name))} {len(places):,}" for name, places in rows.items())
    why = f", {t(_WHY[split.kind])}" if report.wanted.kind == "auto" and split.kind in _WHY else ""
    st.markdown(f"**{t('How it will be measured')}**")
    st.caption(
        t(
            "Split: {split}{why}. Interactions: {sizes}. Users measured: {measured:,}; left out, because they have no "
            "history before the test: {unmeasured:,}.",
            split=split_title(split.name),
            why=why,
            sizes=sizes,
            measured=report.measured,
            unmeasured=report.unmeasured,
        )
    )


def split_fits(slug: str, key: str, config: Any) -> bool:
    """Whether the data with this `key`, if they were checked, allow the split of a config of the sector's.

    Where they were checked with other options, that is said, and they can be checked again.
    """
    slot = f"{slug}.data_check"
    kept: tuple[str, Any] | None = st.session_state.get(slot)
    possible: tuple[str, ...] = getattr(kept[1], "possible", ()) if kept is not None and kept[0] == key else ()
    if kept is None or not possible:
        return True
    if config.split not in possible:
        st.error(t("The data do not allow this split. Choose another one."), icon=":material/block:")
        return False
    if not _checked_so(kept[1], config):
        words = t("Above, the data were checked with other options than are chosen here: the counts may differ.")
        st.caption(f":material/info: {words}")
        if st.button(t("Check again"), icon=":material/fact_check:", key=f"{slug}.check_again"):
            del st.session_state[slot]
            st.rerun(scope="app")
    return True


def _checked_so(report: InteractionReport, config: Any) -> bool:
    """Whether a check counted what a run with this config would learn from and measure."""
    if (report.wanted.kind, report.least_rating) != (config.split, config.least_rating):
        return False
    names = _DECIDING["random" if report.split is None else report.split.kind]
    return all(getattr(report.wanted, name) == getattr(config, name) for name in names)
