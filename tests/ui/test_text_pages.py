"""What the pages of a sector that reads texts say: nothing of images, in any view of what was measured."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.catalog import sector
from core.settings import settings
from core.store import audit, feedback
from core.store.database import close_stores
from core.ui.quality import views_of
from tests.ui.test_house import words

SLUG = "sentiment"
CSV = "id,review,stars,category\n" + "".join(
    f'{n},"{text} number {n}, write to a{n}@example.org or call 138 1234 {5000 + n}",{stars},desk {n % 2}@example.org\n'
    for n in range(60)
    for text, stars in (("A wonderful film", 5), ("A dull and boring film", 1))
)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("VITRINE_HOME", str(tmp_path))
    monkeypatch.setenv("VITRINE_DEVICE", "cpu")
    monkeypatch.delenv("VITRINE_DATA", raising=False)
    settings.cache_clear()
    yield tmp_path
    audit.flush(1)
    close_stores()


def drawn(part: str) -> AppTest:
    """A page that draws one part of the sector."""

    def script(part: str) -> None:
        from core.catalog import sector
        from core.ui.card import show_card
        from core.ui.corrections import show_corrections
        from core.ui.improve import show_improve
        from core.ui.quality import show_champion_quality
        from core.ui.room import show

        parts = {
            "quality": show_champion_quality,
            "corrections": show_corrections,
            "improve": show_improve,
            "room": show,
            "card": show_card,
        }
        parts[part](sector("sentiment"))

    page = AppTest.from_function(script, args=(part,), default_timeout=60).run()
    assert not page.exception, page.exception
    return page


def said_of_others(page: AppTest) -> list[str]:
    return [word for word in ("image", "picture", "pixel", "transaction", "scanner") if word in words(page).lower()]


@pytest.mark.slow
@pytest.mark.parametrize("view", views_of(sector(SLUG)))
def test_no_view_of_quality_speaks_of_anything_else(home: Path, view: str) -> None:
    page = drawn("quality")
    page.segmented_control(key=f"{SLUG}.quality_view").set_value(view).run()
    assert not page.exception, page.exception
    assert said_of_others(page) == []
    assert " texts: data set imdb" in words(page)


@pytest.mark.slow
@pytest.mark.parametrize("part", ["corrections", "improve", "room", "card"])
def test_no_other_part_does_either(home: Path, part: str) -> None:
    assert said_of_others(drawn(part)) == []


@pytest.mark.slow
def test_kept_corrections_are_texts(home: Path) -> None:
    from core.intake.texts import open_text
    from core.serving import service

    sample = open_text("A wonderful film, call 138 1234 5678")
    (answer,) = service.predict(SLUG, [sample])
    feedback.add(sample, answer.single, answer.model, answer="negative", keep=True)
    page = drawn("corrections")
    assert said_of_others(page) == []
    assert any("Text kept until" in frame.value for frame in page.dataframe)


@pytest.mark.slow
def test_without_network_and_data_there_is_something_to_learn_from(home: Path) -> None:
    """Made-up reviews are the first choice, are said to be made up, pass the check and can be started with."""
    page = drawn("improve")
    (radio,) = [each for each in page.radio if each.key == f"{SLUG}.data"]
    assert radio.value == "sample_reviews" and len(radio.options) == 2
    assert "made-up reviews" in words(page) and "CC0" in words(page)
    assert "--data sample_reviews" in "".join(block.value for block in page.code)
    page.button(key=f"{SLUG}.check").click()
    page = page.run()
    assert "found nothing to complain about" in words(page)
    assert not page.error and not page.exception and not page.button(key=f"{SLUG}.start").disabled


@pytest.mark.slow
def test_weights_that_cannot_be_had_are_said_before_the_start(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.tasks.tiny_transformers import write_model  # torch and transformers take seconds to import

    monkeypatch.setenv("VITRINE_OFFLINE", "1")
    monkeypatch.setenv("VITRINE_HUB_CACHE", str(home / "cache"))
    monkeypatch.setenv("VITRINE_MODELS", str(write_model(home / "models" / "owner" / "tiny").parent.parent))
    settings.cache_clear()
    page = drawn("improve")
    assert not page.button(key=f"{SLUG}.start").disabled
    page.selectbox(key=f"{SLUG}.train.model").set_value("transformer")
    page = page.run()
    assert "neither in the hub's cache folder" in words(page) and page.button(key=f"{SLUG}.start").disabled
    page.selectbox(key=f"{SLUG}.train.transformer").set_value("owner/tiny")
    page = page.run()
    assert not page.error and not page.button(key=f"{SLUG}.start").disabled


@pytest.mark.slow
def test_an_upload_is_masked_before_it_is_written_and_checked(home: Path) -> None:
    page = drawn("improve")
    page.session_state[f"{SLUG}.data"] = "upload"
    page.run()
    uploader = next(box for box in page.file_uploader if box.key == f"{SLUG}.data_upload")
    uploader.set_value(("reviews.csv", CSV.encode("utf-16"), "text/csv"))
    page.run()
    boxes = {box.label.rstrip(" *"): box for box in page.selectbox}
    assert (boxes["Text"].value, boxes["Label: positive or negative"].value) == ("review", "stars")
    next(button for button in page.button if button.label == "Check the data").click()
    page.run()
    assert not page.exception, page.exception
    shown = words(page)
    assert "240 e-mail addresses" in shown and "120 phone numbers" in shown and "UTF\\-16" in shown
    assert any("Positive" in frame.value.to_string() for frame in page.dataframe)
    (command,) = (block.value for block in page.code if block.value.startswith("python -m core train"))
    assert command.endswith("--data reviews.csv --column text=review --column label=stars --column category=category")
    assert not [box for box in page.text_input if box.key == f"{SLUG}.train.columns"]
    masked = page.session_state[f"{SLUG}.data_masked"][1]
    assert b"example.org" not in masked.getvalue() and masked.found == {"e-mail": 240, "phone": 120}
    audit.flush(1)
    for file in home.rglob("*"):
        if file.is_file():
            assert b"example.org" not in file.read_bytes(), file


@pytest.mark.slow
def test_a_command_names_no_role_that_the_table_has_nothing_for(home: Path) -> None:
    page = drawn("improve")
    page.session_state[f"{SLUG}.data"] = "upload"
    page.run()
    uploader = next(box for box in page.file_uploader if box.key == f"{SLUG}.data_upload")
    lines = [
        f"{text} number {n},{label}" for n in range(40) for text, label in (("good", "positive"), ("bad", "negative"))
    ]
    uploader.set_value(("reviews.csv", "\n".join(["text,label", *lines]).encode(), "text/csv"))
    page.run()
    next(button for button in page.button if button.label == "Check the data").click()
    page.run()
    assert not page.exception, page.exception
    (command,) = (block.value for block in page.code if block.value.startswith("python -m core train"))
    assert command.endswith("--data reviews.csv --column text=text --column label=label")


@pytest.mark.slow
def test_an_upload_that_is_no_table_of_texts_is_refused_in_words(home: Path) -> None:
    for data, word in ((b"a,b\n1,2\n", "Say which column is"), (b"%PDF-1.7", "PDF"), (b"", "empty")):
        page = drawn("improve")
        page.session_state[f"{SLUG}.data"] = "upload"
        page.run()
        uploader = next(box for box in page.file_uploader if box.key == f"{SLUG}.data_upload")
        uploader.set_value(("reviews.csv", data, "text/csv"))
        page.run()
        for button in page.button:
            if button.label == "Check the data":
                button.click()
        page.run()
        assert not page.exception, page.exception
        (error,) = page.error
        assert word in error.value
