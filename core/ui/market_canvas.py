"""A founder's canvas: assumptions as ranges, months to break-even and money needed, and what drives them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import streamlit as st

from core.contracts import N_
from core.errors import AppError
from core.market.feasibility import DRAWS, LONGEST, Canvas, Outcome, Range, simulate
from core.ui.i18n import t
from core.ui.market_labels import number_text
from core.ui.theme import mode, palette, show_chart
from core.ui.views import show_error

if TYPE_CHECKING:
    import plotly.graph_objects as go

_QUESTIONS: Final[dict[str, tuple[str, tuple[float, float, float]]]] = {
    "months_to_build": (N_("Months until the first customer pays"), (4, 6, 12)),
    "team_cost": (N_("Team, per month"), (20_000, 30_000, 50_000)),
    "data_cost": (N_("Data and labels, once"), (0, 10_000, 50_000)),
    "training_hours": (N_("Machine hours a month for training"), (1, 4, 24)),
    "machine_price": (N_("Price of a machine hour"), (0.5, 2, 4)),
    "new_customers": (N_("New customers a month"), (1, 3, 6)),
    "price": (N_("Price per customer and month"), (500, 1500, 3000)),
    "cost_to_serve": (N_("Cost to serve one, per month"), (50, 150, 400)),
    "churn": (N_("Customers lost a month, share"), (0.01, 0.02, 0.05)),
}
_HEIGHT: Final = 380


def show_canvas() -> None:
    """The assumptions in a form, and what follows from them."""
    st.markdown(
        t(
            "Every value that stands here at first is a placeholder for your own assumption, not a figure about any "
            "market. Give the least, the likely and the most; one currency throughout."
        )
    )
    given = _assumptions_input()
    try:
        made = simulate(Canvas(**given))
    except AppError as error:
        show_error(error)
        return
    _show_outcome(made)


def _assumptions_input() -> dict[str, Range]:
    given = {}
    with st.form("market.canvas", border=True):
        for name, (question, usual) in _QUESTIONS.items():
            columns = st.columns([3, 2, 2, 2], vertical_alignment="bottom")
            columns[0].markdown(t(question))
            values = [
                column.number_input(
                    t(label),
                    min_value=0.0,
                    value=float(value),
                    key=f"market.canvas.{name}.{label}",
                    label_visibility="visible" if name == "months_to_build" else "collapsed",
                )
                for column, label, value in zip(
                    columns[1:], (N_("Least"), N_("Likely"), N_("Most")), usual, strict=True
                )
            ]
            given[name] = Range(*values)
        st.form_submit_button(t("Calculate"), type="primary", icon=":material/calculate:")
    return given


def _show_outcome(made: Outcome) -> None:
    with st.grid(min_column_width=220):
        st.metric(
            t("Earns everything back within {months} months", months=LONGEST),
            f"{made.reached:.0%}",
            help=t("Share of {draws:,} draws.", draws=DRAWS),
        )
        st.metric(
            t("Months to break-even, median"),
            _months(made),
            delta=_months_range(made),
            delta_color="off",
            delta_arrow="off",
        )
        low, middle, high = (number_text(value) for value in made.money)
        st.metric(
            t("Money needed until then, median"), middle, delta=f"{low}–{high}", delta_color="off", delta_arrow="off"
        )
    st.caption(
        t("Below each value the range that holds 80 % of the draws. Every assumption is drawn on its own (PERT).")
    )
    show_chart(_path(made), "market.canvas.path", height=_HEIGHT, alt=t("The account month by month"))
    if made.drivers:
        names = {name: t(question) for name, (question, _) in _QUESTIONS.items()}
        strongest = [f"{names[name]} ({value:+.2f})" for name, value in made.drivers[:3]]
        st.markdown(
            t("What decides most (rank correlation with the account at the end): {names}.", names=", ".join(strongest))
        )


def _months(made: Outcome) -> str:
    return f"{made.months[1]:.0f}" if made.months else t("not reached")


def _months_range(made: Outcome) -> str | None:
    if made.months is None:
        return None
    low, _, high = made.months
    return f"{low:.0f}–{high:.0f}" if high <= LONGEST else t("{low:.0f} to never", low=low)


def _path(made: Outcome) -> go.Figure:
    import plotly.graph_objects as go

    look, months = palette(mode()), list(range(made.path.shape[1]))
    figure = go.Figure()
    for row, fill in ((2, None), (0, "tonexty")):
        figure.add_scatter(
            x=months,
            y=made.path[row],
            mode="lines",
            line={"width": 0, "color": look.series[0]},
            fill=fill,
            opacity=0.25,
            showlegend=fill is not None,
            name=t("80 % of the draws"),
            hoverinfo="skip",
        )
    figure.add_scatter(x=months, y=made.path[1], mode="lines", name=t("Median"), line={"color": look.series[0]})
    figure.add_hline(y=0, line={"color": look.muted, "width": 1})
    figure.update_xaxes(title_text=t("month"))
    figure.update_yaxes(title_text=t("account"))
    return figure
