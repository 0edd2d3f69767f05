"""The made-up reviews to learn from: the same every time, parted by sentences, good enough to train on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.data import catalog
from core.data.sample_board import CATEGORIES, read_pool
from core.data.sample_reviews import SIZES, divided_pool, reviews_of, write_reviews
from core.data.text_check import TEXTS_PER_CLASS_FEW, check_texts
from core.data.texts import read_labelled_texts
from core.fetch import fetch
from core.settings import settings


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("VITRINE_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("VITRINE_DATA", raising=False)
    settings.cache_clear()
    yield tmp_path / "home"
    settings.cache_clear()


def test_no_sentence_stands_in_two_parts() -> None:
    sentences = {sentence for some in read_pool().values() for sentence in some}
    found = {}
    for part in SIZES:
        texts = [text for text, _, _ in reviews_of(part)]
        found[part] = {sentence for sentence in sentences if any(sentence in text for text in texts)}
        assert len(texts) == len(set(texts)) == SIZES[part]
    assert not found["train"] & found["validation"]
    assert not found["train"] & found["test"]
    assert not found["validation"] & found["test"]


def test_every_part_says_everything_in_both_languages() -> None:
    assert all(pool.keys() == read_pool().keys() and all(pool.values()) for pool in divided_pool().values())
    divided = [sentence for pool in divided_pool().values() for some in pool.values() for sentence in some]
    assert sorted(divided) == sorted(sentence for some in read_pool().values() for sentence in some)


@pytest.mark.slow
def test_they_are_made_on_first_use_the_same_every_time_and_pass_the_data_check(home: Path, tmp_path: Path) -> None:
    folder = catalog.local_path("sample_reviews")
    assert folder == home / "data" / "sample_reviews" and catalog.is_public(folder)
    assert catalog.name_of(folder) == "sample_reviews" and fetch("sample_reviews") == folder
    write_reviews(tmp_path / "again")
    data = read_labelled_texts(folder)
    assert read_labelled_texts(tmp_path / "again").fingerprint == data.fingerprint
    assert {part: len(texts) for part, texts in data.splits.items()} == SIZES
    assert {str(name) for texts in data.splits.values() for name in texts.sources} == set(CATEGORIES.values())
    report = check_texts(data, ["en"], {}, 0)
    assert not (report.blocking or report.warnings or report.notices or report.refused)
    assert min(report.counts["train"].values()) >= TEXTS_PER_CLASS_FEW


def test_what_a_process_left_half_made_is_made_again(home: Path) -> None:
    left = home / "data" / "sample_reviews.incomplete"
    left.mkdir(parents=True)
    (left / "train.csv").write_text("text,la")
    assert catalog.local_path("sample_reviews") == home / "data" / "sample_reviews"
    assert not left.exists() and len(read_labelled_texts(home / "data" / "sample_reviews").splits) == len(SIZES)
