"""Pictures of all parts of all pages, both languages, light and dark, wide and narrow: `python -m bench.shots DIR`."""

from __future__ import annotations

import itertools
import shutil
import sys
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from core.catalog import SECTORS
from tests.load.server import serving

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-sync",
    "--no-first-run",
    "--disable-component-update",
]
WIDTHS = {"wide": (1440, 1000), "narrow": (390, 844)}
LOCALES = {"en": "en-US", "zh": "zh-CN"}
ROOM_PARTS = ("versions", "origins", "jobs", "audit", "disk")
PAGES = {
    "home": "",
    **{f"{sector.slug}-{view}": f"{sector.slug}?view={view}" for sector in SECTORS for view in sector.sections},
    **{f"models-{part}": f"models?models.part={part}" for part in ROOM_PARTS},
}
"""Name of a picture -> its link."""
WITH_SAMPLE = ("-answer", "-why")
"""Parts of a page that show something once a sample is chosen."""
ANSWER_MS = 60_000


def _settle(page: Page) -> None:
    """Wait until the script has ended and what it sent has been drawn."""
    page.get_by_test_id("stMainBlockContainer").wait_for(timeout=ANSWER_MS)
    page.wait_for_function("!document.querySelector('[data-test-script-state=\"running\"]')", timeout=ANSWER_MS)
    page.wait_for_timeout(800)


def _shoot(browser: Browser, address: str, folder: Path, look: tuple[str, str, str]) -> None:
    language, scheme, width = look
    across, down = WIDTHS[width]
    context = browser.new_context(
        locale=LOCALES[language],
        color_scheme="dark" if scheme == "dark" else "light",
        viewport={"width": across, "height": down},
    )
    page = context.new_page()
    for title, link in PAGES.items():
        page.goto(f"{address}/{link}")
        _settle(page)
        name = f"{title}-{language}-{scheme}-{width}.png"
        if title.endswith(WITH_SAMPLE):
            page.get_by_test_id("stMain").get_by_test_id("stBaseButton-secondary").first.click()
            _settle(page)
        _whole(page, folder / name)
        print(name, flush=True)
    context.close()


def _whole(page: Page, target: Path) -> None:
    """The page from top to bottom: Streamlit scrolls a part of it, so the window is made as high as the content."""
    size = page.viewport_size or {"width": 1440, "height": 1000}
    height = page.evaluate("document.querySelector('[data-testid=stMain]').scrollHeight")
    page.set_viewport_size({"width": size["width"], "height": min(12_000, max(size["height"], int(height)))})
    page.wait_for_timeout(400)
    page.screenshot(path=target)
    page.set_viewport_size(size)


def main(folder: Path) -> int:
    """Write one picture per page and look into `folder`; returns how many."""
    folder.mkdir(parents=True, exist_ok=True)
    looks = list(itertools.product(LOCALES, ("light", "dark"), WIDTHS))
    with serving(variables={"VITRINE_WAIT_FOR_MODELS": "true"}) as server, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        for look in looks:
            _shoot(browser, server.address, folder, look)
        browser.close()
    return len(looks) * len(PAGES)


if __name__ == "__main__":
    print(f"{main(Path(sys.argv[1] if len(sys.argv) > 1 else 'shots'))} pictures")
