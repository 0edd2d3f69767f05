"""The lower half of the sidebar: what the machine is doing, in four short lines.

Every figure is asked for at most once in a few seconds, however many visitors there are, and a source that cannot
answer costs its own line and nothing else.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any, Final, TypeVar

import streamlit as st

from core import catalog, hub
from core.contracts import N_, Message
from core.errors import AppError
from core.log import log_event
from core.settings import settings
from core.ui.i18n import link_parameters, t

if TYPE_CHECKING:
    from core.device import DeviceMemory

_LIVE: Final = ("queued", "running")
_WARMING: Final = ("waiting", "importing", "loading")
_LOOK_EVERY_S: Final = 0.5


Result = TypeVar("Result")
_KEPT: Final[list[list[Any]]] = []


def _kept(seconds: float) -> Callable[[Callable[[], Result]], Callable[[], Result]]:
    """Ask the decorated function again only after `seconds`; all visitors share the answer."""

    def decorate(ask: Callable[[], Result]) -> Callable[[], Result]:
        kept: list[tuple[float, Result]] = []
        _KEPT.append(kept)

        @wraps(ask)
        def answer() -> Result:
            now = time.monotonic()
            if not kept or now - kept[0][0] > seconds:
                kept[:] = [(now, ask())]
            return kept[0][1]

        return answer

    return decorate


def forget() -> None:
    """Ask every source again at the next opportunity."""
    for kept in _KEPT:
        kept.clear()


@dataclass(frozen=True)
class RunningJobs:
    """Jobs that wait or run: their ids by sector slug, running ones first, or why this cannot be told."""

    by_sector: dict[str, tuple[str, ...]]
    unavailable: Message | None = None


def show_status() -> None:
    """Draw the status lines into the sidebar; they refresh by themselves only while something is going on."""
    busy = bool(running_jobs().by_sector) or warm_up_stage() in _WARMING
    with st.sidebar:
        st.fragment(_lines, run_every=3 if busy else None)()


@_kept(seconds=2)
def running_jobs() -> RunningJobs:
    """The live jobs by sector."""
    from core.jobs import jobs

    try:
        live = [job for job in jobs() if job.status in _LIVE]
    except AppError as error:
        log_event("jobs_unavailable", level="WARNING", code=error.code)
        return RunningJobs({}, Message(N_("The store does not answer: models can be used, training cannot.")))
    live.sort(key=lambda job: job.status != "running")
    slugs = dict.fromkeys(job.sector for job in live)
    return RunningJobs({slug: tuple(job.id for job in live if job.sector == slug) for slug in slugs})


def warm_up_stage() -> str:
    """Stage of the background loading of models."""
    from core.serving import warmup

    return warmup.state().stage


def _lines() -> None:
    jobs = running_jobs()
    for slug, ids in jobs.by_sector.items():
        _job_link(slug, ids)
    if jobs.unavailable:
        st.caption(f":material/database_off: {t(jobs.unavailable)}")
    st.caption(f":material/memory: {_device_line()}")
    st.caption(_warm_up_line())
    st.caption(_network_line())


def _job_link(slug: str, ids: tuple[str, ...]) -> None:
    from core.ui.frame import page_file

    title = t(catalog.sector(slug).title)
    count = len(ids)
    one, several = (
        t("{title}: 1 training job", title=title),
        t("{title}: {count} training jobs", title=title, count=count),
    )
    st.page_link(
        page_file(slug),
        label=one if count == 1 else several,
        icon=":material/model_training:",
        query_params=link_parameters(job=ids[0]),
        width="stretch",
    )


@_kept(seconds=5)
def device_memory() -> DeviceMemory:
    """Memory of the device that models run on."""
    from core.device import memory

    return memory()


def _device_line() -> str:
    figures = device_memory()
    return t(
        "{name}: {used_gb:.1f} of {total_gb:.0f} GB in use, Vitrine {process_gb:.1f} GB",
        name=t("Processor") if figures.device == "cpu" else figures.name,
        used_gb=figures.used_mb / 1024,
        total_gb=figures.total_mb / 1024,
        process_gb=figures.process_mb / 1024,
    )


def _warm_up_line() -> str:
    from core.serving import warmup

    state = warmup.state()
    if state.stage == "ready":
        return f":green[:material/check_circle:] {t('Models ready')}"
    if state.stage == "failed":
        return f":orange[:material/warning:] {t('A model could not be loaded; see the model room')}"
    return f":material/hourglass_top: {t('Models are loading, {seconds:.0f} s so far', seconds=state.seconds)}"


def _network_line() -> str:
    """The state of the network as far as it is known: nobody waits for a probe to draw a line."""
    if settings().offline:
        return f":material/wifi_off: {t('Offline: nothing is fetched, everything bundled works')}"
    reached = hub.known()
    if reached is None:
        return f":material/shield_lock: {t('Works without a network; none was asked for so far')}"
    if reached:
        return f":material/wifi: {t('Model hub reachable: its weights can be fetched for a training')}"
    return f":material/wifi_off: {t('Model hub not reachable: everything bundled works')}"


def wait_for_imports() -> None:
    """Hold the page back while torch is being imported, and say so; see `core.serving.warmup.importing`."""
    from core.serving import warmup

    if not warmup.importing():
        return
    line = st.empty()
    while not warmup.wait_for_imports(_LOOK_EVERY_S):
        line.info(
            t(
                "The model is being loaded, {seconds:.0f} s so far. This happens once after a start.",
                seconds=warmup.state().seconds,
            ),
            icon=":material/hourglass_top:",
        )
    line.empty()
