"""Downloads public data sets from their official addresses; besides the model hub's loader the only network user."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx
from filelock import FileLock

from core.contracts import N_, Message
from core.data.catalog import DataFile, DataSet, data_set, local_path
from core.errors import AppError, NetworkUnavailable
from core.intake.sniff import kind_of
from core.settings import settings

Progress = Callable[[str, int, int], None]
"""Called with file name, bytes so far and bytes of all; 0 when the server does not say."""

_CHUNK = 2**14
"""Bytes; what a broken connection leaves of the last chunk is lost."""

_SIZE_SLACK = 1.5
"""A file may be larger than the catalogue's figure by this factor."""


@dataclass(frozen=True)
class Patience:
    """How long to wait for a server."""

    connect_s: float = 5.0
    stall_s: float = 15.0
    slowest_kb_per_s: float = 100.0
    """Together with `least_s` the cap on a whole download."""
    least_s: float = 300.0
    attempts: int = 3
    pause_s: float = 1.0

    def cap_s(self, size_mb: float) -> float:
        """Longest time that a file of this size may take."""
        return self.least_s + size_mb * 1024 / self.slowest_kb_per_s


def fetch(
    name: str, destination: Path | None = None, progress: Progress | None = None, patience: Patience | None = None
) -> Path:
    """Download a data set of the catalogue, or find it already there.

    Args:
        name: Name in the catalogue.
        destination: Folder for its files; `home/data/<name>` when omitted.
        progress: Told how far each file is.
        patience: Time limits.

    Returns:
        The folder with the complete, checked files.

    Raises:
        KeyError: When the catalogue has no such data set.
        AppError: `fetch.by_hand` when it cannot be downloaded, `fetch.disk` or `data.not_written` when it cannot be
            written.
        NetworkUnavailable: When the server is not reached, or what it sends is not the file.
    """
    entry = data_set(name)
    if not entry.files:
        path = local_path(name) if entry.made_by else None
        if path is None:
            raise _by_hand(entry)
        return path.parent if entry.table else path
    folder = destination or settings().home / "data" / entry.name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file in entry.files:
            fetch_file(file, folder, progress, patience or Patience())
    except OSError as error:
        reason = os.strerror(error.errno or 0)
        raise AppError(
            "fetch.disk",
            Message(N_("{name} could not be written: {reason}."), {"name": entry.name, "reason": reason}),
            Message(N_("Free {size} MB and try again."), {"size": f"{entry.size_mb:.0f}"}),
        ) from error
    return folder


def fetch_file(file: DataFile, folder: Path, progress: Progress | None, patience: Patience) -> Path:
    """Download one file; of several processes that want it, one downloads and the others wait.

    Args:
        file: What to fetch.
        folder: Existing folder for it.
        progress: Told how far it is.
        patience: Time limits.
    """
    target = folder / file.name
    with FileLock(folder / f".{file.name}.lock"):
        if target.is_file() and _matches(target, file):
            return target
        if settings().offline:
            raise _unavailable(file, N_("{file} has to be downloaded, but Vitrine is set to work offline."))
        _download(file, target, progress, patience)
    return target


def _download(file: DataFile, target: Path, progress: Progress | None, patience: Patience) -> None:
    """Try several times, going on where the last attempt ended; only a checked file gets its name."""
    partial = target.with_name(f"{file.name}.incomplete")
    deadline = time.monotonic() + patience.cap_s(file.size_mb)
    for attempt in range(1, patience.attempts + 1):
        try:
            _receive(file, partial, progress, patience, deadline)
            if _matches(partial, file):
                partial.replace(target)
                return
            partial.unlink()
            error = _unavailable(file, N_("What {file} came as has another checksum than the catalogue's."))
        except _TryAgain as again:
            error = again.error
        if attempt < patience.attempts and time.monotonic() < deadline:
            time.sleep(patience.pause_s)
        else:
            break
    raise error


class _TryAgain(Exception):
    """An attempt failed in a way that the next one may not."""

    def __init__(self, error: NetworkUnavailable) -> None:
        self.error = error
        super().__init__(error)


def _receive(file: DataFile, partial: Path, progress: Progress | None, patience: Patience, deadline: float) -> None:
    """One attempt: ask for what is missing and append it to `partial`."""
    timeout = httpx.Timeout(patience.stall_s, connect=patience.connect_s)
    have = partial.stat().st_size if partial.exists() else 0
    try:
        with (
            httpx.Client(timeout=timeout, follow_redirects=True, max_redirects=5) as client,
            client.stream("GET", file.url, headers=_headers(have)) as response,
        ):
            if response.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
                partial.unlink()  # longer than the file: from the start again
                raise _TryAgain(_unavailable(file, N_("The download of {file} broke off.")))
            _check_status(file, response)
            resumed = have if response.status_code == httpx.codes.PARTIAL_CONTENT else 0
            _write(file, response, partial, resumed, _Course(progress, deadline))
    except httpx.ConnectTimeout:
        raise _unavailable(file, N_("{host} does not answer.")) from None
    except httpx.TimeoutException:
        raise _TryAgain(_unavailable(file, N_("The download of {file} stalled."))) from None
    except (httpx.RemoteProtocolError, httpx.ReadError):
        raise _TryAgain(_unavailable(file, N_("The download of {file} broke off."))) from None
    except (httpx.HTTPError, httpx.InvalidURL, ValueError):
        # ValueError: httpx finds fault with proxy settings of the environment.
        raise _unavailable(file, N_("{host} cannot be reached.")) from None


def _headers(have: int) -> dict[str, str]:
    # Identity: a length and an offset must mean bytes of the file.
    plain = {"Accept-Encoding": "identity"}
    return plain | {"Range": f"bytes={have}-"} if have else plain


def _check_status(file: DataFile, response: httpx.Response) -> None:
    status = response.status_code
    if status in {httpx.codes.OK, httpx.codes.PARTIAL_CONTENT}:
        return
    error = _unavailable(file, N_("{host} answered {status} for {file}."), status=status)
    if status >= 500 or status == httpx.codes.TOO_MANY_REQUESTS:
        raise _TryAgain(error)
    raise error


@dataclass(frozen=True)
class _Course:
    """Whom to tell, and when to give up."""

    progress: Progress | None
    deadline: float


def _write(file: DataFile, response: httpx.Response, partial: Path, resumed: int, course: _Course) -> None:
    """Append the body, watching kind, size and time; the file is on the disk when this returns."""
    stated = int(response.headers.get("Content-Length", "0") or 0)
    total = resumed + stated if stated else 0
    limit = int(file.size_mb * 2**20 * _SIZE_SLACK) + 2**20
    size = resumed
    with partial.open("ab" if resumed else "wb") as out:
        for chunk in response.iter_bytes(_CHUNK):
            if size == 0 and kind_of(chunk) != _kind(file):
                # A login page comes with status 200.
                raise _unavailable(file, N_("{host} sent a {kind} page instead of {file}."), kind=kind_of(chunk))
            size += len(chunk)
            if size > limit:
                raise _unavailable(file, N_("{host} sends more for {file} than the catalogue says."))
            if time.monotonic() > course.deadline:
                raise _unavailable(file, N_("The download of {file} takes too long."))
            out.write(chunk)
            if course.progress:
                course.progress(file.name, size, total)
        out.flush()
        os.fsync(out.fileno())
    if total and size < total:
        raise _TryAgain(_unavailable(file, N_("The download of {file} broke off.")))


def _kind(file: DataFile) -> str:
    """What a file of the catalogue is by its first bytes; all that are no tables are zips (.npz is one)."""
    return "text" if file.name.endswith(".csv") else "zip"


def _matches(path: Path, file: DataFile) -> bool:
    """Whether a file is the one of the catalogue; without a checksum, whether it is a whole zip."""
    if not file.checksum:
        with path.open("rb") as opened:
            opened.seek(max(0, path.stat().st_size - 2**16))
            return b"PK\x05\x06" in opened.read()
    method, _, expected = file.checksum.partition(":")
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, method).hexdigest() == expected


def _unavailable(file: DataFile, template: str, **found: object) -> NetworkUnavailable:
    return NetworkUnavailable(
        "fetch.unavailable",
        Message(template, {"file": file.name, "host": httpx.URL(file.url).host, **found}),
        Message(N_("Check the network and try again, or put the file there by hand; the rest works without it.")),
    )


def _by_hand(entry: DataSet) -> AppError:
    place = f"{entry.kind}/{entry.name}/{entry.table}"
    return AppError(
        "fetch.by_hand",
        Message(N_("{name} cannot be downloaded in this form."), {"name": entry.name}),
        Message(entry.by_hand, {"homepage": entry.homepage, "place": f"VITRINE_DATA/{place}"}),
    )
