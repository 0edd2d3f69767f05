"""Two recommenders replayed over what users took by themselves: hits per hundred events, never called an uplift."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from core.contracts import Metric
from core.errors import AppError
from core.serving import comparison
from core.store.registry import registry
from core.store.versions import Version
from core.ui.dots import show_dots
from core.ui.figures import data_title
from core.ui.i18n import t
from core.ui.rivals import model_title
from core.ui.shop_options import split_title
from core.ui.views import escape, show_error

if TYPE_CHECKING:
    from core.training.list_replay import Replay


@dataclass(frozen=True)
class _Names:
    """What the two sides of a replay are called, as plain text."""

    first: str
    second: str


def show_replays(slug: str, version: Version) -> None:
    """The version in use against one of those that it was replayed with, which the visitor chooses."""
    try:
        found = _replays(version)
    except AppError as error:
        show_error(error)
        return
    if not found:
        st.info(t("This version was not replayed against another one. A version that is trained on its data will be."))
        return
    other = st.segmented_control(
        t("Set against"),
        list(found),
        default=next(iter(found)),
        required=True,
        format_func=escape,
        key=f"{slug}.replay_other.{version.ref}",
    )
    name = other if other in found else next(iter(found))
    _show(slug, found[name], _Names(name, _label(version)))


def show_replay_of(slug: str, champion: Version, rival: Version) -> None:
    """The version in use against one that may take its place, where the two were replayed."""
    try:
        found = comparison.replay_of(champion, rival)
    except AppError as error:
        show_error(error)
        return
    if found is None:
        st.caption(t("The two were not replayed: the version in use knows nothing of the other's test."))
        return
    st.markdown(f"**{t('Replay')}**")
    _show(f"{slug}.pair", found, _Names(_label(champion), _label(rival)))


def _label(version: Version) -> str:
    """What a version is called, as plain text."""
    if not version.number:
        return t("Bundled model")
    return t("Version {number}", number=version.number) + (f" ({version.name})" if version.name else "")


def _replays(version: Version) -> Mapping[str, Replay]:
    """What a version was replayed against, by its title -> the figures, the version itself second."""
    from core.training.list_replay import read_replays

    found = {model_title(kind): one for kind, one in read_replays(version.path).items()}
    for other in registry().versions(version.sector):
        if other.number != version.number and (one := comparison.replay_of(other, version)) is not None:
            found[_label(other)] = one
    return found


def _show(key: str, found: Replay, names: _Names) -> None:
    sides = ((names.first, found.first, False), (names.second, found.second, False), ("", found.difference, True))
    with st.grid(min_column_width=170):
        for name, metric, signed in sides:
            sign = "+" if signed else ""
            st.metric(
                t("Difference") if signed else escape(name),
                f"{100 * metric.value:{sign}.1f}",
                delta=f"{100 * metric.low:{sign}.1f} – {100 * metric.high:{sign}.1f}",
                delta_color="off",
                delta_arrow="off",
                border=True,
                help=t("Of 100 things that users took next, so many stood in the list of {k} before.", k=found.k),
            )
    st.markdown(_verdict(found.difference, names))
    st.caption(_source(found, names))
    for note in _notes(found, names):
        st.caption(f":material/info: {note}")
    st.caption(
        t(
            "A replay is no uplift: users took these things without seeing either list, so a list that would have "
            "changed their minds gets nothing for it. Only a trial with users can show that."
        )
    )
    if len(found.parts) > 1:
        _by_activity(key, found, names)


def _verdict(gain: Metric, names: _Names) -> str:
    """What the interval says, as Markdown."""
    said = {"first": escape(names.first), "second": escape(names.second)}
    if gain.low > 0:
        return t(
            "What users took next stood more often in lists of “{second}” than of “{first}”, not by chance.", **said
        )
    if gain.high < 0:
        return t(
            "What users took next stood less often in lists of “{second}” than of “{first}”, not by chance.", **said
        )
    return t("The interval of the difference holds zero: which of the two finds more could be chance.")


def _source(found: Replay, names: _Names) -> str:
    data = found.data
    return t(
        "{events:,} events of {users:,} of the {n:,} users of the test, at most the first 20 of each: data set {name}, "
        "{split}. Before each, both see what the user had taken by then. “{second}” alone had {fixed:,} of them in its "
        "list, “{first}” alone {broke:,}. Intervals are 95 %, over users.",
        events=found.events,
        users=found.users,
        n=data.n,
        name=escape(data_title(data.name)),
        split=split_title(data.split),
        first=escape(names.first),
        second=escape(names.second),
        fixed=found.fixed,
        broke=found.broke,
    )


def _notes(found: Replay, names: _Names) -> Iterator[str]:
    """What to keep in mind, as Markdown."""
    for name, count in zip((names.first, names.second), found.learned, strict=True):
        if count:
            yield t(
                "“{name}” had learned from {count:,} further events, which are left out for both.",
                name=escape(name),
                count=count,
            )
    if not found.ordered:
        yield t("Nothing says in which order users took these things; they were replayed in the order of the rows.")


def _by_activity(key: str, found: Replay, names: _Names) -> None:
    rows = [
        (t("{name} known ({events:,} events)", name=part.name, events=part.events), _hundredfold(part.difference))
        for part in found.parts
    ]
    st.markdown(f"**{t('More or fewer hits per 100 events, by items known of the user')}**")
    show_dots(
        f"{key}.replay_parts",
        rows,
        "",
        t("Difference of {first} and {second} by how much is known of users", first=names.first, second=names.second),
        reference=0.0,
        span=None,
    )


def _hundredfold(metric: Metric) -> Metric:
    return Metric(100 * metric.value, 100 * metric.low, 100 * metric.high, metric.n)
