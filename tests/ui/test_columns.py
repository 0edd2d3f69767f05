"""The form that says which column is what, for any table."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from core.ui.columns import columns_problem

ROLES = {"amount": "Amount", "time": "Time", "label": "Label"}


def form() -> None:
    import pandas as pd
    import streamlit as st

    from core.ui.columns import columns_input

    table = pd.DataFrame({"price": ["1,0", "x"], "when": ["a", "b"], "<b>=1": ["=2", "[x](y)"]})
    with st.form("f"):
        roles = {"amount": "Amount", "time": "Time", "label": "Label"}
        chosen = columns_input("t", table, {"amount": "price", "time": "when"}, roles, ("amount",), ignorable=True)
        if st.form_submit_button("Go"):
            st.session_state["chosen"] = dict(chosen)


def test_the_guess_stands_and_can_be_put_right() -> None:
    page = AppTest.from_function(form).run()
    assert not page.exception
    assert [box.value for box in page.selectbox] == ["price", "when", ""]
    assert "Amount *" in page.selectbox[0].label
    assert len(page.dataframe[0].value) == 2
    page.selectbox[2].select("<b>=1")
    page.button[0].click().run()
    assert page.session_state["chosen"] == {"amount": "price", "time": "when", "label": "<b>=1"}


def test_none_is_said_and_not_guessed_again() -> None:
    page = AppTest.from_function(form).run()
    page.selectbox[1].select("")
    page.button[0].click().run()
    assert page.session_state["chosen"]["time"] == ""


def test_columns_are_left_out() -> None:
    page = AppTest.from_function(form).run()
    page.multiselect[0].set_value(["when", "<b>=1"])
    page.button[0].click().run()
    assert page.session_state["chosen"]["ignore"] == "when|<b>=1"
    said = columns_problem(page.session_state["chosen"], ROLES, ("amount",))
    assert said is not None and "when" in said and "price" not in said, "it is the time already"


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        ({"amount": "", "time": "when", "label": ""}, "Amount"),
        ({"amount": "a_b", "time": "a_b", "label": ""}, "a\\_b"),
        ({"amount": "price", "time": "", "label": ""}, None),
    ],
)
def test_what_cannot_be_is_said(chosen: dict[str, str], said: str | None) -> None:
    found = columns_problem(chosen, ROLES, ("amount",))
    assert (said is None and found is None) or (found is not None and said is not None and said in found)
