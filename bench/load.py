"""50 visitors who each act once a second on the medical page, with its model loaded and an answer on the screen.

Latency counts from the moment an action is due, not from the moment it could be sent, so that a server that falls
behind is not flattered; what is still due when the time is over is left out, and counted. The row with `postScriptGC`
shows why .streamlit/config.toml turns that off. What a new session costs with and without the file watcher shows why
`make run` turns the watcher off.
"""

from __future__ import annotations

import asyncio
import json
import random
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

import psutil

from core.catalog import SECTORS, sector
from core.serving import recommending
from core.settings import settings
from tests.load.server import serving
from tests.load.session import RunFailed, Session

VISITORS = 50
SECONDS = 20
OPENED = 10
PERIOD_S = 1.0


@dataclass
class Outcome:
    """What all visitors together have seen."""

    latencies_s: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    unsent: int = 0

    def quantile_ms(self, share: float) -> float:
        """The latency that this share of the actions stays below."""
        ordered = sorted(self.latencies_s)
        return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("inf")

    def figures(self) -> dict[str, float]:
        """What a row tells of it."""
        return {
            "actions": len(self.latencies_s),
            "unsent": self.unsent,
            "p50_ms": round(self.quantile_ms(0.5), 1),
            "p95_ms": round(self.quantile_ms(0.95), 1),
            "p99_ms": round(self.quantile_ms(0.99), 1),
            "max_ms": round(self.quantile_ms(1.0), 1),
            "failures": len(self.failures),
        }


def _first_sample(slug: str) -> str:
    """Key of the button of the first sample on a sector's page; where one begins with a click, of the first item."""
    if sector(slug).reads == "interactions":
        return f"{slug}.wall.{recommending.shelf(slug).catalogue.ids[0]}"
    manifest = settings().assets / "samples" / slug / "manifest.json"
    if not manifest.is_file():
        return f"{slug}.sample.0"  # samples that are written in code are numbered
    first = json.loads(manifest.read_text("utf-8"))[0]
    return f"{slug}.sample.{first['file'] if 'file' in first else first['place']}"


async def act(visitor: Session, seconds: float, outcome: Outcome, period_s: float = PERIOD_S) -> None:
    """Rerun the page every `period_s` for so many seconds, from a random moment on."""
    clock = asyncio.get_running_loop().time
    due = clock() + random.uniform(0, period_s)
    end = clock() + seconds
    while due < end:
        await asyncio.sleep(max(0.0, due - clock()))
        if clock() > end:
            outcome.unsent += 1 + int((end - due) / period_s)
            return
        try:
            await visitor.rerun()
        except (RunFailed, TimeoutError, OSError) as error:
            outcome.failures.append(str(error) or type(error).__name__)
        else:
            outcome.latencies_s.append(clock() - due)
        due += period_s


async def crowd(address: str, slug: str, visitors: int, seconds: float) -> Outcome:
    """Let so many visitors open the page of a sector and choose a sample, then act once a second each for so long.

    Raises:
        RunFailed: A visitor could not even open the page.
    """
    outcome = Outcome()
    sample = _first_sample(slug)
    async with AsyncExitStack() as tabs:
        sessions = [await tabs.enter_async_context(Session(address, slug)) for _ in range(visitors)]
        for session in sessions:
            await session.rerun()
            await session.click(sample)
        await asyncio.gather(*(act(session, seconds, outcome) for session in sessions))
    return outcome


def measure(collect: bool, visitors: int = VISITORS, seconds: float = SECONDS) -> dict[str, object]:
    """One row: a fresh server with the models loaded, `runner.postScriptGC` set to `collect`."""
    options = ("run", "app.py", "--runner.postScriptGC", str(collect).lower())
    with serving(*options, variables={"VITRINE_WAIT_FOR_MODELS": "true"}) as server:
        outcome = asyncio.run(crowd(server.address, SECTORS[0].slug, visitors, seconds))
    return {
        "post_script_gc": collect,
        "visitors": visitors,
        **outcome.figures(),
        "first_failures": outcome.failures[:3],
    }


def opening_cpu_s(watcher: str, opened: int = OPENED) -> float:
    """CPU seconds of the server for each new session, mean over `opened`, the first one not counted."""

    async def visit(address: str) -> None:
        async with Session(address, SECTORS[0].slug) as visitor:
            await visitor.rerun()

    options = ("run", "app.py", "--server.fileWatcherType", watcher)
    with serving(*options, variables={"VITRINE_WAIT_FOR_MODELS": "true"}) as server:
        process = psutil.Process(server.process.pid)
        asyncio.run(visit(server.address))
        before = sum(process.cpu_times()[:2])
        for _ in range(opened):
            asyncio.run(visit(server.address))
        return float(sum(process.cpu_times()[:2]) - before) / opened


def main() -> dict[str, object]:
    """Measure, print and return the rows."""
    columns = ("post_script_gc", "actions", "unsent", "p50_ms", "p95_ms", "p99_ms", "failures")
    print(f"{VISITORS} visitors, one action a second each, {SECONDS} s, models loaded, an answer on the screen")
    print(" ".join(f"{name:>14}" for name in columns))
    rows = []
    for collect in (False, True):
        rows.append(measure(collect, seconds=SECONDS))
        print(" ".join(f"{rows[-1][name]!s:>14}" for name in columns), flush=True)
    opening = {watcher: round(opening_cpu_s(watcher), 3) for watcher in ("none", "auto")}
    print(f"CPU seconds of the server for a new session: {opening}")
    return {"rows": rows, "opening_cpu_s": opening}
