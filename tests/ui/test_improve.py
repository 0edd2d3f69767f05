"""Starting a training from the page, where the page itself is not needed."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from core import jobs
from core.contracts import Message
from core.errors import JobError
from core.settings import settings
from core.ui import improve
from core.ui.training_data import TrainingData


@pytest.mark.parametrize(
    "error", [JobError("job.platform", Message("Not here.")), OSError("gone")], ids=["refused", "unexpected"]
)
def test_an_upload_whose_job_could_not_be_queued_is_deleted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    monkeypatch.setenv("VITRINE_HOME", str(tmp_path))
    settings.cache_clear()
    asked = []

    def refuses(kind: str, args: dict[str, object], slot: str = "auto", key: str = "") -> str:
        asked.append(Path(str(args["data"])))
        assert asked[0].read_bytes() == b"scans"
        raise error

    monkeypatch.setattr(jobs, "submit", refuses)
    data = TrainingData("mine.zip", "upload:1", upload=io.BytesIO(b"scans"))
    with pytest.raises(type(error)):
        improve._submit("medical", data, {}, "key")
    assert asked[0].is_relative_to(tmp_path)
    assert list((tmp_path / "uploads").iterdir()) == []
    settings.cache_clear()


def test_a_data_set_is_never_deleted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(*_: object, **__: object) -> str:
        raise JobError("job.platform", Message("Not here."))

    monkeypatch.setattr(jobs, "submit", refuses)
    with pytest.raises(JobError):
        improve._submit("medical", TrainingData("set", "set:1", path=tmp_path), {}, "key")
    assert tmp_path.is_dir()
