"""A real server and a real browser. The browser may speak to that server and to nobody else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.load.server import Server, serving

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-sync",
    "--disable-quic",
    "--no-first-run",
    "--disable-component-update",
]
PATIENCE_MS = 60_000


@dataclass
class Visit:
    """An open page, its server, and every address outside that the page asked for."""

    page: Page
    server: Server
    foreign: list[str] = field(default_factory=list)

    def go(self, path: str) -> Page:
        """Open `path` and wait until the page has been drawn; what the server says of an error is shown."""
        self.page.goto(self.address + path)
        try:
            expect(self.page.get_by_role("heading").first).to_be_visible(timeout=PATIENCE_MS)
        except AssertionError as error:
            log = self.server.log.read_text("utf-8", "replace").splitlines()
            raise AssertionError("\n".join([str(error), *(line for line in log if '"INFO"' not in line)])) from error
        self.settle()
        return self.page

    @property
    def address(self) -> str:
        """Of the server."""
        return self.server.address

    def settle(self) -> None:
        """Wait until the script has run to its end."""
        self.page.wait_for_timeout(150)
        expect(self.page.get_by_test_id("stStatusWidget")).to_have_count(0, timeout=PATIENCE_MS)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A browser test that fails is tried once more, and the summary names it: on a busy machine a page may be redrawn
    between a look and a click."""
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The system's browser."""
    if not CHROMIUM.exists():
        pytest.skip(f"needs a browser at {CHROMIUM}")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A server with a home of its own, shared by the tests of one file."""
    with serving() as running:
        yield running


@pytest.fixture
def visit(chromium: Browser, server: Server) -> Iterator[Callable[..., Visit]]:
    """`visit(locale="zh-CN", width=390, dark=True)`: a fresh visitor; options default to English, wide and light."""
    contexts = []

    def opened(locale: str = "en-GB", width: int = 1280, dark: bool = False) -> Visit:
        context = chromium.new_context(
            locale=locale,
            viewport={"width": width, "height": 900},
            color_scheme="dark" if dark else "light",
            accept_downloads=True,
        )
        contexts.append(context)
        found = Visit(context.new_page(), server)

        def note(url: str) -> None:
            own = (server.address, server.address.replace("http", "ws", 1), "data:", "blob:")
            if not url.startswith(own):
                found.foreign.append(url)

        found.page.on("request", lambda request: note(request.url))
        return found

    yield opened
    for context in contexts:
        context.close()
