"""One transaction from the choice to the answer: score, reasons in words, what-if, and what a person says of it."""

from __future__ import annotations

from typing import Final

import streamlit as st

from core.contracts import N_, Decision, Sector
from core.data.new_transaction import NewTransaction, on_history, transaction_at
from core.data.transactions import LABELS, UNKNOWN
from core.errors import AppError
from core.serving import service
from core.ui.asking import answer_of, case_of, decision_of, reasons_for
from core.ui.correct import show_correction
from core.ui.i18n import t
from core.ui.reasons import show_reasons
from core.ui.score_line import show_measured_share
from core.ui.transaction import Form, SampleRow, show_recent, show_transaction, transaction_input
from core.ui.views import show_error, show_prediction
from core.ui.what_if import show_what_if

_TRUTHS: Final = {
    ("fraud", "fraud"): (N_("In the simulation this payment was fraud: the model finds it."), "check"),
    ("fraud", "genuine"): (N_("In the simulation this payment was fraud: the model misses it."), "close"),
    ("genuine", "fraud"): (N_("In the simulation this payment was genuine: a false alarm of the model."), "close"),
    ("genuine", "genuine"): (N_("In the simulation this payment was genuine: the model lets it pass."), "check"),
}
"""Truth and decision -> what to say of a sample, and its sign."""


def show_single(sector: Sector) -> None:
    """A sample or a transaction of the visitor's own, and everything that follows from it."""
    from core.data.simulated_bank import sample_bank, sample_transactions

    try:
        form = Form(sector.slug, sample_bank(), service.fields_of(sector.slug))
    except AppError as error:
        show_error(error)
        return
    asked = transaction_input(form, [SampleRow(t(sample.title), sample.place) for sample in sample_transactions()])
    if asked is None:
        st.caption(t("Choose a sample above, or fill in the form, to get an answer."))
        return
    try:
        _show(form, asked)
    except AppError as error:
        show_error(error)


def _show(form: Form, asked: NewTransaction) -> None:
    slug, table = form.slug, on_history(form.bank, asked)
    answer = answer_of(slug, table)
    case = case_of(slug, table, answer.model)
    words, why = st.columns([1, 1.3], gap="large")
    with words:
        show_transaction(asked)
        show_prediction(slug, answer, case, {})
        _show_truth(form, asked, decision_of(answer))
        show_measured_share(slug, decision_of(answer), answer.model)
        show_recent(form, asked)
    with why:
        show_reasons(reasons_for(slug, table, answer.model), decision_of(answer))
    show_what_if(form, asked)
    show_correction(slug, case, answer)


def _show_truth(form: Form, asked: NewTransaction, decision: Decision) -> None:
    """Whether the model is right about a sample: the simulator knows. Nothing is said of a changed or typed one."""
    from core.data.simulated_bank import sample_transactions

    places = (sample.place for sample in sample_transactions())
    place = next((place for place in places if transaction_at(form.bank, place) == asked), None)
    if place is None or form.bank.label is None or decision.decision is None:
        return
    truth = form.bank.label[place]
    if truth != UNKNOWN:
        said, icon = _TRUTHS[LABELS[truth], decision.decision]
        st.markdown(f":material/{icon}: {t(said)}")
