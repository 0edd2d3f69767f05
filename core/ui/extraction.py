"""Finds every sentence for the message catalogue: the ones in code, and the ones that lie in data.

Babel's own extractor for Python overlooks sentences inside f-strings, and takes any string inside a call for one.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Collection, Iterator
from typing import Any, BinaryIO

Found = tuple[int, None, str, list[str]]


def sentences(fileobj: BinaryIO, keywords: Collection[str], comment_tags: object, options: object) -> Iterator[Found]:
    """Babel extractor for Python: the first argument of every call of a keyword, where it is a plain string."""
    for node in ast.walk(ast.parse(fileobj.read())):
        if not (isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant)):
            continue
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        text = node.args[0].value
        if called in keywords and isinstance(text, str) and text:
            yield node.lineno, None, text, []


def shown_values(
    fileobj: BinaryIO, keywords: Collection[str], comment_tags: object, options: object
) -> Iterator[Found]:
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
