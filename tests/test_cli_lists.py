"""Profiles on the command line: lists as JSON, words and CSV, reasons, and what is refused."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from core.cli import app
from tests.interaction_cases import CASES, PROFILES, Asked, Case
from tests.test_cli import Run, checked, document, here

__all__ = ["here"]
pytestmark = pytest.mark.slow
SLUG = "recommendations"
PROFILE = '{"liked": ["0149", "0127"], "removed": ["0132"]}'


@pytest.fixture
def ask(here: Path) -> Run:
    return lambda *arguments: CliRunner().invoke(app, [*arguments])


def test_a_profile_gets_a_list_with_reasons(ask: Run, here: Path) -> None:
    found = document(checked(ask("predict", SLUG, "--text", PROFILE, "--json"), 0, here))
    (result,) = found["results"]
    assert (found["version"], found["architecture"], result["origin"]) == ("bundled", "ease", "history")
    assert [item["rank"] for item in result["items"]] == list(range(1, 11))
    assert not {"0149", "0127", "0132"} & {item["item_id"] for item in result["items"]}
    shares = [reason["share"] for reason in result["items"][0]["reasons"]]
    assert sum(shares) == pytest.approx(1, abs=1e-3) and "Not advice" in found["notice"]


def test_profiles_come_in_files_too_and_lists_go_into_a_table(ask: Run, here: Path) -> None:
    Path("mine.json").write_text(PROFILE)
    Path("bad.json").write_text('{"wanted": []}')
    result = checked(
        ask("predict", SLUG, "mine.json", "bad.json", "--text", '{"liked": ["ghost"]}', "--out", "l.csv"), 0, here
    )
    assert "no field wanted" in result.stderr and "does not know: 1 (ghost)" in result.stderr
    rows = list(csv.DictReader(Path("l.csv").read_text(encoding="utf-8-sig").splitlines()))
    assert [row["input"] for row in rows] == ["profile"] * 10 + ["mine.json"] * 10
    assert rows[0]["origin"] == "popularity" and rows[10]["origin"] == "history"


def test_an_item_is_explained_exactly(ask: Run, here: Path) -> None:
    first = document(ask("predict", SLUG, "--text", PROFILE, "--json"))["results"][0]["items"][0]
    checked(ask("explain", SLUG, "--text", PROFILE, "--target", first["item_id"], "--out", "why.json"), 0, here)
    why = json.loads(Path("why.json").read_text(encoding="utf-8"))
    assert why["exact"] and sum(item["contribution"] for item in why["items"]) == pytest.approx(why["total"], abs=1e-5)
    assert why["total"] == pytest.approx(first["score"], abs=1e-4)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("predict", SLUG, "--text", "no json"), 1, "no JSON"),
        (("predict", SLUG, "--text", PROFILE, "--coverage", "0.8"), 2, "no --coverage"),
        (("predict", SLUG, "."), 2, "is no file"),
        (("explain", SLUG, "--text", PROFILE, "--out", "a.json"), 2, "--target is needed"),
        (("explain", SLUG, "--text", PROFILE, "--target", "ghost", "--out", "a.json"), 1, "nothing to explain"),
    ],
)
def test_what_cannot_be_answered_is_said(
    ask: Run, here: Path, arguments: tuple[str, ...], code: int, said: str
) -> None:
    result = checked(ask(*arguments), code, here)
    assert said in " ".join(result.stderr.replace("│", " ").split())


def test_a_file_may_hold_several_profiles(ask: Run, here: Path) -> None:
    Path("all.json").write_text(json.dumps({"profiles": [{"liked": ["0149"]}, {"liked": [[]]}, {}]}))
    found = document(checked(ask("predict", SLUG, "all.json", "--json"), 0, here))
    assert [result["input"] for result in found["results"]] == ["all.json 1", "all.json 3"]
    assert [(row["input"], row["code"]) for row in found["refused"]] == [("all.json 2", "profile.form")]
    why = checked(ask("explain", SLUG, "all.json", "--target", "0127", "--out", "why.json"), 2, here)
    assert "several profiles" in " ".join(why.stderr.replace("│", " ").split())


def test_ids_cannot_steer_the_terminal(ask: Run, here: Path) -> None:
    result = checked(ask("predict", SLUG, "--text", '{"liked": ["\\u001b[31mX"], "user_id": "\\u0007u"}'), 0, here)
    assert "[31mX" in result.stderr and not {"\x1b", "\x07"} & set(result.output)


@pytest.mark.parametrize("case", [case for case in CASES if case.code], ids=lambda case: case.name)
def test_tables_that_nothing_can_be_learned_from_are_refused(ask: Run, here: Path, case: Case) -> None:
    Path("sent.csv").write_bytes(case.data)
    result = checked(ask("train", SLUG, "--data", "sent.csv", "--json"), 1, here)
    assert case.code in result.stderr and not result.stdout
    assert all(words in result.stderr for words in case.says)


@pytest.mark.parametrize("asked", PROFILES, ids=lambda asked: asked.name)
def test_every_odd_profile_gets_a_list_or_a_reason(ask: Run, here: Path, asked: Asked) -> None:
    Path("me.json").write_bytes(asked.body)
    found = document(checked(ask("predict", SLUG, "me.json", "--json"), 1 if asked.code else 0, here))
    assert [row["code"] for row in found["refused"]] == ([asked.code] if asked.code else [])
    for result in found["results"]:
        assert result["origin"] == asked.origin and asked.says in " ".join(result["notices"])
