"""One transaction to ask about: one of our samples with a click, or a form with everything that the model looks at."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

import numpy as np
import streamlit as st

from core.data.new_transaction import Fields, NewTransaction, Recent, recent, transaction_at
from core.data.transactions import Transactions
from core.ui.i18n import t
from core.ui.views import escape

_STRIP = 4
_AMOUNT_MAX = 1e9


@dataclass(frozen=True)
class SampleRow:
    """A transaction of our own bank that is offered for a click."""

    title: str
    """As the button says it, in the visitor's language."""
    place: int
    """Row of the bank."""


@dataclass(frozen=True)
class Form:
    """What the form is drawn from. `slug` begins the keys of its boxes."""

    slug: str
    bank: Transactions
    fields: Fields


def transaction_input(form: Form, samples: Sequence[SampleRow]) -> NewTransaction | None:
    """The sample strip and the form; returns what was chosen or typed last, or None."""
    st.caption(t("Try a sample. All of them are synthetic: made by this project's simulator of a bank."))
    _strip(form, samples)
    with st.expander(t("A transaction of your own"), icon=":material/edit:"):
        _draw_form(form)
    asked: NewTransaction | None = st.session_state.get(_slot(form.slug))
    return asked


def show_transaction(asked: NewTransaction) -> None:
    """The transaction in a line, so that a number in the reasons can be found again."""
    facts = [f"**{asked.amount:,.2f}**"]
    if asked.time is not None:
        facts.append(str(asked.time).replace("T", " "))
    if asked.customer:
        facts.append(t("Customer {name}", name=escape(asked.customer)))
    if asked.terminal:
        facts.append(t("Terminal {name}", name=escape(asked.terminal)))
    st.markdown(" · ".join(facts))


def show_recent(form: Form, asked: NewTransaction) -> None:
    """What the bank knew of the customer and the terminal when the transaction came in."""
    found = recent(form.bank, asked, form.fields.delay_days)
    lines = []
    if form.bank.customer is not None:
        customer = escape(asked.customer or "–")
        lines.append(_of_customer(customer, found))
    if form.bank.terminal is not None:
        lines.append(
            t(
                "Terminal {name}, transactions in the {days} days before: {count:,}; known as fraud by then: "
                "{frauds:,}.",
                name=escape(asked.terminal or "–"),
                count=found.terminal_count,
                days=found.days,
                frauds=found.terminal_frauds,
            )
        )
    st.caption(" ".join(lines))


def _of_customer(name: str, found: Recent) -> str:
    if not found.customer_count:
        return t("Customer {name}: no transactions in the {days} days before.", name=name, days=found.days)
    return t(
        "Customer {name}, transactions in the {days} days before this one: {count:,}, {mean:,.2f} on average.",
        name=name,
        count=found.customer_count,
        days=found.days,
        mean=found.customer_mean,
    )


def _slot(slug: str) -> str:
    return f"{slug}.asked"


def _key(slug: str, name: str) -> str:
    return f"{slug}.new.{name}"


def _strip(form: Form, samples: Sequence[SampleRow]) -> None:
    asked = st.session_state.get(_slot(form.slug))
    with st.grid(_STRIP, min_column_width=150, gap="small"):
        for sample in samples:
            row = transaction_at(form.bank, sample.place)
            st.button(
                escape(sample.title),
                key=f"{form.slug}.sample.{sample.place}",
                on_click=_take,
                args=(form, row),
                width="stretch",
                wrap=True,
                type="primary" if row == asked else "secondary",
            )


def _take(form: Form, row: NewTransaction) -> None:
    """A sample is asked about and put into the form, so that it can be changed there."""
    state, slug = st.session_state, form.slug
    state[_slot(slug)] = row
    state[_key(slug, "amount")] = row.amount
    state[_key(slug, "customer")], state[_key(slug, "terminal")] = row.customer, row.terminal
    if row.time is not None:
        moment: datetime = row.time.astype("datetime64[s]").item()
        state[_key(slug, "date")], state[_key(slug, "time")] = moment.date(), moment.time()
    for name in form.fields.numbers:
        value = row.numbers.get(name, math.nan)
        state[_key(slug, f"number.{name}")] = None if math.isnan(value) else value
    for name in form.fields.categories:
        state[_key(slug, f"text.{name}")] = row.categories.get(name, "")


def _draw_form(form: Form) -> None:
    slug, bank = form.slug, form.bank
    with st.form(f"{slug}.new", border=False):
        with st.grid(min_column_width=180):
            if bank.customer is not None:
                _name_input(slug, "customer", t("Customer"), bank.customers)
            if bank.terminal is not None:
                _name_input(slug, "terminal", t("Terminal"), bank.terminals)
            _amount_input(form)
            if bank.time is not None:
                _moment_input(slug, bank.time[0], bank.time[-1])
            for name, (low, middle, high) in form.fields.numbers.items():
                _number_input(slug, name, middle, t("Usual: {low:g} to {high:g}", low=low, high=high))
            for name in form.fields.categories:
                st.text_input(escape(name), max_chars=200, key=_key(slug, f"text.{name}"))
        st.form_submit_button(t("Score it"), type="primary", icon=":material/play_arrow:", on_click=_ask, args=(form,))
    low, _, high = form.fields.amount
    st.caption(
        t(
            "Where the model learned, 98 % of the amounts lay between {low:,.2f} and {high:,.2f}. The history of "
            "customer and terminal comes from our sample bank, up to the moment of the transaction.",
            low=low,
            high=high,
        )
    )


def _name_input(slug: str, name: str, title: str, names: Sequence[str]) -> None:
    st.selectbox(title, names, key=_key(slug, name))


def _amount_input(form: Form) -> None:
    key, middle = _key(form.slug, "amount"), round(form.fields.amount[1], 2)
    _default(key, middle)
    st.number_input(t("Amount"), -_AMOUNT_MAX, _AMOUNT_MAX, step=10.0, format="%.2f", key=key)


def _moment_input(slug: str, first: np.datetime64, last: np.datetime64) -> None:
    """Day and time of day, within the days that the bank knows."""
    days: list[date] = [moment.astype("datetime64[D]").item() for moment in (first, last)]
    _default(_key(slug, "date"), days[1])
    _default(_key(slug, "time"), time(12))
    st.date_input(t("Day"), min_value=days[0], max_value=days[1], key=_key(slug, "date"))
    st.time_input(t("Time of day"), step=900, key=_key(slug, "time"))


def _number_input(slug: str, name: str, middle: float, usual: str) -> None:
    key = _key(slug, f"number.{name}")
    _default(key, middle)
    st.number_input(escape(name), format="%g", key=key, help=usual)


def _default(key: str, value: Any) -> None:
    """Before a widget is drawn for the first time; a sample may have set it already."""
    st.session_state.setdefault(key, value)


def _ask(form: Form) -> None:
    state, slug = st.session_state, form.slug

    def said(name: str) -> Any:
        return state.get(_key(slug, name))

    day, hour = said("date"), said("time")
    moment = None
    if isinstance(day, date) and isinstance(hour, time):
        moment = np.datetime64(datetime.combine(day, hour), "s")
    numbers = {name: said(f"number.{name}") for name in form.fields.numbers}
    state[_slot(slug)] = NewTransaction(
        amount=float(said("amount") or 0.0),
        time=moment,
        customer=str(said("customer") or ""),
        terminal=str(said("terminal") or ""),
        numbers={name: math.nan if value is None else float(value) for name, value in numbers.items()},
        categories={name: str(said(f"text.{name}") or "").strip() for name in form.fields.categories},
    )
