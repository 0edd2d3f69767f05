"""How a p-value is written: never as zero, which no test finds."""

from __future__ import annotations

LEAST = 0.001
"""Smaller ones are only said to be smaller."""


def p_figure(value: float) -> str:
    """Three decimals, or that it is below them."""
    return f"< {LEAST}" if value < LEAST else f"{value:.3f}"


def p_said(value: float) -> str:
    """The same with its letter, as in `p = 0.023` and `p < 0.001`."""
    return f"p < {LEAST}" if value < LEAST else f"p = {value:.3f}"
