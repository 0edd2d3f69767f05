"""What came from a visitor reaches Markdown as text, however deep in a message it stands."""

from __future__ import annotations

import numpy as np
import pytest

from core.contracts import Message
from core.data.read_transactions import open_transactions
from core.data.transaction_check import check_transactions
from core.tasks.fraud_detection.definitions import NUMBER
from core.tasks.fraud_detection.domain import fit_domain
from core.tasks.fraud_detection.features import FeaturePlan
from core.ui.views import escape, say

EVIL = "![x](http://evil.example/t.png) :red[a] <b>b</b> $c$"


@pytest.mark.parametrize(
    "message",
    [
        Message("{found}", {"found": EVIL}),
        Message("First: {first}", {"first": Message("Row {row}: {found}.", {"row": 3, "found": EVIL})}),
        Message("{a}", {"a": Message("{b}", {"b": Message("{c}", {"c": EVIL})})}),
        Message("{names}", {"names": [EVIL]}),
        Message("{first}", {"first": Message("**{found}**", {"found": EVIL})}),
    ],
)
def test_nothing_in_a_message_is_live(message: Message) -> None:
    shown = say(message)
    assert escape(EVIL) in shown
    assert all(live not in shown for live in ("![", "](", ":red[", "<b>", " $"))


def test_words_of_a_template_and_formats_of_numbers_stay() -> None:
    inner = Message("**{share:.0%}** of {n:,}", {"share": np.float32(0.25), "n": 12_345})
    assert say(Message("Of {inner}", {"inner": inner})) == "Of **25%** of 12,345"


def test_a_cell_of_a_file_is_text_in_the_warnings_of_the_data_check() -> None:
    rows = "".join(f"2026-01-{1 + n % 28:02d} 10:00:00,{n},{int(n % 9 == 0)}\n" for n in range(60))
    table = open_transactions(f"time,amount,fraud\n{rows}2026-01-03,{EVIL},0\n".encode(), "a.csv")
    said = " ".join(map(say, check_transactions(table, 1).warnings))
    assert escape(EVIL[:20]) in said and "![x](" not in said


def test_the_name_of_a_column_is_text_in_the_notices_of_a_table() -> None:
    names = (NUMBER + EVIL,)
    values = np.random.default_rng(0).normal(size=(500, 1)).astype(np.float32)
    (notice,) = fit_domain(values).notices(FeaturePlan.of_values(names, values, 7), values + 100)
    assert escape(EVIL) in say(notice) and "![x](" not in say(notice)
