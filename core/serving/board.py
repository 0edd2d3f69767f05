"""Reads a whole table of texts, batch by batch, so that a page can show how far it is and stop; then its aspects."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from threading import RLock
from typing import Any, Final, Protocol
from uuid import uuid4

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from core.contracts import Message, ModelRef
from core.data import board
from core.data.aspects import Aspect, clauses_about, find_aspects
from core.data.board import Mask, Rows, Verdicts
from core.data.text_words import WordReader, Words
from core.errors import AppError, StoreError
from core.intake.text_tables import TextTable
from core.log import log_event
from core.serving import service
from core.store import audit
from core.store.versions import find_sector
from core.tasks import load_task

FIRST: Final = 256
"""Texts of the first batch; later ones are as large as fits into `BATCH_S`."""
SMALLEST, LARGEST = 16, 8192
BATCH_S: Final = 0.4
"""Seconds that a batch should take: so often a page shows how far it is, and lets a click through."""


class _Columns(Protocol):
    """What a model of texts says of a batch; arrays (N,)."""

    scores: NDArray[np.float32]
    languages: NDArray[np.str_]
    reasons: NDArray[np.str_]


@dataclass(frozen=True)
class ScoredTexts:
    """Texts with what was made of each; all arrays (N,), in the order of the table."""

    reading: str
    """Of the `BoardReading` that they are of."""
    table: TextTable
    """The rows that were read, and no others."""
    sent: int
    """Rows of the table that there were to read."""
    scores: NDArray[np.float32]
    """Calibrated probability of positive."""
    verdicts: Verdicts
    languages: NDArray[np.str_]
    reasons: NDArray[np.str_]
    """Code of why there is no decision; empty where there is one."""
    words: Words
    chosen: service.Chosen
    threshold: float
    seconds: float
    """That the model and the search for words took."""

    def __len__(self) -> int:
        return len(self.scores)

    @property
    def key(self) -> str:
        """Changes with the reading, hence with table, columns and model, and with how much was read."""
        return f"{self.reading}.{len(self)}"

    @property
    def model(self) -> ModelRef:
        """The version that read all of them."""
        return service.model_ref(self.chosen.version)

    @property
    def notices(self) -> tuple[Message, ...]:
        """Why another version than the one in use read them, if so."""
        return self.chosen.notices

    @cached_property
    def searchable(self) -> pa.Array:
        """The texts as a column that is searched quickly."""
        return pa.array(self.table.texts, pa.large_string())

    @cached_property
    def categories(self) -> tuple[NDArray[np.int64], tuple[str, ...]]:
        """Place of each text's category among the names, -1 for none, (N,), and the names."""
        if self.table.category is None:
            return np.full(len(self), -1), ()
        names, places = np.unique(self.table.category, return_inverse=True)
        places = places.astype(np.int64)
        if len(names) and names[0] == "":
            return places - 1, tuple(map(str, names[1:]))
        return places, tuple(map(str, names))

    def rows(self, category: str = "", language: str = "") -> Mask:
        """Which texts are of a category and in a language, (N,); an empty one means all."""
        found = np.ones(len(self), bool)
        if category:
            places, names = self.categories
            found &= places == (names.index(category) if category in names else -2)
        if language:
            found &= self.languages == language
        return found


@dataclass
class BoardReading:
    """A table on its way through the model: `step` after `step` until `finished`. One version reads all of it."""

    slug: str
    table: TextTable
    chosen: service.Chosen
    stopped: bool = False
    """Whether somebody asked to stop; for who calls `step` to heed."""
    done: int = 0
    id: str = field(default_factory=lambda: uuid4().hex)
    """Its own: the bytes of a table do not tell which of its columns were chosen, nor how they were read."""
    _batch: int = FIRST
    _seconds: float = 0.0
    _columns: list[_Columns] = field(default_factory=list)
    _threshold: float = 0.5
    _words: WordReader = field(default_factory=WordReader)
    _lock: RLock = field(default_factory=RLock, repr=False, compare=False)
    """A page's click and the run that it ends may be in threads of their own."""

    @property
    def total(self) -> int:
        """Texts of the table."""
        return len(self.table.texts)

    @property
    def finished(self) -> bool:
        """Whether all texts were read."""
        return self.done >= self.total

    @property
    def seconds_left(self) -> float | None:
        """At the pace so far; None before the first batch."""
        return self._seconds / self.done * (self.total - self.done) if self.done else None

    def step(self) -> int:
        """Read one more batch; returns how many texts were read so far.

        Raises:
            ModelRefused: The version's files cannot be trusted any more.
        """
        with self._lock:
            return self._step()

    def _step(self) -> int:
        texts = self.table.texts[self.done : self.done + self._batch]
        began = time.perf_counter()
        with _noted(self), _leased(self.slug, self.chosen) as predictor:
            self._columns.append(predictor.answers(texts))
            self._threshold = float(predictor.threshold)
        self._words.add(texts)
        took = time.perf_counter() - began
        self._seconds += took
        self.done += len(texts)
        fitting = len(texts) * BATCH_S / max(took, 1e-3)
        self._batch = int(np.clip(fitting, max(SMALLEST, self._batch // 4), min(LARGEST, self._batch * 4)))
        return self.done

    def result(self) -> ScoredTexts:
        """What was read so far, with the batch that is being read now."""
        with self._lock:
            return self._result()

    def _result(self) -> ScoredTexts:
        scores, languages, reasons = (
            np.concatenate([np.zeros(0, kind), *(getattr(part, name) for part in self._columns)])
            for name, kind in (("scores", np.float32), ("languages", "<U1"), ("reasons", "<U1"))
        )
        return ScoredTexts(
            reading=self.id,
            table=first_rows(self.table, self.done),
            sent=self.total,
            scores=scores,
            verdicts=board.verdicts_of(scores, reasons, self._threshold),
            languages=languages,
            reasons=reasons,
            words=self._words.words(),
            chosen=self.chosen,
            threshold=self._threshold,
            seconds=self._seconds,
        )


def start_reading(slug: str, table: TextTable) -> BoardReading:
    """Settle which version reads a table, and put the one row about it into the audit log.

    Raises:
        StoreError, ModelRefused: As `service.choose`.
    """
    facts: audit.Facts = {"sector": slug, "n_items": len(table.texts)}
    with suppress(StoreError):  # without its key the log cannot be written either; looking goes on
        facts["input_hmac"] = audit.input_hmac(table.sha256)
    try:
        chosen = service.choose(slug)
        facts.update({"version": chosen.version.ref, "sha256": chosen.version.sha256})
    except AppError as error:
        facts["code"] = error.code
        raise
    finally:
        audit.record("predict", **facts)
    return BoardReading(slug, table, chosen)


@dataclass(frozen=True)
class AspectReading:
    """How the clauses that speak of a thing read."""

    aspect: Aspect
    rows: Rows
    """Texts of the clauses, (C,)."""
    clauses: tuple[str, ...]
    scores: NDArray[np.float32]
    verdicts: Verdicts
    """Of each clause on its own, (C,)."""


def read_aspects(slug: str, scored: ScoredTexts, rows: Mask | None = None, n: int = 12) -> list[AspectReading]:
    """The things that most texts speak of and how clauses about them read, by the version that read the texts.

    Raises:
        ModelRefused: The version's files cannot be trusted any more.
    """
    aspects = find_aspects(scored.words, scored.verdicts, rows, n)
    found = [(aspect, *clauses_about(aspect, scored.words, scored.table.texts)) for aspect in aspects]
    began = time.perf_counter()
    with _leased(slug, scored.chosen) as predictor:
        answers: _Columns = predictor.answers([clause for _, _, clauses in found for clause in clauses])
    log_event("aspects_read", sector=slug, clauses=len(answers.scores), took_s=round(time.perf_counter() - began, 2))
    verdicts = board.verdicts_of(answers.scores, answers.reasons, scored.threshold)
    ends = np.cumsum([len(clauses) for _, _, clauses in found])
    return [
        AspectReading(
            aspect, places, tuple(clauses), answers.scores[end - len(clauses) : end], verdicts[end - len(clauses) : end]
        )
        for (aspect, places, clauses), end in zip(found, ends, strict=True)
    ]


def first_rows(table: TextTable, n: int) -> TextTable:
    """The first `n` rows of a table."""
    if n >= len(table.texts):
        return table
    columns: dict[str, Any] = {
        name: None if (values := getattr(table, name)) is None else values[:n]
        for name in ("ids", "texts", "label", "time", "category")
    }
    return replace(table, **columns)


@contextmanager
def _leased(slug: str, chosen: service.Chosen) -> Iterator[Any]:
    """The predictor of a version, held and, where it has to be, locked."""
    task = load_task(find_sector(slug).task)
    with service.leased(task, chosen.version) as loaded, loaded.turn:
        yield loaded.predictor


@contextmanager
def _noted(reading: BoardReading) -> Iterator[None]:
    """Put an error of a batch into the audit log."""
    try:
        yield
    except AppError as error:
        audit.record("predict", sector=reading.slug, n_items=reading.total - reading.done, code=error.code)
        raise
