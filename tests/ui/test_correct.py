"""Correcting answers on the page: right, wrong, kept or not, undone, sent to a person, listed, and the quick fix."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core import access
from core.access import Actor, acting_as
from core.catalog import sector
from core.contracts import ImageSample, Message, Metric, Refit
from core.serving import fixit
from core.serving.fixit import Trial
from core.store import feedback
from core.store.registry import registry
from tests.ui import medical_service
from tests.ui.medical_service import MODEL
from tests.ui.test_medical import png, said, upload

Open = Callable[..., AppTest]


@pytest.fixture
def medical(open_page: Open, monkeypatch: pytest.MonkeyPatch) -> Open:
    medical_service.install(monkeypatch)
    return lambda **parameters: open_page("medical", **parameters)


def answered(medical: Open, lang: str = "en") -> AppTest:
    page = upload(medical(lang=lang), ("scan.png", png()))
    assert not page.exception and not page.error
    return page


def widget(found: object, part: str) -> object:
    matches = [each for each in found if part in str(each.key)]  # type: ignore[attr-defined]
    assert len(matches) == 1, [str(each.key) for each in found]  # type: ignore[attr-defined]
    return matches[0]


def verdict(page: AppTest, name: str) -> AppTest:
    widget(page.segmented_control, ".verdict").set_value(name)  # type: ignore[attr-defined]
    return page.run()


def press(page: AppTest, part: str) -> AppTest:
    widget(page.button, part).click()  # type: ignore[attr-defined]
    return page.run()


def home_files(folder: Path) -> list[Path]:
    return [path for path in (folder / "corrections").rglob("*") if path.is_file()]


@pytest.mark.slow
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_answer_can_be_called_right(medical: Open, home: Path, lang: str) -> None:
    page = verdict(answered(medical, lang), "right")
    assert not page.selectbox or not [box for box in page.selectbox if ".answer" in str(box.key)]
    page = press(page, ".form")
    assert not page.exception and not page.error
    (entry,) = feedback.corrections("medical")
    assert entry.right and not entry.kept and entry.version == MODEL.version
    assert home_files(home) == [], "not kept unless the visitor says so"


@pytest.mark.slow
def test_wrong_needs_the_right_answer_and_can_be_undone(medical: Open, home: Path) -> None:
    page = verdict(answered(medical), "wrong")
    widget(page.text_input, ".reason").set_value("rib, *not* lung")  # type: ignore[attr-defined]
    widget(page.checkbox, ".keep").check()  # type: ignore[attr-defined]
    page = press(page, ".form")
    (entry,) = feedback.corrections("medical")
    assert (entry.answer, entry.reason) == (
        "normal" if entry.decision == "pneumonia" else "pneumonia",
        "rib, *not* lung",
    )
    assert len(home_files(home)) == 1
    assert "wrong, the right answer is" in said(page) and "kept until" in said(page)
    assert not [group for group in page.segmented_control if ".verdict" in str(group.key)]
    page = press(page, ".undo")
    assert not page.exception and home_files(home) == []
    assert feedback.corrections("medical")[0].undone
    assert [group for group in page.segmented_control if ".verdict" in str(group.key)], "it can be said again"


@pytest.mark.slow
def test_keeping_is_off_and_explained(medical: Open) -> None:
    page = verdict(answered(medical), "wrong")
    assert widget(page.checkbox, ".keep").value is False  # type: ignore[attr-defined]
    assert "at most 7 days" in said(page).replace("\\", "")


@pytest.mark.slow
def test_chosen_row_of_a_batch_is_corrected_like_a_single_image(medical: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.ui.answers.show_batch", lambda sector, answered: 1)
    page = upload(
        medical(),
        ("one.png", png()),
        ("two.png", png(np.full((60, 60), 200, np.uint8) + np.eye(60, dtype=np.uint8) * 50)),
    )
    page = press(verdict(page, "right"), ".form")
    (entry,) = feedback.corrections("medical")
    assert entry.right and entry.decision == "pneumonia"


@pytest.mark.slow
def test_declined_image_goes_to_a_person_and_comes_back_as_a_correction(medical: Open, home: Path) -> None:
    page = upload(medical(), ("blank.png", png(np.full((50, 50), 90, np.uint8))))
    page = press(page, ".review")
    assert not page.exception and not page.error
    assert "Sent to a person" in said(page)
    (case,) = feedback.corrections("medical", "review")
    assert len(home_files(home)) == 1 and case.decision == ""
    listed = corrections_page()
    assert "1 open cases" in said(listed)
    widget(listed.selectbox, f".case.{case.id}.answer").select("pneumonia")  # type: ignore[attr-defined]
    listed = press(listed, f".case.{case.id}")
    assert not listed.exception
    assert feedback.corrections("medical", "review") == []
    assert feedback.kept("medical")[0].answer == "pneumonia"


def counted(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    found, asked = feedback.find, []

    def find(*arguments: object) -> feedback.Correction | None:
        asked.append(arguments)
        return found(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(feedback, "find", find)
    return asked


@pytest.mark.slow
def test_click_does_not_read_again_what_nobody_changed(medical: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = counted(monkeypatch)
    page = answered(medical).run()
    for _ in range(3):
        page.run()
    assert len(asked) == 1
    monkeypatch.setattr("core.ui.correct.time.monotonic", lambda: float("inf"))
    page.run()
    assert len(asked) == 2, "another process may have changed it by then"


@pytest.mark.slow
def test_change_by_another_session_is_seen_at_once(medical: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = counted(monkeypatch)
    here, there = answered(medical), answered(medical)
    press(verdict(there, "right"), ".form")
    assert "Saved: the answer was right." in said(here.run())
    (entry,) = feedback.corrections("medical")
    feedback.undo(entry.id)
    assert "Saved" not in said(here.run())
    assert asked
    before = feedback.revision()
    feedback.corrections("medical")
    assert feedback.revision() == before, "reading changes nothing"


def test_sure_answer_is_not_offered_to_a_person(medical: Open) -> None:
    assert not [button for button in answered(medical).button if ".review" in str(button.key)]


def corrections_page() -> AppTest:
    def script() -> None:
        from core.catalog import sector
        from core.ui.corrections import show_corrections

        show_corrections(sector("medical"))

    page = AppTest.from_function(script, default_timeout=30).run()
    assert not page.exception
    return page


def stored(number: int = 0, keep: bool = True, answer: str = "normal") -> feedback.Correction:
    pixels = np.random.default_rng(number).integers(0, 255, (60, 50, 3), dtype=np.uint8)
    given = ImageSample("x.png", pixels, f"{number:064x}")
    return feedback.add(given, medical_service._classify(given), MODEL, answer=answer, keep=keep)


@pytest.mark.slow
def test_list_shows_undoes_and_deletes(home: Path) -> None:
    assert "Nothing was corrected yet" in said(corrections_page())
    first, second = stored(0), stored(1, keep=False)
    page = corrections_page()
    assert "Corrections: 2; the model was wrong: 1" in said(page) and "images kept to learn from: 1" in said(page)
    page = press(page, f".delete_correction.{second.id}")
    assert [entry.id for entry in feedback.corrections("medical")] == [first.id]
    page = press(page, f".undo_correction.{first.id}")
    assert home_files(home) == [] and feedback.corrections("medical")[0].undone


def test_failure_of_a_button_is_said_once(home: Path) -> None:
    gone = stored(0)
    page = corrections_page()
    feedback.delete(gone.id)
    page = press(page, f".delete_correction.{gone.id}")
    assert "corrections" in page.error[0].value and not page.exception
    assert not page.run().error


@pytest.mark.slow
def test_viewer_sees_his_case_but_does_not_answer_it(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    viewer = Actor("someone", "viewer")
    with acting_as(viewer):
        sent = ImageSample("x.png", np.zeros((20, 20, 3), np.uint8), "1" * 64)
        case = feedback.review(sent, medical_service._classify(sent), MODEL)
    stored(7)
    assert [box for box in corrections_page().selectbox if ".case." in str(box.key)]
    monkeypatch.setattr(access, "current", lambda: viewer)
    page = corrections_page()
    assert "1 open cases" in said(page) and not page.selectbox, "neither a form nor somebody else's correction"
    assert widget(page.button, f".delete_case.{case.id}")


def switch_page() -> AppTest:
    def script() -> None:
        import streamlit as st

        from core.ui.corrections import corrections_input

        st.session_state["learn"] = corrections_input("medical")

    return AppTest.from_function(script, default_timeout=30).run()


@pytest.mark.slow
def test_switch_for_training_stands_only_where_there_is_something_to_learn(home: Path) -> None:
    stored(0, keep=False)
    assert not switch_page().toggle
    stored(1)
    page = switch_page()
    assert "1 kept" in page.toggle[0].label and page.session_state["learn"] is False
    page.toggle[0].set_value(True).run()
    assert page.session_state["learn"] is True


def fix_page() -> AppTest:
    def script() -> None:
        from core.catalog import sector
        from core.ui.fixit import show_fixit

        show_fixit(sector("medical"))

    page = AppTest.from_function(script, default_timeout=30).run()
    assert not page.exception
    return page


def trial() -> Trial:
    before, after = medical_service.evaluation(), medical_service.evaluation(seed=1)
    found = Refit(
        used=5,
        left_out={"measured": 1},
        declined=2,
        before=Metric(0.0, 0.0, 0.4, 5),
        after=Metric(0.8, 0.4, 0.95, 5),
        test_before=before,
        test=after,
        validation_before=Metric(0.97, 0.95, 0.98, 500),
        validation=Metric(0.97, 0.95, 0.98, 500),
        strength=0.1,
        tolerance=0.02,
    )
    return Trial(replace(registry().resolve("medical")), ("one",), found, 1.5)


@pytest.mark.slow
def test_fix_shows_what_it_mended_and_what_it_forgot(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    medical_service.install(monkeypatch)
    assert "agree to keep" in said(fix_page()), "nothing to learn from yet"
    stored(0)
    registered = []
    monkeypatch.setattr(fixit, "try_out", lambda slug, tolerance: trial())
    monkeypatch.setattr(fixit, "register", lambda slug, tried: registered.append(tried) or registry().resolve(slug))
    page = press(fix_page(), ".fixit")
    assert not page.exception and not page.error
    told = said(page)
    assert "Corrections answered right: 0 of 5 before, 4 with the fix." in told
    assert "test images it fixed" in told and "broke" in told
    assert "1 are among its test or validation images" in told and "2 of the corrected images stay declined" in told
    table = page.dataframe[0].value
    assert "0.800 [0.400, 0.950] · n = 5" in list(table["With the fix"])
    page = press(page, ".register_fix")
    assert not page.exception and len(registered) == 1
    assert not [button for button in page.button if ".register_fix" in str(button.key)]


def test_version_without_features_gets_a_sentence(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stored(0)
    monkeypatch.setattr(fixit, "reason_against", lambda slug: Message("The version in use keeps no features."))
    page = fix_page()
    assert "keeps no features" in said(page) and not page.button


@pytest.mark.slow
def test_whole_fix_with_the_bundled_model(home: Path) -> None:
    """Kept corrections, a trial, a challenger that loads, and an outdated trial that is refused."""
    from core.errors import StoreError

    entries = [stored(number, answer="normal") for number in range(5)]
    tried = fixit.try_out("medical")
    assert tried.refit.used == 5 and tried.refit.test.data == tried.refit.test_before.data
    assert list((home / "staging").iterdir()) == []
    version = fixit.register("medical", tried)
    assert version.number == 1 and "challenger" in version.aliases
    assert version.manifest["data"]["corrections"] == 5
    version.check()
    assert list((home / "staging").iterdir()) == []
    feedback.undo(entries[0].id)
    with pytest.raises(StoreError, match=r"refit\.outdated"):
        fixit.register("medical", tried)
    assert sector("medical").slug == version.sector
