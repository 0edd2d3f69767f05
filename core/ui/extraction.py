"""Finds every sentence for the message catalogue, the ones in code and the ones that lie in data, and compiles it.

Babel's own extractor for Python overlooks sentences inside f-strings, and takes any string inside a call for one. Its
compile command takes the per cent sign of "95 % interval" for a field of printf and fails.
"""

from __future__ import annotations

import ast
import json
import sys
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from core.settings import ROOT

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


def compile_catalogue(folder: Path) -> list[str]:
    """Write `vitrine.mo` from `vitrine.po` in a folder; returns the sentences that have no translation yet."""
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    with (folder / "vitrine.po").open("rb") as file:
        catalogue = read_po(file, domain="vitrine")
    with (folder / "vitrine.mo").open("wb") as file:
        write_mo(file, catalogue)
    return [str(message.id) for message in catalogue if message.id and not message.string]


def main() -> int:
    """Compile every catalogue; 1 when a sentence is left untranslated."""
    left = 0
    for folder in sorted((ROOT / "assets" / "locales").glob("*/LC_MESSAGES")):
        for sentence in compile_catalogue(folder):
            left += 1
            print(f"{folder.parent.name}: no translation of {sentence!r}", file=sys.stderr)  # noqa: T201
    return int(bool(left))


if __name__ == "__main__":
    sys.exit(main())
