"""Lines that repeat a run: nothing but what differs from the defaults, and quoted for a shell."""

import shlex
from dataclasses import dataclass
from pathlib import Path

import pytest

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
