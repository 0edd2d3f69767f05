"""50 visitors who act every ten seconds, on all pages, with and without a training on the same machine.

The training is a real job: queued in the server's own home, run by its supervisor at the lowest priority on pictures
that this program draws itself. Both rows come from one server.
"""

from __future__ import annotations

import asyncio
import io
import os
import subprocess
import sys
import tempfile
import time
import zipfile
from contextlib import AsyncExitStack
from pathlib import Path

from PIL import Image

from bench.load import Outcome, act
from core.catalog import SECTORS
from core.data.streams import stream_of
from core.settings import ROOT
from tests.load.server import serving
from tests.load.session import Session

VISITORS = 50
SECONDS = 60
THINK_S = 10.0
PICTURES = 400
PAGES = ("", *(sector.slug for sector in SECTORS), "models")
_SUBMIT = """
import sys
from core import jobs
data = str(jobs.keep_upload(open(sys.argv[1], "rb").read(), "drawn.zip"))
config = {"epochs": 300, "early_stopping": 0, "pretrained": "none"}
print(jobs.submit("train", {"sector": sys.argv[2], "config": config, "data": data, "name": "drawn.zip"}))
"""
_RUNNING = "import sys; from core import jobs; r = jobs.status(sys.argv[1]); print(r.status, r.stage, r.step)"
_CANCEL = "import sys; from core import jobs; jobs.cancel(sys.argv[1])"


def drawn_zip(slug: str) -> bytes:
    """Synthetic pictures of the sector, one folder per class."""
    stream = stream_of(slug)
    if stream is None:
        raise SystemExit(f"{slug} has no synthetic stream")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as target:
        for number, shot in enumerate(stream.shots(seed=3, first=0, count=PICTURES)):
            picture = io.BytesIO()
            Image.fromarray(shot.sample.pixels).save(picture, "PNG")
            target.writestr(f"{shot.label}/{number}.png", picture.getvalue())
    return buffer.getvalue()


def _ask(code: str, home: Path, *arguments: str) -> str:
    """Run a line of Python with the server's home; returns what it printed."""
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=ROOT,
        env=os.environ | {"VITRINE_HOME": str(home), "VITRINE_LOG_LEVEL": "ERROR"},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def start_training(home: Path, slug: str) -> str:
    """Queue a long training and wait until it takes steps; returns its id."""
    data = home / "drawn.zip"
    data.write_bytes(drawn_zip(slug))
    job = _ask(_SUBMIT, home, str(data), slug)
    while True:
        status, stage, step = (*_ask(_RUNNING, home, job).split(), "", "0")[:3]
        if status not in ("queued", "running"):
            raise SystemExit(f"the training ended before it was measured: {status}")
        if stage == "train" and step.isdecimal() and int(step) > 0:
            return job
        time.sleep(1.0)


async def visitors(address: str) -> Outcome:
    """Let the visitors open their pages, one after another, and act until the time is over."""
    outcome = Outcome()
    async with AsyncExitStack() as tabs:
        sessions = []
        for number in range(VISITORS):
            session = await tabs.enter_async_context(Session(address, PAGES[number % len(PAGES)]))
            await session.rerun()
            sessions.append(session)
        await asyncio.gather(*(act(session, SECONDS, outcome, THINK_S) for session in sessions))
    return outcome


def _row(name: str, outcome: Outcome) -> dict[str, object]:
    row: dict[str, object] = {"with": name, **outcome.figures()}
    print("  ".join(f"{key} {value}" for key, value in row.items()), flush=True)
    return row


def main() -> dict[str, object]:
    """Measure, print and return both rows and the ratio of their 95th percentiles."""
    print(f"{VISITORS} visitors, one action every {THINK_S:.0f} s each, {SECONDS} s, pages in turn: {PAGES}")
    with tempfile.TemporaryDirectory(prefix="vitrine-busy-", ignore_cleanup_errors=True) as folder:
        home = Path(folder)
        variables = {"VITRINE_HOME": folder, "VITRINE_WAIT_FOR_MODELS": "true", "VITRINE_JOB_IDLE_EXIT_S": "3"}
        with serving("run", "app.py", variables=variables) as server:
            alone = asyncio.run(visitors(server.address))
            rows = [_row("no training", alone)]
            job = start_training(home, SECTORS[0].slug)
            busy = asyncio.run(visitors(server.address))
            rows.append(_row("training", busy))
            ended = _ask(_RUNNING, home, job).split()[0]
            _ask(_CANCEL, home, job)
    ratio = round(busy.quantile_ms(0.95) / alone.quantile_ms(0.95), 2)
    print(f"ratio of the 95th percentiles {ratio}; the training was {ended} at the end")
    return {"rows": rows, "ratio_p95": ratio, "training_at_the_end": ended}
