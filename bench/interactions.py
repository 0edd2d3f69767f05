"""Odd tables and profiles of users through reader, command line and JSON route; and a million ratings of three forms.

The tables, the profiles and what has to be said of each are those of tests/interaction_cases.py. A verdict is right
when the code, the words and what is answered are as they say; a traceback anywhere makes it wrong.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pandas as pd
from starlette.applications import Starlette
from starlette.testclient import TestClient
from typer.testing import CliRunner

from core.api import ROUTES
from core.cli import app
from core.data.interaction_check import prepared
from core.data.read_interactions import read_interactions
from core.errors import InputRefused
from core.settings import settings
from core.store import audit
from core.store.database import close_stores
from tests.interaction_cases import CASES, PROFILES, Asked, Case

SECTOR = "recommendations"
ROWS = 1_000_000
FORMS = ("csv", "dat", "parquet")


def _read(case: Case, path: Path) -> str:
    """Empty where the reader does with a table what the case says, else what is wrong."""
    path.write_bytes(case.data)
    try:
        data = prepared(read_interactions(path))
        code, rows = "", len(data)
        words = " ".join(str(message) for message in (*data.notices, *(row.message for row in data.refused)))
    except InputRefused as error:
        code, rows, words = error.code, case.rows, f"{error.message} {error.hint}"
    if code != case.code or rows != case.rows:
        return f"{code or 'taken'} with {rows} rows"
    return _unsaid(case.says, words)


def _train(case: Case, path: Path) -> str:
    """The same of a training from the command line, for tables that have to be refused."""
    path.write_bytes(case.data)
    result = CliRunner().invoke(app, ["train", SECTOR, "--data", str(path), "--json"])
    if result.exit_code != 1 or "Traceback" in result.output or case.code not in result.stderr:
        return f"exit {result.exit_code}: {result.stderr[-200:]}"
    return _unsaid(case.says, result.stderr)


def _predict(asked: Asked, path: Path) -> str:
    """The same of a profile from the command line."""
    path.write_bytes(asked.body)
    result = CliRunner().invoke(app, ["predict", SECTOR, str(path), "--json"])
    if result.exit_code != (1 if asked.code else 0) or "Traceback" in result.output:
        return f"exit {result.exit_code}: {result.stderr[-200:]}"
    body = json.loads(result.stdout)
    return _answered(asked, [row["code"] for row in body["refused"]], body["results"])


def _post(client: TestClient, asked: Asked) -> str:
    """The same of a profile over the JSON route."""
    answer = client.post(f"/api/predict/{SECTOR}", content=asked.body, headers={"content-type": "application/json"})
    body = answer.json()
    if answer.status_code != (422 if asked.code else 200) or "Traceback" in answer.text:
        return f"status {answer.status_code}: {answer.text[:200]}"
    return _answered(asked, [body["code"]] if asked.code else [], body.get("results", []))


def _answered(asked: Asked, codes: list[str], results: list[dict[str, object]]) -> str:
    if codes != ([asked.code] if asked.code else []):
        return f"{codes}, not {asked.code or 'answered'}"
    if not asked.code and [result["origin"] for result in results] != [asked.origin]:
        return f"{[result['origin'] for result in results]}, not {asked.origin}"
    return "" if asked.code else _unsaid((asked.says,), str(results[0]["notices"]))


def _unsaid(wanted: tuple[str, ...], words: str) -> str:
    missing = [part for part in wanted if part not in words]
    return f"does not say {missing}" if missing else ""


def _verdicts(folder: Path) -> dict[str, object]:
    """Right and wrong by way in."""
    refused, table, profile = [case for case in CASES if case.code], folder / "sent.csv", folder / "me.json"
    with TestClient(Starlette(routes=list(ROUTES)), raise_server_exceptions=False) as client:
        ways: dict[str, dict[str, Callable[[], str]]] = {
            "tables, reader": {case.name: partial(_read, case, table) for case in CASES},
            "tables, command line": {case.name: partial(_train, case, table) for case in refused},
            "profiles, command line": {asked.name: partial(_predict, asked, profile) for asked in PROFILES},
            "profiles, JSON route": {asked.name: partial(_post, client, asked) for asked in PROFILES},
        }
        found: dict[str, object] = {}
        for way, verdicts in ways.items():
            next(iter(verdicts.values()))()  # loads what is needed
            began = time.perf_counter()
            faults = {name: fault for name, verdict in verdicts.items() if (fault := verdict())}
            mean_ms = (time.perf_counter() - began) / len(verdicts) * 1000
            right = len(verdicts) - len(faults)
            found[way] = {"right": right, "wrong": len(faults), "mean_ms": round(mean_ms, 1), "faults": faults}
            print(f"{way:24}{right:>4} right{len(faults):>4} wrong   mean {mean_ms:.0f} ms", flush=True)
            for name, fault in faults.items():
                print(f"    {name}: {fault}", flush=True)
    audit.flush()  # rows are written behind the answers, and the folder goes
    close_stores()
    return found


def _million(folder: Path) -> dict[str, Path]:
    """Ratings of 20,000 users among 5,000 items with times; the same on every machine."""
    random = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "user_id": random.integers(0, 20_000, ROWS),
            "item_id": (5_000 * random.random(ROWS) ** 2).astype(int),
            "rating": random.integers(1, 6, ROWS),
            "timestamp": 1_500_000_000 + random.integers(0, 10**8, ROWS),
        }
    )
    paths = {form: folder / form / f"ratings.{form}" for form in FORMS}
    for path in paths.values():
        path.parent.mkdir()
    text = frame.to_csv(index=False)
    paths["csv"].write_text(text)
    paths["dat"].write_text(text[text.index("\n") + 1 :].replace(",", "::"))
    frame.to_parquet(paths["parquet"], index=False)
    return paths


def _cost(path: str) -> dict[str, float]:
    """Seconds of one reading, and how far the memory of this process rises above what was there."""
    before = _memory_mb("VmRSS")
    began = time.perf_counter()
    data = read_interactions(Path(path))
    return {
        "seconds": round(time.perf_counter() - began, 2),
        "peak_mb": round(_memory_mb("VmHWM") - before),
        "interactions": len(data),
    }


def _memory_mb(field: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{field}:")) / 1024


def main() -> dict[str, object]:
    """Measure, print and return verdicts by way in and the cost of a million rows."""
    with tempfile.TemporaryDirectory(prefix="vitrine-interactions-") as folder:
        with patch.dict(os.environ, {"VITRINE_HOME": f"{folder}/home", "VITRINE_LOG_LEVEL": "ERROR"}):
            settings.cache_clear()
            figures = _verdicts(Path(folder))
        settings.cache_clear()
        for form, path in _million(Path(folder)).items():
            # A process of its own for each: peak memory never falls again.
            with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
                cost = pool.submit(_cost, str(path)).result()
            figures[f"a million rows, {form}"] = cost
            print(f"a million rows, {form:8}{cost['seconds']:>7} s   peak +{cost['peak_mb']:.0f} MB", flush=True)
    return figures
