"""An explained text as a page of its own: its words marked by what they add to a label, no script, nothing to load."""

from __future__ import annotations

import html
from pathlib import Path

import numpy as np

from core.contracts import TokenAttribution
from core.explain.words import Words, words_of

SHOWN = 12
"""Words listed with their figures."""
_STYLE = """
body { font: 16px/1.9 system-ui, sans-serif; margin: 2rem auto; max-width: 46rem; color: #222; background: #fff }
h1 { font-size: 1.2rem } p.text { white-space: pre-wrap; overflow-wrap: anywhere; unicode-bidi: plaintext }
mark { color: inherit; border-radius: .2em; padding: 0 .1em; background: rgb(var(--c) / calc(var(--s) * 15%)) }
mark.for { --c: 31 111 159; text-decoration: underline solid 2px }
mark.against { --c: 181 69 42; text-decoration: underline wavy 1.5px }
mark.s1 { --s: 1 } mark.s2 { --s: 2 } mark.s3 { --s: 3 }
td { padding: 0 1rem 0 0; font-variant-numeric: tabular-nums }
@media (prefers-color-scheme: dark) {
  body { color: #eee; background: #111 }
  mark { background: rgb(var(--c) / calc(var(--s) * 25%)) }
  mark.for { --c: 90 170 220 } mark.against { --c: 230 120 90 }
}
"""


def write_marked(path: Path, found: TokenAttribution, title: str, footer: str) -> None:
    """Write `found` as HTML: the text with its words marked, and the strongest of them with figures; all is escaped.

    Raises:
        OSError: The file cannot be written.
    """
    words = words_of(found)
    label, trust = html.escape(found.target), found.faithfulness
    sums = f"{found.base:+.3f} base, {found.total:+.3f} in all, {found.residual:+.4f} unexplained ({found.method})"
    faith = f", faithfulness gain {trust.gain:+.3f}" if trust else ""
    path.write_text(
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f"<title>{html.escape(title)}</title><style>{_STYLE}</style></head><body>"
        f'<h1>{html.escape(title)}</h1><p><mark class="for s2">for {label}</mark> '
        f'<mark class="against s2">against {label}</mark></p>'
        f'<p class="text" dir="auto">{_marked(words)}</p><table>{_rows(words)}</table>'
        f"<p>{html.escape(sums + faith)}</p><p>{html.escape(footer)}</p></body></html>\n",
        encoding="utf-8",
    )


def _marked(words: Words) -> str:
    """The whole text, character for character, with marks around the words that count."""
    parts, at = [], 0
    for start, end, added, level in zip(
        words.starts.tolist(), words.ends.tolist(), words.contributions.tolist(), words.levels.tolist(), strict=True
    ):
        parts.append(html.escape(words.text[at:start]))
        word, at = html.escape(words.text[start:end]), end
        side = "for" if added > 0 else "against"
        parts.append(f'<mark class="{side} s{level}" title="{added:+.2f}">{word}</mark>' if level else word)
    return "".join([*parts, html.escape(words.text[at:])])


def _rows(words: Words) -> str:
    """The strongest words, each with what it adds."""
    order = np.argsort(-np.abs(words.contributions), kind="stable")[:SHOWN]
    cells = ((words.contributions[place], html.escape(words.word(int(place)))) for place in order)
    return "".join(f"<tr><td>{added:+.2f}</td><td>{word}</td></tr>" for added, word in cells)
