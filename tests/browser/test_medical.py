"""The medical page in a real browser, in both languages: sample, upload, batch, reasons, training, promotion."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import FilePayload, Page, expect

from tests.browser.conftest import PATIENCE_MS, Visit

pytestmark = pytest.mark.browser
OpenVisit = Callable[..., Visit]
FIRST_ANSWER_MS = 180_000
"""The first answer after a start waits for torch and the model, on a machine that may be busy."""
TRAINING_MS = 600_000
NOTICE = {"en-GB": "Not a medical device", "zh-CN": "不是医疗器械"}


def picture(name: str, seed: int = 0, colour: bool = False) -> FilePayload:
    shape = (120, 100, 3) if colour else (120, 100)
    buffer = io.BytesIO()
    Image.fromarray(np.random.default_rng(seed).integers(0, 255, shape, dtype=np.uint8)).save(buffer, "PNG")
    return {"name": name, "mimeType": "image/png", "buffer": buffer.getvalue()}


def archive(name: str, entries: list[FilePayload]) -> FilePayload:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as target:
        for entry in entries:
            target.writestr(entry["name"], entry["buffer"])
    return {"name": name, "mimeType": "application/zip", "buffer": buffer.getvalue()}


def stripes(label: str, number: int) -> FilePayload:
    """Two classes that anything can tell apart: upright and lying stripes."""
    line = np.where(np.arange(48) // 4 % 2, 230, 30).astype(np.int64)
    noise = np.random.default_rng(number).integers(-20, 20, (48, 48))
    pixels = (line[None, :] if label == "upright" else line[:, None]) + noise
    buffer = io.BytesIO()
    Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(buffer, "PNG")
    return {"name": f"{label}/{number}.png", "mimeType": "image/png", "buffer": buffer.getvalue()}


def section(page: Page, name: str) -> None:
    page.locator(".st-key-medical-section").get_by_text(name, exact=True).click()


def upload(page: Page, key: str, *files: FilePayload) -> None:
    page.locator(f".st-key-{key}").get_by_test_id("stFileUploaderDropzoneInput").set_input_files(list(files))


@pytest.mark.parametrize("locale", ["en-GB", "zh-CN"])
def test_one_click_on_a_sample_answers_with_picture_and_map(visit: OpenVisit, locale: str) -> None:
    visitor = visit(locale=locale)
    page = visitor.go("/medical")
    expect(page.get_by_text(NOTICE[locale]).first).to_be_visible()
    page.locator('[class*="st-key-medical-sample"] button').first.click()
    expect(page.get_by_test_id("stMain").get_by_test_id("stProgress")).to_have_count(2, timeout=FIRST_ANSWER_MS)
    result = page.get_by_test_id("stMain").get_by_test_id("stImage").filter(visible=True)
    expect(result).to_have_count(4 + 2, timeout=PATIENCE_MS)
    expect(page.get_by_text(NOTICE[locale]).first).to_be_visible()
    assert visitor.foreign == []


def test_names_of_files_are_shown_as_typed(visit: OpenVisit) -> None:
    visitor = visit()
    page = visitor.go("/medical")
    name = "![x](http://evil.example/a.png) :material/home: www.evil.example *b* $c$.png"
    upload(page, "medical-upload", picture(name))
    caption = page.get_by_test_id("stImageCaption").first
    expect(caption).to_be_visible(timeout=FIRST_ANSWER_MS)
    shown = caption.inner_text().replace("\u2060", "")
    assert shown.replace("/", "") == name.replace("/", "") or "material" in shown
    assert caption.locator("a, img, em, .katex, [data-testid=stIconMaterial]").count() == 0
    assert visitor.foreign == []


def test_bad_files_are_named_and_good_ones_answered(visit: OpenVisit) -> None:
    visitor = visit()
    page = visitor.go("/medical")
    text: FilePayload = {"name": "letter.png", "mimeType": "image/png", "buffer": b"%PDF-1.4"}
    good = [picture(f"{number}.png", number) for number in range(5)]
    upload(page, "medical-upload", archive("many.zip", [*good, text]), text)
    expect(page.get_by_test_id("stDataFrame").first).to_be_visible(timeout=FIRST_ANSWER_MS)
    expect(page.get_by_text("Not taken: 2")).to_be_visible()
    with page.expect_download() as started:
        page.get_by_role("button", name="Download the results as CSV").click()
    text_of = started.value.path().read_text(encoding="utf-8-sig")
    assert "Not a medical device" in text_of and "letter.png" in text_of
    expect(page.get_by_test_id("stException")).to_have_count(0)


def test_colour_photograph_is_declined_with_the_reason(visit: OpenVisit) -> None:
    visitor = visit()
    page = visitor.go("/medical")
    upload(page, "medical-upload", picture("photo.png", colour=True))
    expect(page.get_by_role("heading", name="No answer")).to_be_visible(timeout=FIRST_ANSWER_MS)


def test_why_has_a_second_method_and_says_how_far_to_trust_it(visit: OpenVisit) -> None:
    visitor = visit()
    page = visitor.go("/medical?view=why")
    page.locator('[class*="st-key-medical-sample"] button').first.click()
    expect(page.get_by_text("How far to trust this map")).to_be_visible(timeout=FIRST_ANSWER_MS)
    page.get_by_text("Integrated gradients").click()
    expect(page.get_by_text("Faithfulness")).to_be_visible(timeout=FIRST_ANSWER_MS)


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_own_images_are_learnt_found_again_by_link_promoted_and_rolled_back(visit: OpenVisit) -> None:
    visitor = visit()
    page = visitor.go("/medical?view=improve")
    page.locator(".st-key-medical-data").get_by_text("My own images").click()
    images = [stripes(label, number) for label in ("lying", "upright") for number in range(30)]
    upload(page, "medical-data_upload", archive("stripes.zip", images))
    expect(page.get_by_text("--data stripes.zip")).to_be_visible(timeout=PATIENCE_MS)
    visitor.settle()
    mode = page.locator(".st-key-medical-train-mode").get_by_role("combobox")
    mode.click()
    # The list closes again when the click has scrolled the page; the arrow opens it wherever the page stands.
    mode.press("ArrowDown")
    page.get_by_role("option", name="Quick").click()
    expect(page.get_by_text("--set mode=quick")).to_be_visible(timeout=PATIENCE_MS)
    page.get_by_role("button", name="Start training").dblclick()
    page.wait_for_url("**job=*", timeout=PATIENCE_MS)

    again = visit()
    page = again.go(page.url.removeprefix(again.address))
    expect(page.get_by_text("is registered as challenger")).to_be_visible(timeout=TRAINING_MS)
    expect(page.get_by_text("their labels differ").first).to_be_visible(timeout=PATIENCE_MS)
    page.locator(".st-key-medical-reason textarea").fill("A new problem: the version in use knows other labels.")
    page.locator(".st-key-medical-promote button").click()
    expect(page.locator(".st-key-medical-rollback button")).to_be_visible(timeout=PATIENCE_MS)
    again.settle()
    section(page, "Answer")
    expect(page.get_by_text("Choose a sample above")).to_be_visible(timeout=PATIENCE_MS)
    again.settle()
    upload(page, "medical-upload", stripes("upright", 99) | {"name": "new.png"})
    expect(page.get_by_role("heading", name="upright")).to_be_visible(timeout=FIRST_ANSWER_MS)
    section(page, "Improve")
    again.settle()
    page.locator(".st-key-medical-rollback button").click()
    expect(page.locator(".st-key-medical-rollback")).to_have_count(0, timeout=PATIENCE_MS)


@pytest.mark.parametrize("view", ["answer", "improve", "quality", "card"])
def test_nothing_is_wider_than_a_phone(visit: OpenVisit, view: str) -> None:
    visitor = visit(width=390)
    page = visitor.go(f"/medical?view={view}")
    page.wait_for_timeout(500)
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth") <= 390
