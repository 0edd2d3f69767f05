"""One alert, opened: its score, the reasons for it, what is known of both sides, and what a person says of it."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from core.contracts import Sector
from core.data.new_transaction import row_with_history, transaction_at
from core.errors import AppError
from core.serving import service
from core.ui.asking import case_of, decision_of, reasons_for
from core.ui.correct import draw_correction
from core.ui.i18n import t
from core.ui.reasons import show_reasons
from core.ui.score_line import show_measured_share
from core.ui.scored import Scored
from core.ui.transaction import Form, show_recent, show_transaction
from core.ui.views import escape, show_error, show_prediction


def show_alert_case(sector: Sector, scored: Scored, row: int) -> None:
    """The case of scored row `row`."""
    slug, place = sector.slug, scored.transactions.context + row
    st.subheader(t("Case {name}", name=escape(scored.transactions.ids[place])), anchor=False)
    table = row_with_history(scored.transactions, place)
    answer = replace(scored.answer, prediction=scored.decisions.row(row))
    words, why = st.columns([1, 1.3], gap="large")
    try:
        case = case_of(slug, table, answer.model)
        asked = transaction_at(scored.transactions, place)
        with words:
            show_transaction(asked)
            show_prediction(slug, answer, case, {})
            show_measured_share(slug, decision_of(answer), answer.model)
            if asked.time is not None:
                show_recent(Form(slug, scored.transactions, service.fields_of(slug)), asked)
        with why:
            show_reasons(reasons_for(slug, table, answer.model), decision_of(answer))
        # In the queue's own fragment: the table above says at once what was marked.
        with st.container(border=True):
            draw_correction(slug, case, answer)
    except AppError as error:
        show_error(error)
