"""Where jobs run: on this machine by a supervisor of ours, or on a cluster. The verbs are the same for both."""

from __future__ import annotations

from importlib import import_module
from typing import ClassVar, Protocol, cast

from core.jobs import launcher, records, recovery
from core.settings import settings
from core.store.database import Store


class Backend(Protocol):
    """Runs the queued jobs of the store that bear its `name`. Keeps no state that the store does not have."""

    name: ClassVar[str]
    """What stands in the `backend` column of its jobs."""

    def check_slot(self, slot: str) -> None:
        """Raise `JobError` for a device that is not there, and where no job can run at all."""
        ...

    def ensure_running(self, store: Store) -> None:
        """See to it that the queued jobs get run; cheap when that is so, called at every look at a live job."""
        ...

    def recover(self, store: Store) -> list[str]:
        """End its running jobs that nobody looks after any more; returns their ids. Called at every look."""
        ...

    def stop(self, job_id: str) -> None:
        """Called once the wish to stop stands in the store (`cancel_grace_s`), for a back end that does not look."""
        ...


class LocalBackend:
    """The detached supervisor of this machine, which finds everything it needs in the store."""

    name: ClassVar[str] = recovery.LOCAL

    def check_slot(self, slot: str) -> None:
        """Raise `JobError` for a device that this machine does not have."""
        launcher.check_slot(slot)

    def ensure_running(self, store: Store) -> None:
        """Start a supervisor when jobs wait and none runs."""
        records.take_queued(store, self.name)
        launcher.ensure_supervisor(store)

    def recover(self, store: Store) -> list[str]:
        """Mark jobs lost whose supervisor died."""
        return recovery.recover(store)

    def stop(self, job_id: str) -> None:
        """Nothing to do: the worker and its supervisor both look into the store several times a second."""


def backend() -> Backend:
    """The back end of the settings in force; the library of a cluster is imported only when one is named."""
    if settings().ray_address:
        return cast(Backend, import_module("core.jobs.ray_backend").BACKEND)
    return LocalBackend()
