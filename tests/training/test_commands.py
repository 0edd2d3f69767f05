"""Lines that repeat a run: nothing but what differs from the defaults, and quoted for a shell."""

import shlex
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest

from core.catalog import sector
from core.cli.asked import columns_of
from core.data.mapping import write_mapping
from core.settings import settings
from core.training.commands import changed, evaluate_command, train_command


@dataclass(frozen=True)
class Config:
    mode: str = "standard"
    epochs: int = 0
    note: str = ""


def test_only_what_differs_is_named():
    config = Config(epochs=3, note="it's 5 o'clock")
    words = shlex.split(train_command("medical", config, Path("/data/my scans.zip")))
    assert words[:6] == ["python", "-m", "core", "train", "medical", "--data"]
    assert words[6:] == ["my scans.zip", "--set", "epochs=3", "--set", "note=it's 5 o'clock"]
    assert train_command("medical", Config(), Path("x")).endswith("--data x")
    assert changed(Config, {"epochs": 3, "mode": "standard", "other": 1}) == {"epochs": 3}


def test_quoted_text_stays_as_it_is():
    assert " --data ~/'my scans' " in train_command("medical", Config(epochs=1), "~/'my scans'") + " "


@dataclass(frozen=True)
class TableConfig:
    columns: str = ""
    epochs: int = 0


def test_columns_of_a_run_are_read_as_they_are_named():
    said = {"text": "what, in words", "label": "stars", "category": ""}
    words = shlex.split(train_command("sentiment", TableConfig(write_mapping(said), 3), Path("a.csv")))
    assert words[-2:] == ["--set", "epochs=3"] and "columns" not in " ".join(words)
    options = [word for flag, word in pairwise(words) if flag == "--column"]
    assert options[1:] == ["label=stars", "category="]
    assert columns_of(sector("sentiment"), options) == said


def test_columns_are_named_by_their_roles():
    words = shlex.split(evaluate_command("fraud", Path("a b.csv"), {"amount": "Betrag $"}))
    assert words[6:] == ["a b.csv", "--column", "amount=Betrag $", "--model", "VERSION", "--json"]
    assert "--column" not in evaluate_command("medical", Path("a"))


def test_data_of_the_catalogue_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VITRINE_DATA", str(tmp_path))
    settings.cache_clear()
    table = tmp_path / "fraud" / "handbook_simulated" / "transactions.parquet"
    table.parent.mkdir(parents=True)
    table.touch()
    assert " --data handbook_simulated " in evaluate_command("fraud", table)
    assert " --data other.parquet " in evaluate_command("fraud", table.with_name("other.parquet"))
