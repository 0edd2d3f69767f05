"""Many visitors at once: nobody fails, and nobody sees another visitor's page. Speed is bench/load.py's business."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import pytest

from bench.load import crowd
from core.catalog import SECTORS
from tests.load.server import Server, serving
from tests.load.session import Session

pytestmark = pytest.mark.slow
VISITORS = 12
SECONDS = 5
Outcome = TypeVar("Outcome")


def run(work: Coroutine[Any, Any, Outcome]) -> Outcome:
    """In a thread of its own: browser tests of the same session leave their event loop running in this one."""
    with ThreadPoolExecutor(1) as threads:
        return threads.submit(asyncio.run, work).result()


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving(variables={"VITRINE_WAIT_FOR_MODELS": "true"}) as running:
        yield running


@pytest.mark.parametrize("slug", [sector.slug for sector in SECTORS])
def test_crowd_on_a_page_sees_no_failure(server: Server, slug: str) -> None:
    outcome = run(crowd(server.address, slug, VISITORS, SECONDS))
    assert outcome.failures == []
    assert len(outcome.latencies_s) >= VISITORS


@pytest.mark.parametrize("slug", [sector.slug for sector in SECTORS])
def test_deep_link_answers_in_the_visitors_language(server: Server, slug: str) -> None:
    async def texts(locale: str) -> str:
        async with Session(server.address, slug, locale=locale) as visitor:
            await visitor.rerun()
            return " ".join(visitor.texts())

    def chinese(text: str) -> int:
        return sum("\u4e00" <= sign <= "\u9fff" for sign in text)

    assert chinese(run(texts("zh-CN"))) > 20
    assert chinese(run(texts("en-US"))) < 20


def test_uploads_of_one_visitor_are_limited_together(server: Server) -> None:
    """A client that never tells the page of its uploads is stopped at the door all the same."""

    async def flood() -> list[int]:
        async with Session(server.address, SECTORS[0].slug) as visitor:
            await visitor.rerun()
            return [await visitor.send_file(f"{n}.bin", bytes(20 * 2**20)) for n in range(14)]

    statuses = run(flood())
    assert statuses[0] < 300
    assert statuses[-1] == 413
