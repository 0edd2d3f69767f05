"""Short cues of praise and blame in English, Chinese and emoji, written by this project, as texts to learn from."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

FILE = Path(__file__).parent / "sentiment" / "cues.txt"
_BOOSTED = {"en": ("very {}", "so {}", "really {}", "was {}"), "zh": ("很{}", "非常{}", "真{}", "特别{}")}
_DENIED = {"en": ("not {}", "isn't {}", "wasn't {}"), "zh": ("不{}", "一点也不{}", "并不{}")}


@cache
def read_cues() -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """Texts and labels (1 is praise); adjectives also with boosters, and denied with the other label.

    Chinese blame is not denied: most of it cannot follow 不 directly.
    """
    found = [entry for line in FILE.read_text(encoding="utf-8").splitlines() if line[0] != "#" for entry in _of(line)]
    return tuple(text for text, _ in found), np.array([label for _, label in found], np.int64)


@cache
def read_adjectives(language: str) -> frozenset[str]:
    """The single words among the adjectives of praise and blame in a language, `en` or `zh`."""
    lines = [line.partition(": ") for line in FILE.read_text(encoding="utf-8").splitlines() if line[0] != "#"]
    return frozenset(
        cue
        for head, _, cues in lines
        if head.split()[0] == language and head.endswith(" adjective")
        for cue in cues.split("|")
        if " " not in cue
    )


def _of(line: str) -> Iterator[tuple[str, int]]:
    head, _, cues = line.partition(": ")
    language, polarity, kind = head.split()
    label = int(polarity == "positive")
    for cue in cues.split("|"):
        yield cue, label
        if kind == "adjective":
            yield from ((form.format(cue), label) for form in _BOOSTED[language])
            if language == "en" or label:
                yield from ((form.format(cue), 1 - label) for form in _DENIED[language])
