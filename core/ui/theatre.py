"""Overfitting on a stage: a tree that may learn everything by heart beside one that may not, and a verdict in words."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import streamlit as st

from core.contracts import N_, Metric, Sector
from core.errors import AppError
from core.store.registry import registry
from core.store.versions import Version
from core.ui.i18n import t
from core.ui.measured import interval
from core.ui.theme import mode, palette, show_chart
from core.ui.views import escape, say, show_error

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from core.training.theatre import Fit, Step, Theatre

VIEWS = {
    "depth": N_("Depth"),
    "size": N_("Amount of data"),
    "noise": N_("Wrong labels"),
    "control": N_("Shuffled labels"),
}
TREES = {"unlimited": N_("without limits"), "limited": N_("limited")}


def show_theatre(sector: Sector) -> None:
    """What was measured when the version in use was trained; how to have it measured where nothing was."""
    try:
        version = registry().resolve(sector.slug)
        found = _found(version)
    except AppError as error:
        show_error(error)
        return
    if found is None:
        st.info(
            t("This version was trained without a diagnosis. Switch on “Diagnose overfitting” for the next training.")
        )
        return
    _show(sector.slug, version, found)


def _found(version: Version) -> Theatre | None:
    from core.training.theatre import load_theatre

    return load_theatre(version.path)


def _show(slug: str, version: Version, found: Theatre) -> None:
    from core.training.theatre import verdict

    st.caption(
        t(
            "A decision tree that may grow without limits and one that may not learn the same transactions; both are "
            "then asked about later ones. What is learned by heart looks perfect on the first and is worth little on "
            "the others."
        )
    )
    st.markdown("\n".join(f"- {say(message)}" for message in verdict(found)))
    view = st.segmented_control(
        t("What is varied"),
        list(VIEWS),
        default="depth",
        required=True,
        format_func={name: t(title) for name, title in VIEWS.items()}.__getitem__,
        key=f"{slug}.theatre_view",
        label_visibility="collapsed",
        persist_state="session",
    )
    _VIEWS[view or "depth"](slug, found)
    st.caption(
        t(
            "Decision trees on the features of version {version}: {train} training rows, and {later} later ones of the "
            "validation days; none of the test. Figures are average precision times 100, intervals 95 % over "
            "customers, seed {seed}. The dotted line is guessing.",
            version=escape(version.ref),
            train=f"{found.n_train:,}",
            later=f"{found.n_later:,}",
            seed=found.seed,
        )
    )


def _depth(slug: str, found: Theatre) -> None:
    from core.training.theatre import LIMIT

    depths = [str(depth) if depth else t("no limit") for depth, _ in found.by_depth]
    fits = [fit for _, fit in found.by_depth]
    figure = _figure(found, t("Depth of the tree"))
    _line(figure, depths, [fit.train for fit in fits], t("rows that it learned from"))
    _line(figure, depths, [fit.later for fit in fits], t("later rows"))
    figure.update_xaxes(type="category")
    show_chart(figure, f"{slug}.theatre_depth", height=380, alt=t("Average precision over the depth of a tree"))
    st.caption(t("Where the lines part, the tree learns by heart: what it gains on known rows is lost on new ones."))
    st.caption(
        t(
            "Here nothing but the depth is limited. The limited tree of the other views also needs {leaf} rows in each "
            "leaf, so its figures are others than those of the same depth here.",
            leaf=LIMIT["min_samples_leaf"],
        )
    )


def _size(slug: str, found: Theatre) -> None:
    labels = [f"{step.setting:,.0f}" for step in found.by_size]
    _both(slug, "size", found, (found.by_size, labels, t("Training rows")))
    st.caption(t("More rows bring both lines together; a limit does so with fewer."))


def _noise(slug: str, found: Theatre) -> None:
    labels = [f"{100 * step.setting:.0f} %" for step in found.by_noise]
    _both(slug, "noise", found, (found.by_noise, labels, t("Share of the positive labels that are wrong")))
    st.caption(t("A tree without limits learns wrong labels as faithfully as right ones."))


def _both(slug: str, name: str, found: Theatre, shown: tuple[tuple[Step, ...], list[str], str]) -> None:
    """Both trees over one setting."""
    steps, labels, title = shown
    figure = _figure(found, title)
    for tree, said in TREES.items():
        fits: list[Fit] = [getattr(step, tree) for step in steps]
        _line(figure, labels, [fit.train for fit in fits], t("{tree}: known rows", tree=t(said)), dash="dash")
        _line(figure, labels, [fit.later for fit in fits], t("{tree}: later rows", tree=t(said)))
    colours = palette(mode()).series
    for place, trace in enumerate(figure.data):
        trace.update(line={"color": colours[place // 2 % len(colours)]})
    figure.update_xaxes(type="category")
    show_chart(figure, f"{slug}.theatre_{name}", height=400, alt=title)


def _control(slug: str, found: Theatre) -> None:
    """Labels that say nothing: whatever is learned from them is learned by heart."""
    rows = [
        {
            t("Tree"): t(said),
            t("Labels"): t(labels),
            t("Rows that it learned from"): interval(_hundred(fit.train), 1),
            t("Later rows"): interval(_hundred(fit.later), 1),
        }
        for labels, step in ((N_("true"), found.whole), (N_("shuffled"), found.shuffled))
        for said, fit in ((TREES["unlimited"], step.unlimited), (TREES["limited"], step.limited))
    ]
    st.dataframe(rows, hide_index=True, key=f"{slug}.theatre_control")
    st.caption(
        t(
            "Shuffled labels have nothing to do with the rows. On later rows no tree may then be better than guessing, "
            "{chance:.1f}; if one were, something would leak.",
            chance=100 * found.prevalence,
        )
    )


def _hundred(metric: Metric) -> Metric:
    return Metric(100 * metric.value, 100 * metric.low, 100 * metric.high, metric.n)


def _figure(found: Theatre, title: str) -> go.Figure:
    import plotly.graph_objects as go

    figure = go.Figure()
    figure.add_hline(y=100 * found.prevalence, line={"dash": "dot", "color": palette(mode()).muted})
    figure.update_layout(showlegend=True)
    figure.update_xaxes(title=title)
    figure.update_yaxes(title=t("Average precision, times 100"), range=[0, 103])
    return figure


def _line(figure: go.Figure, x: list[str], metrics: list[Metric], name: str, dash: str = "solid") -> None:
    values = [100 * metric.value for metric in metrics]
    figure.add_scatter(
        x=x,
        y=values,
        error_y={
            "type": "data",
            "array": [100 * metric.high - value for metric, value in zip(metrics, values, strict=True)],
            "arrayminus": [value - 100 * metric.low for metric, value in zip(metrics, values, strict=True)],
        },
        mode="markers+lines",
        name=name,
        line={"dash": dash},
        hovertemplate="%{x}: %{y:.1f}<extra>%{fullData.name}</extra>",
    )


_VIEWS: dict[str, Callable[[str, Theatre], None]] = {
    "depth": _depth,
    "size": _size,
    "noise": _noise,
    "control": _control,
}
