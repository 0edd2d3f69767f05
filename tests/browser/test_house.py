"""Journeys through the house: deep links on a fresh server, the language in the link, both modes, a narrow screen."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from core.catalog import SECTORS
from tests.browser.conftest import PATIENCE_MS, Visit
from tests.load.server import serving
from tests.ui.checkpoints import register_version

pytestmark = pytest.mark.browser
OpenVisit = Callable[..., Visit]
PAGES = ("", "models", *(sector.slug for sector in SECTORS))


@pytest.mark.parametrize("slug", ["models", *(sector.slug for sector in SECTORS)])
def test_a_deep_link_first_on_a_fresh_server_has_its_frame(chromium: Browser, slug: str) -> None:
    with serving() as fresh:
        page = chromium.new_page(locale="en-GB")
        page.goto(f"{fresh.address}/{slug}")
        expect(page.get_by_test_id("stSidebarNavLink").first).to_be_visible(timeout=PATIENCE_MS)
        expect(page.get_by_role("heading", level=1)).to_be_visible(timeout=PATIENCE_MS)
        expect(page).to_have_title(window_title(slug))
        expect(page.get_by_test_id("stException")).to_have_count(0)
        page.close()


def window_title(slug: str) -> str:
    titles = {"models": "Model room", **{sector.slug: sector.title for sector in SECTORS}}
    return f"{titles[slug]} · Vitrine"


@pytest.mark.parametrize("slug", PAGES)
def test_no_page_asks_the_internet_for_anything(visit: OpenVisit, slug: str) -> None:
    visitor = visit()
    visitor.go(f"/{slug}")
    visitor.page.wait_for_timeout(1000)
    assert visitor.foreign == []


def test_the_browser_chooses_the_language_and_the_switch_goes_into_the_link(visit: OpenVisit) -> None:
    visitor = visit(locale="zh-CN")
    page = visitor.go("/")
    expect(page.get_by_role("heading", level=1)).to_contain_text("再训练")
    page.get_by_test_id("stSidebar").get_by_text("English", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("AI you can question", timeout=PATIENCE_MS)
    assert "lang=en" in page.url
    page.get_by_test_id("stSidebarNavLink").filter(has_text="Model room").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Model room", timeout=PATIENCE_MS)
    page.wait_for_url("**/models?lang=en", timeout=PATIENCE_MS)


def test_a_link_opens_in_its_language_for_everybody(visit: OpenVisit) -> None:
    visitor = visit(locale="en-GB")
    page = visitor.go("/models?lang=zh")
    expect(page.get_by_role("heading", level=1)).to_have_text("模型室")


def test_the_card_on_the_home_page_leads_to_the_demo(visit: OpenVisit) -> None:
    visitor = visit()
    page = visitor.go("/?lang=en")
    page.get_by_role("button", name="Open the demo").first.click()
    page.wait_for_url(f"**/{SECTORS[0].slug}?lang=en", timeout=PATIENCE_MS)


@pytest.mark.parametrize("slug", PAGES)
@pytest.mark.parametrize("dark", [False, True])
def test_nothing_is_wider_than_a_phone(visit: OpenVisit, slug: str, dark: bool) -> None:
    visitor = visit(width=390, dark=dark)
    page = visitor.go(f"/{slug}")
    over = page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth - window.innerWidth")
    assert over <= 0


def test_a_person_promotes_and_rolls_back(chromium: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from core.settings import settings
    from core.store.registry import registry

    home = tmp_path / "home"
    monkeypatch.setenv("VITRINE_HOME", str(home))
    settings.cache_clear()
    registry().promote("medical", register_version(tmp_path, seed=1).number)
    register_version(tmp_path, seed=2)
    with serving(variables={"VITRINE_HOME": str(home)}) as own:
        page = chromium.new_page(locale="en-GB")
        page.goto(f"{own.address}/models")
        page.get_by_role("button", name="Promote this version").click(timeout=PATIENCE_MS)
        dialog = page.get_by_role("dialog")
        dialog.get_by_role("textbox").fill("It is to be seen by the board.", timeout=PATIENCE_MS)
        dialog.get_by_role("button", name="Use version 2").click()
        expect(page.get_by_text("In use now: version 2").first).to_be_visible(timeout=PATIENCE_MS)
        expect(page.get_by_role("dialog")).to_have_count(0)
        page.get_by_role("button", name="Roll back").click()
        page.get_by_role("dialog").get_by_role("button", name="Roll back").click(timeout=PATIENCE_MS)
        expect(page.get_by_text("In use now: version 1").first).to_be_visible(timeout=PATIENCE_MS)
        with page.expect_download() as download:
            page.get_by_role("button", name="Download the card").click()
        assert download.value.suggested_filename.endswith("-card.md")
        page.close()
