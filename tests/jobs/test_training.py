"""The steps from data to a version, in this process: as the command line takes them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import JobError, RunCancelled
from core.jobs import training, uploads
from core.jobs.baseline import baseline_folder
from core.jobs.here import train_here
from core.settings import settings
from core.training.evaluation import load_evaluation, save_evaluation
from core.training.run import ListedRun
from tests.jobs.fake_sector import Config, Task, sector, write_checkpoint
from tests.ui.medical_service import evaluation


def test_the_command_line_measures_the_champion_too(house, monkeypatch):
    bundled = house.assets / "models" / "fake" / "bundled"
    write_checkpoint(bundled, b"bundled weights", labels=["NORMAL", "PNEUMONIA"])
    save_evaluation(bundled, evaluation(fingerprint="ours"))

    def train(self, config, data, run):
        folder = write_checkpoint(run.directory / "checkpoint", labels=["normal", "pneumonia"])
        save_evaluation(folder, evaluation(n=20, fingerprint="theirs"))
        return folder

    monkeypatch.setattr(Task, "train", train)
    monkeypatch.setattr(Task, "evaluate", lambda *_, like: replace(like, seed=2), raising=False)
    lines = []
    version, measured = train_here(sector(), Config(), Path("scans.zip"), lines.append)
    assert (version.ref, version.name, version.aliases) == ("1", "scans", ("challenger",))
    assert measured is not None and measured.data.n == 20
    assert lines == ["compare", "register"]
    champion = load_evaluation(baseline_folder(version.path, house.registry.resolve("fake").sha256))
    assert champion is not None and (champion.data.n, champion.seed) == (20, 2)
    assert list((house.home / "runs").iterdir()) == []


def test_the_command_line_tries_half_the_batch_too(house):
    lines = []
    version, _ = train_here(sector(), Config(mode="oom_once"), Path("x"), lines.append)
    assert version.number == 1
    assert "Memory ran out; trying again with batches of 4." in lines


def test_without_memory_the_command_line_says_so(house):
    with pytest.raises(JobError) as caught:
        train_here(sector(), Config(mode="oom"), Path("x"))
    assert caught.value.code == "job.out_of_memory"
    assert house.registry.versions("fake")[0].number == 0


def test_a_run_that_was_stopped_registers_nothing(house, tmp_path):
    run = ListedRun(tmp_path)
    run.stop.set()
    with pytest.raises(RunCancelled):
        training.train_version(sector(), Config(), Path("x"), run, name="x")
    assert house.registry.versions("fake")[0].number == 0


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("scans.zip", "scans.zip"),
        ("../../etc/passwd", "data.zip"),
        ("..npz", "data.npz"),
        ("张三.npz", "data.npz"),
        ("a b;rm -rf $HOME`x`.tar.ZIP", "a-b-rm-rf-home-x-tar.zip"),
        ("x" * 500 + ".npz", f"{'x' * 59}-{'x' * 56}.npz"),
        ("evil.npz\0.sh", "evil-npz.zip"),
        ("", "data.zip"),
        ("bank 2026.CSV", "bank-2026.csv"),
        ("../bank.parquet", "bank.parquet"),
        ("bank.csv.exe", "bank-csv.zip"),
    ],
)
def test_of_a_sent_name_only_letters_and_digits_reach_the_disk(sent, kept):
    assert uploads.file_name(sent) == kept


def test_an_upload_that_does_not_fit_leaves_nothing(house, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space"):
        uploads.keep_upload(b"x", "a.zip")
    assert list((settings().home / "uploads").iterdir()) == []
