"""The file of all scores: every row once, every column under a name of its own, nothing that runs."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from core.contracts import Decisions, Message, Reason
from core.data import scored
from core.data.read_transactions import open_transactions
from core.data.scored import scored_csv, write_scored
from core.data.transactions import LABELS, Transactions
from core.intake.exports import safe_cell
from core.intake.table_exports import safe_texts


def lines(data: bytes) -> list[list[str]]:
    assert data.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def decisions(n: int, abstained: Reason | None = None) -> Decisions:
    return Decisions(LABELS, np.linspace(0, 1, n).astype(np.float32), 0.5, abstained=abstained)


def table(text: str, **columns: str) -> Transactions:
    return open_transactions(text.encode(), "a.csv", columns)


def test_a_row_keeps_its_cells_and_gets_score_decision_and_notice(tmp_path: Path) -> None:
    sent = table('ref,paid,card\n"a,""b""\nc",12.5,x\n=1+1,-3,\n', id="ref", amount="paid", customer="card")
    write_scored(tmp_path / "scored.csv", sent, decisions(2), "=No advice")
    assert lines((tmp_path / "scored.csv").read_bytes()) == [
        ["ref", "card", "paid", "score", "threshold", "decision", "notice"],
        ['a,"b"\nc', "x", "12.5", "0", "0.5", "genuine", "'=No advice"],
        ["'=1+1", "", "-3", "1", "0.5", "fraud", "'=No advice"],
    ]


@pytest.mark.parametrize(
    ("text", "columns", "header"),
    [
        ("id,amount\nann,1\nann,2\nbob,3\n", {"customer": "id", "id": ""}, ["id 2", "id", "amount"]),
        ("score,id\n1,a\n2,b\n3,c\n", {"amount": "score"}, ["id", "amount"]),
        (
            "score,amount,decision\n1,a,x\n2,b,y\n3,c,x\n",
            {"amount": "score", "id": "amount", "customer": "decision"},
            ["amount", "customer", "amount 2"],
        ),
    ],
)
def test_no_column_takes_the_place_of_another(text: str, columns: dict[str, str], header: list[str]) -> None:
    sent = table(text, **columns)
    found = lines(scored_csv(sent, decisions(3)))
    assert found[0] == [*header, "score", "threshold", "decision"]
    assert [row[found[0].index("score")] for row in found[1:]] == ["0", "0.5", "1"]
    assert {len(row) for row in found} == {len(found[0])}
    assert [row[0] for row in found[1:]] == sent.ids.tolist()


def test_parts_of_a_long_table_fit_together_and_history_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scored, "_AT_ONCE", 7)
    n = 40
    whole = Transactions(np.arange(n).astype(str), np.arange(n) / 4, context=5)
    found = lines(scored_csv(whole, decisions(n - 5)))
    assert [row[0] for row in found[1:]] == [str(row) for row in range(5, n)]
    assert [float(row[1]) for row in found[1:]] == [row / 4 for row in range(5, n)]


def test_a_table_that_was_declined_has_no_decisions_and_one_without_rows_a_header() -> None:
    whole = Transactions(np.array(["a", "b"]), np.ones(2))
    declined = decisions(2, Reason("far", Message("Too far away.")))
    assert [row[-1] for row in lines(scored_csv(whole, declined))] == ["decision", "", ""]
    assert lines(scored_csv(whole.take(np.arange(0)), decisions(0))) == [
        ["id", "amount", "score", "threshold", "decision"]
    ]


def test_a_long_name_costs_memory_where_it_stands_only() -> None:
    n = 2_000
    names = ("x" * 1_000_000, *(f"c{row}" for row in range(1, n)))
    whole = Transactions(np.arange(n).astype(str), np.ones(n), customer=np.arange(n, dtype=np.int32), customers=names)
    assert len(scored_csv(whole, decisions(n))) < 1_200_000


def test_texts_are_escaped_as_single_cells_are() -> None:
    cells = ["=1", "+1", "-2.50", "-1e-05", "-1 cmd", "--1", "-", "@a", "\t=1", "＝1", "12", "", " =", "a=b", "-2\n"]
    assert safe_texts(pa.array(cells)).to_pylist() == [safe_cell(cell) for cell in cells]
