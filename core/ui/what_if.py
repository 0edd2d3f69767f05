"""What if: move amount, hour or terminal and the score moves; and the smallest change that brings another decision."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import streamlit as st

from core.contracts import N_, Decision
from core.data.new_transaction import NewTransaction, earlier_of_customer, on_history
from core.serving.what_if import (
    Change,
    What,
    hour_of,
    other_amount,
    other_hour,
    other_terminal,
    usual_terminals,
    with_hour,
)
from core.ui.asking import answer_of, decision_of, scores_of
from core.ui.i18n import t
from core.ui.labels import label_name
from core.ui.reasons import signed
from core.ui.transaction import Form
from core.ui.views import escape, show_against_threshold

_STEPS = 200
"""Places of the amount's slider."""
_TURNS: dict[What, str] = {
    "amount": N_("An amount of {value:,.2f}: {decision}, {score:.1f} %."),
    "hour": N_("At {value:.0f} o'clock on the same day: {decision}, {score:.1f} %."),
    "terminal": N_("At terminal {value}, where this customer pays too: {decision}, {score:.1f} %."),
}
_NOTHING: dict[What, str] = {
    "amount": N_("No other amount between {low:,.2f} and {high:,.2f} would do ({count} tried)."),
    "hour": N_("No other hour of the same day would do ({count} tried)."),
    "terminal": N_("None of the other terminals where this customer pays would do ({count} tried)."),
}
_OF_NOBODY = (
    N_("At terminal {value}, one of the busiest: {decision}, {score:.1f} %."),
    N_("None of the busiest terminals would do ({count} tried)."),
)
"""The same two about terminals for a customer who has not paid anywhere before."""


def show_what_if(form: Form, asked: NewTransaction) -> None:
    """Sliders with the score that they make, and below them what would change the decision."""
    with st.container(border=True):
        st.markdown(f"**{t('What if?')}**")
        st.fragment(_draw)(form, asked)
    with st.container(border=True):
        st.markdown(f"**{t('What would have to change for another decision')}**")
        _show_changes(form, asked)


def _draw(form: Form, asked: NewTransaction) -> None:
    changed = _changed_input(form, asked)
    before = _decision(form, asked)
    now = _decision(form, changed)
    show_against_threshold(now)
    # Of the percentages as they are shown, so that the three numbers agree.
    points = signed(round(100 * now.score, 1) - round(100 * before.score, 1), 1)
    if changed == asked:
        st.caption(t("Move a slider, and the score moves."))
    else:
        st.caption(
            t(
                "{points} percentage points compared with the transaction as it was; the model now says: {decision}.",
                points=points,
                decision=escape(label_name(now.decision or "")),
            )
        )


def _decision(form: Form, new: NewTransaction) -> Decision:
    return decision_of(answer_of(form.slug, on_history(form.bank, new)))


def _changed_input(form: Form, asked: NewTransaction) -> NewTransaction:
    """The transaction as the sliders stand; they begin where the transaction is."""
    # The sliders of another transaction are others, so that none starts where the last one was left.
    key = f"{form.slug}.what_if.{on_history(form.bank, asked).sha256[:12]}"
    low, high = amounts_of(form, asked)
    with st.grid(min_column_width=200):
        amount = st.slider(t("Amount"), low, high, float(asked.amount), (high - low) / _STEPS, key=f"{key}.amount")
        hour = hour_of(asked)
        if asked.time is not None:
            hour = st.slider(t("Hour of the day"), 0, 23, hour, key=f"{key}.hour")
        terminal = asked.terminal
        if form.bank.terminal is not None:
            options = list(dict.fromkeys([asked.terminal, *usual_terminals(form.bank, asked)]))
            terminal = st.selectbox(t("Terminal"), options, key=f"{key}.terminal")
    moved = replace(asked, amount=round(amount, 2), terminal=terminal)
    return moved if hour == hour_of(asked) else with_hour(moved, hour)


def amounts_of(form: Form, asked: NewTransaction) -> tuple[float, float]:
    """Amounts between which the slider moves and changes are looked for; usual ones, and twice that of now."""
    low, _, high = form.fields.amount
    return min(float(asked.amount), low), max(3 * high, 2 * float(asked.amount))


def _show_changes(form: Form, asked: NewTransaction) -> None:
    decision = _decision(form, asked)
    low, high = amounts_of(form, asked)
    turns, nothing = dict(_TURNS), dict(_NOTHING)
    if not earlier_of_customer(form.bank, asked).any():
        turns["terminal"], nothing["terminal"] = _OF_NOBODY
    lines = []
    for change in _changes(form, asked, decision.threshold):
        if change.to is None:
            line = t(nothing[change.what], low=low, high=high, count=change.tried)
        else:
            turned = Decision(decision.labels, change.score, decision.threshold)
            line = t(
                turns[change.what],
                value=escape(change.to) if isinstance(change.to, str) else change.to,
                decision=escape(label_name(turned.decision or "")),
                score=100 * change.score,
            )
        lines.append(f"- {line}")
    st.markdown("\n".join(lines))
    st.caption(
        t("One thing is changed at a time and all else kept. Between the values that were tried nothing is known.")
    )


def _changes(form: Form, asked: NewTransaction, threshold: float) -> tuple[Change, ...]:
    """The nearest change of each thing, looked for once per transaction and version."""
    slot, table = f"{form.slug}.changes", on_history(form.bank, asked)
    key = (table.sha256, answer_of(form.slug, table).model.sha256)
    kept = st.session_state.get(slot)
    if kept is None or kept[0] != key:
        with st.spinner(t("Trying other values")):
            kept = (key, _look(form, asked, threshold))
        st.session_state[slot] = kept
    changes: tuple[Change, ...] = kept[1]
    return changes


def _look(form: Form, asked: NewTransaction, threshold: float) -> tuple[Change, ...]:
    bank, score = form.bank, partial(scores_of, form.slug)
    found = [other_amount(bank, asked, score, threshold, amounts_of(form, asked))]
    if asked.time is not None:
        found.append(other_hour(bank, asked, score, threshold))
    terminals = [name for name in usual_terminals(bank, asked) if name != asked.terminal]
    if terminals:
        found.append(other_terminal(bank, asked, score, threshold, terminals))
    return tuple(found)
