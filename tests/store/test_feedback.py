"""What visitors say of predictions: kept only when agreed, taken back, deleted, limited, on record."""

from __future__ import annotations

import io
import json
import math
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sqlalchemy import select, update

from core import access
from core.access import AccessRefused, Actor, acting_as
from core.contracts import Classification, Decision, ImageSample, ModelRef, Reason, TransactionCase
from core.errors import InputRefused, StoreError
from core.settings import settings
from core.store import audit, cases, feedback, pictures
from core.store import kept as kept_files
from core.store.database import open_store
from core.store.feedback import CORRECTION, REVIEW
from core.store.schema import corrections as table
from tests.house import House

LABELS = ("cat", "dog", "owl")
MODEL = ModelRef("fake", "3", "tiny", "a" * 64)
VIEWER, OTHER = Actor("visitor-1", "viewer"), Actor("visitor-2", "viewer")


def sample(number: int = 0, side: tuple[int, int] = (40, 30), name: str = "Zhang_San_1970.png") -> ImageSample:
    pixels = np.random.default_rng(number).integers(0, 255, (*side, 3), dtype=np.uint8)
    return ImageSample(name, pixels, f"{number:064x}")


def said(decision: str | None = "cat") -> Classification:
    reason = None if decision else Reason("domain.unlike", "unlike")  # type: ignore[arg-type]
    return Classification(LABELS, np.array([0.5, 0.3, 0.2], np.float32), decision, ("cat", "dog"), reason)


def add(
    number: int = 0, answer: str = "dog", keep: bool = False, model: ModelRef = MODEL, **more
) -> feedback.Correction:
    return feedback.add(sample(number), said(), model, answer=answer, keep=keep, **more)


def pixels_of(given: feedback.Correction) -> np.ndarray:
    found = feedback.kept_sample(given)
    assert isinstance(found, ImageSample)
    return found.pixels


def files(house: House) -> list[Path]:
    return [path for path in (house.home / "corrections").rglob("*") if path.is_file()]


def actions() -> list[str]:
    return [entry.action for entry in reversed(audit.entries(100))]


def test_without_consent_only_a_keyed_hash_and_the_answer_stay(house: House) -> None:
    given = add(reason="it barks")
    assert files(house) == [] and not given.kept
    with open_store().read() as connection:
        row = connection.execute(select(table)).mappings().one()
    assert row["scores"] == {} and row["stored"] == ""
    assert (row["decision"], row["answer"], row["reason"]) == ("cat", "dog", "it barks")
    assert row["input_hmac"] not in ("", sample().sha256)
    assert "Zhang" not in str(dict(row))


def test_with_consent_the_pixels_are_kept_and_nothing_of_the_file(house: House) -> None:
    given = add(keep=True)
    (kept,) = files(house)
    assert kept.name == f"{given.id}.png" and kept.read_bytes().startswith(b"\x89PNG")
    assert b"Zhang" not in kept.read_bytes()
    np.testing.assert_array_equal(pixels_of(given), sample().pixels)
    assert given.scores == {"cat": 0.5, "dog": 0.3, "owl": 0.2}


def test_large_pictures_are_kept_small_and_still_readable(house: House) -> None:
    wide = ImageSample("wide.png", np.full((600, 12_000, 3), 77, np.uint8), "f" * 64)
    given = feedback.add(wide, said(), MODEL, answer="dog", keep=True)
    assert pixels_of(given).shape == (52, pictures.KEPT_SIDE, 3)
    with Image.open(io.BytesIO(files(house)[0].read_bytes())) as image:
        assert image.mode == "L", "grey pictures take a third of the room"


def test_second_answer_replaces_the_first_with_its_picture(house: House) -> None:
    add(answer="dog", keep=True)
    second = add(answer="owl", keep=True)
    assert [entry.answer for entry in feedback.corrections("fake")] == ["owl"]
    assert [path.stem for path in files(house)] == [second.id]
    add(answer="owl", model=ModelRef("fake", "4", "tiny", "b" * 64))
    assert len(feedback.corrections("fake")) == 2, "another version gave another answer"


def test_find_knows_the_same_input_and_model_again(house: House) -> None:
    given = add()
    assert feedback.find(sample(), MODEL) == given
    assert feedback.find(sample(1), MODEL) is None
    assert feedback.find(sample(), ModelRef("fake", "4", "tiny", "b" * 64)) is None
    feedback.undo(given.id)
    assert feedback.find(sample(), MODEL) is None


def test_undo_deletes_the_picture_and_leaves_a_line(house: House) -> None:
    given = add(keep=True)
    feedback.undo(given.id)
    assert files(house) == []
    (entry,) = feedback.corrections("fake")
    assert entry.undone and not entry.kept and entry.scores == {}
    assert feedback.kept("fake") == []


def test_delete_leaves_nothing_but_the_record(house: House) -> None:
    given = add(keep=True, reason="canary-reason")
    copies = [house.home / place / "corrections" / "dog" for place in ("jobs/j1/run", "runs/run-1")]
    for folder in copies:
        folder.mkdir(parents=True)
        (folder / f"{given.id}.png").write_bytes(b"copy")
    feedback.delete(given.id)
    assert files(house) == [] and not any(list(folder.iterdir()) for folder in copies)
    with open_store().read() as connection:
        assert connection.execute(select(table)).first() is None
    assert actions() == ["correct", "correction.delete"]
    assert "canary-reason" not in str(audit.entries(10))
    with pytest.raises(StoreError, match=r"corrections\.unknown"):
        feedback.delete(given.id)


def test_unknown_answer_is_refused_with_the_labels(house: House) -> None:
    with pytest.raises(InputRefused) as refused:
        add(answer="")
    assert "cat, dog, owl" in str(refused.value.hint)
    assert feedback.corrections("fake") == [] and actions() == []


def test_there_is_a_limit_with_a_way_out(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VITRINE_CORRECTION_LIMIT", "2")
    settings.cache_clear()
    for number in range(2):
        add(number, keep=True)
    with pytest.raises(StoreError, match=r"corrections\.full") as full:
        add(2, keep=True)
    assert "2" in str(full.value.message) and "VITRINE_CORRECTION_LIMIT" in str(full.value.hint)
    assert len(files(house)) == 2, "the refused picture is not left behind"
    add(1, answer="owl")
    feedback.delete(feedback.corrections("fake")[0].id)
    add(2)


def test_unwritable_record_means_nothing_is_stored(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> int:
        raise StoreError("audit.unwritable", "no")

    monkeypatch.setattr(audit.Change, "record", fails)
    with pytest.raises(StoreError, match=r"audit\.unwritable"):
        add(keep=True)
    assert files(house) == [] and feedback.corrections("fake") == []


def test_full_disk_is_said_and_leaves_nothing(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    audit.input_hmac("the secret is there before the disk is full")
    monkeypatch.setattr(kept_files.files, "sync_file", full)
    with pytest.raises(StoreError, match=r"corrections\.unwritable"):
        add(keep=True)
    assert files(house) == [] and feedback.corrections("fake") == []


def test_case_for_a_person_becomes_a_correction(house: House) -> None:
    case = feedback.review(sample(), said(None), MODEL)
    assert (case.kind, case.decision, case.answer) == (REVIEW, "", "") and case.kept
    assert feedback.kept("fake") == [], "nothing to learn before somebody answered"
    with pytest.raises(InputRefused):
        feedback.answer_case(case.id, "horse")
    answered = feedback.answer_case(case.id, "owl", "seen at night")
    assert answered.kind == CORRECTION and feedback.kept("fake") == [answered]
    with pytest.raises(StoreError, match=r"corrections\.unknown"):
        feedback.answer_case(case.id, "cat")
    assert actions() == ["review", "correction.answer"]


def test_viewer_sees_and_changes_only_what_is_his(house: House) -> None:
    with acting_as(VIEWER):
        mine = add(0, keep=True)
        case = feedback.review(sample(5), said(None), MODEL)
    with acting_as(OTHER):
        add(1)
        assert [entry.actor for entry in feedback.corrections("fake")] == ["visitor-2"]
        assert feedback.find(sample(0), MODEL) is None
        for change in (feedback.undo, feedback.delete):
            with pytest.raises(AccessRefused):
                change(mine.id)
        with pytest.raises(AccessRefused):
            feedback.answer_case(case.id, "cat")
    assert len(feedback.corrections("fake")) == 3 and len(feedback.corrections("fake", REVIEW)) == 1
    with acting_as(VIEWER):
        feedback.undo(mine.id)
    assert access.current() == access.LOCAL


def test_a_viewer_replaces_nobody_elses_words_about_the_same_sample(house: House) -> None:
    with acting_as(VIEWER):
        mine = add(0, keep=True)
    with acting_as(OTHER):
        add(0, "cat")
        add(0, "owl")
        assert [entry.answer for entry in feedback.corrections("fake")] == ["owl"]
    with acting_as(VIEWER):
        found = feedback.find(sample(0), MODEL)
        assert found is not None and found.id == mine.id
    assert pixels_of(mine).shape == (40, 30, 3)


def test_pictures_go_when_their_time_is_over(house: House) -> None:
    old, young = add(0, keep=True), add(1, keep=True)
    case = feedback.review(sample(2), said(None), MODEL)
    long_ago = datetime.now(UTC) - timedelta(days=settings().correction_days + 0.1)
    with open_store().write() as connection:
        connection.execute(update(table).where(table.c.id.in_([old.id, case.id])).values(created=long_ago))
    assert feedback.kept("fake") == [young]
    assert [path.stem for path in files(house)] == [young.id]
    left = {entry.id: entry for entry in feedback.corrections("fake")}
    assert set(left) == {old.id, young.id}, "an answer stays without its picture, an open case does not"
    assert not left[old.id].kept
    assert actions()[-1] == "correction.expire"


def test_file_without_a_row_is_removed(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    add(0, keep=True)
    (house.home / "corrections" / "fake" / "stray.png").write_bytes(b"stray")
    feedback.sweep()
    assert len(files(house)) == 2, "it may be about to get its row"
    monkeypatch.setattr(kept_files, "_YOUNG_S", -1.0)
    feedback.sweep()
    assert [path.stem for path in files(house)] == [feedback.corrections("fake")[0].id]


def test_training_folder_holds_what_is_kept_and_not_undone(house: House, tmp_path: Path) -> None:
    first, second, undone = add(0, "dog", keep=True), add(1, "cat", keep=True), add(2, "owl", keep=True)
    add(3, "dog")
    feedback.undo(undone.id)
    target = tmp_path / "run" / "corrections"
    assert feedback.training_folder("fake", target) == 2
    assert {path.relative_to(target).as_posix() for path in target.rglob("*.png")} == {
        f"dog/{first.id}.png",
        f"cat/{second.id}.png",
    }
    feedback.delete(first.id)
    assert feedback.training_folder("fake", target) == 1, "written anew"
    assert [path.stem for path in target.rglob("*.png")] == [second.id]


@pytest.mark.slow
@pytest.mark.parametrize("label", ["../../evil", "a/b", "..", ".", "", "a\0b", "x" * 300])
def test_label_that_is_no_folder_name_is_left_out(house: House, tmp_path: Path, label: str) -> None:
    target = tmp_path / "deep" / "er" / "corrections"
    assert kept_files.lay_out([(label, add(keep=True).stored)], target) == 0
    assert not list(tmp_path.rglob("*.png"))[1:] and not (tmp_path / "evil").exists()


def test_reason_is_one_short_line_without_control_characters(house: House) -> None:
    given = add(reason="  two\nlines\x1b[31m " + "x" * 900)
    assert given.reason.startswith("two lines[31m") and len(given.reason) == feedback.REASON_LENGTH


def transaction(amount: float = 12.5, **more: float | str) -> TransactionCase:
    values = {"amount": amount, "time": "2026-01-31T08:15:00", "terminal_risk_7d": float("nan"), **more}
    name = "card 4929 1234 5678 9012"
    return TransactionCase(name, values, f"{int(amount):064x}", features=("amount", "terminal_risk_7d"), delay_days=7)


def decided(score: float = 0.2) -> Decision:
    return Decision(("genuine", "fraud"), score, 0.5)


def add_case(keep: bool = True, **more: float | str) -> feedback.Correction:
    return feedback.add(transaction(**more), decided(), MODEL, answer="fraud", keep=keep)


def test_a_transaction_is_kept_as_what_the_model_saw_of_it(house: House) -> None:
    given = add_case(city="深圳")
    (kept,) = files(house)
    assert kept.name == f"{given.id}.json" and "4929" not in kept.read_text("utf-8")
    found = feedback.kept_sample(given)
    assert isinstance(found, TransactionCase) and found.sha256 == transaction().sha256
    assert math.isnan(found.values["terminal_risk_7d"])  # type: ignore[arg-type]
    assert (found.values["amount"], found.values["city"]) == (12.5, "深圳")
    assert (found.features, found.delay_days) == (("amount", "terminal_risk_7d"), 7)
    assert given.scores == {"genuine": 0.8, "fraud": 0.2}
    assert (given.decision, given.answer, given.right) == ("genuine", "fraud", False)
    assert feedback.find(transaction(), MODEL) == given


def test_without_consent_nothing_of_a_transaction_stays(house: House) -> None:
    given = add_case(keep=False)
    assert files(house) == [] and given.scores == {}


def test_kept_transactions_train_age_and_go_like_pictures(house: House, tmp_path: Path) -> None:
    given, undone = add_case(), add_case(amount=99.0)
    case = feedback.review(transaction(7.0), decided(), MODEL)
    feedback.undo(undone.id)
    target = tmp_path / "run" / "corrections"
    assert feedback.training_folder("fake", target) == 1
    assert [path.relative_to(target).as_posix() for path in target.rglob("*.*")] == [f"fraud/{given.id}.json"]
    assert cases.parse((target / "fraud" / f"{given.id}.json").read_bytes(), "x").values["amount"] == 12.5
    (house.home / "jobs" / "1" / "run" / "corrections" / "fraud").mkdir(parents=True)
    copy = house.home / "jobs" / "1" / "run" / "corrections" / "fraud" / f"{given.id}.json"
    copy.write_bytes(b"copy")
    feedback.delete(given.id)
    assert not copy.exists()
    with open_store().write() as connection:
        long_ago = datetime.now(UTC) - timedelta(days=settings().correction_days + 0.1)
        connection.execute(update(table).where(table.c.id == case.id).values(created=long_ago))
    feedback.sweep()
    assert files(house) == [] and feedback.training_folder("fake", target) == 0


def test_a_case_too_large_to_keep_is_refused_and_leaves_nothing(house: House) -> None:
    wide = {f"column {number}": "x" * 500 for number in range(600)}
    with pytest.raises(InputRefused, match="KB"):
        add_case(**wide)
    assert files(house) == [] and feedback.corrections("fake") == []


@pytest.mark.parametrize(
    "written",
    [
        b"",
        b"{",
        b"[]",
        b'{"schema": 1}',
        b'{"schema": 2, "sha256": "%s", "values": {}}' % (b"a" * 64),
        b'{"schema": 1, "sha256": "%s", "values": {"a": [1]}}' % (b"a" * 64),
        b'{"schema": 1, "sha256": "%s", "values": {"a": true}}' % (b"a" * 64),
        b'{"schema": 1, "sha256": "%s", "values": {"a": NaN}}' % (b"a" * 64),
        b'{"schema": 1, "sha256": "%s", "values": {"a": 1e999}}' % (b"a" * 64),
        b'{"schema": 1, "sha256": "../../etc", "values": {}}',
        b"[" * 100_000,
        b"\x80\x04\x95",
        b'{"schema": 1, "x": "' + b"x" * cases.KEPT_BYTES + b'"}',
    ],
    ids=range(13),
)
def test_a_case_that_was_changed_on_the_disk_is_refused(house: House, written: bytes) -> None:
    given = add_case()
    files(house)[0].write_bytes(written)
    with pytest.raises(StoreError):
        feedback.kept_sample(given)


def test_many_samples_are_found_with_one_query(house: House) -> None:
    first, again = add(0), add(0, answer="owl")
    second = add(1)
    feedback.undo(add(2).id)
    add(3, model=ModelRef("fake", "4", "tiny", "b" * 64))
    found = feedback.find_all([sample(number) for number in range(5)], MODEL)
    assert found == {sample(0).sha256: again, sample(1).sha256: second} and first != again
    assert feedback.find_all([], MODEL) == {}
    with acting_as(VIEWER):
        assert feedback.find_all([sample(0)], MODEL) == {}, "somebody else's"


@pytest.mark.parametrize(
    "changed", [{"features": "amount"}, {"features": [1]}, {"delay_days": "7"}, {"delay_days": True}]
)
def test_a_kept_case_that_was_changed_is_refused(house: House, changed: dict[str, object]) -> None:
    given = add_case()
    (kept,) = files(house)
    kept.write_text(json.dumps(json.loads(kept.read_text("utf-8")) | changed))
    with pytest.raises(StoreError):
        feedback.kept_sample(given)


def test_a_case_of_an_earlier_release_says_not_what_its_features_were_computed_with(house: House) -> None:
    given = add_case()
    (kept,) = files(house)
    old = json.loads(kept.read_text("utf-8"))
    del old["features"], old["delay_days"]
    kept.write_text(json.dumps(old))
    found = feedback.kept_sample(given)
    assert isinstance(found, TransactionCase) and (found.features, found.delay_days) == ((), None)
