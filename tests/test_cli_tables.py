"""Transactions from the command line: the same verbs, the same JSON, the same exit codes as for images."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner, Result

from core import answers
from core.cli import app
from tests.fake_payments import CSV, SLUG, payments
from tests.house import House

__all__ = ["payments"]


@pytest.fixture
def here(payments: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    work = tmp_path / "work"
    work.mkdir()
    (work / "bank.csv").write_bytes(CSV)
    monkeypatch.chdir(work)
    return work


def run(*words: str, code: int = 0) -> Result:
    result = CliRunner().invoke(app, list(words))
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    return result


def document(result: Result) -> Any:
    return json.loads(result.stdout, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))


@pytest.mark.slow
def test_predict_gives_a_result_for_every_row(here: Path) -> None:
    found = document(run("predict", SLUG, "bank.csv", "--json"))
    assert (found["sector"], found["version"], found["threshold"]) == (SLUG, "bundled", 0.5)
    assert found["refused"] == [] and "Made up." in found["notices"]
    rows = {row["input"]: row for row in found["results"]}
    assert len(rows) == 20
    assert rows["p20"]["decision"] == rows["p20"]["label"] == "fraud"
    assert rows["p20"]["score"] == pytest.approx(200 / 300, abs=1e-6)
    assert rows["p20"]["scores"] == pytest.approx({"genuine": 1 / 3, "fraud": 2 / 3}, abs=1e-6)
    assert rows["p1"]["decision"] == "genuine"


def test_a_person_reads_the_highest_scores_first(here: Path) -> None:
    lines = run("predict", SLUG, "bank.csv").stdout.splitlines()
    assert lines[0] == "20 rows, 11 fraud from a score of 0.500 on"
    assert lines[1] == "p20\t200.00\tfraud\t0.667"
    assert lines[-1] == "Synthetic payments."


@pytest.mark.slow
def test_the_rows_of_a_document_are_made_for_scripts_only(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    monkeypatch.setattr(answers, "_row_results", lambda *said: asked.append(said) or [{"input": "p1"}])
    run("predict", SLUG, "bank.csv")
    assert not asked
    assert document(run("predict", SLUG, "bank.csv", "--json"))["results"] == [{"input": "p1"}]


def test_the_threshold_decides(here: Path) -> None:
    found = document(run("predict", SLUG, "bank.csv", "--threshold", "0.66", "--json"))
    assert [row["input"] for row in found["results"] if row["decision"] == "fraud"] == ["p20"]


@pytest.mark.slow
def test_parquet_is_scored_like_csv(here: Path) -> None:
    pd.read_csv(here / "bank.csv").to_parquet(here / "bank.parquet")
    one, other = (document(run("predict", SLUG, name, "--json"))["results"] for name in ("bank.csv", "bank.parquet"))
    assert one == other


@pytest.mark.slow
def test_columns_are_named_by_their_role(here: Path) -> None:
    odd = CSV.replace(b"id,amount,", b"id,x17,")
    (here / "odd.csv").write_bytes(odd)
    found = document(run("predict", SLUG, "odd.csv", "--column", "amount=x17", "--json"))
    assert found["results"] == document(run("predict", SLUG, "bank.csv", "--json"))["results"]
    refused = document(run("predict", SLUG, "odd.csv", "--column", "amount=absent", "--json", code=1))
    assert refused["results"] == [] and refused["refused"][0]["input"] == "odd.csv"


def test_rows_that_cannot_be_read_are_listed(here: Path) -> None:
    (here / "bad.csv").write_bytes(CSV + b"p21,many,2026-01-05 10:00:00,c1,t1,0\n")
    found = document(run("predict", SLUG, "bad.csv", "--json"))
    assert len(found["results"]) == 20 and len(found["refused"]) == 1


@pytest.mark.parametrize("content", [b"", b"id,amount\n", b"\x89PNG\r\n\x1a\n" + bytes(100)])
def test_what_cannot_be_scored_is_exit_1(here: Path, content: bytes) -> None:
    (here / "bad.csv").write_bytes(content)
    found = document(run("predict", SLUG, "bad.csv", "--json", code=1))
    assert found["results"] == [] and len(found["refused"]) == 1 and found["version"] is None


def test_scored_rows_go_to_a_file_that_runs_no_formula(here: Path) -> None:
    (here / "evil.csv").write_bytes(CSV.replace(b"p20,", b"=1+1,"))
    run("predict", SLUG, "evil.csv", "--out", "scored.csv")
    with (here / "scored.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 20
    by_id = {row["id"]: row for row in rows}
    assert by_id["'=1+1"]["decision"] == "fraud" and float(by_id["'=1+1"]["score"]) == pytest.approx(2 / 3, abs=1e-6)
    assert by_id["p1"] | {"score": ""} == {
        "id": "p1",
        "time": "2026-01-02T10:00:00",
        "customer": "c1",
        "terminal": "t1",
        "amount": "10",
        "score": "",
        "threshold": "0.5",
        "decision": "genuine",
        "notice": "Synthetic payments.",
    }


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["predict", SLUG, "bank.csv", "--coverage", "0.9"], "no --coverage"),
        (["predict", SLUG, "bank.csv", "bank.csv"], "name one file"),
        (["predict", SLUG, "."], "name one file"),
        (["predict", SLUG, "bank.csv", "--column", "amount"], "role=column"),
        (["predict", SLUG, "bank.csv", "--out", "scored.xlsx"], ".csv"),
        (["predict", SLUG, "bank.csv", "--threshold", "7"], "threshold"),
        (["predict", "fake", "x.png", "--threshold", "0.5"], "no --threshold"),
        (["predict", "fake", "x.png", "--column", "a=b"], "no --column"),
        (["evaluate", "fake", "--data", "x.png", "--column", "a=b"], "no --column"),
        (["explain", SLUG, "bank.csv", "--out", "why.json"], "--row is needed"),
        (["explain", SLUG, "bank.csv", "--row", "p99", "--out", "why.json"], "no such row"),
        (["explain", SLUG, "bank.csv", "--row", "p1", "--out", "why.png"], ".json or .html"),
        (["explain", "fake", "x.png", "--row", "p1", "--out", "why.png"], "no --row"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_usage_is_exit_2(here: Path, words: list[str], says: str) -> None:
    (here / "x.png").write_bytes(b"x")
    assert says in run(*words, code=2).stderr


def test_explain_writes_what_every_feature_adds(here: Path) -> None:
    found = document(run("explain", SLUG, "bank.csv", "--row", "p20", "--out", "why.json", "--json"))
    assert found == json.loads((here / "why.json").read_text("utf-8"))
    assert (found["input"], found["decision"], found["method"]) == ("p20", "fraud", "additive")
    assert [entry["name"] for entry in found["features"]] == ["amount", "else"]
    assert found["features"][0]["reason"] == "An amount of 200.00" and found["features"][1]["value"] is None
    assert found["base"] + sum(entry["contribution"] for entry in found["features"]) == pytest.approx(found["total"])


def test_explain_draws_bars_and_escapes_all_text(here: Path) -> None:
    (here / "evil.csv").write_bytes(CSV.replace(b"p20,", b"<script>alert(1)</script>,"))
    run("explain", SLUG, "evil.csv", "--row", "<script>alert(1)</script>", "--out", "why.html")
    page = (here / "why.html").read_text("utf-8")
    assert "<script" not in page and "<b>" not in page and "&lt;b&gt;Nothing" in page
    assert page.count("<rect") == 2 and "Synthetic payments." in page


@pytest.mark.slow
def test_evaluate_and_train_take_columns(here: Path) -> None:
    (here / "odd.csv").write_bytes(CSV.replace(b"id,amount,", b"id,x17,"))
    found = document(run("evaluate", SLUG, "--data", "odd.csv", "--column", "amount=x17", "--json"))
    assert found["n"] == 20 and found["metrics"]["average_precision"]["value"] == pytest.approx(1.0)
    trained = document(run("train", SLUG, "--data", "odd.csv", "--column", "amount=x17", "--json"))
    assert trained["version"] == "1"
    assert np.isfinite(trained["metrics"]["average_precision"]["value"])
