"""Imports torch and loads the champions in the background, so that the first page need not wait for either.

Importing holds Python's lock for seconds. So that it does not hold up the first page either, it can begin after that.
"""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal, cast

import numpy as np

from core import catalog
from core.contracts import ImageSample, Probed
from core.errors import AppError
from core.log import log_error, log_event
from core.serving import service
from core.store import reconcile
from core.store.registry import registry
from core.tasks import load_task

Stage = Literal["waiting", "importing", "loading", "ready", "failed"]

FIRST_PAGE_S = 3.0
"""Without a visitor the loading begins this long after the start."""
PAGES_S = 20.0
"""The import begins this long after it was wanted, even if a page is still being drawn."""
AFTER_PAGE_S = 0.5
"""After the first page was drawn its messages and pictures still have to be sent."""

EXAMPLES: dict[str, Any] = {
    "image_classification": ImageSample("warm-up", np.full((64, 64, 3), 128, np.uint8), ""),
}
"""One input per task, for those whose own is not small; the first prediction of a model is slower than the next."""


@dataclass(frozen=True)
class WarmUp:
    """How far the warm-up is, and for how many seconds it has run or ran. `failed`: models load on first use."""

    stage: Stage
    seconds: float


class _State:
    def __init__(self) -> None:
        self.stage: Stage = "waiting"
        self.began = time.monotonic()
        self.took = 0.0
        self.thread: threading.Thread | None = None
        self.page_drawn = threading.Event()
        self.wanted = threading.Event()
        self.imported = threading.Event()
        self.pages: set[int] = set()
        """Threads that draw a page."""
        self.page_ended = threading.Condition()
        self.done = threading.Event()


_state = _State()
_lock = threading.Lock()


def start(after_first_page: bool = False) -> None:
    """Begin the warm-up in a thread of its own; further calls do nothing.

    Args:
        after_first_page: Let it wait for the end of the first `page_being_drawn`, for `hurry`, or a few seconds,
            whatever comes first.
    """
    with _lock:
        if _state.thread is None:
            _state.began = time.monotonic()
            if not after_first_page:
                _state.wanted.set()
                _state.page_drawn.set()
                _state.stage = "importing"
            _state.thread = threading.Thread(target=_warm_up, name="warm-up", daemon=True)
            _state.thread.start()


@contextmanager
def page_being_drawn() -> Iterator[None]:
    """The import of torch does not begin while a block runs, and may after the first; cheap enough for every page."""
    thread = threading.get_ident()
    with _state.page_ended:
        _state.pages.add(thread)
    try:
        yield
        _state.page_drawn.set()
    finally:
        _leave(thread)


def _leave(thread: int) -> None:
    with _state.page_ended:
        _state.pages.discard(thread)
        _state.page_ended.notify_all()


def hurry() -> None:
    """Begin at once, because somebody waits for a model; does nothing when it has begun or was never started."""
    with _lock:
        if _state.thread is not None and _state.stage == "waiting":
            _state.stage = "importing"
        _state.wanted.set()
        _state.page_drawn.set()
    _leave(threading.get_ident())  # this page waits for the models itself


def state() -> WarmUp:
    """How far it is; cheap enough for every run of a page."""
    if _state.done.is_set() or _state.thread is None:
        return WarmUp(_state.stage, _state.took)
    return WarmUp(_state.stage, time.monotonic() - _state.began)


def wait(timeout: float | None = None) -> WarmUp:
    """Wait for the end of the warm-up, at most `timeout` seconds; returns at once when it was never started."""
    if _state.thread is not None:
        _state.done.wait(timeout)
    return state()


def importing() -> bool:
    """Whether torch is about to be, or only half, imported.

    Whoever uses scipy meanwhile may find that half: it asks of every array whether it is one of torch's.
    """
    return _state.thread is not None and _state.stage == "importing" and not _state.imported.is_set()


def wait_for_imports(timeout: float) -> bool:
    """Wait until torch is imported, at most `timeout` seconds; returns whether the wait is over."""
    return not importing() or _state.imported.wait(timeout)


def _warm_up() -> None:
    stage: Stage = "ready"
    _state.page_drawn.wait(FIRST_PAGE_S)
    _state.wanted.wait(AFTER_PAGE_S)
    _state.stage = "importing"
    try:
        with _state.page_ended:  # new pages wait from now on, see `importing`
            _state.page_ended.wait_for(lambda: not _state.pages, PAGES_S)
        _import_libraries()
        _state.imported.set()
        _state.stage = "loading"
        reconcile.reconcile(registry())
        for sector in catalog.SECTORS:
            if not _answers(sector.slug, _example(sector.task)):
                stage = "failed"
        _spare_collector()
    except Exception as error:  # noqa: BLE001  (a failed warm-up must not take the server down)
        log_error(error)
        stage = "failed"
    _state.imported.set()
    _state.took = time.monotonic() - _state.began
    _state.stage = stage
    _state.done.set()
    log_event("warm_up", stage=stage, seconds=round(_state.took, 2))


def _import_libraries() -> None:
    """Scipy first, whole: a page that imports it beside a half imported torch would fail, see `importing`."""
    import scipy.stats  # noqa: F401, I001
    import torch  # noqa: F401
    import timm  # noqa: F401


def _spare_collector() -> None:
    """Let the garbage collector look at new objects only.

    What the libraries have made stays for the life of the process; walking all of it again, which a full collection
    does, holds up every session meanwhile.
    """
    gc.collect()
    gc.freeze()


def _example(task: str) -> Any:
    """An input for the first question."""
    return EXAMPLES[task] if task in EXAMPLES else cast(Probed, load_task(task)).probe()


def _answers(slug: str, example: Any) -> bool:
    """Load the champion of a sector and ask it once."""
    try:
        service.predict(slug, [example])
    except AppError as error:
        log_error(error, sector=slug)
        return False
    return True
