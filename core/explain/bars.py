"""What each feature adds to a score, as a page of its own: bars with a sentence each, no script, nothing to load."""

from __future__ import annotations

import html
from pathlib import Path

import numpy as np

from core.contracts import FeatureAttribution

SHOWN = 15
"""Features drawn one by one; the rest is one bar."""
_UP, _DOWN = "#b5452a", "#1f6f9f"
"""Towards the label and away from it; apart also for eyes that confuse red and green."""
_WIDTH, _LINE, _MIDDLE, _REACH = 1100, 44, 200, 180
_NAME_LENGTH = 60


def write_bars(path: Path, found: FeatureAttribution, title: str, footer: str) -> None:
    """Write `found` as HTML with the strongest features first; all text is escaped.

    Raises:
        OSError: The file cannot be written.
    """
    rows = _rows(found)
    longest = max((abs(added) for _, added, _ in rows), default=0.0) or 1.0
    bars = "".join(_bar(place, *row, longest) for place, row in enumerate(rows))
    height = _LINE * len(rows) + 8
    sums = f"{found.base:+.3f} base, {found.total:+.3f} in all, {found.residual:+.4f} unexplained ({found.method})"
    path.write_text(
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f"<title>{html.escape(title)}</title></head>"
        '<body style="font: 14px system-ui, sans-serif; margin: 2rem; color: #222; background: #fff">'
        f'<h1 style="font-size: 1.2rem">{html.escape(title)}</h1>'
        f'<svg viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" role="img" aria-label="{html.escape(title)}">'
        f'<line x1="{_MIDDLE}" x2="{_MIDDLE}" y1="0" y2="{height}" stroke="#999"/>{bars}</svg>'
        f"<p>{html.escape(sums)}</p><p>{html.escape(footer)}</p></body></html>\n",
        encoding="utf-8",
    )


def _rows(found: FeatureAttribution) -> list[tuple[str, float, str]]:
    """Name, contribution and sentence of the strongest features, and of all others together."""
    order = np.argsort(-np.abs(found.contributions), kind="stable")
    reasons = found.reasons or ("",) * len(found.names)
    rows = [(found.names[place], float(found.contributions[place]), str(reasons[place])) for place in order[:SHOWN]]
    if len(order) > SHOWN:
        rows.append((f"{len(order) - SHOWN} more features", float(found.contributions[order[SHOWN:]].sum()), ""))
    return rows


def _bar(place: int, name: str, added: float, reason: str, longest: float) -> str:
    width = _REACH * abs(added) / longest
    left, top = _MIDDLE - (width if added < 0 else 0), place * _LINE + 6
    colour, words = _UP if added > 0 else _DOWN, html.escape(reason or name[:_NAME_LENGTH])
    return (
        f'<rect x="{left:.1f}" y="{top}" width="{width:.1f}" height="{_LINE - 16}" fill="{colour}"/>'
        f'<text x="{_MIDDLE + _REACH + 10}" y="{top + 18}" fill="currentColor">{added:+.2f}  {words}</text>'
    )
