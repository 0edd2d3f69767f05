"""From a changed stream to a training: what the worker draws, and what it refuses."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from core.data.drift import Drift
from core.data.images import read_labelled_images
from core.errors import JobError, RunCancelled
from core.jobs import healing
from core.jobs.healing import healing_args, with_pictures
from core.jobs.records import JobRecord
from core.tasks import load_config_type
from core.training.run import ListedRun
from tests.serving.test_stream import Source


def record(args: dict) -> JobRecord:
    values = dict.fromkeys(JobRecord.__dataclass_fields__)
    values |= {"id": "1", "kind": "heal", "sector": "medical", "args": args, "created": datetime.now(UTC)}
    return JobRecord(**values)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ListedRun:
    monkeypatch.setattr(healing, "stream_of", lambda slug: Source())
    monkeypatch.setattr(healing, "SPLITS", {"train": 24, "validation": 12, "test": 12})
    return ListedRun(tmp_path / "job" / "run")


def test_the_worker_draws_what_the_task_can_read(run: ListedRun) -> None:
    args = json.loads(json.dumps(healing_args("medical", Drift("dimmer", 0.9), 5)))
    load_config_type("image_classification")(**args["config"])
    made = with_pictures(record(args), run)
    assert made.kind == "train" and made.args["config"] == args["config"]
    data = read_labelled_images(Path(made.args["data"]), 24)
    assert {name: len(part) for name, part in data.splits.items()} == {"train": 24, "validation": 12, "test": 12}
    assert data.labels == ("a", "b")
    means = data.splits["train"].pixels.mean(axis=(1, 2, 3))
    assert (means < 40).sum() == 12, "half of the pictures are changed"
    assert run.reports[-1][1:3] == (48, 48)
    assert data.name == "stream-dimmer-0.90-seed-5", "the card names it when the folder is gone"


def test_the_same_arguments_draw_the_same_pictures(run: ListedRun, tmp_path: Path) -> None:
    asked = record(healing_args("medical", Drift("noise", 0.5), 5))
    first = read_labelled_images(Path(with_pictures(asked, run).args["data"]), 24)
    again = ListedRun(tmp_path / "other" / "run")
    second = read_labelled_images(Path(with_pictures(asked, again).args["data"]), 24)
    assert first.fingerprint == second.fingerprint


@pytest.mark.parametrize("stream", [None, {}, {"kind": "sun", "strength": 1}, {"kind": "noise", "strength": 7}])
def test_what_is_no_stream_is_refused(run: ListedRun, stream: object) -> None:
    with pytest.raises(JobError) as caught:
        with_pictures(record({"stream": stream}), run)
    assert caught.value.code == "job.stream"


def test_a_sector_without_a_stream_cannot_be_healed(run: ListedRun, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(healing, "stream_of", lambda slug: None)
    asked = replace(record(healing_args("medical", Drift("noise", 0.5), 5)), sector="other")
    with pytest.raises(JobError):
        with_pictures(asked, run)


def test_drawing_stops_when_asked(run: ListedRun) -> None:
    run.stop.set()
    with pytest.raises(RunCancelled):
        with_pictures(record(healing_args("medical", Drift("noise", 0.5), 5)), run)
