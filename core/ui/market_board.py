"""The opportunity board: weights by sliders, a ranking, and how sure it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import streamlit as st

from core.catalog import SECTORS
from core.errors import AppError
from core.market.fields import fields
from core.market.opportunity import CRITERIA, DRAWS, Field, Score, Standing, ranking
from core.ui.frame import page_file
from core.ui.i18n import link_parameters, t
from core.ui.linked import linked, linked_number
from core.ui.theme import mode, palette, show_chart
from core.ui.views import escape, show_error

if TYPE_CHECKING:
    import plotly.graph_objects as go

_HIGHEST_WEIGHT: Final = 10
_USUAL_WEIGHT: Final = 5


def show_board() -> None:
    """Sliders, ranking with its sureness, and the evidence behind one field."""
    st.markdown(
        t(
            "Eleven fields by seven criteria, each scored 1 to 5 (5 is better for somebody who starts). A score rests "
            "on a figure or a law that can be looked up, or it is marked as our judgement. Move the weights to yours."
        )
    )
    try:
        found = ranking(fields(), _weights_input())
    except AppError as error:
        show_error(error)
        return
    show_chart(_figure(found), "market.board.ranking", height=60 + 34 * len(found), alt=t("Ranking of the fields"))
    first = found[0]
    st.markdown(
        t(
            "**{name}** stands first with {total:.2f}. When the weights move and every judgement may be wrong by one, "
            "it stays first in {share:.0%} of {draws:,} draws.",
            name=t(first.field.title),
            total=first.total,
            share=first.first,
            draws=DRAWS,
        )
    )
    if first.first < 0.5:
        st.caption(t("That is less than half: the first place is not decided by what is known here."))
    _show_table(found)
    _show_evidence(found)


def _weights_input() -> Mapping[str, float]:
    weights = {}
    columns = st.columns(4)
    for number, (name, title) in enumerate(CRITERIA.items()):
        with columns[number % len(columns)]:
            weights[name] = float(
                st.slider(
                    t(title).split(":")[0].split("：")[0],
                    0,
                    _HIGHEST_WEIGHT,
                    help=t(title),
                    **linked_number(f"market.weight.{name}", 0, _HIGHEST_WEIGHT, _USUAL_WEIGHT),
                )
            )
    return weights


def _figure(found: tuple[Standing, ...]) -> go.Figure:
    import plotly.graph_objects as go

    look = palette(mode())
    rows = list(reversed(found))
    figure = go.Figure()
    figure.add_bar(
        y=[t(one.field.title) for one in rows],
        x=[one.total for one in rows],
        orientation="h",
        marker={"color": [look.primary if one.field.page else look.muted for one in rows]},
        text=[f"{one.total:.2f}" for one in rows],
        textposition="outside",
        hovertemplate="%{y}: %{x:.2f}<extra></extra>",
    )
    figure.update_xaxes(range=[1, 5.2], title_text=t("weighted mean of the scores, 1 to 5"))
    figure.update_layout(showlegend=False)
    return figure


def _show_table(found: tuple[Standing, ...]) -> None:
    st.dataframe(
        {
            t("Field"): [t(one.field.title) for one in found],
            t("First in"): [f"{one.first:.0%}" for one in found],
            t("Place in 90 % of the draws"): [f"{one.low}–{one.high}" for one in found],
            **{
                t(title).split(":")[0].split("：")[0]: [_mark(one.field.scores[name]) for one in found]
                for name, title in CRITERIA.items()
            },
        },
        hide_index=True,
        height="content",
    )
    st.caption(t("~ marks a judgement."))


def _mark(score: Score) -> str:
    return f"~{score.value}" if score.is_judgement else str(score.value)


def _show_evidence(found: tuple[Standing, ...]) -> None:
    by_id = {one.field.id: one.field for one in found}
    chosen = st.selectbox(
        t("Why these scores"),
        list(by_id),
        format_func=lambda name: t(by_id[name].title),
        **linked("market.board.field", list(by_id), next(iter(by_id))),
    )
    field: Field = by_id[str(chosen)]
    for name, title in CRITERIA.items():
        score = field.scores[name]
        left, right = st.columns([2, 3])
        left.markdown(f"**{score.value}** · {t(title)}")
        right.markdown(f"{t(score.why)}  \n:small[:gray[{_origin(score)}]]")
    if field.page and field.page in {sector.slug for sector in SECTORS}:
        st.page_link(
            page_file(field.page),
            label=t("Open the demo"),
            icon=":material/arrow_forward:",
            query_params=link_parameters(),
        )


def _origin(score: Score) -> str:
    if score.reference is None:
        return t("judgement")
    return f"{escape(score.reference.title)} · {score.reference.date} · {score.reference.address}"
