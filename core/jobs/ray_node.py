"""Looks after one job on the node of a Ray cluster that runs it: Ray makes a `JobOnNode` there, as an actor.

The job has a process of its own below the actor, the same one that a supervisor on one machine forks: its exit code
tells how it died, it can be ended with all that it started, and neither its memory nor its interpreter is Ray's.
It reports into the store by itself, so it goes on when the one who ordered it is gone.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass
from importlib import import_module

from core.contracts import N_, Message
from core.errors import AppError, JobError
from core.jobs import worker
from core.jobs.endings import not_started
from core.log import log_event
from core.settings import ROOT, settings
from core.store.database import open_store
from core.store.owners import Owner, host, owner_of

LINGER_S = 60.0
"""After the job's end its exit code can be asked for this long; then the actor ends, whoever forgot it."""
HOME_ID = "home.id"
"""Name of the file that tells one folder from another which has the same path on another machine."""
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class Order:
    """A job as it is sent to a node. It travels as an argument, since Ray shows a runtime environment to everybody."""

    job_id: str
    device: str
    environment: dict[str, str]
    """The settings in force, as variables."""
    caller: Owner
    code: str
    """`code_fingerprint()` where the order comes from."""
    home: str
    """`home_id()` there, which is never empty."""


@dataclass(frozen=True)
class Outcome:
    """How a job's process ended: its exit code, negative for a signal, or why it could not be started here."""

    code: int | None = None
    error: AppError | None = None


class JobOnNode:
    """One job's keeper. It starts the job when it is made; its methods may run at the same time."""

    def __init__(self, order: Order) -> None:
        self._child: subprocess.Popen[bytes] | None = None
        self._outcome: Outcome | None = None
        self._ended = threading.Event()
        for name, value in order.environment.items():
            os.environ[name] = value
        settings.cache_clear()
        threading.Thread(target=self._run, args=(order,), name="job", daemon=True).start()

    def outcome(self, wait_s: float) -> Outcome | None:
        """How the job's process ended; None when it still runs after `wait_s` seconds."""
        self._ended.wait(wait_s)
        return self._outcome

    def end(self, polite: bool) -> None:
        """End the job's process and all that it started, by SIGTERM if `polite`."""
        if self._child is not None and not self._ended.is_set():
            owner_of(self._child.pid).kill_group(polite)

    def _run(self, order: Order) -> None:
        """Start the process and wait for it, in one thread: Linux ends a child together with the thread it is of."""
        try:
            check(order)
            open_store()
            self._child = _start(order)
        except AppError as error:
            self._outcome = Outcome(error=error)
        except OSError as error:
            log_event("job_not_started", level="ERROR", job=order.job_id, errno=error.errno)
            self._outcome = Outcome(error=not_started())
        else:
            self._outcome = Outcome(self._child.wait())
        self._ended.set()
        threading.Timer(LINGER_S, os._exit, (0,)).start()


def _start(order: Order) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "core.jobs.ray_node", order.job_id, order.device, str(os.getpid())]
    with (settings().home / "logs" / "supervisor.out").open("ab") as output:
        return subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, "RAY_AUTH_TOKEN": ""},  # the job has no business with the cluster
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )


def code_fingerprint() -> str:
    """sha256 over the program's own modules: two machines with the same one run the same code."""
    digest = hashlib.sha256()
    for path in sorted((ROOT / "core").rglob("*.py")):
        digest.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def home_id() -> str:
    """What stands in a file of the folder that this program writes into; empty where there is none yet."""
    try:
        return (settings().home / HOME_ID).read_text("utf-8")
    except OSError:
        return ""


def check(order: Order) -> None:
    """Raise `JobError` when the job would not find on this node what it needs."""
    if order.code != code_fingerprint():
        raise JobError(
            "ray.other_code",
            Message(N_("The node {node} has another version of this program than the server."), {"node": host()}),
            N_("Install the same version in the same folder on every node of the cluster."),
        )
    if settings().store_url.startswith("sqlite") and not order.caller.alive():
        raise JobError(
            "ray.sqlite",
            Message(
                N_("The node {node} is another machine, and an SQLite database serves one machine only."),
                {"node": host()},
            ),
            N_("Set VITRINE_DATABASE_URL to a PostgreSQL database, or let Ray run on this machine alone."),
        )
    if home_id() != order.home:
        raise JobError(
            "ray.home",
            Message(N_("The node {node} does not see the folder that this program writes into."), {"node": host()}),
            N_("VITRINE_HOME has to be a shared folder that has the same path on every node."),
        )


def _end_with_parent(parent: int) -> None:
    """Have the system kill this process when its parent dies, even if it hangs then."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before the line above
        sys.exit(1)


def main(job_id: str, device: str, parent: int) -> None:
    """Entry of the job's process."""
    _end_with_parent(parent)
    for name in settings().job_preload or ():
        import_module(name)
    worker.main(job_id, parent, device)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
