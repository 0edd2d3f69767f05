"""Words of others in a card: names of data, labels, categories and commands are shown as they are and do nothing."""

from __future__ import annotations

import re

_SIGN = re.compile(r"[\\`*\[\]|]|(?<![^\W_])_|_(?![^\W_])")
"""What Markdown reads; an underscore inside a word is none of it."""
_TICKS = re.compile("`+")


def as_text(value: object) -> str:
    """A value as Markdown that shows it literally and in one line: no cell, heading, link, picture or HTML."""
    line = " ".join(str(value).split())
    return _SIGN.sub(r"\\\g<0>", line).replace("&", "&amp;").replace("<", "&lt;")


def as_code(value: object) -> str:
    """A value as code in one line, in a fence of more backticks than it holds; also in the cell of a table."""
    line = " ".join(str(value).split()).replace("|", "\\|")
    fence = "`" * (1 + max(map(len, _TICKS.findall(line)), default=0))
    gap = " " * (len(fence) > 1)
    return f"{fence}{gap}{line}{gap}{fence}"
