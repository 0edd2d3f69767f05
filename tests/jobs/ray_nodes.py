"""A real Ray cluster on the loopback: a head without processors for jobs, and worker nodes with one each."""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

OBJECT_STORE_BYTES = 100 * 2**20
START_S = 120.0
STARTED = "Ray runtime started"


def _end_with_parent() -> None:
    """In the child, before it runs: a test session that is killed leaves no cluster behind."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)


class Node:
    """A `ray start` of ours with everything that it started; an empty token leaves it open to everybody."""

    def __init__(self, *arguments: str, token: str) -> None:
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("RAY_", "VITRINE_"))},
            "RAY_AUTH_MODE": "token" if token else "disabled",
            "RAY_AUTH_TOKEN": token,
            "RAY_memory_monitor_refresh_ms": "0",
            "RAY_ADDRESS": "",
        }
        command = [sys.executable, "-m", "ray.scripts.scripts", "start", "--block", "--disable-usage-stats"]
        ports = ["--dashboard-agent-listen-port=0", "--min-worker-port=0", "--max-worker-port=0"]
        self.output = tempfile.TemporaryFile()  # noqa: SIM115  (closed with the node)
        self.process = subprocess.Popen(
            [
                *command,
                *ports,
                "--node-ip-address=127.0.0.2",
                f"--object-store-memory={OBJECT_STORE_BYTES}",
                *arguments,
            ],
            preexec_fn=_end_with_parent,  # noqa: PLW1509  (it calls nothing but the kernel)
            cwd="/",  # nothing of the program may be found by chance
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=self.output,
            stderr=self.output,
        )

    def processes(self) -> list[psutil.Process]:
        """The start command and all of its descendants."""
        try:
            first = psutil.Process(self.process.pid)
            return [first, *first.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def kill(self) -> None:
        """End them at once, as when the machine is switched off."""
        found = self.processes()
        for process in found:
            try:
                process.kill()
            except psutil.NoSuchProcess:
                continue
        self.process.wait()
        psutil.wait_procs(found, timeout=10)
        self.output.close()

    def said(self) -> str:
        self.output.seek(0)
        return self.output.read().decode(errors="replace")


class RayNodes:
    """The cluster; use it as a context manager."""

    def __init__(self, token: str) -> None:
        self.token = token
        self.folder = Path(tempfile.mkdtemp(prefix="vr-", dir="/tmp"))  # a socket's path has to be short
        self.port = free_port()
        self.address = f"127.0.0.2:{self.port}"
        self.nodes: list[Node] = []

    def __enter__(self) -> RayNodes:
        self.start(
            "--head",
            f"--port={self.port}",
            "--num-cpus=0",
            "--include-dashboard=false",
            f"--temp-dir={self.folder}",
        )
        return self

    def __exit__(self, *_: object) -> None:
        for node in reversed(self.nodes):
            node.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self, *arguments: str) -> Node:
        """Add a node and wait until it is there; several at once would be slower than Ray waits for them."""
        node = Node(*arguments, token=self.token)
        self.nodes.append(node)
        deadline = time.monotonic() + START_S
        while STARTED not in node.said():
            assert node.process.poll() is None and time.monotonic() < deadline, node.said()
            time.sleep(0.1)
        return node

    def worker(self, *arguments: str) -> Node:
        """Add a node with one processor."""
        return self.start(f"--address={self.address}", "--num-cpus=1", *arguments)


def free_port() -> int:
    """A port of the loopback that nobody has now."""
    with socket.socket() as found:
        found.bind(("127.0.0.2", 0))
        return int(found.getsockname()[1])
