"""The bundled sentiment model: small, readable, and as good as its README says."""

import pandas as pd
import pytest

from core.contracts import TextSample
from core.settings import settings
from core.tasks.text_classification.checkpoint import bundled_folder
from core.tasks.text_classification.config import TextClassificationConfig
from core.tasks.text_classification.task import TASK
from core.training.evaluation import load_evaluation
from core.training.run import ListedRun


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
    ],
)
def test_plain_texts_are_read_right(predictor, text, label):
    assert predictor.predict([TextSample("", text, "")])[0].decision == label


@pytest.mark.parametrize(
    "text",
    ["", "?!", "Это очень хороший фильм", "とてもおいしかったです。", "Ich fand den Aufenthalt schrecklich langweilig"],
)
def test_what_it_cannot_read_is_declined(predictor, text):
    assert predictor.predict([TextSample("", text, "")])[0].decision is None


@pytest.mark.slow
def test_it_learns_from_a_few_texts_and_forgets_nothing(tmp_path):
    rows = [(f"the quokka was {'zesty' if n % 2 else 'fusty'} at place {n}", n % 2) for n in range(120)]
    pd.DataFrame(rows, columns=["text", "label"]).to_csv(tmp_path / "new.csv", index=False)
    found = TASK.load(TASK.train(TextClassificationConfig(), tmp_path / "new.csv", ListedRun(tmp_path)), "cpu")
    texts = ("the quokka was zesty", "the quokka was fusty", "服务态度很好", "a boring film")
    answers = found.predict([TextSample("", text, "") for text in texts])
    assert [answer.decision for answer in answers] == ["positive", "negative", "positive", "negative"]


@pytest.mark.data
@pytest.mark.slow
def test_it_beats_the_linear_baseline_on_sst2(predictor):
    evaluation = TASK.evaluate(predictor, settings().data / "sentiment" / "sst2")
    assert evaluation.data.n == 1821 and evaluation.data.split == "test"
    assert evaluation.summary["accuracy"].value > 0.841
    assert evaluation.summary["ece"].value <= 0.03
