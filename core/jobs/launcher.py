"""Starts the supervisor when there is work and none runs; it stays when this process ends."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable

from sqlalchemy import exists, select

from core.contracts import N_, Message
from core.device import device_slots
from core.errors import JobError
from core.log import log_error, log_event
from core.settings import ROOT, settings
from core.store.database import Store
from core.store.owners import host, parse_owner
from core.store.schema import jobs, supervisors

STARTING_S = 20.0
"""A supervisor that this process started is given this long to show itself before another one is started."""

_lock = threading.Lock()
_started: list[tuple[subprocess.Popen[bytes], float]] = []


def check_slot(slot: str) -> None:
    """Raise `JobError` for a device that this machine does not have, and where no job can run at all."""
    if os.name == "nt":
        raise JobError(
            "job.platform",
            N_("Training from the page needs Linux or macOS."),
            Message(N_("Use the command line instead: {command}"), {"command": "python -m core train"}),
        )
    known = device_slots()
    if slot != "auto" and slot not in known:
        raise JobError(
            "job.unknown_slot",
            Message(
                N_("There is no device {slot} here; there are: {known}."), {"slot": slot, "known": ", ".join(known)}
            ),
            N_("Choose one of them, or auto."),
        )


def supervisor_alive(store: Store, name: str = "") -> bool:
    """True while this machine's supervisor, or the one registered under another `name`, runs on the store."""
    with store.read() as connection:
        query = select(supervisors.c.owner).where(supervisors.c.host == (name or host()))
        owner = connection.execute(query).scalar()
    found = parse_owner(owner or "")
    return found is not None and found.alive()


def ensure_supervisor(store: Store) -> None:
    """Start a supervisor when jobs wait and none runs on this machine."""
    with store.read() as connection:
        own = (jobs.c.status == "queued") & (jobs.c.backend == "local")
        waiting = connection.execute(select(exists().where(own))).scalar()
    if not waiting or supervisor_alive(store):
        return
    with _lock:
        if _started and _started[0][0].poll() is None and time.monotonic() - _started[0][1] < STARTING_S:
            return
        _started[:] = [(start("core.jobs.supervisor"), time.monotonic())]


def start(module: str) -> subprocess.Popen[bytes]:
    """Run `module` in a process that stays when this one ends; it gets the settings of this one."""
    folder = settings().home / "logs"
    folder.mkdir(parents=True, exist_ok=True)
    # The settings may have been given to this process by its environment: the supervisor gets the same.
    with (folder / "supervisor.out").open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", module],
            cwd=ROOT,
            env={**os.environ, "VITRINE_HOME": str(settings().home.resolve())},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    # Somebody has to collect its exit status, or it stays a zombie for as long as this process runs.
    threading.Thread(target=process.wait, name="supervisor-exit", daemon=True).start()
    log_event("supervisor_started", supervisor=process.pid)
    return process


def run_to_the_end(name: str, run: Callable[[], None]) -> int:
    """Do a supervisor's work and say in the log how it ended; returns the exit status of its process."""
    log_event(f"{name}_ready", supervisor=os.getpid())
    try:
        run()
    except Exception as error:  # noqa: BLE001  (nobody reads this process's stderr: the log is its last word)
        log_error(error)
        return 1
    log_event(f"{name}_ended", supervisor=os.getpid())
    return 0
