"""A server of its own for a test or a measurement: free port, temporary home, ended with its children."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True)
class Server:
    """A running server; `started` is the `time.perf_counter()` at which its process was launched."""

    address: str
    process: subprocess.Popen[bytes]
    started: float
    log: Path

    def wait(self, timeout_s: float = 180.0) -> float:
        """Wait until the server reports health; returns the seconds since its launch.

        Raises:
            RuntimeError: It ended, or did not report health in time; the message holds the end of its log.
        """
        while time.perf_counter() - self.started < timeout_s and self.process.poll() is None:
            try:
                urllib.request.urlopen(f"{self.address}/_stcore/health", timeout=5).close()
            except OSError:
                time.sleep(0.05)
            else:
                return time.perf_counter() - self.started
        raise RuntimeError(f"no server at {self.address}:\n{self.log.read_text('utf-8', 'replace')[-3000:]}")


def free_port() -> int:
    """A port of the loopback interface that nobody listens on now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextlib.contextmanager
def serving(*arguments: str, variables: Mapping[str, str] | None = None, wait: bool = True) -> Iterator[Server]:
    """Run `streamlit ARGUMENTS` (default `run app.py`) and end it, whatever happens.

    Args:
        arguments: Command line after `streamlit`; options of the server may follow.
        variables: Added to the environment; `VITRINE_HOME` is a temporary folder unless given here.
        wait: Wait for health before the block begins.
    """
    address = f"http://127.0.0.1:{(port := free_port())}"
    command = [sys.executable, "-m", "streamlit", *(arguments or ("run", "app.py"))]
    options = ("server.port", str(port)), ("server.address", "127.0.0.1"), ("server.headless", "true")
    command += [part for name, value in options for part in (f"--{name}", value)]
    command += ["--browser.gatherUsageStats", "false"]
    if "--server.fileWatcherType" not in command:
        command += ["--server.fileWatcherType", "none"]
    with tempfile.TemporaryDirectory(prefix="vitrine-server-", ignore_cleanup_errors=True) as folder:
        log = Path(folder) / "server.log"
        environment = os.environ | {"VITRINE_HOME": str(Path(folder) / "home")} | dict(variables or {})
        with log.open("wb") as output:
            started = time.perf_counter()
            process = subprocess.Popen(
                command, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
            )
        server = Server(address, process, started, log)
        try:
            if wait:
                server.wait()
            yield server
        finally:
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
