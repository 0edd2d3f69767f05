"""The bundled sentiment model: small, readable, and as good as its README says."""

import json

import numpy as np
import pandas as pd
import pytest

from core.contracts import TextSample
from core.settings import ROOT, settings
from core.tasks.text_classification.checkpoint import bundled_folder
from core.tasks.text_classification.config import TextClassificationConfig
from core.tasks.text_classification.task import TASK
from core.training.evaluation import SUITE, load_evaluation
from core.training.run import ListedRun
from core.training.slice_suite import by_slice, suite_check


@pytest.fixture(scope="module")
def predictor():
    return TASK.load(bundled_folder(), "cpu")


def test_it_is_small_and_measured():
    assert sum(file.stat().st_size for file in bundled_folder().rglob("*") if file.is_file()) < 15 * 2**20
    assert load_evaluation(bundled_folder()).summary["ece"].value <= 0.03


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("The staff were friendly and the food was delicious.", "positive"),
        ("It broke after two days and nobody answered my emails.", "negative"),
        ("服务态度很好，房间也干净。", "positive"),
        ("质量太差了，用了两天就坏了。", "negative"),
        ("客服 response 很快，very helpful", "positive"),
        ("😍👍", "positive"),
        ("🤮👎", "negative"),
        (":)", "positive"),
        (":( :(", "negative"),
        ("10/10!!", "positive"),
        ("1/10", "negative"),
    ],
)
def test_plain_texts_are_read_right(predictor, text, label):
    assert predictor.predict([TextSample("", text, "")])[0].decision == label


@pytest.mark.parametrize(
    "text",
    [
        "",
        "?!",
        "!!!",
        "。。。",
        "12/10/2020",
        "24/7",
        "100",
        "Это очень хороший фильм",
        "とてもおいしかったです。",
        "Ich fand den Aufenthalt schrecklich langweilig",
    ],
)
def test_what_it_cannot_read_is_declined(predictor, text):
    assert predictor.predict([TextSample("", text, "")])[0].decision is None


@pytest.mark.slow
def test_it_learns_from_a_few_texts_and_forgets_nothing(tmp_path):
    rows = [(f"the quokka was {'zesty' if n % 2 else 'fusty'} at place {n}", n % 2) for n in range(120)]
    pd.DataFrame(rows, columns=["text", "label"]).to_csv(tmp_path / "new.csv", index=False)
    folder = TASK.train(TextClassificationConfig(), tmp_path / "new.csv", ListedRun(tmp_path))
    found = TASK.load(folder, "cpu")
    texts = ("the quokka was zesty", "the quokka was fusty", "服务态度很好", "a boring film")
    answers = found.predict([TextSample("", text, "") for text in texts])
    assert [answer.decision for answer in answers] == ["positive", "negative", "positive", "negative"]
    before, after = (load_evaluation(place / SUITE) for place in (bundled_folder(), folder))
    assert suite_check(before, after).result == "pass"
    assert after.table["scores"] == pytest.approx(before.table["scores"], abs=0.05)


@pytest.mark.data
@pytest.mark.slow
def test_it_beats_the_linear_baseline_on_sst2(predictor):
    evaluation = TASK.evaluate(predictor, settings().data / "sentiment" / "sst2")
    assert evaluation.data.n == 1821 and evaluation.data.split == "test"
    assert evaluation.summary["accuracy"].value > 0.841
    assert evaluation.summary["ece"].value <= 0.03


def test_its_suite_and_its_baseline_are_stored_with_it():
    suite, test = load_evaluation(bundled_folder() / SUITE), load_evaluation(bundled_folder())
    again = TASK.suite(TASK.load(bundled_folder(), "cpu"))
    assert np.array_equal(suite.table["prediction"], again.table["prediction"])
    assert suite.data == again.data and min(part.n for part in by_slice(suite)) >= 50
    assert {"other.tfidf"} <= test.table.keys() & load_evaluation(bundled_folder() / "validation").table.keys()
    category, right = test.table["slice.category"], test.table["truth"] == test.table["prediction"]
    published = json.loads((ROOT / "docs" / "results" / "sentiment.json").read_text("utf-8"))
    for name in np.unique(category):
        assert right[category == name].mean() == pytest.approx(published[name]["accuracy"]["value"])
