"""The made-up reviews: the same every time, in both languages, with what happens in them."""

from __future__ import annotations

import numpy as np

from core.data.sample_board import CATEGORIES, DAYS, EVENTS, FIRST_DAY, REVIEWS, read_pool, sample_table


def test_every_kind_and_aspect_can_be_praised_and_blamed_in_both_languages() -> None:
    pool = read_pool()
    topics = {(kind, aspect) for kind, aspect, _, _ in pool}
    assert {kind for kind, _ in topics} == set(CATEGORIES) and len(topics) == 15
    for kind, aspect in topics:
        for language in ("en", "zh"):
            for sign in "+-":
                assert len(pool[kind, aspect, sign, language]) >= 3
    sentences = [sentence for some in pool.values() for sentence in some]
    assert len(sentences) == len(set(sentences)) > 230 and all(sentence == sentence.strip() for sentence in sentences)


def test_the_reviews_are_the_same_every_time() -> None:
    first = sample_table()
    sample_table.cache_clear()
    second = sample_table()
    assert first.texts == second.texts and first.sha256 == second.sha256 and len(first) == REVIEWS


def test_they_have_dates_categories_and_labels() -> None:
    table = sample_table()
    assert table.time is not None and table.category is not None and table.label is not None
    days = (table.time.astype("datetime64[D]") - FIRST_DAY).astype(int)
    assert days.min() >= 0 and days.max() < DAYS and (np.diff(days) >= 0).all()
    assert set(table.category) == set(CATEGORIES.values()) and set(table.label) == {-1, 0, 1}
    han = np.array([any("\u4e00" <= sign <= "\u9fff" for sign in text) for text in table.texts])
    assert 0.35 < han.mean() < 0.55


def test_what_happens_can_be_seen_in_the_labels() -> None:
    table = sample_table()
    assert table.time is not None and table.category is not None and table.label is not None
    days = (table.time.astype("datetime64[D]") - FIRST_DAY).astype(int)
    for event in EVENTS:
        during = (days >= event.first) & (days <= event.last) & (table.category == CATEGORIES[event.kind])
        others = ~during & (table.category == CATEGORIES[event.kind])
        gap = (table.label[during] == 1).mean() - (table.label[others] == 1).mean()
        assert np.sign(gap) == np.sign(event.good - 0.5) and abs(gap) > 0.05
