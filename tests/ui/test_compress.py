"""The compression bench in the model room: its table, its flips, and the job behind its button."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core import access, jobs
from core.access import Actor
from core.contracts import Message, Metric
from core.data import catalog
from core.jobs.compressing import bench_file
from core.store import files
from core.store.registry import registry
from core.training.compression import AS_STORED, Bench, Flip, Latency, Variant, to_json
from core.ui import training_data
from tests.jobs.test_healing import record

KEY = "medical.compress."


def page_script() -> None:
    from core.catalog import sector
    from core.store.registry import registry
    from core.ui.compress import show_compression

    show_compression(sector("medical"), registry().resolve("medical"))


def variant(name: str, size_mb: float, p50_ms: float, change: float = 0.0, flips: tuple[Flip, ...] = ()) -> Variant:
    accuracy = Metric(0.9 + change, 0.88 + change, 0.92 + change, 624)
    shares = {"accuracy": accuracy, "auroc": Metric(0.97, 0.96, 0.98, 624), "ece": Metric(0.04, 0.03, 0.06, 624)}
    latency = Latency(p50_ms, 2 * p50_ms, 900 / p50_ms)
    return Variant(name, size_mb, latency, shares, Metric(0.99, 0.97, 1, 160), Metric(change, change, 0, 624), flips)


def bench() -> Bench:
    version = registry().resolve("medical")
    flips = (Flip("test/<b>.png", "NORMAL", "NORMAL", "PNEUMONIA"), Flip("test/2.png", "NORMAL", "PNEUMONIA", "NORMAL"))
    variants = (
        variant(AS_STORED, 10.3, 9),
        variant("fp32", 20.1, 9),
        variant("int8", 5.4, 9, flips=flips),
        variant("pruned80", 3.0, 9, change=-0.02),
    )
    data = {"name": "chest_xray_224", "split": "test", "n": 624, "fingerprint": "f"}
    machine = {"processor": "CPU", "threads": 1, "niceness": 19, "rounds": 60, "batch": 32}
    return Bench("medical", version.ref, version.sha256, data, machine, "now", "python -m core compress medical",
                 variants, {"fp16": "model.not_finite"})  # fmt: skip


@pytest.fixture
def opened(home: Path) -> Callable[[], AppTest]:
    return lambda: AppTest.from_function(page_script, default_timeout=60).run()


def words(page: AppTest) -> str:
    assert not page.exception, page.exception
    found = [*page.caption, *page.markdown, *page.error, *page.success, *page.info]
    return "\n".join(str(element.value) for element in found)


def keep(found: Bench) -> None:
    files.write_whole(bench_file(registry().resolve("medical")), to_json(found))


def test_the_table_tells_what_each_format_costs_and_saves(opened) -> None:
    keep(bench())
    page = opened()
    table = page.dataframe[0].value
    assert list(table["Format"]) == ["as it is", "32 bit", "8 bit", "four fifths pruned"]
    assert list(table["Bar reached"]) == ["", "", "yes", "no"]
    assert list(table["Flipped"]) == ["", "0 fixed, 0 broke", "1 fixed, 1 broke", "0 fixed, 0 broke"]
    said = words(page)
    assert "624 images" in said and "threads: 1" in said and "fp16" in said


def test_flips_are_listed_with_their_direction(opened) -> None:
    keep(bench())
    flips = opened().dataframe[1].value
    assert list(flips["Which way"]) == ["broke", "fixed"]
    assert list(flips["After"]) == ["Pneumonia", "Normal"]


@pytest.mark.slow
def test_a_damaged_table_is_no_table(opened) -> None:
    path = bench_file(registry().resolve("medical"))
    files.write_whole(path, '{"variants": []')
    page = opened()
    assert not page.dataframe and "Smaller and quicker" in words(page)


@pytest.fixture
def submitted(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list:
    calls: list = []

    def submit(kind: str, args: dict, slot: str = "auto", key: str = "") -> str:
        calls.append((kind, args))
        return "job-1"

    monkeypatch.setattr(jobs, "submit", submit)
    monkeypatch.setattr(
        training_data, "local_path", lambda name: tmp_path if name == catalog.DATA_SETS[0].name else None
    )
    return calls


def test_measuring_is_a_job_and_can_register(opened, submitted, monkeypatch) -> None:
    keep(bench())
    running = replace(record({}), id="job-1", kind="compress", status="running", stage="time", step=3, total=9)
    monkeypatch.setattr(jobs, "status", lambda job_id: running)
    page = opened()
    page.selectbox(key=f"{KEY}register").set_value("int8").run()
    page.button(key=f"{KEY}start").click().run()
    ((kind, args),) = submitted
    assert kind == "compress" and args["version"] == "bundled" and args["register"] == "int8"
    words(page)
    stopped = []
    monkeypatch.setattr(jobs, "cancel", stopped.append)
    page.button(key=f"{KEY}cancel").click().run()
    assert stopped == ["job-1"]


@pytest.mark.parametrize(
    ("status", "error", "expected"),
    [("completed", None, "Version 4 is registered"), ("failed", Message("The disk is full."), "The disk is full.")],
)
def test_the_end_is_told(opened, submitted, monkeypatch, status: str, error: Message | None, expected: str) -> None:
    ended = replace(
        record({}), id="job-1", status=status, result={"version": 4}, error=error, error_code="x", hint=None
    )
    monkeypatch.setattr(jobs, "status", lambda job_id: ended)
    page = opened()
    page.button(key=f"{KEY}start").click().run()
    assert expected in words(page)


def test_a_viewer_reads_the_table_and_starts_nothing(opened, monkeypatch: pytest.MonkeyPatch) -> None:
    keep(bench())
    monkeypatch.setattr(access, "current", lambda: Actor("guest", "viewer"))
    page = opened()
    assert len(page.dataframe) == 2 and "role presenter" in words(page)
    assert not page.button
