"""Bad and odd files of every known class through the three ways in: command line, JSON route and page.

The files and what has to be said about them are the tables of tests/intake. A verdict is right when the file is
refused, converted or taken in part as the table says, with its words; a traceback anywhere makes it wrong.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from unittest.mock import patch
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.testclient import TestClient
from streamlit.testing.v1 import AppTest
from typer.testing import CliRunner

from core.api import ROUTES
from core.cli import app
from core.intake.sniff import READABLE, kind_of
from core.settings import ROOT, Limits, settings
from core.store import audit
from core.store.database import close_stores
from tests.intake import test_archives, test_images

SECTOR = "medical"
IN_A_ZIP = 9
"""Good images in a zip with one odd entry."""


@dataclass(frozen=True)
class Case:
    """One file and its verdict."""

    id: str
    group: str
    name: str
    data: bytes
    taken: int
    """Images that have to be answered."""
    code: str
    """Beginning of the refusal's code; empty when nothing is refused."""
    says: tuple[str, ...]
    limits: dict[str, str] = field(default_factory=dict)
    """Variables that set a limit low enough for a small file to break it."""


@dataclass(frozen=True)
class Outcome:
    """What one way in made of a file."""

    taken: int
    codes: str
    said: str
    traceback: bool


Way = Callable[[Case], Outcome]


def cases() -> list[Case]:
    """The tables, in their order."""
    found = [Case(c.id, "image refused", c.name, c.data, 0, c.code, c.says) for c in test_images.REFUSED]
    found += [Case(c.id, "image taken and said", c.name, c.data, 1, "", c.says) for c in test_images.TAKEN]
    for case in test_archives.REFUSED:
        lowered = {f"VITRINE_LIMIT_{k.upper()}": str(v) for k, v in case.limits if getattr(Limits(), k) != v}
        found.append(Case(case.id, "zip refused", "sent.zip", case.data, 0, case.code, case.says, lowered))
    for case in test_archives.ONE_ENTRY:
        found.append(Case(case.id, "zip without one entry", "sent.zip", case.data, IN_A_ZIP, case.code, case.says))
    return found


def for_one_image(case: Case) -> Case:
    """The verdict where one image is asked for: a zip is refused by its kind, unless it only is called one."""
    if not case.name.endswith(".zip"):
        return case
    if kind_of(case.data) in READABLE:
        return Case(case.id, case.group, case.name, case.data, 1, "", ())
    return Case(case.id, case.group, case.name, case.data, 0, "image.", (), case.limits)


@contextlib.contextmanager
def _command_line(folder: Path) -> Iterator[Way]:
    def ask(case: Case) -> Outcome:
        path = folder / case.name
        path.write_bytes(case.data)
        result = CliRunner().invoke(app, ["predict", SECTOR, str(path), "--json"])
        path.unlink()
        unexpected = result.exception is not None and not isinstance(result.exception, SystemExit)
        wrong = unexpected or "Traceback" in result.output or "unexpected:" in result.stderr
        body = json.loads(result.stdout) if result.stdout.strip() else {"results": [], "refused": []}
        if result.exit_code != (0 if body["results"] else 1):
            return Outcome(-1, f"exit {result.exit_code}", result.stderr, wrong)
        words = [f"{row['message']} {row['hint']}" for row in body["refused"]]
        words += [notice for row in body["results"] for notice in row["notices"]]
        codes = " ".join(row["code"] for row in body["refused"])
        return Outcome(len(body["results"]), codes, " ".join(words), wrong)

    yield ask


@contextlib.contextmanager
def _json_route(_folder: Path) -> Iterator[Way]:
    with TestClient(Starlette(routes=list(ROUTES)), raise_server_exceptions=False) as client:

        def ask(case: Case) -> Outcome:
            answer = client.post(f"/api/predict/{SECTOR}?name={quote(case.name)}", content=case.data)
            body = answer.json()
            wrong = answer.status_code >= 500 or "Traceback" in answer.text
            if answer.status_code == 200:
                notices = " ".join(notice for row in body["results"] for notice in row["notices"])
                return Outcome(len(body["results"]), "", notices, wrong)
            return Outcome(0, body["code"], f"{body['message']} {body['hint']}", wrong)

        yield ask


@contextlib.contextmanager
def _page(_folder: Path) -> Iterator[Way]:
    page = AppTest.from_file(str(ROOT / "core" / "ui" / "router.py"), default_timeout=300)
    page.query_params["lang"] = "en"
    page.switch_page(str(ROOT / "pages" / f"{SECTOR}.py"))
    page.run()

    def ask(case: Case) -> Outcome:
        uploader = next(box for box in page.file_uploader if box.key == f"{SECTOR}.upload")
        uploader.set_value([(case.name, case.data, "application/octet-stream")])
        page.run()
        shown = [*page.error, *page.warning, *page.info, *page.caption, *page.markdown]
        # Markdown signs are escaped, and an invisible joiner keeps addresses from becoming links.
        said = "\n".join(str(element.value) for element in shown).replace("\\", "").replace("\u2060", "")
        taken = len(page.dataframe[0].value) if page.dataframe else len(page.subheader)
        codes = " ".join(part.rstrip(")") for part in said.replace("(", " ").split() if part.count(".") and ")" in part)
        return Outcome(taken, codes, said, bool(page.exception) or "Traceback" in said)

    yield ask


WAYS = {"command line": _command_line, "JSON route": _json_route, "page": _page}


def judge(case: Case, outcome: Outcome) -> str:
    """Empty when the verdict is right, else what is wrong with it."""
    if outcome.traceback:
        return "traceback"
    if outcome.taken != case.taken:
        return f"{outcome.taken} answered, not {case.taken}; {outcome.codes}"
    if not any(code.startswith(case.code) for code in outcome.codes.split() or [""]):
        return f"{outcome.codes or 'nothing refused'}, not {case.code}"
    missing = [words for words in case.says if words not in outcome.said]
    return f"does not say {missing}" if missing else ""


@contextlib.contextmanager
def _settings(variables: dict[str, str]) -> Iterator[None]:
    with patch.dict(os.environ, variables):
        settings.cache_clear()
        yield
    settings.cache_clear()


def measure(way: str, folder: Path) -> dict[str, object]:
    """All cases through one way in: right and wrong by group, tracebacks, the slowest verdict in seconds."""
    right: dict[str, int] = defaultdict(int)
    asked: dict[str, int] = defaultdict(int)
    wrong: dict[str, str] = {}
    slowest = 0.0
    tracebacks = 0
    with WAYS[way](folder) as ask:
        ask(cases()[0])  # loads the model
        for case in cases():
            wanted = for_one_image(case) if way == "JSON route" else case
            with _settings(case.limits):
                began = time.perf_counter()
                outcome = ask(wanted)
                slowest = max(slowest, time.perf_counter() - began)
            fault = judge(wanted, outcome)
            tracebacks += outcome.traceback
            asked[case.group] += 1
            right[case.group] += not fault
            if fault:
                wrong[f"{case.id} {case.name}"] = fault
    groups = {group: {"right": right[group], "wrong": asked[group] - right[group]} for group in asked}
    return {"groups": groups, "tracebacks": tracebacks, "slowest_s": round(slowest, 2), "faults": wrong}


def main() -> dict[str, object]:
    """Measure, print and return the counts by way in; the house is a temporary one, with the bundled model."""
    figures: dict[str, object] = {}
    with tempfile.TemporaryDirectory(prefix="vitrine-verdicts-") as folder:
        variables = {"VITRINE_HOME": str(Path(folder) / "home"), "VITRINE_LOG_LEVEL": "WARNING"}
        for way in WAYS:
            with _settings(variables):
                found: dict[str, object] = measure(way, Path(folder))
                audit.flush()  # rows are written behind the answers, and the folder goes
                close_stores()
            figures[way] = found
            _show(way, found)
    return figures


def _show(way: str, found: dict[str, object]) -> None:
    groups = found["groups"]
    assert isinstance(groups, dict)
    for group, count in groups.items():
        print(f"{way:14}{group:24}{count['right']:>4} right{count['wrong']:>4} wrong")
    right, wrong = (sum(count[verdict] for count in groups.values()) for verdict in ("right", "wrong"))
    tail = f"{found['tracebacks']} tracebacks, slowest {found['slowest_s']} s"
    print(f"{way:14}{'all':24}{right:>4} right{wrong:>4} wrong   {tail}", flush=True)
    faults = found["faults"]
    assert isinstance(faults, dict)
    for case, fault in faults.items():
        print(f"    {case}: {fault}", flush=True)
