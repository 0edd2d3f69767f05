"""Corrections join the training texts of a run, in the place of the texts that they are of, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from core.data.texts import LABELS, LabelledTexts, TextSet
from core.errors import StoreError
from core.intake.personal import mask
from core.tasks.text_classification.config import TextClassificationConfig
from core.tasks.text_classification.corrections import Joined, join_corrections
from core.tasks.text_classification.task import TASK
from core.training.evaluation import load_evaluation
from core.training.run import CORRECTIONS, ListedRun
from tests.tasks.test_text_classification import PLAIN, frame

PRIVATE = "Ask for Li at 13800138000, the room was fine"


def part(texts: list[str], labels: list[int], sources: list[str] | None = None) -> TextSet:
    n = len(texts)
    named = np.array(sources or [""] * n)
    return TextSet(np.array([f"row/{k}" for k in range(n)]), tuple(texts), np.array(labels, np.int64), named)


def small() -> LabelledTexts:
    splits = {
        "train": part(["good soup", PRIVATE, "bad film", "Bad film!"], [1, 1, 0, 0], ["food", "stay", "film", "film"]),
        "validation": part(["held back"], [1]),
        "test": part(["Measured: call 13900139000"], [0]),
    }
    return LabelledTexts("small", splits, "f" * 64)


def keep(folder: Path, label: str, name: str, text: str) -> None:
    """As `feedback.training_folder` lays corrections out."""
    place = folder / CORRECTIONS / label
    place.mkdir(parents=True, exist_ok=True)
    document = {"schema": 1, "text": mask(text).text, "masked": dict(mask(text).found)}
    (place / f"{name}.text").write_text(json.dumps(document), encoding="utf-8")


def joined(tmp_path: Path) -> tuple[LabelledTexts, Joined | None]:
    return join_corrections(small(), ListedRun(tmp_path))


def test_corrections_take_the_place_of_their_texts(tmp_path: Path) -> None:
    keep(tmp_path, "negative", "b", PRIVATE.upper())
    keep(tmp_path, "Positive", "a", "bad film")
    keep(tmp_path, "positive", "c", "something new")
    data, told = joined(tmp_path)
    train = data.splits["train"]
    assert told == Joined(3, {})
    assert train.texts == ("good soup", "bad film", mask(PRIVATE.upper()).text, "something new")
    assert [LABELS[k] for k in train.targets] == ["positive", "positive", "negative", "positive"]
    assert list(train.ids[1:]) == ["correction/a", "correction/b", "correction/c"]
    assert set(train.sources[1:]) == {"film"}, "they count like texts of the most common source"
    assert data.splits["test"].texts == small().splits["test"].texts


def test_measured_texts_and_unknown_labels_are_left_out(tmp_path: Path) -> None:
    keep(tmp_path, "positive", "a", "HELD, back")
    keep(tmp_path, "positive", "b", "measured call 13900139000!")
    keep(tmp_path, "neutral", "c", "something else")
    data, told = joined(tmp_path)
    assert told == Joined(0, {"measured": 2, "label": 1})
    assert data.splits["train"].texts == small().splits["train"].texts


def test_run_without_corrections_is_as_it_was(tmp_path: Path) -> None:
    data, told = join_corrections("untouched", ListedRun(tmp_path))  # type: ignore[arg-type]
    assert data == "untouched" and told is None


def test_damaged_correction_ends_the_run_in_words(tmp_path: Path) -> None:
    keep(tmp_path, "positive", "a", "x")
    (tmp_path / CORRECTIONS / "positive" / "a.text").write_text("{", encoding="utf-8")
    with pytest.raises(StoreError, match="kept text"):
        joined(tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("config", [PLAIN, TextClassificationConfig(model="tfidf")], ids=["ngrams", "tfidf"])
def test_training_learns_from_corrections_and_says_so(tmp_path: Path, config: TextClassificationConfig) -> None:
    data = tmp_path / "texts.csv"
    frame().to_csv(data, index=False)
    for number in range(12):
        keep(tmp_path, "positive", f"n{number}", f"this soup is quokkalicious, visit {number}")
    keep(tmp_path, "neutral", "odd", "a film")
    folder = TASK.train(config, data, ListedRun(tmp_path))
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    assert manifest["data"]["corrections"] == 12
    assert manifest["data"]["corrections_left_out"] == {"label": 1}
    assert "corrections by visitors among the training texts: 12, left out: label 1" in (folder / "card.md").read_text(
        "utf-8"
    )
    evaluation = load_evaluation(folder)
    assert evaluation is not None and not any("correction" in str(name) for name in evaluation.table["id"])
    plain = TASK.train(config, data, ListedRun(tmp_path / "without"))
    scores = [float(TASK.load(each, "cpu").answers(["quokkalicious"]).scores[0]) for each in (plain, folder)]
    assert scores[1] > scores[0] + 0.1
