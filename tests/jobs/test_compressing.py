"""The bench of weight formats as a job: its table is kept, a format becomes a version, and refusals are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from core import jobs
from core.contracts import DataInfo, Metric
from core.errors import JobError, RunCancelled
from core.jobs.compressing import compress_args, compress_version, run_compress, stored_bench
from core.training.compression import Compressed, Latency, Variant
from core.training.run import ListedRun
from tests.jobs.driving import ended
from tests.jobs.fake_sector import SLUG, Task, sector, write_checkpoint


def variant(name: str) -> Variant:
    one = Metric(0.9, 0.8, 1.0, 10)
    return Variant(name, 1.0, Latency(1, 2, 3), {"accuracy": one}, one, Metric(0, 0, 0, 10))


@pytest.fixture
def compressing(house, monkeypatch: pytest.MonkeyPatch):
    """The fake task with two formats, one of which cannot be had."""

    def compress(self, checkpoint: Path, data: Path, run: ListedRun, keep: str = "") -> Compressed:
        kept = write_checkpoint(run.directory / "formats" / keep, b"small", format=keep) if keep == "int8" else None
        found = DataInfo("made up", "test", 10, "f")
        return Compressed((variant("stored"), variant("int8")), {"fp16": "model.not_finite"}, found, {}, kept)

    monkeypatch.setattr(Task, "formats", ("int8", "fp16"), raising=False)
    monkeypatch.setattr(Task, "compress", compress, raising=False)
    return house


def test_the_table_is_kept_beside_the_version_and_nothing_is_registered(compressing, tmp_path: Path) -> None:
    version = compressing.registry.resolve(SLUG)
    assert stored_bench(version) is None
    bench, made = compress_version(sector(), "champion", Path("scans.zip"), ListedRun(tmp_path))
    assert made is None and stored_bench(version) == bench
    assert bench.command == f"python -m core compress {SLUG} --data scans.zip"
    assert bench.left_out == {"fp16": "model.not_finite"} and bench.version == "bundled"
    assert len(compressing.registry.versions(SLUG)) == 1


def test_a_format_becomes_a_challenger(compressing, tmp_path: Path) -> None:
    version = compressing.registry.resolve(SLUG)
    args = compress_args(version, Path("scans.zip"), "scans", "int8")
    assert run_compress(sector(), args, ListedRun(tmp_path), "job-1") == {"compressed": "bundled", "version": 1}
    made = compressing.registry.resolve(SLUG, "challenger")
    assert (made.name, made.manifest["format"], made.job_id) == ("bundled · int8", "int8", "job-1")


@pytest.mark.parametrize(("register", "code"), [("int3", "job.format"), ("fp16", "job.format_left_out")])
def test_a_format_that_cannot_be_had_is_refused(compressing, tmp_path: Path, register: str, code: str) -> None:
    with pytest.raises(JobError) as caught:
        compress_version(sector(), "champion", Path("x.zip"), ListedRun(tmp_path), register)
    assert caught.value.code == code
    assert len(compressing.registry.versions(SLUG)) == 1


def test_a_cancelled_bench_registers_nothing(compressing, tmp_path: Path) -> None:
    run = ListedRun(tmp_path)
    run.stop.set()
    with pytest.raises(RunCancelled):
        compress_version(sector(), "champion", Path("x.zip"), run, "int8")
    assert len(compressing.registry.versions(SLUG)) == 1


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "code"), [("compress", "job.format"), ("heal", "job.stream")])
def test_the_worker_knows_the_kind_and_tells_what_is_missing(house, kind: str, code: str) -> None:
    job = jobs.submit(kind, {"sector": SLUG, "data": "", "name": "x", "stream": {"kind": "noise", "strength": 0.5}})
    record = ended(job, 60)
    assert (record.status, record.error_code) == ("failed", code)
