"""The parts that every sector's page has, drawn for one that reads transactions: nothing there speaks of images."""

from __future__ import annotations

import ast
import string
from collections.abc import Mapping
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.contracts import ModelRef
from core.settings import ROOT
from core.store import feedback
from core.store.registry import registry
from core.ui import wording
from core.ui.quality import VIEWS, views_of
from core.ui.sections import TITLES
from core.ui.wording import told
from core.ui.wording_of_texts import OF_TEXTS
from tests.fake_payments import SECTOR, SLUG, case, open_payments
from tests.house import House
from tests.ui.test_house import words

UI = ROOT / "core" / "ui"


@pytest.fixture
def payments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    with open_payments(tmp_path, monkeypatch) as made:
        yield made


def drawn(part: str) -> AppTest:
    """A page that draws one part of the sector."""

    def script(part: str) -> None:
        from core.catalog import sector
        from core.ui.corrections import show_corrections
        from core.ui.improve import show_improve
        from core.ui.quality import show_champion_quality
        from core.ui.room import show
        from core.ui.sections import section_input

        chosen = sector("payments")
        parts = {
            "quality": show_champion_quality,
            "corrections": show_corrections,
            "improve": show_improve,
            "room": show,
            "sections": section_input,
        }
        parts[part](chosen)

    page = AppTest.from_function(script, args=(part,), default_timeout=60).run()
    assert not page.exception, page.exception
    return page


def said_of_images(page: AppTest) -> list[str]:
    return [word for word in ("image", "picture", "pixel") if word in words(page).lower()]


@pytest.mark.slow
@pytest.mark.parametrize("view", [view for view in views_of(SECTOR) if view not in ("models", "overlap")])
def test_no_view_of_quality_speaks_of_images(payments: House, view: str) -> None:
    page = drawn("quality")
    control = page.segmented_control(key=f"{SLUG}.quality_view")
    control.set_value(view).run()
    assert not page.exception, page.exception
    assert said_of_images(page) == []
    assert "400 transactions" in words(page) and view in VIEWS


@pytest.mark.slow
def test_a_cell_of_the_matrix_opens_its_rows(payments: House) -> None:
    page = drawn("quality")
    page.segmented_control(key=f"{SLUG}.quality_view").set_value("confusion").run()
    page.selectbox(key=f"{SLUG}.cell_truth").set_value(1)
    page.selectbox(key=f"{SLUG}.cell_decided").set_value(1).run()
    (table,) = [frame.value for frame in page.dataframe if "Transaction" in frame.value]
    assert {"Transaction", "Amount", "Day", "True label", "Decision", "Score for Fraud, %"} <= set(table.columns)
    assert (table["True label"].str.lower() == "fraud").all() and table["Day"].iloc[0].startswith("2026-01-")
    assert table["Score for Fraud, %"].is_monotonic_decreasing


@pytest.mark.slow
def test_corrections_show_the_kept_row(payments: House) -> None:
    from core.contracts import Decision

    model = ModelRef(SLUG, "bundled", "tiny", "a" * 64)
    feedback.add(case(), Decision(("genuine", "fraud"), 0.6, 0.5), model, answer="genuine", keep=True)
    feedback.review(case(99.0), Decision(("genuine", "fraud"), 0.5, 0.5), model)
    page = drawn("corrections")
    assert said_of_images(page) == []
    shown = [frame.value for frame in page.dataframe if "Feature" in frame.value]
    assert len(shown) == 2 and {"amount", "time", "terminal_risk_7d"} == set(shown[0]["Feature"])
    assert any("Transaction kept until" in frame.value for frame in page.dataframe)


@pytest.mark.slow
def test_the_room_offers_what_the_task_has(payments: House) -> None:
    page = drawn("room")
    assert page.segmented_control(key=f"{SLUG}.room_view").options == ["Card", "Export and import"]
    assert registry().resolve(SLUG).ref == "bundled"


@pytest.mark.slow
def test_training_asks_for_a_table(payments: House) -> None:
    page = drawn("improve")
    assert said_of_images(page) == []
    assert "CSV or Parquet" in words(page)


@pytest.mark.slow
def test_sections_are_those_of_the_sector(payments: House) -> None:
    page = drawn("sections")
    control = page.segmented_control(key=f"{SLUG}.section")
    assert control.options == [TITLES[name] for name in SECTOR.sections]
    assert control.value == "answer"


def sentences() -> set[str]:
    """Every constant that is handed to `told` or, in a list of titles, to `N_`."""
    found = set()
    for path in UI.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("told", "N_") and node.args:
                first = node.args[0]
                if isinstance(first, ast.Constant) and not path.name.startswith("wording"):
                    found.add(str(first.value))
    return found


@pytest.mark.slow
@pytest.mark.parametrize("own", [wording._OF_TRANSACTIONS, OF_TEXTS], ids=["transactions", "texts"])
def test_every_wording_is_used_and_fits_the_fields_of_its_sentence(own: Mapping[str, str]) -> None:
    assert set(own) <= sentences(), set(own) - sentences()
    for images, others in own.items():
        here, there = ({f[1] for f in string.Formatter().parse(text) if f[1]} for text in (others, images))
        assert here <= there, others
        assert "image" not in others.lower(), others
        assert "later" not in others, "a table without times is split too, and not by time"


def test_every_sentence_about_images_has_words_for_texts() -> None:
    first = (
        node.args[0]
        for path in UI.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "told"
    )
    told_of_images = {
        str(text.value) for text in first if isinstance(text, ast.Constant) and "image" in str(text.value)
    }
    assert len(told_of_images) > 30 and told_of_images <= set(OF_TEXTS), told_of_images - set(OF_TEXTS)


def test_every_sentence_about_transactions_is_told_of_texts_too() -> None:
    of_one_class_only = "Left out, because the model does not know these classes: {classes}"
    also_right_of_texts = "Read right"
    assert set(wording._OF_TRANSACTIONS) - set(OF_TEXTS) == {of_one_class_only, also_right_of_texts}


def test_other_sectors_keep_the_sentence(payments: House) -> None:
    assert told("Images", "fake") == told("Images", "no such sector") == "Images"
    assert told("Images", SLUG) == "Transactions"
    assert told("Something else about {n} images", SLUG, n=3) == "Something else about 3 images"


@pytest.mark.slow
def test_an_upload_is_checked_with_the_columns_that_its_visitor_named(payments: House) -> None:
    page = drawn("improve")
    page.session_state[f"{SLUG}.data"] = "upload"
    page.run()
    uploader = next(box for box in page.file_uploader if box.key == f"{SLUG}.data_upload")
    uploader.set_value(("bank.csv", bank(amount="x17"), "text/csv"))
    page.run()
    assert not page.exception and "amount" not in [frame.value.columns[0] for frame in page.dataframe]
    boxes = {box.label.rstrip(" *"): box for box in page.selectbox}
    assert (boxes["Time"].value, boxes["Label: was it fraud?"].value) == ("time", "label")
    boxes["Amount"].set_value("x17")
    next(button for button in page.button if button.label == "Check the data").click().run()
    assert not page.exception, page.exception
    counted = next(frame.value for frame in page.dataframe if "Month" in frame.value)
    assert counted["Fraud"].sum() == 40 and counted["Genuine"].sum() == 360
    command = next(block.value for block in page.code if block.value.startswith("python -m core train"))
    assert "amount=x17" in command and "--data bank.csv" in command


@pytest.mark.slow
def test_an_upload_that_is_no_table_says_why(payments: House) -> None:
    page = drawn("improve")
    page.session_state[f"{SLUG}.data"] = "upload"
    page.run()
    uploader = next(box for box in page.file_uploader if box.key == f"{SLUG}.data_upload")
    uploader.set_value(("bank.csv", b"\x89PNG\r\n\x1a\n" + bytes(50), "text/csv"))
    page.run()
    assert not page.exception and len(page.error) == 1


def bank(amount: str) -> bytes:
    """400 payments of 100 days, every tenth a fraud; the column of amounts is called `amount`."""
    lines = [f"id,{amount},time,customer,terminal,label"]
    for row in range(400):
        month, day = 1 + row // 100, 1 + row % 100 // 4
        lines.append(
            f"p{row},{row % 37}.5,2026-{month:02d}-{day:02d} 10:00:00,c{row % 9},t{row % 5},{int(row % 10 == 0)}"
        )
    return "\n".join(lines).encode()
