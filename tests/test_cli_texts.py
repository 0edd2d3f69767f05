"""Texts from the command line: the same verbs, the same JSON, the same exit codes as for images and transactions."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from typer.testing import CliRunner, Result

from core.cli import app
from core.settings import settings
from core.store.database import close_stores
from tests.text_cases import CASES, TOO_LONG, Case

SLUG = "sentiment"
PRAISE, BLAME = "A wonderful film with a great cast.", "A dull and boring film, a waste of time."
CSV = f'id,review,stars\na,"{PRAISE}",5\nb,"{BLAME}",1\nc,,3\n'


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.setenv("VITRINE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("VITRINE_DEVICE", "cpu")
    monkeypatch.chdir(work)
    settings.cache_clear()
    yield work
    close_stores()


def run(*words: str, code: int = 0, **given: Any) -> Result:
    result = CliRunner().invoke(app, list(words), **given)
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    return result


def document(result: Result) -> Any:
    return json.loads(result.stdout, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))


@pytest.mark.slow  # imports torch
def test_texts_on_the_line_itself(here: Path) -> None:
    found = document(run("predict", SLUG, "--text", PRAISE, "--text", BLAME, "--text", "房间很干净", "--json"))
    assert found["version"] == "bundled" and found["refused"] == []
    rows = found["results"]
    assert [(row["input"], row["decision"], row["language"]) for row in rows] == [
        ("text 1", "positive", "en"),
        ("text 2", "negative", "en"),
        ("text 3", "positive", "zh"),
    ]
    assert rows[0]["scores"]["positive"] > 0.9 and rows[1]["scores"]["negative"] > 0.9
    assert rows[0]["prediction_set"] == ["positive"]
    lines = run("predict", SLUG, "--text", PRAISE).stdout.splitlines()
    name, decision, score = lines[0].split("\t")
    assert (name, decision) == ("text", "positive") and float(score) > 0.9 and lines[1].startswith("Research")


def test_a_table_gives_a_result_for_every_row(here: Path) -> None:
    (here / "a.csv").write_text(CSV, encoding="utf-8")
    found = document(run("predict", SLUG, "a.csv", "--json"))
    assert [(row["input"], row["decision"]) for row in found["results"]] == [
        ("a", "positive"),
        ("b", "negative"),
        ("c", None),
    ]
    assert found["results"][2]["abstained"]["code"] == "text.empty"
    words = run("predict", SLUG, "a.csv").stdout
    assert words.startswith("3 texts: 1 negative, 1 positive, 1 undecided\na\tpositive")


def test_lists_standard_input_and_parquet_give_the_same(here: Path) -> None:
    (here / "a.txt").write_text(f"{PRAISE}\n\n{BLAME}\n", encoding="utf-8")
    pd.DataFrame({"text": [PRAISE, BLAME]}).to_parquet(here / "a.parquet")
    sources = [
        run("predict", SLUG, "a.txt", "--json"),
        run("predict", SLUG, "-", "--json", input=f"{PRAISE}\n{BLAME}\n"),
        run("predict", SLUG, "a.parquet", "--json"),
        run("predict", SLUG, "--text", PRAISE, "--text", BLAME, "--json"),
    ]
    scores = [[row["scores"] for row in document(source)["results"]] for source in sources]
    assert scores[0] == scores[1] == scores[2] == scores[3]


def test_several_files_name_their_rows(here: Path) -> None:
    (here / "a.csv").write_text(CSV, encoding="utf-8")
    (here / "b.txt").write_bytes(f"{PRAISE}，很好\n".encode("gb18030"))
    result = run("predict", SLUG, "a.csv", "b.txt", "--text", BLAME, "--json")
    assert [row["input"] for row in document(result)["results"]] == [
        "text",
        "a.csv #a",
        "a.csv #b",
        "a.csv #c",
        "b.txt #1",
    ]
    assert "GB18030" in result.stderr


def test_columns_threshold_and_coverage(here: Path) -> None:
    (here / "a.csv").write_text(f'x,review\n"{BLAME}",1\n"{PRAISE}",2\n', encoding="utf-8")
    found = document(
        run("predict", SLUG, "a.csv", "--column", "text=x", "--threshold", "0.9999", "--coverage", "0.99", "--json")
    )
    assert [row["decision"] for row in found["results"]] == ["negative", "negative"]
    assert "there is no column" in run("predict", SLUG, "a.csv", "--column", "text=nothing", code=1).stderr


def test_answers_can_be_taken_away_and_run_nothing(here: Path) -> None:
    (here / "a.csv").write_text('id,text\n=1+1,"a good film, =SUM(A1)"\n', encoding="utf-8")
    run("predict", SLUG, "a.csv", "--out", "o.csv")
    with (here / "o.csv").open(encoding="utf-8-sig", newline="") as file:
        (row,) = csv.DictReader(file)
    assert row["input"] == "'=1+1" and row["notice"].startswith("Research")
    assert row["decision"] in ("positive", "negative", "") and row["language"] == "en"
    run("predict", SLUG, "a.csv", "--out", "o.txt", code=2)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_odd_text_gets_an_answer_or_a_reason(here: Path, case: Case) -> None:
    (here / "a.json").write_text(json.dumps(case.text))
    result = run("predict", SLUG, "--text", case.text, "--json")
    (row,) = document(result)["results"]
    if case.abstained:
        assert row["decision"] is None and row["abstained"]["code"] == case.abstained
    assert case.said in " ".join(row["notices"])
    assert bool(row["notices"]) is bool(case.said)


def test_a_megabyte_is_refused_with_both_figures(here: Path) -> None:
    result = run("predict", SLUG, "--text", TOO_LONG, "--json", code=1)
    (refusal,) = document(result)["refused"]
    assert refusal["code"] == "text.too_long"
    assert "1,050,000" in refusal["message"] and "1,048,576" in refusal["message"]
    assert TOO_LONG[:20] not in result.stderr


def test_wrong_usage(here: Path) -> None:
    (here / "a.csv").write_text(CSV, encoding="utf-8")
    for words in (
        ["predict", SLUG],
        ["predict", SLUG, "absent.csv"],
        ["predict", SLUG, "."],
        ["predict", "medical", "--text", "good"],
        ["explain", SLUG, "--out", "a.html"],
        ["explain", SLUG, "a.csv", "--out", "a.html"],
        ["explain", SLUG, "a.csv", "--row", "zz", "--out", "a.html"],
        ["explain", SLUG, "--text", "good", "--out", "a.png"],
        ["explain", SLUG, "--text", "good", "--text", "bad", "--out", "a.html"],
    ):
        run(*words, code=2)


def test_a_file_that_is_no_text_is_refused(here: Path) -> None:
    (here / "a.txt").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(50))
    result = run("predict", SLUG, "a.txt", "--json", code=1)
    assert document(result)["refused"][0]["code"] == "text.wrong_kind"


def test_explain_writes_what_every_word_adds(here: Path) -> None:
    body = document(run("explain", SLUG, "--text", "A good film, 但是太长", "--out", "a.json", "--json"))
    assert json.loads((here / "a.json").read_text(encoding="utf-8")) == body
    assert [token["text"] for token in body["tokens"]] == ["A", "good", "film", ",", "但", "是", "太", "长"]
    total = body["base"] + sum(token["contribution"] for token in body["tokens"])
    assert total == pytest.approx(body["total"], abs=1e-6)
    assert body["language"] == "mixed" and body["faithfulness"]["n_random"] > 0
    other = document(
        run("explain", SLUG, "--text", "A good film, 但是太长", "--target", "negative", "--out", "b.json", "--json")
    )
    assert other["total"] == pytest.approx(-body["total"])
    run("explain", SLUG, "--text", "good", "--target", "neutral", "--out", "c.json", code=1)


def test_an_explained_page_shows_the_text_and_nothing_of_it_runs(here: Path) -> None:
    text = 'good <script>alert(1)</script> & "bad" [x](javascript:y)'
    run("explain", SLUG, "--text", text, "--out", "a.html")
    page = (here / "a.html").read_text(encoding="utf-8")
    assert "<script" not in page and "&lt;" in page
    assert "against negative" in page and '<mark class="for s3" title="+' in page
    assert "Research and teaching demo" in page and "http" not in page


def test_a_row_of_a_table_and_a_whole_file_are_explained(here: Path) -> None:
    (here / "a.csv").write_text(CSV, encoding="utf-8")
    (here / "a.txt").write_text(f"{PRAISE}\nAgain.", encoding="utf-8")
    assert document(run("explain", SLUG, "a.csv", "--row", "b", "--out", "a.json", "--json"))["decision"] == "negative"
    whole = document(run("explain", SLUG, "a.txt", "--out", "a.json", "--json"))
    assert whole["tokens"][-2]["text"] == "Again"
    assert document(run("explain", SLUG, "-", "--out", "a.json", "--json", input=BLAME))["decision"] == "negative"


def test_evaluate_reads_named_columns(here: Path) -> None:
    (here / "a.csv").write_text(f'x,y\n"{BLAME}",bad\n"{PRAISE}",good\n', encoding="utf-8")
    body = document(run("evaluate", SLUG, "--data", "a.csv", "--column", "text=x", "--column", "label=y", "--json"))
    assert body["metrics"]["accuracy"]["value"] == 1.0 and body["n"] == 2
    assert "label" in run("evaluate", SLUG, "--data", "a.csv", "--column", "label=zz", code=1).stderr


@pytest.mark.slow
def test_train_reads_named_columns_and_the_command_repeats_them(here: Path) -> None:
    things = ("room", "soup", "film", "phone", "hotel", "book", "lamp", "tea", "chair", "door")
    words = {"bad": ("awful", "dull", "cold", "rude"), "good": ("lovely", "great", "fine", "warm")}
    lines = [
        f"The {thing} was {word} and the {other} {again},{label},{other}"
        for thing in things
        for other in things[:3]
        for label, mood in words.items()
        for word, again in zip(mood, mood[::-1], strict=True)
    ]
    (here / "a.csv").write_text("\n".join(["x,y,where", *lines]), encoding="utf-8")
    columns = ("--column", "text=x", "--column", "label=y", "--column", "category=where")
    made = document(run("train", SLUG, "--data", "a.csv", *columns, "--preset", "none", "--set", "steps=5", "--json"))
    assert made["version"] == "1" and made["metrics"]["accuracy"]["value"] > 0.9
    again = document(run("evaluate", SLUG, "--data", "a.csv", *columns, "--model", "1", "--json"))
    assert again["metrics"]["accuracy"] == made["metrics"]["accuracy"] and again["split"] == "test"
    assert document(run("predict", SLUG, "--text", "lovely", "--model", "1", "--json"))["version"] == "1"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ("good film,positive\nfine film,positive\n", "texts.one_class"),
        ("good film,sports\nbad film,politics\n", "texts.labels"),
        ("good film,positive\nbad film,negative\n", "texts.one_class"),
    ],
)
def test_what_nothing_can_be_learned_from_is_refused(here: Path, rows: str, code: str) -> None:
    (here / "a.csv").write_text(f"text,label\n{rows}", encoding="utf-8")
    assert code in run("train", SLUG, "--data", "a.csv", code=1).stderr
