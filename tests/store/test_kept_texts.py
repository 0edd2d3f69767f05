"""Texts that a visitor agreed to leave here: masked before anything of them touches the disk, read back with care."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import select

from core.contracts import Classification, ModelRef, Reason, TextSample
from core.errors import InputRefused, StoreError
from core.store import audit, feedback, kept_texts
from core.store.database import open_store
from core.store.schema import corrections as table
from tests.house import House

MODEL = ModelRef("fake", "3", "ngram_table", "a" * 64)
PRIVATE = "Great shop! Call 13800138000 or mail zhang_san@example.com, 身份证11010519491231002X。"
MASKED = "Great shop! Call [phone] or mail [e-mail], 身份证[id card]。"
SECRETS = ("13800138000", "zhang_san", "11010519491231002X")


def sample(text: str = PRIVATE, name: str = "Zhang San.txt") -> TextSample:
    return TextSample(name, text, hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest())


def said(decision: str | None = "negative") -> Classification:
    reason = None if decision else Reason("text.unsure", "unsure")  # type: ignore[arg-type]
    return Classification(("negative", "positive"), np.array([0.7, 0.3], np.float32), decision, ("negative",), reason)


def add(text: str = PRIVATE, keep: bool = True, **more: str) -> feedback.Correction:
    return feedback.add(sample(text), said(), MODEL, answer="positive", keep=keep, **more)


def files(house: House) -> list[Path]:
    return [path for path in (house.home / "corrections").rglob("*") if path.is_file()]


def test_a_text_is_masked_before_it_is_kept(house: House) -> None:
    given = add()
    (kept,) = files(house)
    assert kept.name == f"{given.id}.text" and given.of_text and not given.of_table
    found = feedback.kept_sample(given)
    assert isinstance(found, TextSample) and found.text == MASKED
    assert json.loads(kept.read_text("utf-8"))["masked"] == {"e-mail": 1, "id card": 1, "phone": 1}
    assert feedback.find(sample(), MODEL) == given, "the same text is known again"


def test_no_file_of_the_house_holds_what_was_masked(house: House) -> None:
    """Nor its plain hash, which whoever has the masked text could search for."""
    add(reason=f"reach me at {SECRETS[0]}")
    feedback.review(sample(PRIVATE + "!"), said(None), MODEL)
    add("nothing kept " + SECRETS[0], keep=False)
    audit.flush(5)
    with open_store().write() as connection:
        reasons = [row["reason"] for row in connection.execute(select(table)).mappings()]
    assert "reach me at [phone]" in reasons
    hidden = [*SECRETS, sample().sha256]
    for path in (path for path in house.home.rglob("*") if path.is_file()):
        data = path.read_bytes()
        assert not [secret for secret in hidden if secret.encode() in data], path.name


def test_without_consent_nothing_of_a_text_stays(house: House) -> None:
    given = add(keep=False)
    assert files(house) == [] and given.scores == {} and not given.of_text


def test_kept_texts_are_laid_out_and_go_like_pictures(house: House, tmp_path: Path) -> None:
    given = add()
    feedback.undo(add("Another one.").id)
    target = tmp_path / "run" / "corrections"
    assert feedback.training_folder("fake", target) == 1
    laid = target / "positive" / f"{given.id}.text"
    assert kept_texts.parse(laid.read_bytes(), "x").text == MASKED
    assert feedback.training_folder("fake", target) == 1, "laid out anew"
    copy = house.home / "jobs" / "1" / "run" / "corrections" / "positive" / laid.name
    copy.parent.mkdir(parents=True)
    copy.write_bytes(b"copy")
    feedback.delete(given.id)
    assert not copy.exists() and files(house) == []
    assert feedback.training_folder("fake", target) == 0 and not laid.exists()


@pytest.mark.parametrize("text", ["", "😀\ud800\0\u202e <b>x</b> **y**", "长" * 20_000, "\0" * 20_000])
def test_any_text_of_the_intake_can_be_kept(house: House, text: str) -> None:
    found = feedback.kept_sample(add(text))
    assert isinstance(found, TextSample) and found.text == text.replace("\ud800", "?")


def test_a_text_too_large_to_keep_is_refused_and_leaves_nothing(house: House) -> None:
    with pytest.raises(InputRefused, match="KB"):
        add("长" * 100_000)
    assert files(house) == [] and feedback.corrections("fake") == []


@pytest.mark.parametrize(
    "written",
    [
        b"",
        b"{",
        b"[]",
        b'{"schema": 1}',
        b'{"schema": 2, "text": "x", "masked": {}}',
        b'{"schema": 1, "text": 7, "masked": {}}',
        b'{"schema": 1, "text": "x", "masked": {"secret": 1}}',
        b'{"schema": 1, "text": "x", "masked": []}',
        b'{"schema": 1, "text": "\xff", "masked": {}}',
        b'{"schema": 1, "text": "\\ud800", "masked": {}}',
        b"[" * 100_000,
        b"\x80\x04\x95",
        b'{"schema": 1, "text": "' + b"x" * kept_texts.KEPT_BYTES + b'", "masked": {}}',
    ],
    ids=range(13),
)
def test_a_text_that_was_changed_on_the_disk_is_refused(house: House, written: bytes) -> None:
    given = add()
    files(house)[0].write_bytes(written)
    with pytest.raises(StoreError):
        feedback.kept_sample(given)
