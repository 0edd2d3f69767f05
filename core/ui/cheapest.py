"""The cheapest threshold in words and on the curve of costs, as a kind of sector writes its scores."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import streamlit as st

from core.contracts import N_
from core.ui.i18n import t
from core.ui.measured import Measured, once
from core.ui.theme import mode, palette, show_chart
from core.ui.wording import told

if TYPE_CHECKING:
    from core.training.money import Prices, Worth

_CHARTED_COST: Final = 2.0
"""The chart ends at so many times the cost of looking at nobody: dearer thresholds are out of the question."""


@dataclass(frozen=True)
class MoneyLook:
    """How a kind of sector asks for prices and says what they come to."""

    ask: Callable[[Measured, str], Prices]
    """Draws the prices, of a version and the label that is looked for."""
    conclude: Callable[[Worth], None] | None = None
    """Says above all figures what follows from them; None for `threshold_line` below the savings."""
    scale: float = 100.0
    """What a score is multiplied by."""
    hover: str = "%{x:.1f} % · %{y:,.0f}<extra></extra>"
    """A point of the curve, as plotly writes it."""
    mark: str = N_("cheapest")
    """What stands at the threshold that was chosen."""


def threshold_line(slug: str, found: Worth, label: str) -> None:
    """The cheapest threshold, what it finds, and whether it beats today's by more than chance."""
    if math.isinf(found.threshold):
        st.write(told("At these prices it is cheapest to look at nobody: a review costs more than it saves.", slug))
        return
    st.write(
        told(
            "Cheapest is to look at everybody from a score of **{threshold:.1f} %** on: about {reviews:,.0f} reviews a "
            "month, which find {caught:.0f} % of those that are {label} ({low:.0f} to {high:.0f} %).",
            slug,
            threshold=100 * found.threshold,
            reviews=found.reviews.value,
            caught=100 * found.caught.value,
            low=100 * found.caught.low,
            high=100 * found.caught.high,
            label=label,
        )
    )
    if found.against_today.low <= 0 <= found.against_today.high:
        st.write(t("Against today's threshold the difference could be chance."))
    elif found.against_today.high < 0:
        st.warning(
            told(
                "This threshold was the cheapest on the validation images, but on the test images it costs more than "
                "today's, and by more than chance: nothing speaks for changing today's.",
                slug,
            ),
            icon=":material/difference:",
        )


def show_curve(measured: Measured, prices: Prices, found: Worth, target: int, look: MoneyLook) -> None:
    """Cost a month over the threshold, with today's and the cheapest one marked."""
    import plotly.graph_objects as go

    from core.training import money

    colours = palette(mode())
    thresholds, costs = once(money.curve, measured.evaluation, prices, target)
    figure = go.Figure(
        go.Scatter(
            x=look.scale * thresholds,
            y=costs,
            mode="lines",
            line={"width": 3},
            hovertemplate=look.hover,
        )
    )
    marks: list[tuple[float, str, Any]] = [
        (found.today, t("today"), colours.muted),
        (found.threshold, t(look.mark), colours.primary),
    ]
    for (place, name, colour), side in zip(sorted(marks, key=lambda mark: mark[0]), ("left", "right"), strict=True):
        if math.isfinite(place):
            line = {"dash": "dot", "color": colour}
            figure.add_vline(x=look.scale * place, line=line, annotation_text=name, annotation_position=f"top {side}")
    figure.update_layout(showlegend=False)
    figure.update_xaxes(title=told("Threshold, %", measured.slug))
    nobody = found.cost.value + found.against_nothing.value
    figure.update_yaxes(
        title=told("Cost a month, test images", measured.slug),
        range=[0, min(float(costs.max()) * 1.05, _CHARTED_COST * nobody)] if nobody > 0 else None,
        rangemode="tozero",
    )
    show_chart(figure, f"{measured.slug}.money_curve", height=320, alt=t("Cost a month over the threshold"))
