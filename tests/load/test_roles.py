"""Raw messages of a viewer: the ids of an administrator's buttons reach no further than the viewer's own."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import pytest
from streamlit.proto.WidgetStates_pb2 import WidgetStates

from core.settings import ROOT
from tests.load.server import Server, serving
from tests.load.session import RunFailed, Session

pytestmark = pytest.mark.slow
Outcome = TypeVar("Outcome")
PREPARE = """
from pathlib import Path
from core.settings import settings
from core.store.registry import registry
from tests.ui.checkpoints import register_version

for seed in (1, 2):
    register_version(settings().home / "made", seed)
registry().promote("medical", 1)
"""


def run(work: Coroutine[Any, Any, Outcome]) -> Outcome:
    """In a thread of its own: browser tests of the same session leave their event loop running in this one."""
    with ThreadPoolExecutor(1) as threads:
        return threads.submit(asyncio.run, work).result()


def python(home: Path, program: str) -> str:
    environment = os.environ | {"VITRINE_HOME": str(home), "VITRINE_LOG_LEVEL": "ERROR"}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout


def buttons(visitor: Session) -> list[str]:
    return [element.id for kind, element in visitor.elements.values() if kind == "button"]


async def press(visitor: Session, widget_id: str) -> None:
    """What a click sends, whether or not the page shows such a button; a page may answer with an error in words."""
    states = WidgetStates()
    states.widgets.add(id=widget_id, trigger_value=True)
    with contextlib.suppress(RunFailed):
        await visitor.rerun(states)


async def administrators_buttons(server: Server) -> list[str]:
    """Ids of the buttons in the model room, and of those in the dialogs behind them; nothing is confirmed."""
    found: list[str] = []
    async with Session(server.address, "models") as visitor:
        await visitor.rerun()
        found += buttons(visitor)
        for widget_id in [known for known in found if "room_" in known]:
            await press(visitor, widget_id)
            found += [known for known in buttons(visitor) if known not in found]
    return found


async def press_all(server: Server, widget_ids: list[str]) -> None:
    async with Session(server.address, "models") as visitor:
        await visitor.rerun()
        for widget_id in widget_ids:
            await press(visitor, widget_id)
        for first in [known for known in widget_ids if "room_" in known]:
            for second in widget_ids:
                if second != first and "room_" in second:
                    await press(visitor, first)
                    await press(visitor, second)


STATE = """
from core.store.registry import registry
print(registry().resolve("medical").ref, len(registry().versions("medical")))
"""
ACTIONS = """
from core.store import audit
print(*{entry.action for entry in audit.entries(10000) if entry.role == "viewer"})
"""


def test_a_viewer_changes_nothing_by_any_button_of_an_administrator(tmp_path: Path) -> None:
    home = tmp_path / "home"
    python(home, PREPARE)
    as_admin, as_viewer = ({"VITRINE_HOME": str(home), "VITRINE_ROLE": role} for role in ("admin", "viewer"))
    with serving(variables=as_admin) as server:
        known = run(administrators_buttons(server))
    assert any("promote" in widget_id for widget_id in known), known
    assert python(home, STATE).split() == ["1", "3"]
    with serving(variables=as_viewer) as server:
        run(press_all(server, known))
    assert python(home, STATE).split() == ["1", "3"]
    assert set(python(home, ACTIONS).split()) <= {"access.refused", "predict", "explain", "upload.refused"}
    with serving(variables=as_admin) as server:
        run(press_all(server, known))
    assert python(home, STATE).split() != ["1", "3"], "the same messages of an administrator do change something"
