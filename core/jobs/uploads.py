"""Training data that a visitor sent: kept only for the job that uses it, in a folder of ours; see `keeping`."""

from __future__ import annotations

import re
import secrets
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from core.contracts import N_
from core.errors import JobError
from core.intake.labels import display_label
from core.settings import settings

ENDINGS = ("npz", "zip", "csv", "tsv", "txt", "parquet", "gz", "dat", "data", "inter")
KEPT_S = 24 * 3600.0
"""An upload that no job was started with is deleted after this long."""
YOUNG_S = 60.0
"""A job's folder is made just before its row is there."""
RUN_KEPT_S = 7 * 24 * 3600.0
"""A run of the command line that was killed leaves its folder; no run is as long as this."""


def job_folder(job_id: str) -> Path:
    """Where a job writes; when it ends, little or nothing of it is kept."""
    return settings().home / "jobs" / job_id


def keep_upload(data: bytes, name: str) -> Path:
    """Put what a visitor sent into a file for `submit`; returns its path, in a folder of its own."""
    folder = _uploads() / secrets.token_hex(8)
    folder.mkdir(parents=True)
    path = folder / file_name(name)
    try:
        path.write_bytes(data)
    except OSError:  # a full disk: nothing of it stays
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return path


@contextmanager
def lent_upload(data: bytes, name: str) -> Iterator[Path]:
    """The same for a reader that needs a file only for now; what a killed process leaves is swept with the others."""
    path = keep_upload(data, name)
    try:
        yield path
    finally:
        shutil.rmtree(path.parent, ignore_errors=True)


def file_name(sent: str) -> str:
    """A file name of a few plain letters and digits that still tells which data set `sent` is.

    Readers know public data sets by their file names. Nothing else of `sent` reaches the disk: no folder, no dot, and
    no ending but those of data sets, `.zip` for any other.
    """
    stem, _, ending = display_label(sent).lower().rpartition(".")
    plain = re.sub(r"[^a-z0-9]+", "-", stem).strip("-")
    return f"{plain or 'data'}.{ending if ending in ENDINGS else 'zip'}"


def own_args(job_id: str, args: Mapping[str, object]) -> dict[str, object]:
    """The arguments with the path that an upload will have once `claim` moved it into the job's folder."""
    data = _upload(args)
    return dict(args) if data is None else {**args, "data": str(job_folder(job_id) / data.name)}


def claim(job_id: str, args: Mapping[str, object]) -> None:
    """Move the upload that `args` name, if any, into the job's folder; raises `JobError` when it is gone."""
    data = _upload(args)
    if data is None:
        return
    job_folder(job_id).mkdir(parents=True)
    try:
        data.rename(job_folder(job_id) / data.name)
    except FileNotFoundError as error:
        raise JobError("job.data_gone", N_("The uploaded data is no longer here."), N_("Upload it again.")) from error
    discard(args)


def discard(args: Mapping[str, object]) -> None:
    """Delete the upload that `args` name, if they name one."""
    data = _upload(args)
    if data is not None:
        shutil.rmtree(data.parent, ignore_errors=True)


def sweep(needed: set[str]) -> list[Path]:
    """Delete the folders of jobs that are not in `needed`, and forgotten uploads; returns what was deleted."""
    gone = [folder for folder in _folders(settings().home / "jobs", YOUNG_S) if folder.name not in needed]
    gone += _folders(_uploads(), KEPT_S) + _folders(settings().home / "runs", RUN_KEPT_S)
    for folder in gone:
        shutil.rmtree(folder, ignore_errors=True)
    return gone


def _upload(args: Mapping[str, object]) -> Path | None:
    data = Path(str(args.get("data", "")))
    return data if data.is_relative_to(_uploads()) and data.parent != _uploads() else None


def _uploads() -> Path:
    return settings().home / "uploads"


def _folders(parent: Path, age_s: float) -> list[Path]:
    """Folders in `parent` that nothing was added to for `age_s` seconds."""
    if not parent.is_dir():
        return []
    now = time.time()
    return [path for path in parent.iterdir() if path.is_dir() and now - path.stat().st_mtime > age_s]
