"""What pages, the JSON routes and the command line ask: predict, explain, evaluate. Imports torch on first use only."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, cast

from core.contracts import (
    N_,
    Classification,
    Decisions,
    Evaluation,
    Explains,
    Explanation,
    Message,
    ModelRef,
    Prediction,
    Predictor,
    Ranking,
    Remarks,
    Single,
    Task,
    TextSample,
)
from core.data.new_transaction import Fields
from core.device import limit_threads, pick_device
from core.errors import AppError, InputRefused, ModelRefused, StoreError
from core.log import log_event
from core.serving.pool import Loaded, ModelPool
from core.settings import settings
from core.store import audit
from core.store.registry import BUNDLED, CHAMPION, Version, registry
from core.store.versions import find_sector
from core.tasks import load_config_type, load_task, read_fields

BATCH_SIZE = 32
"""Inputs per call of the model; between two batches another session gets its turn. A table is one input."""
TEXTS_AT_ONCE = 1024
"""The same for texts, which are small, and of which a model reads many at once as fast as a few."""


@dataclass(frozen=True)
class Answer:
    """One prediction, the model that made it, and its share of the time of its batch.

    `notices` says when it is not the model that was asked for, and what its predictor remarks on the input.
    """

    prediction: Prediction
    model: ModelRef
    latency_ms: float
    notices: tuple[Message, ...] = ()

    @property
    def single(self) -> Single:
        """The prediction where it is about one input; `TypeError` for that of a table or of a user."""
        if isinstance(self.prediction, Decisions | Ranking):
            raise TypeError("scores of a table or a list of items, not an answer about one input")
        return self.prediction

    @property
    def classification(self) -> Classification:
        """The prediction of a sector that classifies; `TypeError` for any other."""
        if not isinstance(self.prediction, Classification):
            raise TypeError(f"{self.prediction.kind}, not a classification")
        return self.prediction

    @property
    def decisions(self) -> Decisions:
        """The prediction about a table; `TypeError` for any other."""
        if not isinstance(self.prediction, Decisions):
            raise TypeError(f"{self.prediction.kind}, not the scores of a table")
        return self.prediction


@dataclass(frozen=True)
class Chosen:
    """What a reference meant when it was asked; promotions after that do not change it."""

    version: Version
    notices: tuple[Message, ...] = ()


@dataclass(frozen=True)
class _Served:
    task: Task
    loaded: Loaded
    chosen: Chosen

    @property
    def model(self) -> ModelRef:
        return model_ref(self.chosen.version)


@lru_cache(maxsize=1)
def pool() -> ModelPool:
    """The loaded models of this process."""
    return ModelPool(settings().model_budget_mb * 2**20)


def choose(slug: str, ref: str = CHAMPION) -> Chosen:
    """Settle which version answers a request of several calls, so that all of its answers are of one model.

    The version is loaded. When the champion cannot be, the bundled model is chosen and `notices` say so.

    Raises:
        StoreError, ModelRefused: as `predict`.
    """
    with _serve(slug, ref) as served:
        return served.chosen


def predict(slug: str, inputs: Sequence[Any], ref: str | Chosen = CHAMPION, **options: Any) -> list[Answer]:
    """Answer every input, in order.

    Args:
        slug: Sector.
        inputs: What the sector's task reads; for images `ImageSample`.
        ref: Which version, see `Registry.resolve`, or what `choose` gave. When the champion cannot be loaded the
            bundled model answers and the answers' `notices` say so.
        options: Passed to the predictor; for images `coverage` and `threshold`.

    Raises:
        StoreError: there is no such version.
        ModelRefused: its files cannot be trusted.
    """
    answers: list[Answer] = []
    with _on_record("predict", slug, inputs) as facts, _serve(slug, ref) as served:
        facts.update({"version": served.model.version, "sha256": served.model.sha256})
        size = TEXTS_AT_ONCE if inputs and isinstance(inputs[0], TextSample) else BATCH_SIZE
        for start in range(0, len(inputs), size):
            batch = inputs[start : start + size]
            with served.loaded.turn:
                began = time.perf_counter()
                predictions = served.loaded.predictor.predict(batch, **options)
                latency_ms = (time.perf_counter() - began) * 1000 / len(batch)
            said = [(*served.chosen.notices, *more) for more in _remarks(served.loaded.predictor, batch)]
            answers += [
                Answer(prediction, served.model, latency_ms, notices)
                for prediction, notices in zip(predictions, said, strict=True)
            ]
    log_event(
        "predicted",
        sector=slug,
        version=served.model.version,
        inputs=len(answers),
        latency_ms=round(sum(answer.latency_ms for answer in answers), 1),
    )
    return answers


def _remarks(predictor: Predictor[Any, Any], batch: Sequence[Any]) -> list[tuple[Message, ...]]:
    """What the predictor says of each input beside the answer; nothing without that side."""
    if not hasattr(predictor, "remarks"):
        return [()] * len(batch)
    return cast(Remarks, predictor).remarks(batch)


def explain(slug: str, sample: Any, target: str, method: str, ref: str | Chosen = CHAMPION) -> Explanation:
    """Why the model scores `target` as it does on `sample`; `method` is one of its own, empty for the usual one.

    A row of a table is given as (table, place among its scored rows). A predictor that names no methods has its task's.

    Raises:
        InputRefused: the task has no such method.
        StoreError, ModelRefused: as `predict`.
    """
    with _on_record("explain", slug, [sample]) as facts, _serve(slug, ref) as served:
        facts.update({"version": served.model.version, "sha256": served.model.sha256})
        methods = getattr(served.loaded.predictor, "methods", getattr(served.task, "methods", ()))
        method = method or next(iter(methods), "")
        if method not in methods:
            raise InputRefused(
                "explain.unknown_method",
                Message(N_("There is no explanation called {method}."), {"method": method[:40]}),
                Message(N_("Choose one of: {methods}."), {"methods": ", ".join(methods)}),
            )
        facts["details"] = {"method": method}
        began = time.perf_counter()
        with served.loaded.turn:
            explanation = cast(Explains, served.task).explain(served.loaded.predictor, sample, target, method)
    took_ms = round((time.perf_counter() - began) * 1000, 1)
    log_event("explained", sector=slug, version=served.model.version, method=method, latency_ms=took_ms)
    return explanation


def evaluate(
    slug: str, path: Path, ref: str = CHAMPION, columns: Mapping[str, str] | None = None
) -> tuple[ModelRef, Evaluation]:
    """Measure a version on a data path; `columns` names columns of a table by their role."""
    version = registry().resolve(slug, ref)
    task = load_task(find_sector(slug).task)
    return model_ref(version), task.evaluate(load_apart(version), path, columns)


def load_apart(version: Version) -> Predictor[Any, Any]:
    """A copy of a version's model beside the pool, for long work that pages need not wait for.

    Raises:
        ModelRefused: its files cannot be trusted.
    """
    return _load(load_task(find_sector(version.sector).task), version, pick_device())


def evaluation_of(version: Version, split: Literal["test", "validation"] = "test") -> Evaluation | None:
    """The evaluation of a split that was stored with a version; None when it has none."""
    from core.training.evaluation import VALIDATION, load_evaluation

    return load_evaluation(version.path / VALIDATION if split == "validation" else version.path)


def methods(slug: str) -> tuple[str, ...]:
    """Names of the explanations that a sector's task offers; imports the task."""
    return tuple(getattr(load_task(find_sector(slug).task), "methods", ()))


def config_type(slug: str) -> type:
    """The dataclass of a sector's training options; imports nothing heavy."""
    return load_config_type(find_sector(slug).task)


def fields_of(slug: str) -> Fields:
    """What the version in use has to be told of a transaction; nothing is loaded for it.

    Raises:
        ModelRefused: Its list of features cannot be read.
    """
    return read_fields(find_sector(slug).task, registry().resolve(slug).manifest)


def model_ref(version: Version) -> ModelRef:
    """How answers name a version."""
    architecture = str(version.manifest.get("architecture", ""))
    return ModelRef(version.sector, version.ref, architecture, version.sha256)


@contextmanager
def _on_record(action: str, slug: str, inputs: Sequence[Any]) -> Iterator[audit.Facts]:
    """Put one row into the audit log for all of `inputs`, with the code of the error if there was one."""
    facts: audit.Facts = {"sector": slug, "n_items": len(inputs)}
    try:
        yield facts
    except AppError as error:
        facts["code"] = error.code
        raise
    except Exception:
        facts["code"] = "unexpected"
        raise
    finally:
        with suppress(StoreError):  # without its key the log cannot be written either; looking goes on
            facts["input_hmac"] = audit.input_hmac("|".join(map(_content, inputs)))
        audit.record(action, **facts)


def _content(sample: Any) -> str:
    """Hash of an input; a row of a table is the table with its place in it."""
    if isinstance(sample, tuple):
        return ":".join(map(_content, sample))
    return str(sample) if isinstance(sample, int) else str(getattr(sample, "sha256", ""))


@contextmanager
def _serve(slug: str, ref: str | Chosen) -> Iterator[_Served]:
    """The model that `ref` means, loaded and leased; the bundled one when the champion is unusable."""
    task = load_task(find_sector(slug).task)
    if isinstance(ref, Chosen):
        with leased(task, ref.version) as loaded:
            yield _Served(task, loaded, ref)
        return
    notices: tuple[Message, ...] = ()
    with ExitStack() as stack:
        try:
            version = registry().resolve(slug, ref)
            loaded = stack.enter_context(leased(task, version))
        except (StoreError, ModelRefused) as error:
            if ref != CHAMPION:
                raise
            log_event("champion_unusable", level="ERROR", sector=slug, code=error.code)
            version = registry().resolve(slug, BUNDLED)
            loaded = stack.enter_context(leased(task, version))
            template = N_("The chosen model cannot be used ({code}); the bundled one answers.")
            notices = (Message(template, {"code": error.code}),)
        trouble = registry().trouble
        if trouble is not None and ref == CHAMPION:
            notices = (*notices, trouble)
        yield _Served(task, loaded, Chosen(version, notices))


@contextmanager
def leased(task: Task, version: Version) -> Iterator[Loaded]:
    """The loaded model of `version`, held as long as the block runs; raises `ModelRefused`."""
    device = pick_device()
    with pool().lease((device, version.sha256), lambda: _load(task, version, device)) as loaded:
        yield loaded


def _load(task: Task, version: Version, device: str) -> Predictor[Any, Any]:
    limit_threads()
    began = time.perf_counter()
    version.check()
    predictor = task.load(version.path, device)
    took_s = round(time.perf_counter() - began, 2)
    log_event("model_loaded", sector=version.sector, version=version.ref, device=device, took_s=took_s)
    return predictor
