"""Which process a thing belongs to, told apart from a later process that got the same number."""

from __future__ import annotations

import os
import signal
import socket
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import psutil


@dataclass(frozen=True)
class Owner:
    """A process of one machine: its number and a token made of the boot and the moment it started."""

    host: str
    pid: int
    token: str

    def __str__(self) -> str:
        return f"{self.host}|{self.pid}|{self.token}"

    @property
    def local(self) -> bool:
        """True when the process belongs to this machine, so that `alive` can be asked."""
        return self.host == host()

    def alive(self) -> bool:
        """True while the process runs; a zombie, or another process with its number, does not count."""
        return self.local and self.token != "" and _token(self.pid) == self.token

    def kill_group(self, polite: bool = False) -> None:
        """End the process and all of its process group, by SIGTERM if `polite`; nothing happens when it is gone."""
        sign = signal.SIGTERM if polite else signal.SIGKILL
        if not self.alive():
            return
        try:
            # A worker leads its own group; before it has made one, only the process itself may be hit.
            if os.getpgid(self.pid) == self.pid:
                os.killpg(self.pid, sign)
            else:
                os.kill(self.pid, sign)
        except ProcessLookupError:
            return


def this_process() -> Owner:
    """The process that asks."""
    return owner_of(os.getpid())


def owner_of(pid: int) -> Owner:
    """The process that has the number `pid` now; an empty token when there is none."""
    return Owner(host(), pid, _token(pid))


def parse_owner(text: str) -> Owner | None:
    """Read back `str(owner)`; None for anything else."""
    parts = text.split("|")
    if len(parts) != 3 or not parts[1].isdigit() or not parts[2]:
        return None
    return Owner(parts[0], int(parts[1]), parts[2])


@lru_cache(maxsize=1)
def host() -> str:
    """Name of this machine, without the characters that owners are separated by."""
    return socket.gethostname().replace("|", "-").replace("/", "-")


@lru_cache(maxsize=1)
def _boot() -> str:
    path = Path("/proc/sys/kernel/random/boot_id")
    return path.read_text().strip()[:8] if path.exists() else ""


def _token(pid: int) -> str:
    """The start of process `pid`, in ticks since the boot where that exists: a clock change cannot move it."""
    try:
        if _boot():
            stat = Path(f"/proc/{pid}/stat").read_text()
            state, *fields = stat.rpartition(")")[2].split()
            return "" if state in "ZX" else f"{_boot()}-{fields[18]}"
        process = psutil.Process(pid)
        return "" if process.status() == psutil.STATUS_ZOMBIE else f"{process.create_time():.2f}"
    except (OSError, psutil.Error):
        return ""
