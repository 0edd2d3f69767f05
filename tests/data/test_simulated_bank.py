"""The simulated bank as files: what ships with the page, and what is made on first use."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bench.payments import choose, known_frauds, last_days
from core.data import catalog, simulated_bank
from core.data.payments import PaymentWorld, simulate
from core.data.read_transactions import open_transactions
from core.data.simulated_bank import SMALL_DAYS, SMALL_WORLD, TITLES, make_bank, sample_bank, sample_transactions, save
from core.data.transaction_check import check_transactions
from core.data.transactions import FRAUD, fingerprint
from core.errors import AppError
from core.fetch import fetch
from core.settings import ROOT, settings

SAMPLES = ROOT / "assets" / "samples" / "fraud"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("VITRINE_HOME", str(tmp_path))
    monkeypatch.delenv("VITRINE_DATA", raising=False)
    settings.cache_clear()
    monkeypatch.setattr(simulated_bank, "WORLD", PaymentWorld(customers=20, terminals=10, days=10))
    return tmp_path


def test_what_is_shipped_is_what_the_simulator_makes():
    made = last_days(simulate(SMALL_WORLD), SMALL_DAYS)
    shipped = sample_bank()
    assert len(shipped) == len(made)
    for name in ("ids", "amount", "time", "label", "scenario"):
        assert np.array_equal(getattr(shipped, name), getattr(made, name)), name
    for places, names in (("customer", "customers"), ("terminal", "terminals")):
        read, wanted = (np.array(getattr(rows, names))[getattr(rows, places)] for rows in (shipped, made))
        assert np.array_equal(read, wanted)
    assert choose(made) == json.loads((SAMPLES / "manifest.json").read_text(encoding="utf-8"))


def test_what_is_shipped_is_small_and_says_where_it_is_from():
    facts = json.loads((SAMPLES / "provenance.json").read_text(encoding="utf-8"))
    data = (SAMPLES / "bank.parquet").read_bytes()
    assert facts["sha256"] == hashlib.sha256(data).hexdigest()
    assert len(data) < 700_000
    assert facts["world"]["seed"] == SMALL_WORLD.seed
    assert facts["rows"] == len(sample_bank())


def test_the_bank_is_read_once_and_complete():
    bank = sample_bank()
    assert bank is sample_bank()
    assert bank.sha256 == fingerprint(bank)
    assert (np.diff(bank.time) >= np.timedelta64(0)).all()
    assert 0.004 < (bank.label == FRAUD).mean() < 0.012


def test_samples_are_what_their_titles_say():
    bank, samples = sample_bank(), {sample.kind: sample for sample in sample_transactions()}
    assert set(samples) == set(TITLES)
    assert len({bank.customer[sample.place] for sample in samples.values()}) == len(samples)
    risk = known_frauds(bank)
    for kind, sample in samples.items():
        genuine = kind in {"ordinary", "genuine_large", "genuine_at_compromised"}
        assert (bank.label[sample.place] == FRAUD) is not np.bool_(genuine)
        assert sample.title == TITLES[kind]
        # The longest window of the past, 30 days that end 7 days ago, lies within the bank.
        assert bank.time[sample.place] - bank.time[0] >= np.timedelta64(37, "D")
    assert risk[samples["compromised_terminal"].place] >= 5
    assert risk[samples["genuine_at_compromised"].place] >= 5
    assert risk[samples["ordinary"].place] == 0
    assert bank.amount[samples["careful_amount"].place] < 250 < bank.amount[samples["genuine_large"].place]


def test_a_saved_bank_keeps_its_columns(tmp_path: Path):
    rows = simulate(PaymentWorld(customers=30, terminals=12, days=12, seed=3))
    save(rows, tmp_path / "bank.parquet")
    frame = pd.read_parquet(tmp_path / "bank.parquet")
    assert list(frame.columns) == ["id", "time", "customer", "terminal", "amount", "label", "scenario"]
    assert frame["customer"].tolist() == [rows.customers[place] for place in rows.customer]
    assert frame["amount"].tolist() == rows.amount.tolist()
    assert (frame["time"].to_numpy().astype("datetime64[s]") == rows.time).all()


def test_what_is_saved_reads_like_any_file_of_payments(tmp_path: Path):
    """Its columns are guessed, and what ships is the same bank whichever way it is read."""
    read, shipped = open_transactions(SAMPLES / "bank.parquet", "bank"), sample_bank()
    assert read.columns == shipped.columns
    assert not read.refused
    for name in ("ids", "amount", "time", "label", "scenario"):
        assert np.array_equal(getattr(read, name), getattr(shipped, name)), name
    for places, names in (("customer", "customers"), ("terminal", "terminals")):
        one, other = (np.array(getattr(rows, names))[getattr(rows, places)] for rows in (read, shipped))
        assert np.array_equal(one, other)
    assert check_transactions(read, 7).split is not None


def test_the_whole_bank_is_made_on_first_use_and_kept(home: Path):
    path = catalog.local_path("simulated_bank")
    assert path == home / "data" / "simulated_bank" / "transactions.parquet"
    assert catalog.is_public(path)
    stamp = path.stat().st_mtime_ns
    assert catalog.local_path("simulated_bank") == path
    assert path.stat().st_mtime_ns == stamp
    assert fetch("simulated_bank") == path.parent
    assert [entry.name for entry in path.parent.iterdir() if not entry.name.startswith(".")] == [path.name]


def _ask(home: str, answers: multiprocessing.Queue) -> None:
    answers.put(str(catalog.local_path("simulated_bank")))


def test_processes_that_want_it_at_once_make_it_once(home: Path, monkeypatch: pytest.MonkeyPatch):
    made = home / "made"

    def make(path: Path) -> None:
        with made.open("a") as file:
            file.write("x")
        make_bank(path)

    entry = replace(catalog.data_set("simulated_bank"), made_by=make)
    monkeypatch.setattr(catalog, "DATA_SETS", (entry,))
    fork = multiprocessing.get_context("fork")
    answers: multiprocessing.Queue = fork.Queue()
    workers = [fork.Process(target=_ask, args=(str(home), answers)) for _ in range(3)]
    for worker in workers:
        worker.start()
    found = {answers.get(timeout=60) for _ in workers}
    for worker in workers:
        worker.join(60)
    assert found == {str(home / "data" / "simulated_bank" / "transactions.parquet")}
    assert made.read_text() == "x"


def test_a_bank_that_cannot_be_written_is_said(home: Path, monkeypatch: pytest.MonkeyPatch):
    def full(path: Path) -> None:
        raise OSError(28, "No space left on device")

    entry = replace(catalog.data_set("simulated_bank"), made_by=full)
    monkeypatch.setattr(catalog, "DATA_SETS", (entry,))
    with pytest.raises(AppError) as caught:
        catalog.local_path("simulated_bank")
    assert caught.value.code == "data.not_written"
    assert "No space left" in str(caught.value.message)


def test_looking_for_a_source_makes_nothing(home: Path):
    assert not catalog.shares_source(home / "x.zip", "chest_xray")
    assert not (home / "data").exists()
