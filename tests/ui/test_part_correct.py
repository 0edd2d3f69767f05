"""Correcting the answer about a part: fine, or a defect with regions; kept with the picture, listed, and for cases."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.contracts import AnomalyPrediction, ImageSample, Message, Outline
from core.data.marked import rectangle
from core.errors import StoreError
from core.store import feedback
from core.ui.draw_region import take_stroke
from tests.ui import part_service
from tests.ui.part_service import part
from tests.ui.test_correct import home_files, press, verdict, widget
from tests.ui.test_medical import png
from tests.ui.test_part_answer import said, upload

pytestmark = pytest.mark.slow
Open = Callable[..., AppTest]
BOX = rectangle(0.25, 0.5, 0.5, 0.75)


@pytest.fixture
def defects(open_page: Open, monkeypatch: pytest.MonkeyPatch) -> Open:
    part_service.install(monkeypatch)
    return lambda **parameters: open_page("defects", **parameters)


def answered(defects: Open, brightest: float, lang: str = "en") -> AppTest:
    page = upload(defects(lang=lang), ("part.png", png(part(brightest))))
    return checked(page)


def checked(page: AppTest) -> AppTest:
    assert not page.exception and not page.error, [entry.value for entry in (*page.exception, *page.error)]
    return page


def tools(page: AppTest) -> list[str]:
    """Keys of the choices between tools to draw with."""
    return [str(each.key) for each in page.segmented_control if str(each.key).endswith(".tool")]


def draw(page: AppTest) -> AppTest:
    """Drag a box, as the browser tells it."""
    (tool,) = tools(page)
    stroke = {"x": [0.25, 0.5], "y": [0.5, 0.75]}
    take_stroke(page.session_state[tool.removesuffix("tool") + "drawing"], {"box": [stroke]})
    return checked(page.run())


def marks_of(entry: feedback.Correction) -> tuple[Outline, ...]:
    sample = feedback.kept_sample(entry)
    assert isinstance(sample, ImageSample)
    return sample.marked


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_alarm_is_called_fine(defects: Open, home: Path, lang: str) -> None:
    page = checked(verdict(answered(defects, 0.9, lang), "good"))
    assert tools(page) == [], "there is nothing to draw"
    checked(press(page, ".form"))
    (entry,) = feedback.corrections("defects")
    assert (entry.decision, entry.answer, entry.right, entry.kept) == ("defect", "good", False, False)
    assert home_files(home) == []


def test_miss_is_marked_kept_listed_and_undone(defects: Open, home: Path) -> None:
    page = draw(checked(verdict(answered(defects, 0.1), "defect")))
    assert "Region 1" in said(page)
    widget(page.checkbox, ".keep").check()  # type: ignore[attr-defined]
    page = checked(press(page, ".form"))
    (entry,) = feedback.corrections("defects")
    assert (entry.decision, entry.answer) == ("good", "defect")
    assert marks_of(entry) == (BOX,) and len(home_files(home)) == 1
    assert tools(page) == []
    listed = corrections_page()
    assert "images kept to learn from: 1" in said(listed)
    page = checked(press(page, ".undo"))
    assert home_files(home) == []
    assert "Region 1" not in said(verdict(page, "defect")), "it begins anew"


def test_right_alarm_takes_over_the_outlined_regions(defects: Open) -> None:
    page = checked(verdict(answered(defects, 0.9), "defect"))
    page = checked(press(page, ".take_regions"))
    widget(page.checkbox, ".keep").check()  # type: ignore[attr-defined]
    checked(press(page, ".form"))
    (entry,) = feedback.corrections("defects")
    assert entry.right and marks_of(entry) == (rectangle(0.0, 0.0, 0.5, 0.5),)


def test_regions_that_cannot_be_stored_are_not_lost(defects: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    page = draw(checked(verdict(answered(defects, 0.1), "defect")))

    def full(*_: object, **__: object) -> None:
        raise StoreError("corrections.full", Message("There is no room."))

    monkeypatch.setattr(feedback, "add", full)
    page = press(page, ".form")
    assert "corrections" in str(page.error[0].value)
    assert "Region 1" in said(page)


def test_unsure_part_goes_to_a_person_who_marks_it(defects: Open, home: Path) -> None:
    def unsure(self: AnomalyPrediction) -> bool:
        return True

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(AnomalyPrediction, "is_unsure", property(unsure))
        checked(press(answered(defects, 0.9), ".review"))
    (case,) = feedback.corrections("defects", "review")
    page = corrections_page()
    assert "Score 0.9" in said(page).replace("\\", "") and "%" not in said(page).split("Score 0.9")[1][:20]
    page = draw(checked(verdict(page, "defect")))
    checked(press(page, f".case.{case.id}-"))
    assert feedback.corrections("defects", "review") == []
    (entry,) = feedback.kept("defects")
    assert entry.answer == "defect" and marks_of(entry) == (BOX,)


def corrections_page() -> AppTest:
    def script() -> None:
        from core.catalog import sector
        from core.ui.corrections import show_corrections

        show_corrections(sector("defects"))

    return checked(AppTest.from_function(script, default_timeout=60).run())
