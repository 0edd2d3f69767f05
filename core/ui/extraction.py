"""Finds the sentences for the message catalogue that lie in data instead of code: captions of samples, class labels."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, BinaryIO

Found = tuple[int, None, str, list[str]]


def shown_values(fileobj: BinaryIO, keywords: object, comment_tags: object, options: object) -> Iterator[Found]:
    """Babel extractor for a JSON manifest: every `caption`, and every entry of a list called `labels`."""
    for text in _texts(json.load(fileobj)):
        yield 1, None, text, []


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for entry in value:
            yield from _texts(entry)
    elif isinstance(value, dict):
        for key, entry in value.items():
            if key == "caption" and isinstance(entry, str):
                yield entry
            elif key == "labels" and isinstance(entry, list):
                yield from (label for label in entry if isinstance(label, str))
            else:
                yield from _texts(entry)
