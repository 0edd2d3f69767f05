"""Labelled texts from tables: columns, ways to write a sentiment, parts, copies."""

import numpy as np
import pandas as pd
import pytest

from core.data.cues import read_cues
from core.data.sentiment_columns import read_labels
from core.data.sentiment_slices import HALVES, read_slices
from core.data.texts import CATEGORY_MAX, divide, read_labelled_texts, read_masked_texts
from core.errors import InputRefused

SHARES = {"validation": 0.2, "test": 0.2}


def write(path, rows, columns=("text", "label")):
    path.parent.mkdir(parents=True, exist_ok=True)
    pd.DataFrame(rows, columns=list(columns)).to_csv(path, index=False)
    return path


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["0", "1"], [0, 1]),
        ([0, 1.0], [0, 1]),
        (["neg", "POS "], [0, 1]),
        (["差评", "好评"], [0, 1]),
        (["1", "3", "5"], [0, -1, 1]),
        (["positive", "neutral", ""], [1, -1, -1]),
        (["-1", "1"], [0, 1]),
        (["-1", "0", "+1"], [0, -1, 1]),
        ([-1.0, 0.0, None], [0, -1, -1]),
        (["1.0", "0.0", ""], [1, 0, -1]),
        (["1 star", "3 Stars", "5-star"], [0, -1, 1]),
        (["1星", "五星", "四星级", "２ 星"], [0, 1, 1, 0]),
        (["5 stars", "1"], [1, 0]),
    ],
)
def test_ways_to_write_a_sentiment(values, expected):
    assert read_labels(pd.Series(values), "x")[0].tolist() == expected


@pytest.mark.parametrize("column", ["stars", "Star Rating", "rating", "评分", "星级"])
def test_a_column_of_one_star_reviews_is_no_praise(column):
    found, said = read_labels(pd.Series(["1", "1"], name=column), "x")
    assert found.tolist() == [0, 0] and column in str(said[0]) and "stars" in str(said[0])


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (["1", "1"], "0 was read as negative, 1 as positive"),
        (["-1", "0"], "0 as neutral"),
        (["2", "5"], "3 as neutral"),
        (["good", "bad"], ""),
    ],
)
def test_how_numbers_were_read_is_said(values, words):
    said = read_labels(pd.Series(values, name="label"), "x")[1]
    assert words in str(said[0]) if words else not said


def test_thumbs_in_a_column_of_ratings_are_no_stars():
    assert read_labels(pd.Series(["0", "1"], name="rating"), "x")[0].tolist() == [0, 1]


@pytest.mark.parametrize(
    "value",
    [
        *("not positive", "non-positive", "unpositive", "dispositive", "nonnegative", "nonegatve", "not neutral"),
        *("p-positive", "很不满意", "untrue", "nogood", "negative not", "0 stars", "6星"),
    ],
)
def test_what_may_say_the_opposite_of_a_label_is_refused(value):
    with pytest.raises(InputRefused, match=value):
        read_labels(pd.Series([value, "positive"]), "x")


def test_a_typing_error_is_read_and_said():
    found, said = read_labels(pd.Series(["postive", "negative"]), "x")
    assert found.tolist() == [1, 0] and "postive" in str(said[0])


def test_labels_that_are_no_sentiment_are_refused():
    with pytest.raises(InputRefused, match="sports"):
        read_labels(pd.Series(["sports", "politics"]), "x")


@pytest.mark.parametrize("columns", [("review", "sentiment"), ("评论", "标签"), ("reveiw", "Lable"), ("what", "label")])
def test_columns_are_found_by_name_or_length(tmp_path, columns):
    path = write(tmp_path / "t.csv", [("a long text of words", 1), ("another text of words", 0)], columns)
    assert read_labelled_texts(path).splits["all"].targets.tolist() == [1, 0]


def test_columns_can_be_named(tmp_path):
    path = write(tmp_path / "t.csv", [("a", "bbbbbbb", 1)], ("x", "y", "z"))
    assert read_labelled_texts(path, {"text": "x", "label": "z"}).splits["all"].texts == ("a",)
    with pytest.raises(InputRefused, match="label=q"):
        read_labelled_texts(path, {"text": "x", "label": "q"})


def test_texts_and_categories_hold_no_personal_data(tmp_path):
    rows = [
        ("call 13800138000, great", 1, "staff wang 13900139000"),
        ("call 13800138001, awful", 0, "staff wang 13900139001"),
        ("mail me@example.org, fine", 1, "a | b\n\n# " + "x" * 300),
        ("nothing in it", 0, None),
    ]
    path = write(tmp_path / "t.csv", rows, ("text", "label", "category"))
    masked, plain = read_masked_texts(path), read_labelled_texts(path)
    texts = masked.splits["all"]
    assert texts.texts == ("call [phone], great", "call [phone], awful", "mail [e-mail], fine", "nothing in it")
    assert texts.sources[:2].tolist() == ["staff wang [phone]"] * 2 and texts.sources[3] == ""
    assert texts.sources[2].startswith("a | b # xxx") and len(texts.sources[2]) == CATEGORY_MAX
    assert masked.fingerprint == plain.fingerprint and "5" in str(masked.notices[-1])
    assert read_masked_texts(write(tmp_path / "u.csv", [("a film", 1)])).notices[1:] == ()


def test_a_table_without_labels_is_refused(tmp_path):
    with pytest.raises(InputRefused, match="label"):
        read_labelled_texts(write(tmp_path / "t.csv", [("some words", "more words")], ("text", "note")))


def test_a_folder_holds_the_parts(tmp_path):
    write(tmp_path / "train_1.csv", [("good one", 1)])
    write(tmp_path / "train_2.csv", [("bad one", 0)])
    write(tmp_path / "test.csv", [("fine", 1)])
    found = read_labelled_texts(tmp_path)
    assert {part: len(texts) for part, texts in found.splits.items()} == {"train": 2, "test": 1}
    assert found.splits["train"].ids.tolist() == ["train/train_1/1", "train/train_2/1"]


def test_an_empty_folder_is_refused(tmp_path):
    with pytest.raises(InputRefused, match=r"texts\.none"):
        read_labelled_texts(tmp_path)


def test_copies_stay_together_and_out_of_the_training(tmp_path):
    rows = [(f"text number {n % 50}{'!' * (n // 50)}", n % 2) for n in range(200)]
    data = divide(read_labelled_texts(write(tmp_path / "t.csv", rows)), 0, SHARES)
    letters = [{text.rstrip("!") for text in data.splits[part].texts} for part in ("train", "validation", "test")]
    assert not letters[0] & letters[1] and not letters[0] & letters[2] and not letters[1] & letters[2]
    assert sum(map(len, letters)) == 50


def test_training_texts_that_stand_in_the_test_are_dropped(tmp_path):
    write(tmp_path / "train.csv", [(f"text {n}", n % 2) for n in range(100)])
    write(tmp_path / "test.csv", [("Text 7.", 1), ("other", 0)])
    data = divide(read_labelled_texts(tmp_path), 0, SHARES)
    assert "text 7" not in data.splits["train"].texts + data.splits["validation"].texts
    assert "1" in str(data.notices[-1])


def test_one_class_is_refused(tmp_path):
    path = write(tmp_path / "t.csv", [(f"text {n}", 1) for n in range(50)])
    with pytest.raises(InputRefused, match=r"texts\.one_class"):
        divide(read_labelled_texts(path), 0, SHARES)


def test_the_fingerprint_tells_other_labels(tmp_path):
    one, other = (write(tmp_path / f"{n}.csv", [("a b", n), ("c d", 1)]) for n in (0, 1))
    assert read_labelled_texts(one).fingerprint != read_labelled_texts(other).fingerprint


def test_slices_hold_fifty_lines_each_in_two_halves():
    data = read_slices()
    names = [name.split(",")[0] for half in HALVES for name in data.splits[half].sources]
    count = dict(zip(*np.unique(names, return_counts=True), strict=True))
    assert set(count) == {"negation", "but", "sarcasm", "emoji", "slang", "mixed"}
    assert min(count.values()) >= 50
    assert abs(len(data.splits["frozen"]) - len(data.splits["development"])) <= 12


def test_cues_bring_both_labels_in_both_languages():
    texts, labels = read_cues()
    assert len(texts) == len(labels) and set(labels) == {0, 1}
    assert {("not good", 0), ("很好用", 1), ("💔", 0)} <= set(zip(texts, labels.tolist(), strict=True))


def test_no_line_of_the_frozen_half_is_a_cue():
    assert not set(read_cues()[0]) & set(read_slices().splits["frozen"].texts)
