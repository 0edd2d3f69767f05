"""How a worker's end is told to a visitor when the worker did not tell it itself."""

from __future__ import annotations

import signal

from core.contracts import N_, Message
from core.errors import JobError
from core.settings import settings


def not_started() -> JobError:
    """No process could be made."""
    return JobError(
        "job.not_started",
        N_("The training process could not be started: the machine is short of memory or of file handles."),
        N_("Close other programs and start it again."),
    )


def hung() -> JobError:
    """It was silent for too long."""
    seconds = f"{settings().job_heartbeat_s:.0f}"
    return JobError(
        "job.hung",
        Message(N_("Training did not answer for {seconds} seconds and was ended."), {"seconds": seconds}),
        N_("Start it again."),
    )


def killed(code: int | None) -> JobError:
    """Its process ended without a word: by a signal (a negative exit code) or by itself."""
    if code is not None and code < 0:
        return JobError(
            "job.killed",
            Message(
                N_("The training process was ended from outside ({signal}); most often memory had run out."),
                {"signal": signal.Signals(-code).name},
            ),
            N_("Nothing was registered. Start it again, with a smaller batch or model if memory is short."),
        )
    return JobError(
        "job.crashed",
        Message(N_("The training process ended without a word (exit code {code})."), {"code": str(code)}),
        N_("Nothing was registered. Start it again."),
    )
