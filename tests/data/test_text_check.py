"""The check of labelled texts before a training: counts, copies, labels, leaks."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from core.data.text_check import TextReport, check_texts, spread
from core.data.texts import read_labelled_texts
from core.errors import InputRefused
from core.serving.texts import languages

SHARES = {"validation": 0.1, "test": 0.2}
WORDS = ["sea", "hill", "road", "tree", "house", "cloud", "river", "stone", "field", "light", "wind", "rain", "sand"]
WORDS += ["snow", "lake"]


def line(number: int) -> str:
    """One of many different texts."""
    return " ".join(WORDS[(number * step + step) % len(WORDS)] for step in (1, 2, 4, 7)) + f" {number}"


def rows(n: int = 200, **more: str) -> list[tuple[str, str]]:
    label = {0: "negative", 1: "positive"}
    return [(f"{more.get(label[i % 2], '')}{line(i)}", label[i % 2]) for i in range(n)]


def checked(folder: Path, texts: list[tuple[str, object]] | list[tuple[str, str]], name: str = "a.csv") -> TextReport:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    pd.DataFrame(texts, columns=["text", "label"]).to_csv(path, index=False)
    data = read_labelled_texts(path if name == "a.csv" else path.parent)
    texts = [text for part in data.splits.values() for text in part.texts]
    spoken = languages([texts[place] for place in spread(len(texts))])
    return check_texts(data, spoken, SHARES, 0)


def said(messages: tuple[object, ...]) -> str:
    return " ".join(map(str, messages))


def test_sound_texts_are_counted_and_nothing_is_said(tmp_path: Path) -> None:
    report = checked(tmp_path, [*rows(), ("房间很干净，服务也好", "positive")])
    assert report.counts == {"all": {"negative": 100, "positive": 101}}
    assert report.languages == {"en": pytest.approx(200 / 201), "zh": pytest.approx(1 / 201)}
    assert (report.copies, report.contradictions, report.copies_across, report.short) == (0, 0, 0, 0)
    assert report.lengths[0] == 10
    assert report.warnings == report.blocking == report.notices == ()


def test_copies_are_counted_whatever_their_case_and_signs(tmp_path: Path) -> None:
    report = checked(tmp_path, [*rows(), (line(0).upper() + "!", "negative"), (line(1), "negative")])
    assert (report.copies, report.contradictions) == (1, 1)
    assert "another label" in said(report.warnings)


def test_copies_across_parts_are_counted(tmp_path: Path) -> None:
    checked(tmp_path, rows(), "set/train.csv")
    report = checked(tmp_path, [*rows(10), ("new text here", "positive")], "set/test.csv")
    assert report.copies_across == 10
    assert set(report.counts) == {"train", "test"}


@pytest.mark.parametrize(
    ("texts", "word"),
    [
        ([(line(i), "positive") for i in range(50)], "only one class"),
        (rows(18), "9 different texts"),
        ([(line(i % 3), ("negative", "positive")[i % 2]) for i in range(60)], "3 different texts"),
        (rows(20), "not both classes"),
    ],
)
def test_what_nothing_can_be_learned_from_is_blocked(tmp_path: Path, texts: list[tuple[str, str]], word: str) -> None:
    assert word in said(checked(tmp_path, texts).blocking)


def test_few_texts_and_unequal_classes_are_warned_of(tmp_path: Path) -> None:
    assert "One class has 40 texts" in said(checked(tmp_path, rows(80)).warnings)
    many = [*rows(30), *((line(1000 + i), "positive") for i in range(400))]
    assert "one class has 28 times" in said(checked(tmp_path, many).warnings)


def test_a_typing_error_in_a_label_is_said_and_a_strange_one_refused(tmp_path: Path) -> None:
    report = checked(tmp_path, [*rows(), ("a text of its own", "postive")])
    assert "postive" in said(report.notices)
    assert report.counts["all"]["positive"] == 101
    with pytest.raises(InputRefused, match="sports"):
        checked(tmp_path, [*rows(), ("a text of its own", "sports")])


def test_rows_that_cannot_be_used_are_counted(tmp_path: Path) -> None:
    report = checked(tmp_path, [*rows(), ("", "positive"), ("  ", "negative"), ("so so text", "neutral"), ("more", "")])
    assert "without a text, which were left out: 2" in said(report.notices)
    assert "neutral or carry no label, which were left out: 2" in said(report.notices)


@pytest.mark.parametrize(
    ("more", "word"),
    [
        ({"positive": "positive: ", "negative": "negative: "}, "positive"),
        ({"positive": "[POS] "}, "[pos]"),
        ({"negative": "差评 "}, "差评"),
        ({"negative": "x" * 90 + " "}, "length"),
    ],
)
def test_a_label_inside_the_text_is_found(tmp_path: Path, more: dict[str, str], word: str) -> None:
    assert word in said(checked(tmp_path, rows(**more)).warnings)


def test_short_texts_and_other_scripts_are_warned_of(tmp_path: Path) -> None:
    short = [(WORDS[i % 15] + "!" * (i // 15), ("negative", "positive")[i % 2]) for i in range(60)]
    assert "fewer than 2 words" in said(checked(tmp_path, [*rows(), *short]).warnings)
    other = [(f"очень хороший фильм номер {line(i)[-2:]} и ещё", "positive") for i in range(30)]
    report = checked(tmp_path, [*rows(), *other])
    assert "13% of the texts are in a language other than" in said(report.warnings)


@pytest.mark.data
@pytest.mark.slow
@pytest.mark.parametrize("name", ["imdb", "sst2", "chnsenticorp", "online_shopping_10_cats"])
def test_public_sets_give_no_false_alarm_of_a_leak(data_folder: Path, name: str) -> None:
    data = read_labelled_texts(data_folder / "sentiment" / name)
    report = check_texts(data, (), SHARES, 0)
    assert report.blocking == ()
    assert "most texts of one class" not in said(report.warnings) and "length" not in said(report.warnings)
    assert report.copies_across == {"chnsenticorp": 335 + 342}.get(name, report.copies_across)
