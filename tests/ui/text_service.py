"""A stand-in for the serving of texts: counts words of praise and blame, in no time and without a model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from core.serving import board, service, warmup
from core.store.registry import Registry

GOOD, BAD = ("good", "great", "好"), ("bad", "awful", "差")


@dataclass(frozen=True)
class Version:
    sha256: str = "f" * 64
    ref: str = "bundled"
    sector: str = "sentiment"
    number: int = 0
    manifest: dict[str, Any] = field(default_factory=lambda: {"architecture": "word_counts"}, hash=False)


class Counter:
    """Scores texts by their words; French is another language, and blank texts are empty."""

    threshold = 0.5

    def __init__(self) -> None:
        self.batches: list[int] = []

    def answers(self, texts: Sequence[str]) -> Any:
        self.batches.append(len(texts))
        sums = np.array([sum(text.count(w) for w in GOOD) - sum(text.count(w) for w in BAD) for text in texts], float)
        scores = (1 / (1 + np.exp(-2 * sums))).astype(np.float32)
        blank = np.array([not text.strip() for text in texts], bool)
        french = np.array(["bonjour" in text for text in texts], bool)
        return SimpleNamespace(
            scores=scores,
            languages=np.array(["zh" if any("\u4e00" <= c <= "\u9fff" for c in text) else "en" for text in texts]),
            reasons=np.select([blank, french, sums == 0], ["text.empty", "text.unknown", "text.unsure"], ""),
        )


def install(monkeypatch: pytest.MonkeyPatch, version: Version | None = None) -> Counter:
    """Put the stand-in where the board looks for the serving layer."""
    counter, chosen = Counter(), version or Version()

    @contextmanager
    def leased(slug: str, chosen: Any) -> Iterator[Counter]:
        yield counter

    monkeypatch.setattr(board, "_leased", leased)
    monkeypatch.setattr(service, "choose", lambda slug, ref="champion": service.Chosen(chosen))  # type: ignore[arg-type]
    monkeypatch.setattr(Registry, "resolve", lambda self, slug, ref="champion": chosen)
    monkeypatch.setattr(warmup, "state", lambda: warmup.WarmUp("ready", 1.0))
    return counter
