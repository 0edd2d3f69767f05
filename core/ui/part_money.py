"""What a limit of parts is worth: scrap against escapes, on defects that the limit was not chosen by."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np
import streamlit as st

from core.contracts import N_, Evaluation
from core.ui.cheapest import MoneyLook
from core.ui.i18n import t
from core.ui.measured import Measured, once
from core.ui.money import count_input, price_input, show_money
from core.ui.part_quality import NO_DEFECTS

if TYPE_CHECKING:
    from core.training.money import Prices, Worth

_TIMES: Final = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
_SCRAP: Final = 20.0


def show_part_money(measured: Measured, choosing: Evaluation | None) -> None:
    """The money widget; says which defects choose the limit and which measure it, or why none can be chosen.

    Args:
        measured: A version and its test.
        choosing: Held-out good parts, and the defects that came with the training data.
    """
    from core.training.part_limits import tables_of_prices

    if choosing is None:
        show_money(measured, None)
        return
    tables = once(tables_of_prices, choosing, measured.evaluation)
    if tables is None:
        st.info(_why_none(measured.evaluation))
        return
    chooses, measures = tables
    if measures is not measured.evaluation:
        whole, rest = (int((np.asarray(one.table["truth"]) == 1).sum()) for one in (measured.evaluation, measures))
        st.caption(
            t(
                "The training data hold too few defects, so {chosen:,} of the test defects choose the limit together "
                "with the held-out good parts, and only the other {rest:,} measure it.",
                chosen=whole - rest,
                rest=rest,
            )
        )
    show_money(Measured(measured.slug, measured.version, measures), chooses, _LOOK)


def _why_none(test: Evaluation) -> str:
    from core.training.part_limits import HALF_MIN

    count = int((np.asarray(test.table["truth"]) == 1).sum())
    if not count:
        return t(NO_DEFECTS)
    return t(
        "Only {count:,} defects are known. At least {least:,} are needed to weigh scrap against escapes: one half to "
        "choose the limit, the other to measure it.",
        count=count,
        least=2 * HALF_MIN,
    )


def _prices_input(measured: Measured, label: str) -> Prices:
    """Scrap as a price, an escape as a multiple of it; by default nobody looks a second time."""
    from core.training.money import Prices

    slug = measured.slug
    st.caption(t("Put in your own figures, in one currency; the ones here are only an example."))
    with st.grid(min_column_width=200):
        scrap = price_input(slug, "scrap", t("Cost of a good part that is called defective"), _SCRAP)
        review = price_input(slug, "second_look", t("Cost of a second look at a part called defective"), 0.0)
        volume = count_input(slug, "volume", t("Parts a month"), 10_000, 1, step=1000)
        percent = st.number_input(
            t("Defective parts, %"),
            0.01,
            90.0,
            1.0,
            0.1,
            format="%.2f",
            key=f"{slug}.defective",
            persist_state="session",
        )
    times = st.select_slider(
        t("A defect that escapes costs so many times the scrap of a good part"),
        _TIMES,
        value=20,
        key=f"{slug}.escape_times",
        persist_state="session",
    )
    return Prices(times * scrap, scrap, review, volume, 0.0, percent / 100)


def _conclude(found: Worth) -> None:
    """Whether another limit than today's pays, before any figure of it."""
    if math.isinf(found.threshold):
        st.info(
            t("At these prices it is cheapest to let every part pass: scrap costs more than the escapes it avoids."),
            icon=":material/savings:",
        )
        return
    saved = found.against_today
    figures = {"today": found.today, "chosen": found.threshold, "low": abs(saved.low), "high": abs(saved.high)}
    if saved.low > 0:
        said = t(
            "A limit of {chosen:.2f} pays: on the test images it saves {low:,.0f} to {high:,.0f} a month against "
            "today's, {today:.2f}.",
            **figures,
        )
    elif saved.high < 0:
        said = t(
            "Keep today's limit, {today:.2f}: on the test images the one of {chosen:.2f} costs {high:,.0f} to "
            "{low:,.0f} a month more.",
            **figures,
        )
    else:
        said = t(
            "Nothing speaks for changing today's limit, {today:.2f}: on the test images what one of {chosen:.2f} "
            "saves or costs could be chance.",
            **figures,
        )
    st.info(said, icon=":material/savings:")
    st.write(
        t(
            "On the images that chose it, **{chosen:.2f}** is the cheapest limit. On the test images it calls about "
            "{parts:,.0f} parts a month defective, and {caught:.0f} % of the defects ({low:.0f} to {high:.0f} %) are "
            "among them.",
            chosen=found.threshold,
            parts=found.reviews.value,
            caught=100 * found.caught.value,
            low=100 * found.caught.low,
            high=100 * found.caught.high,
        )
    )


_LOOK: Final = MoneyLook(
    _prices_input,
    _conclude,
    scale=1.0,
    hover="%{x:.2f} · %{y:,.0f}<extra></extra>",
    mark=N_("cheapest on other images"),
)
