"""Texts with their words marked, and scores on a scale: the only HTML of the product.

Whatever a visitor wrote is text between tags and never part of one: it passes through `literal`; classes, widths and
titles are made of our own words and numbers. Marks differ by colour and by the line under them, so that colour is not
the only sign.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final, Literal

import streamlit as st

from core.explain.words import Words
from core.serving.text_reading import Edit
from core.ui.reasons import signed
from core.ui.theme import palette

Tone = Literal["up", "down", "mid"]
SERIES: Final = 6
"""Colours of the theme's charts that rules may name, `--v-series-0` and so on."""
_CONTROLS: Final = re.compile("[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Characters that are not seen and can turn the order of others around."""
_RULES: Final = Path(__file__).with_suffix(".css")


@dataclass(frozen=True)
class Zone:
    """A stretch of a scale, up to `end` in [0, 1]; `title` is plain text."""

    end: float
    title: str
    tone: Tone


@dataclass(frozen=True)
class Part:
    """A stretch of a text with a title of its own; both plain text."""

    title: str
    text: str
    tone: Tone


def literal(text: str) -> str:
    """`text` as HTML that shows it character for character; unseen controls show as their number."""
    return _CONTROLS.sub(lambda found: f"<code>U+{ord(found[0]):04X}</code>", html.escape(text))


def draw(body: str) -> None:
    """Draw what one of the functions below made."""
    st.html(f'{_style()}<div class="vt">{body}</div>')


@lru_cache(maxsize=1)
def _style() -> str:
    """The rules and the theme's colours; `light-dark` follows the visitor's mode without another run."""
    light, dark = palette("light"), palette("dark")
    pairs = {
        "up": (light.series[0], dark.series[0]),
        "down": (light.series[1 % len(light.series)], dark.series[1 % len(dark.series)]),
        "primary": (light.primary, dark.primary),
        "muted": (light.muted, dark.muted),
        "line": (light.line, dark.line),
        "text": (light.text, dark.text),
        "back": (light.background, dark.background),
        "shade": (f"{light.line}88", f"{dark.line}88"),
    }
    for number in range(SERIES):
        pairs[f"series-{number}"] = (light.series[number % len(light.series)], dark.series[number % len(dark.series)])
    names = "".join(f"--v-{name}:light-dark({one},{other});" for name, (one, other) in pairs.items())
    return f"<style>.vt{{{names}}}\n{_RULES.read_text(encoding='utf-8')}</style>"


def tone_of(value: float) -> Tone:
    """What a contribution speaks for."""
    return "up" if value > 0 else "down"


def marked(words: Words) -> str:
    """The text with its words marked by what each adds."""
    parts, at = [], 0
    columns = (words.starts, words.ends, words.contributions, words.levels)
    for start, end, added, level in zip(*(column.tolist() for column in columns), strict=True):
        if level:
            mark = f'<mark class="{tone_of(added)} n{level}" title="{signed(added)}">'
            parts += [literal(words.text[at:start]), mark, literal(words.text[start:end]), "</mark>"]
            at = end
    return f'<div class="vt-read" dir="auto">{"".join(parts)}{literal(words.text[at:])}</div>'


def plain(text: str) -> str:
    """A text without marks."""
    return f'<div class="vt-read" dir="auto">{literal(text)}</div>'


def legend(up: str, down: str) -> str:
    """What the marks of both tones mean, in plain text."""
    samples = "".join(
        f'<span><mark class="{tone} n1">&ensp;</mark><mark class="{tone} n2">&ensp;</mark>'
        f'<mark class="{tone} n3">&ensp;</mark> {html.escape(title)}</span>'
        for tone, title in (("up", up), ("down", down))
    )
    return f'<div class="vt-legend">{samples}</div>'


def changed(text: str, edits: Sequence[Edit]) -> str:
    """The text with what is struck out and what stands there instead."""
    parts, at = [], 0
    for edit in sorted(edits, key=lambda edit: edit.start):
        parts += [literal(text[at : edit.start]), "<del>", literal(text[edit.start : edit.end]), "</del>"]
        if edit.instead:
            parts += [" <ins>", literal(edit.instead), "</ins>"]
        at = edit.end
    return f'<div class="vt-read" dir="auto">{"".join(parts)}{literal(text[at:])}</div>'


def scale(score: float, zones: Sequence[Zone], was: float | None = None) -> str:
    """A score in [0, 1] on its scale, with a dashed mark at `was`: where it was before, or what it is held against."""
    begin, boxes = 0.0, []
    for zone in zones:
        inside = begin <= score < zone.end or (zone is zones[-1] and score >= begin)
        tone = f"{zone.tone} on" if inside else zone.tone
        boxes.append(f'<div class="{tone}" style="flex:{zone.end - begin:.4f}">{html.escape(zone.title)}</div>')
        begin = zone.end
    before = "" if was is None else f'<span class="was" style="left:{100 * was:.2f}%"></span>'
    pin = f'<span style="left:{100 * score:.2f}%"></span>'
    return f'<div class="vt-scale">{before}{pin}<div class="vt-zones">{"".join(boxes)}</div></div>'


def bars(rows: Sequence[tuple[str, float]], strongest: float, written: Callable[[float], str] = signed) -> str:
    """Words and what each adds, as bars to both sides of a line, in the order given.

    One that adds `strongest` or more has the full length, unless another adds more still. `written` makes the figure.
    """
    most = max(strongest, *(abs(added) for _, added in rows)) if rows else strongest
    lines = "".join(
        f'<b dir="auto">{literal(word)}</b><div class="vt-bar"><span class="{tone_of(added)}" '
        f'style="width:{50 * abs(added) / most:.1f}%"></span></div><i>{literal(written(added))}</i>'
        for word, added in rows
    )
    return f'<div class="vt-bars">{lines}</div>'


def listed(parts: Sequence[Part]) -> str:
    """Stretches of a text, one below the other, each with its title."""
    rows = "".join(
        f'<div class="vt-part {part.tone}"><b>{html.escape(part.title)}</b>'
        f'<span dir="auto">{literal(part.text)}</span></div>'
        for part in parts
    )
    return f'<div class="vt-parts">{rows}</div>'
