"""What is kept of ended jobs, each in a house of its own."""

from __future__ import annotations

import os

import pytest

from core import jobs
from core.jobs import uploads
from core.settings import settings
from tests.jobs.driving import cancelled, ended, submit

pytestmark = pytest.mark.slow


def test_a_sweep_is_part_of_the_supervisors_start(house):
    folder = uploads.job_folder("0123456789abcdef")
    folder.mkdir(parents=True)
    os.utime(folder, (0, 0))
    assert ended(submit(steps=1)).status == "completed"
    assert not folder.exists()


def test_nothing_is_kept_where_that_is_switched_off(house, monkeypatch):
    monkeypatch.setenv("VITRINE_JOB_KEEP_HOURS", "0")
    settings.cache_clear()
    old = cancelled(data=str(jobs.keep_upload(b"uploaded", "mine.zip")))
    assert (old.kept_until, old.resumable, old.data_kept) == (None, False, False)
    assert list((house.home / "jobs").iterdir()) == []
