"""What the model is worth: prices in, the cheapest threshold and the saving a month out, with intervals and curve."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import streamlit as st

from core.contracts import Evaluation, Metric
from core.ui.cheapest import MoneyLook, show_curve, threshold_line
from core.ui.i18n import t
from core.ui.measured import Measured, once
from core.ui.targets import both_present, decides_from, target_input, target_name
from core.ui.wording import told

if TYPE_CHECKING:
    from core.training.money import Prices, Worth

DAYS_A_MONTH: Final = 30


def show_money(measured: Measured, validation: Evaluation | None, look: MoneyLook | None = None) -> None:
    """The widget, for any evaluation with a score; `validation` chooses the threshold that the test table measures.

    `look` is that of a kind of sector; None for prices of cases, or of amounts where the table has any.
    """
    if validation is None:
        st.info(
            t("No validation table is stored with this version, so no threshold can be chosen apart from the test.")
        )
        return
    target = target_input(measured)
    if both_present(measured.slug, measured.evaluation, target) and both_present(measured.slug, validation, target):
        st.fragment(_draw)(measured, validation, target, look or MoneyLook(_prices_input))


def _draw(measured: Measured, validation: Evaluation, target: int, look: MoneyLook) -> None:
    from core.training import money

    label = target_name(measured.evaluation, target)
    prices = look.ask(measured, label)
    found = once(money.worth, validation, measured.evaluation, prices, decides_from(measured), target)
    if look.conclude is not None:
        look.conclude(found)
    _savings(measured.slug, found)
    _capacity_line(found, prices)
    if look.conclude is None:
        threshold_line(measured.slug, found, label)
    show_curve(measured, prices, found, target, look)
    st.caption(
        told(
            "The threshold was chosen on {chosen:,} validation images and measured on {n:,} other images, the test. "
            "Whoever scores from it on is looked at by a person, who finds out; everybody else is not. Intervals are "
            "95 % by a bootstrap over the test images; the prices are taken as exact.",
            measured.slug,
            chosen=validation.data.n,
            n=measured.evaluation.data.n,
        )
    )


def _prices_input(measured: Measured, label: str) -> Prices:
    from core.training.money import AMOUNT

    st.caption(t("Put in your own figures, in one currency; the ones here are only an example."))
    with st.grid(min_column_width=200):
        if AMOUNT in measured.evaluation.table:
            return _prices_of_amounts(measured, label)
        return _prices_of_cases(measured.slug, label)


def _prices_of_cases(slug: str, label: str) -> Prices:
    """Every miss costs the same."""
    from core.training.money import Prices

    miss = price_input(slug, "miss", t("Cost of a miss: {label} that nobody looks at", label=label), 500.0)
    false_alarm = price_input(slug, "false_alarm", t("Cost of a false alarm, besides its review"), 20.0)
    review = price_input(slug, "review", t("Cost of a review by a person"), 30.0)
    volume = count_input(slug, "volume", t("Cases a month"), 1000, 1)
    capacity = count_input(slug, "capacity", t("Reviews a month that people can make; 0: any number"), 0, 0)
    prevalence = st.slider(
        t("Share of cases that are {label}, %", label=label),
        0.1,
        90.0,
        10.0,
        0.1,
        format="%.1f",
        key=f"{slug}.prevalence",
        persist_state="session",
    )
    return Prices(miss, false_alarm, review, volume, 0.0, prevalence / 100, capacity or None)


def _prices_of_amounts(measured: Measured, label: str) -> Prices:
    """A miss costs a share of what was at stake; people look at so many a day; volume and share start as measured."""
    from core.training.money import Prices

    slug, evaluation = measured.slug, measured.evaluation
    days = len(set(np.asarray(evaluation.table["day"]).tolist())) if "day" in evaluation.table else DAYS_A_MONTH
    positive = float(np.mean(np.asarray(evaluation.table["truth"]) == 1))
    share = price_input(
        slug,
        "miss_share",
        t("Share of the amount that a miss costs, %"),
        100.0,
        t("An amount below zero, such as a refund, costs nothing here."),
    )
    review = price_input(slug, "review", t("Cost of a review by a person"), 5.0)
    reviewers = count_input(slug, "reviewers", t("People who review on a day; 0: any number"), 2, 0, step=1)
    each = count_input(slug, "each", t("Reviews that each of them makes a day"), 50, 1, step=10)
    false_alarm = price_input(slug, "false_alarm", t("Cost of a false alarm, besides its review"), 2.0)
    miss = price_input(slug, "miss", t("Cost of a miss besides the amount"), 0.0)
    a_month = max(1, round(evaluation.data.n * DAYS_A_MONTH / max(1, days)))
    volume = count_input(slug, "volume", t("Cases a month"), a_month, 1)
    prevalence = st.number_input(
        t("Share of cases that are {label}, %", label=label),
        0.01,
        90.0,
        shown := min(90.0, max(0.01, round(100 * positive, 2))),
        0.05,
        format="%.2f",
        key=f"{slug}.money_prevalence",
        persist_state="session",
    )
    # What was measured has more digits than the box, and counts with all of them until somebody changes it.
    positive = positive if prevalence == shown else prevalence / 100
    capacity = reviewers * each * DAYS_A_MONTH
    return Prices(miss, false_alarm, review, volume, share / 100, positive, capacity or None)


def price_input(slug: str, name: str, title: str, default: float, said: str | None = None) -> float:
    """A figure of money of 0 or more; `said` explains it."""
    shown: dict[str, Any] = {"key": f"{slug}.money_{name}", "help": said, "format": "%g", "persist_state": "session"}
    return float(st.number_input(title, 0.0, None, default, 10.0, **shown))


def count_input(slug: str, name: str, title: str, default: int, least: int, step: int = 100) -> int:
    """A whole number of `least` or more."""
    return int(st.number_input(title, least, 10**9, default, step, key=f"{slug}.money_{name}", persist_state="session"))


def _savings(slug: str, found: Worth) -> None:
    shown = [
        (told("Saved against today's threshold", slug), found.against_today),
        (told("Saved against looking at nobody", slug), found.against_nothing),
    ]
    if found.against_everything is not None:
        shown.append((told("Saved against looking at all", slug), found.against_everything))
    st.markdown(f"**{t('A month')}**")
    with st.grid(min_column_width=220):
        for title, metric in shown:
            _metric(title, metric)
        _metric(t("Cost that is left"), found.cost)


def _metric(title: str, metric: Metric) -> None:
    st.metric(
        title,
        f"{metric.value:,.0f}",
        delta=f"{metric.low:,.0f} – {metric.high:,.0f}",
        delta_color="off",
        delta_arrow="off",
        border=True,
    )


def _capacity_line(found: Worth, prices: Prices) -> None:
    """Where there are fewer people than today's threshold asks for, what is compared is not quite today's."""
    if prices.capacity is None or found.compared == found.today:
        return
    st.info(
        t(
            "Today's threshold, {today:.1f} %, would need about {asked:,.0f} reviews a month, by the validation "
            "examples, and there are {capacity:,}. The saving is against what these people can do: the highest scores "
            "first, from {compared} on.",
            today=100 * found.today,
            asked=found.asked,
            capacity=prices.capacity,
            compared=f"{100 * found.compared:.1f} %" if math.isfinite(found.compared) else "–",
        ),
        icon=":material/groups:",
    )
