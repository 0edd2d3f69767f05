"""A job that has ended, on its page: the reason, what is kept, and the buttons that go on from there."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from core import access, jobs
from core.access import Actor
from core.contracts import Message
from core.errors import JobError
from core.ui import live

NOW = datetime(2030, 1, 2, 3, 4, tzinfo=UTC)
RECORD = jobs.JobRecord(
    id="old", kind="train", sector="medical", status="cancelled", args={"name": "mine.zip", "config": {"epochs": 9}},
    stage="train", step=3, total=9, position=0, created=NOW, started=NOW, finished=NOW, error=None, error_code="",
    hint=None, result={}, kept_until=NOW + timedelta(hours=24), resumable=True,
)  # fmt: skip


def page() -> None:
    from core.catalog import sector
    from core.ui.live import show_job

    show_job(sector("medical"), "old")


class Shown:
    """The page of one job, and what it asked the queue for."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.record = RECORD
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.events: list[jobs.Event] = []
        monkeypatch.setattr(
            jobs, "status", lambda job_id: self.record if job_id == "old" else replace(RECORD, id=job_id)
        )
        monkeypatch.setattr(jobs, "events", lambda job_id, after=0: [e for e in self.events if e.seq > after])
        monkeypatch.setattr(jobs, "epochs_kept", lambda job_id: 3)
        monkeypatch.setattr(jobs, "resume", self._resume)
        monkeypatch.setattr(jobs, "forget", lambda job_id: self.asked.append(("forget", {"id": job_id})))

    def _resume(self, job_id: str, key: str = "", **options: Any) -> str:
        self.asked.append((job_id, options))
        return "new"

    def draw(self, lang: str = "en", **changes: Any) -> AppTest:
        self.record = replace(RECORD, **changes)
        made = AppTest.from_function(page, default_timeout=60)
        made.query_params["lang"] = lang
        made.query_params["job"] = "old"
        made.run()
        assert not made.exception
        return made


@pytest.fixture
def shown(home: Path, monkeypatch: pytest.MonkeyPatch) -> Shown:
    return Shown(monkeypatch)


def labels(made: AppTest) -> dict[str, str]:
    return {button.key.removeprefix("medical."): button.label for button in made.button if button.key}


def failed(code: str, **changes: Any) -> dict[str, Any]:
    return {
        "status": "failed",
        "error": Message("It broke."),
        "error_code": code,
        "hint": Message("Mend it."),
        **changes,
    }


@pytest.mark.parametrize("status", ["cancelled", "lost", "failed"])
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_what_did_not_end_well_goes_on(shown: Shown, status: str, lang: str) -> None:
    made = shown.draw(lang, status=status)
    made.button(key="medical.resume").click().run()
    assert shown.asked == [("old", {"changes": {}})]
    assert made.query_params["job"] == "new"


def test_the_reason_stands_in_words(shown: Shown) -> None:
    made = shown.draw(**failed("job.killed"))
    (box,) = made.error
    assert "It broke" in box.value and "Mend it" in box.value and "job\\.killed" in box.value
    assert labels(made)["resume"] == "Go on after epoch 3"


def test_it_starts_again_from_the_beginning(shown: Shown) -> None:
    made = shown.draw()
    made.button(key="medical.again").click().run()
    assert shown.asked == [("old", {"changes": {}, "afresh": True})]


def test_a_run_that_diverged_is_offered_a_smaller_learning_rate(shown: Shown) -> None:
    made = shown.draw(**failed("train.not_finite", args={"config": {"learning_rate": 0.02}}))
    assert labels(made)["resume"] == "Go on with a learning rate of 0.002"
    made.button(key="medical.resume").click().run()
    assert shown.asked == [("old", {"changes": {"learning_rate": 0.002}})]


def test_a_run_without_memory_is_offered_smaller_batches(shown: Shown) -> None:
    made = shown.draw(**failed("job.out_of_memory", args={"config": {"batch_size": 64}}))
    assert labels(made)["again"] == "Start again with batches of 16"
    made.button(key="medical.again").click().run()
    assert shown.asked == [("old", {"changes": {"batch_size": 16}, "afresh": True})]


@pytest.mark.slow
def test_a_snapshot_that_cannot_be_used_is_not_offered_again(shown: Shown) -> None:
    assert set(labels(shown.draw(**failed("train.snapshot_damaged")))) >= {"again"}
    assert "resume" not in labels(shown.draw(**failed("train.snapshot_damaged")))


def test_without_its_data_nothing_goes_on(shown: Shown) -> None:
    made = shown.draw(args={"data": "/nowhere/mine.zip"}, resumes="older")
    assert not {"resume", "again"} & set(labels(made))
    made.button(key="medical.before").click().run()
    assert made.query_params["job"] == "older"


def test_a_finished_run_is_given_more_epochs(shown: Shown) -> None:
    made = shown.draw(status="completed", result={"version": 4})
    assert "Version 4" in made.success[0].value
    assert made.number_input[0].value == 4 and made.number_input[0].min == 4
    made.number_input[0].set_value(12).run()
    made.button(key="medical.longer").click().run()
    assert shown.asked == [("old", {"changes": {"epochs": 12}})]


def test_a_finished_run_on_an_upload_asks_for_it_again(shown: Shown) -> None:
    made = shown.draw(status="completed", result={"version": 4}, args={"data": "/nowhere/mine.zip"})
    assert made.button(key="medical.longer").disabled
    made.file_uploader[0].set_value(("mine.zip", b"PK again", "application/zip")).run()
    made.button(key="medical.longer").click().run()
    ((_, options),) = shown.asked
    assert options["data"].read_bytes() == b"PK again"
    assert options["changes"] == {"epochs": 4}


def test_a_finished_run_without_a_snapshot_offers_nothing(shown: Shown) -> None:
    made = shown.draw(status="completed", result={"version": 4}, resumable=False, kept_until=None)
    assert not {"longer", "forget"} & set(labels(made))


def test_what_is_kept_is_said_and_can_be_deleted(shown: Shown) -> None:
    made = shown.draw()
    until = (NOW + timedelta(hours=24)).astimezone().strftime("%Y-%m-%d %H:%M")
    assert any(until in caption.value for caption in made.caption)
    made.button(key="medical.forget").click().run()
    assert shown.asked == [("forget", {"id": "old"})]


def test_a_refusal_is_shown(shown: Shown, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(*_: Any, **__: Any) -> str:
        raise JobError("job.data_gone", "The uploaded data is no longer here.")

    monkeypatch.setattr(jobs, "resume", refuses)
    made = shown.draw()
    made.button(key="medical.resume").click().run()
    assert "job\\.data\\_gone" in made.error[0].value


def test_who_may_only_look_has_no_button_to_press(shown: Shown, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "current", lambda: Actor("somebody", "viewer"))
    made = shown.draw()
    assert all(button.disabled for button in made.button if button.key in ("medical.resume", "medical.forget"))


def event(seq: int, kind: str, **data: Any) -> jobs.Event:
    return jobs.Event(seq, NOW, kind, data)  # type: ignore[arg-type]


def epoch(seq: int, step: int) -> jobs.Event:
    metrics = {"epoch": step, "train_loss": 1 / step}
    return event(seq, "metrics", stage="train", step=step, total=9, metrics=metrics)


def test_the_curves_of_a_resumed_run_begin_with_the_run_before(monkeypatch: pytest.MonkeyPatch) -> None:
    told = {"one": [event(1, "stage", stage="train"), epoch(2, 1), epoch(3, 2)], "two": [epoch(4, 3)]}
    records = {"one": replace(RECORD, id="one"), "two": replace(RECORD, id="two", resumes="one")}
    monkeypatch.setattr(jobs, "status", records.__getitem__)
    monkeypatch.setattr(jobs, "events", lambda job_id, after=0: told[job_id])
    third = replace(RECORD, id="three", resumes="two")
    assert [entry.seq for entry in live.earlier_events(third)] == [2, 3, 4]
    assert live.earlier_events(replace(third, args={"afresh": True})) == []


def test_the_log_tells_stages_and_epochs(shown: Shown) -> None:
    shown.events = [event(1, "status", status="queued"), event(2, "stage", stage="train"), epoch(3, 1),
                    event(4, "log", template="Half of {n}.", params={"n": 3})]  # fmt: skip
    made = shown.draw()
    lines = list(made.dataframe[0].value.iloc[:, 1])
    assert lines == ["waiting", "Training", "Epoch 1: train_loss 1.0000", "Half of 3."]


@pytest.mark.slow
def test_a_queued_job_says_what_it_waits_for(shown: Shown, monkeypatch: pytest.MonkeyPatch) -> None:
    queued: dict[str, Any] = {"status": "queued", "finished": None, "kept_until": None, "stage": "", "total": 0}
    before = replace(RECORD, id="first", status="running", args={"name": "*others*.zip"}, step=3, total=12)
    monkeypatch.setattr(jobs, "jobs", lambda sector=None, limit=50: [])
    alone = shown.draw(**queued, position=1)
    assert "Starting: its process is being prepared." in [text.value for text in alone.markdown]
    monkeypatch.setattr(jobs, "jobs", lambda sector=None, limit=50: [before])
    behind = shown.draw(**queued, position=2)
    assert "Waiting: place 2 in the queue." in [text.value for text in behind.markdown]
    told = [text.value for text in behind.caption if "Running now" in text.value]
    assert len(told) == 1 and "*others*" not in told[0] and told[0].endswith("Training, 25 %")
