"""Seconds from launching the server to the first page drawn, ours and `streamlit hello`, turn about."""

from __future__ import annotations

import asyncio
import statistics
import time

from tests.load.server import serving
from tests.load.session import Session

ROUNDS = 5
RIVALS = {"vitrine": ("run", "app.py"), "streamlit hello": ("hello",)}


async def _first_page(address: str) -> None:
    async with Session(address) as visitor:
        await visitor.rerun()


def first_page_s(*arguments: str) -> tuple[float, float]:
    """Seconds until the server reports health, and until the first page is complete."""
    with serving(*arguments) as server:
        healthy = time.perf_counter() - server.started
        asyncio.run(_first_page(server.address))
        return healthy, time.perf_counter() - server.started


def main() -> dict[str, object]:
    """Measure, print and return both and their ratio; the first round warms the disk cache and is not counted."""
    rounds: dict[str, list[tuple[float, float]]] = {name: [] for name in RIVALS}
    for number in range(ROUNDS + 1):
        for name, arguments in RIVALS.items():
            seconds = first_page_s(*arguments)
            if number:
                rounds[name].append(seconds)
    figures: dict[str, object] = {}
    for name, measured in rounds.items():
        healthy, page = (statistics.median(column) for column in zip(*measured, strict=True))
        spread = [round(f(seconds for _, seconds in measured), 2) for f in (min, max)]
        figures[name] = {
            "healthy_s": round(healthy, 2),
            "first_page_s": round(page, 2),
            "min_max_s": spread,
            "n": ROUNDS,
        }
        print(f"{name:16} healthy {healthy:6.2f} s   first page {page:6.2f} s   {spread[0]:.2f}-{spread[1]:.2f} s")
    ours, theirs = (statistics.median(page for _, page in rounds[name]) for name in RIVALS)
    figures["ratio"] = round(ours / theirs, 2)
    print(f"ratio {ours / theirs:.2f}")
    return figures
