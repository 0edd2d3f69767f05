"""Children that are forked from a process which has imported everything, and can be shot at."""

from __future__ import annotations

import os
import select
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from core.store.database import close_stores


@dataclass
class Child:
    """A forked process; what it says comes through a pipe, and stays there when it is killed."""

    pid: int
    pipe: int
    began: float = field(default_factory=time.monotonic)

    def wait(self, timeout_s: float) -> bool:
        """Whether it ended by itself within this time."""
        watched = os.pidfd_open(self.pid)
        try:
            return bool(select.select([watched], [], [], timeout_s)[0])
        finally:
            os.close(watched)

    def said_something(self, timeout_s: float) -> bool:
        """Whether it said a line, or ended, within this time."""
        return bool(select.select([self.pipe], [], [], timeout_s)[0])

    def kill(self) -> None:
        """End it and all that it started."""
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:  # it has not made its group yet
            os.kill(self.pid, signal.SIGKILL)

    def end(self) -> tuple[bool, list[str]]:
        """Collect it: whether it was killed, and the lines it has said."""
        _, status = os.waitpid(self.pid, 0)
        with os.fdopen(self.pipe) as pipe:
            said = pipe.read().split("\n")
        return os.waitstatus_to_exitcode(status) == -signal.SIGKILL, [line for line in said if line]


def forked(work: Callable[[Callable[[str], None]], None]) -> Child:
    """Run `work` in a child; it is given a way to say a line."""
    close_stores()  # a connection must not be used on both sides of a fork
    receive, send = os.pipe()
    pid = os.fork()
    if pid:
        os.close(send)
        return Child(pid, receive)
    code = 1
    try:
        os.close(receive)
        work(lambda line: (os.write(send, f"{line}\n".encode()), None)[1])
        code = 0
    finally:
        os._exit(code)
