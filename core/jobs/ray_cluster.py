"""Speaks with a Ray cluster; the only module that imports Ray. The keeper of its jobs loads it, the server never does.

What Ray is never asked here: to find a cluster by itself (a bare `init` joins the last one of the machine, whosever it
is), and to `ray stop` (that ends every Ray of the machine).
"""

from __future__ import annotations

import json
import logging
import os
import platform
import secrets
from dataclasses import dataclass
from typing import Any

import ray
from ray._common.usage.usage_constants import CLUSTER_METADATA_KEY
from ray._private.ray_constants import KV_NAMESPACE_CLUSTER
from ray._raylet import AuthenticationTokenLoader, GcsClient
from ray.exceptions import ActorUnavailableError, AuthenticationError, GetTimeoutError, RayError
from ray.util import list_named_actors
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from core.contracts import N_, Message
from core.errors import AppError, JobError
from core.jobs.ray_backend import node_lost, unreachable
from core.jobs.ray_node import JobOnNode, Order, Outcome
from core.log import log_event

LOOK_S = 0.5
"""One question after the job's end waits this long on the node before it is asked again."""
THREADS = 4
"""Calls that an actor answers at once: a question that waits must not hold up the wish to end the job."""


@dataclass(frozen=True)
class Place:
    """Where one job can run: a GPU of a node, or the node's processor."""

    node: str
    """Ray's id of the node."""
    device: str
    """`cpu` or `cuda:N`; Ray shows the job nothing but the GPU it gave, so that N only numbers the places."""
    cpus: int
    """Processors reserved for the job."""

    @property
    def gpu(self) -> bool:
        """Whether it is a GPU."""
        return self.device != "cpu"

    @property
    def lease(self) -> str:
        """The name under which the store keeps the place for one job."""
        return f"ray/{self.node[:24]}/{self.device}"


class Keeper:
    """The actor that looks after one job, as seen from here. No method waits for the cluster."""

    def __init__(self, actor: Any) -> None:
        self._actor = actor
        self._asked: Any = None

    def look(self) -> Outcome | None:
        """How the job's process ended, or what ended its actor; None while both run as far as is known."""
        if self._asked is None:
            self._asked = self._actor.outcome.remote(LOOK_S)
        if not ray.wait([self._asked], timeout=0)[0]:
            return None
        try:
            answer: Outcome | None = ray.get(self._asked, timeout=1.0)
        except (ActorUnavailableError, GetTimeoutError):  # for now: whether it is gone will be known later
            answer = None
        except RayError as error:
            return Outcome(error=actor_error(error))
        self._asked = None
        return answer

    def end(self, polite: bool) -> None:
        """Ask the actor to end its job's process, by SIGTERM if `polite`."""
        self._actor.end.remote(polite)

    def destroy(self) -> None:
        """End the actor, and with it a process that it could not end."""
        try:
            ray.kill(self._actor, no_restart=True)
        except (RayError, ValueError):  # it is gone already
            return


class Cluster:
    """A connected cluster; the actors of one store are kept apart from others' by a namespace."""

    def __init__(self, namespace: str) -> None:
        self._namespace = namespace

    def places(self) -> list[Place]:
        """Every place of the nodes that are alive, GPUs first. A node without processors for jobs has none."""
        found = []
        for node in ray.nodes():
            resources = node["Resources"]
            cpus, gpus = int(resources.get("CPU", 0)), int(resources.get("GPU", 0))
            if not node["Alive"] or cpus < 1:
                continue
            share = max(1, cpus // (gpus + 1))
            found += [Place(node["NodeID"], f"cuda:{index}", share) for index in range(gpus)]
            found.append(Place(node["NodeID"], "cpu", share))
        return sorted(found, key=lambda place: (not place.gpu, place.node, place.device))

    def free(self, place: Place) -> bool:
        """Whether nobody else's work on the cluster holds what the place needs."""
        left = ray._private.state.available_resources_per_node().get(place.node, {})
        return bool(left.get("CPU", 0) >= place.cpus and (not place.gpu or left.get("GPU", 0) >= 1))

    def start(self, order: Order, place: Place) -> Keeper:
        """Send a job to a place. Its actor is detached: it stays when this process ends."""
        actor = (
            ray.remote(JobOnNode)
            .options(
                name=order.job_id,
                namespace=self._namespace,
                lifetime="detached",
                max_restarts=0,
                max_task_retries=0,
                max_concurrency=THREADS,
                num_cpus=place.cpus,
                num_gpus=int(place.gpu),
                scheduling_strategy=NodeAffinitySchedulingStrategy(place.node, soft=False),
            )
            .remote(order)
        )
        return Keeper(actor)

    def find(self, job_id: str) -> Keeper | None:
        """The actor that looks after a job, whoever started it; None when there is none any more."""
        try:
            return Keeper(ray.get_actor(job_id, namespace=self._namespace))
        except ValueError:
            return None

    def jobs(self) -> list[str]:
        """The jobs of this store that have an actor."""
        return [str(name) for name in list_named_actors()]


def connect(address: str, namespace: str, token: str) -> Cluster:
    """Join the cluster with its head at `address`; token mode is on in the environment since before Ray was imported.

    Raises:
        JobError: it lets everybody in, or not us, is of another version, or this machine is none of its nodes.
    """
    try:
        if _enters(address, secrets.token_hex(16)):
            raise JobError(
                "ray.open",
                N_("The Ray cluster lets in everybody who can reach it."),
                N_("Start it with RAY_AUTH_MODE=token and a token, on every node."),
            )
        head = _enters(address, token)
        if head is None:
            raise JobError(
                "ray.token_refused",
                N_("The Ray cluster does not accept the token."),
                N_("Set VITRINE_RAY_TOKEN to the token that the cluster was started with."),
            )
        check_versions(head.internal_kv_get(CLUSTER_METADATA_KEY, KV_NAMESPACE_CLUSTER))
        ray.init(
            address=address,
            namespace=namespace,
            configure_logging=False,
            logging_level=logging.ERROR,
            log_to_driver=False,
        )
    except (RayError, OSError, RuntimeError, ValueError) as error:
        log_event("ray_refused", level="WARNING", kind=type(error).__qualname__)
        raise unreachable() from error
    return Cluster(namespace)


def _enters(address: str, token: str) -> GcsClient | None:
    """A connection to the head with this token; None when it is refused. `ray.init` tries for 20 s and says nothing."""
    os.environ["RAY_AUTH_TOKEN"] = token
    AuthenticationTokenLoader.instance().reset_cache()
    try:
        return GcsClient(address=address)
    except AuthenticationError:
        return None


def check_versions(metadata: bytes | None) -> None:
    """Raise `JobError` unless the head was started by the same versions of Ray and Python, which it keeps on record."""
    head = json.loads(metadata or b"{}")
    theirs = (str(head.get("ray_version")), str(head.get("python_version")))
    ours = (ray.__version__, platform.python_version())
    if theirs != ours:
        raise JobError(
            "ray.version",
            Message(
                N_("The Ray cluster runs Ray {ray} on Python {python}, this program Ray {own} on Python {own_python}."),
                {"ray": theirs[0], "python": theirs[1], "own": ours[0], "own_python": ours[1]},
            ),
            N_("Install the same versions of Ray and Python on the server and on every node."),
        )


def actor_error(error: RayError) -> AppError:
    """What ended an actor, in words; Ray tells it in a sentence only."""
    said = str(error)
    log_event("ray_actor_ended", level="WARNING", kind=type(error).__qualname__)
    if "ModuleNotFoundError" in said or "ImportError" in said or "failed to import" in said:
        return JobError(
            "ray.code",
            N_("A node of the Ray cluster cannot load this program."),
            N_("Install the same version in the same folder on every node of the cluster."),
        )
    if "memory" in said.lower() and "OutOfMemory" in said:
        return JobError(
            "job.out_of_memory",
            N_("Memory ran out."),
            N_("Choose a smaller model, smaller inputs or a smaller batch."),
        )
    return node_lost()
