"""Reasons as words and signs: sorted, merged where they say the same, and adding up in front of everybody."""

from __future__ import annotations

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.contracts import Decision, FeatureAttribution, Message
from core.ui.reasons import SHOWN, said, signed
from tests.ui.test_house import words


def attribution(contributions: list[float], residual: float = 0.0, reasons: bool = True) -> FeatureAttribution:
    added = np.array(contributions)
    return FeatureAttribution(
        names=tuple(f"feature_{place}" for place in range(len(added))),
        values=np.where(np.arange(len(added)) == 1, np.nan, np.arange(len(added))).astype(float),
        contributions=added,
        base=-4.0,
        total=-4.0 + float(added.sum()) + residual,
        method="tree_shap",
        reasons=tuple(Message("Reason {n}.", {"n": n}) for n in range(len(added))) if reasons else (),
    )


def page(found: FeatureAttribution) -> AppTest:
    def script(found) -> None:
        from core.contracts import Decision
        from core.ui.reasons import show_reasons

        show_reasons(found, Decision(("genuine", "fraud"), 0.731, 0.5))

    drawn = AppTest.from_function(script, args=(found,)).run()
    assert not drawn.exception
    return drawn


def lists(drawn: AppTest) -> list[list[str]]:
    return [element.value.split("\n") for element in drawn.markdown if element.value.startswith("- :")]


def test_the_weightiest_come_first_and_the_rest_waits() -> None:
    drawn = page(attribution([0.1, -3.0, 0.2, 2.0, 0.3, -0.4, 0.5, 0.6]))
    first, rest = lists(drawn)
    assert len(first) == SHOWN and len(rest) == 2
    assert first[0] == "- :blue-badge[−3.00] Reason 1." and first[1] == "- :orange-badge[+2.00] Reason 3."
    assert "2 more reasons, together +0.30" in drawn.expander[0].label


@pytest.mark.slow
def test_they_are_said_to_add_up_and_what_is_left_over_is_told() -> None:
    drawn = words(page(attribution([1.0, 2.0])))
    assert "−4.00 for an ordinary case" in drawn and "−1.00, in log odds" in drawn and "73.1 %" in drawn
    assert "unexplained" not in drawn
    assert "leaves +0.20 unexplained" in words(page(attribution([1.0, 2.0], residual=0.2)))


@pytest.mark.slow
def test_two_features_with_the_same_sentence_are_one_reason() -> None:
    found = attribution([1.0, 2.0, -0.5])
    same = Message("The amount is 7.")
    merged = said(FeatureAttribution(**{**vars(found), "reasons": (same, same, Message("It is night."))}))
    assert merged == {"The amount is 7.": 3.0, "It is night.": -0.5}
    assert sum(merged.values()) == pytest.approx(found.contributions.sum())
    told = page(FeatureAttribution(**{**vars(found), "reasons": (same, same, Message("It is night."))}))
    assert "The 3 features make 2 reasons" in words(told)
    assert "features make" not in words(page(found)), "each has its own"


def test_without_sentences_names_and_values_speak() -> None:
    assert set(said(attribution([1.0, 2.0], reasons=False))) == {"feature\\_0: 0", "feature\\_1: unknown"}


def test_what_a_file_said_is_shown_and_not_obeyed() -> None:
    found = attribution([1.0])
    evil = Message("Terminal {name}.", {"name": "[x](http://evil) :red[y]"})
    text = lists(page(FeatureAttribution(**{**vars(found), "reasons": (evil,)})))[0][0]
    assert "\\[x\\]\\(http" in text and ":red[" not in text


def test_signs() -> None:
    assert (signed(2.149), signed(-0.3), signed(0.0)) == ("+2.15", "−0.30", "+0.00")


@pytest.mark.parametrize(("score", "shown"), [(0.2, "Genuine"), (0.9, "Fraud")])
def test_a_decision_shows_score_and_threshold_on_one_scale(score: float, shown: str) -> None:
    def script(score: float) -> None:
        from core.contracts import Decision
        from core.ui.views import _show_decision

        _show_decision("x", Decision(("genuine", "fraud"), score, 0.5), {})

    drawn = AppTest.from_function(script, args=(score,)).run()
    assert not drawn.exception and drawn.subheader[0].value == shown
    bars = drawn.get("progress")
    assert [bar.proto.value for bar in bars] == [round(100 * score), 50]
    assert Decision(("genuine", "fraud"), score, 0.5).decision == shown.lower()
