"""Places that were marked on a kept picture: in its file, in copies for a run, gone with it, and damaged ones."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from core.contracts import AnomalyPrediction, Decision, ImageSample, ModelRef, Outline
from core.errors import StoreError
from core.store import audit, feedback, files, pictures
from core.store.kept import write_bytes
from tests.house import House

LABELS = ("good", "defect")
MODEL = ModelRef("fake", "1", "tiny", "a" * 64)
BOX: Outline = ((0.1, 0.2), (0.3, 0.2), (0.3, 0.4), (0.1, 0.4))
OTHER: Outline = ((0.5, 0.5), (0.9, 0.5), (0.7, 0.8))
PART = ImageSample("part.png", np.random.default_rng(0).integers(0, 255, (40, 30, 3), dtype=np.uint8), "b" * 64)


def said() -> AnomalyPrediction:
    return AnomalyPrediction(Decision(LABELS, 0.4, 0.5), np.zeros((4, 4), np.float32), 0.5, (), (0.3, 0.6), 1, 4)


def add(*marked: Outline, keep: bool = True) -> feedback.Correction:
    return feedback.add(replace(PART, marked=marked), said(), MODEL, answer="defect", keep=keep)


def marks_of(given: feedback.Correction) -> tuple[Outline, ...]:
    found = feedback.kept_sample(given)
    assert isinstance(found, ImageSample)
    return found.marked


def test_marks_are_kept_in_the_picture_and_carried_to_a_run(house: House, tmp_path: Path) -> None:
    given = add(BOX, OTHER)
    assert marks_of(given) == (BOX, OTHER)
    assert [path.suffix for path in (house.home / "corrections").rglob("*") if path.is_file()] == [".png"]
    assert feedback.training_folder("fake", tmp_path / "run") == 1
    ((label, sample),) = pictures.laid_out(tmp_path / "run")
    assert (label, sample.name, sample.marked) == ("defect", given.id, (BOX, OTHER))
    np.testing.assert_array_equal(sample.pixels, PART.pixels)


def test_marks_stay_true_when_the_picture_is_made_small(house: House) -> None:
    wide = replace(PART, pixels=np.zeros((300, 3000, 3), np.uint8), marked=(BOX,))
    given = feedback.add(wide, said(), MODEL, answer="defect", keep=True)
    assert marks_of(given) == (BOX,), "shares of the sides, whatever these are"


def test_without_agreement_nothing_is_kept_of_marks(house: House) -> None:
    given = add(BOX, keep=False)
    assert not given.kept and not (house.home / "corrections").exists()
    feedback.undo(add(BOX).id)
    assert not [path for path in (house.home / "corrections").rglob("*") if path.is_file()]


def test_picture_without_marks_has_none(house: House) -> None:
    assert marks_of(add()) == ()


def test_case_is_answered_with_marks(house: House) -> None:
    case = feedback.review(PART, said(), MODEL)
    answered = feedback.answer_case(case.id, "defect", marked=(BOX,))
    assert marks_of(answered) == (BOX,)
    found = feedback.kept_sample(answered)
    assert isinstance(found, ImageSample)
    np.testing.assert_array_equal(found.pixels, PART.pixels)


def kept_files(house: House) -> dict[str, bytes]:
    folder = house.home / "corrections"
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_answered_case_leaves_one_file_named_by_it(house: House, tmp_path: Path) -> None:
    case = feedback.review(PART, said(), MODEL)
    answered = feedback.answer_case(case.id, "defect", marked=(BOX,))
    assert list(kept_files(house)) == [answered.stored] and Path(answered.stored).stem.startswith(case.id)
    assert feedback.training_folder("fake", tmp_path / "run") == 1
    feedback.undo(answered.id)
    assert not kept_files(house)


@pytest.mark.parametrize("full", ["sync_file", "record"])
def test_case_that_cannot_be_answered_keeps_its_picture_as_it_was(
    house: House, monkeypatch: pytest.MonkeyPatch, full: str
) -> None:
    case = feedback.review(PART, said(), MODEL)
    before = kept_files(house)

    def fails(*_: object, **__: object) -> None:
        if full == "sync_file":
            raise OSError(28, "No space left on device")
        raise StoreError("audit.unwritable", "no")

    with monkeypatch.context() as broken:
        broken.setattr(files if full == "sync_file" else audit.Change, full, fails)
        with pytest.raises(StoreError):
            feedback.answer_case(case.id, "defect", marked=(BOX,))
    assert kept_files(house) == before
    assert [entry.kind for entry in feedback.corrections("fake")] == [feedback.REVIEW]
    assert marks_of(feedback.answer_case(case.id, "good")) == (), "the marks of the failed answer are not there"


def test_kept_file_is_replaced_whole_or_not_at_all(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    given = add(BOX)
    before, seen = kept_files(house), list[bytes]()

    def full(path: Path) -> None:
        seen.append((house.home / "corrections" / given.stored).read_bytes())
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files, "sync_file", full)
    with pytest.raises(StoreError, match=r"corrections\.unwritable"):
        write_bytes(given.stored, b"other")
    assert kept_files(house) == before and seen == list(before.values()), "who reads meanwhile finds the old one"


@pytest.mark.parametrize("line", ["nonsense", "[1]", "[[[0.5, 0.5]]]", '{"a": 1}'])
def test_damaged_marks_are_refused_not_guessed(house: House, line: str) -> None:
    given, texts, buffer = add(BOX), PngInfo(), io.BytesIO()
    texts.add_text("Marked", line)
    Image.fromarray(PART.pixels).save(buffer, "PNG", pnginfo=texts)
    write_bytes(given.stored, buffer.getvalue())
    with pytest.raises(StoreError, match=r"corrections\.marks"):
        feedback.kept_sample(given)
