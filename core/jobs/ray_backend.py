"""Jobs on a Ray cluster: the server's side. It imports no Ray; a process of its own speaks with the cluster.

Before anything is queued, whatever can be known without Ray is checked: that it is installed, that the address and the
token are there, that somebody listens at the address, and that the database can be reached from the nodes.
"""

from __future__ import annotations

import re
import socket
import subprocess
import threading
import time
from importlib.util import find_spec
from ipaddress import ip_address
from typing import ClassVar

from sqlalchemy import select

from core.contracts import N_, Message
from core.errors import JobError
from core.jobs import launcher, records, recovery
from core.log import log_event
from core.settings import settings
from core.store.database import Store
from core.store.owners import host, parse_owner
from core.store.schema import LIVE, jobs

NAME = "ray"
NODE_LOST = "ray.node_lost"
REACH_S = 2.0
"""The head has to take a connection within this time."""
RESTART_S = 5.0
_ADDRESS = re.compile(r"(?P<host>[A-Za-z0-9._-]+|\[[0-9A-Fa-f:]+\]):(?P<port>[0-9]{1,5})")
_SLOT = re.compile(r"auto|cpu|cuda(:[0-9]+)?")


class RayBackend:
    """Has a detached process look after the jobs on the cluster; all that it knows stands in the store."""

    name: ClassVar[str] = NAME

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._started: subprocess.Popen[bytes] | None = None
        self._start_time = 0.0

    def check_slot(self, slot: str) -> None:
        """Raise `JobError` when no job could run on the cluster as things are, or for a name that is no device."""
        launcher.check_slot("auto")
        if not _SLOT.fullmatch(slot):
            raise JobError(
                "job.unknown_slot",
                Message(
                    N_("There is no device {slot} here; there are: {known}."),
                    {"slot": slot[:40], "known": "auto, cpu, cuda"},
                ),
                N_("Choose one of them, or auto."),
            )
        if find_spec("ray") is None:
            raise JobError(
                "ray.not_installed",
                N_("A Ray cluster is configured, but Ray is not installed here."),
                N_("Install it with `pip install -r requirements/ray.txt`, or unset VITRINE_RAY_ADDRESS."),
            )
        cluster_token()
        reach(*head_address())

    def ensure_running(self, store: Store) -> None:
        """Start the process that looks after the jobs when some wait for it or have lost it."""
        records.take_queued(store, NAME)
        if not _unattended(store) or launcher.supervisor_alive(store, supervisor_name()):
            return
        with self._lock:
            age_s = time.monotonic() - self._start_time
            if self._started is not None:
                running = self._started.poll() is None
                if age_s < (launcher.STARTING_S if running else RESTART_S):
                    return
            self._started, self._start_time = launcher.start("core.jobs.ray_supervisor"), time.monotonic()

    def recover(self, store: Store) -> list[str]:
        """End jobs that have not been heard of for long. One whose keeper on this machine died gets another."""
        return recovery.recover(store)

    def stop(self, job_id: str) -> None:
        """Nothing to do: the job and who looks after it both look into the store several times a second."""


BACKEND = RayBackend()


def supervisor_name() -> str:
    """The name that this machine's keeper of Ray jobs is registered under, beside the supervisor of local ones."""
    return f"{host()}/{NAME}"


def head_address() -> tuple[str, int]:
    """Host and port of the cluster's head, as configured.

    Raises:
        JobError: the setting is not of the form host:port. `auto` is refused as well: Ray would join whatever cluster
            was started last on this machine.
    """
    found = _ADDRESS.fullmatch(settings().ray_address)
    if found is None or not 0 < int(found["port"]) < 65536:
        raise JobError(
            "ray.address",
            N_("The address of the Ray cluster has to be that of its head, as host:port."),
            N_("Set VITRINE_RAY_ADDRESS to the address that `ray start --head` printed, such as 10.0.0.5:6379."),
        )
    return found["host"].strip("[]"), int(found["port"])


def cluster_token() -> str:
    """The token of the cluster; raises `JobError` when there is none: an open cluster runs anybody's code."""
    token = settings().ray_token.get_secret_value().strip()
    file = settings().ray_token_file.expanduser()
    if not token and file.is_file():
        token = file.read_text(encoding="utf-8", errors="replace").strip()
    if not token:
        raise JobError(
            "ray.no_token",
            N_("The Ray cluster needs a token, and none is set."),
            N_("Set VITRINE_RAY_TOKEN to the token that the cluster was started with, or name its file."),
        )
    return token


def reach(name: str, port: int) -> None:
    """Raise `JobError` unless somebody listens at the head's address whom the database can serve."""
    try:
        with socket.create_connection((name, port), timeout=REACH_S) as connection:
            own, other = connection.getsockname()[0], connection.getpeername()[0]
    except OSError as error:
        log_event("ray_unreachable", level="WARNING", head=f"{name}:{port}", errno=error.errno)
        raise unreachable() from error
    here = own == other or ip_address(other).is_loopback
    if settings().store_url.startswith("sqlite") and not here:
        raise JobError(
            "ray.sqlite",
            N_("The head of the Ray cluster is another machine, and an SQLite database serves one machine only."),
            N_("Set VITRINE_DATABASE_URL to a PostgreSQL database, or let Ray run on this machine alone."),
        )


def unreachable() -> JobError:
    """The error of a cluster that does not answer."""
    return JobError(
        "ray.unreachable",
        N_("The Ray cluster cannot be reached."),
        N_("Start it, or unset VITRINE_RAY_ADDRESS to run jobs on this machine."),
    )


def node_lost() -> JobError:
    """The error of a job whose node, or the part of Ray on it, is gone."""
    return JobError(
        NODE_LOST,
        N_("The node of the Ray cluster that ran this job, or its Ray, was ended from outside."),
        N_("Nothing was registered. Start it again."),
    )


def _unattended(store: Store) -> bool:
    """Whether jobs wait in the queue, or run without anybody who would end them."""
    query = select(jobs.c.status, jobs.c.supervisor).where(jobs.c.backend == NAME, jobs.c.status.in_(LIVE))
    with store.read() as connection:
        rows = connection.execute(query).all()
    return any(row.status == "queued" or orphaned(row.supervisor) for row in rows)


def orphaned(supervisor: str) -> bool:
    """Whether the process that a running job names as its keeper is one of this machine, and gone."""
    owner = parse_owner(supervisor)
    return owner is None or (owner.local and not owner.alive())
