"""The baseline: beside every model, and as a model of its own."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pandas as pd
import pytest
from safetensors.numpy import load_file, save_file
from scipy.special import expit
from sklearn.feature_extraction.text import TfidfVectorizer

from core.contracts import TextSample
from core.data.texts import TextSet
from core.errors import InputRefused, ModelRefused, RunCancelled
from core.store.files import sha256_of
from core.tasks.text_classification.config import TextClassificationConfig
from core.tasks.text_classification.task import TASK
from core.tasks.text_classification.tfidf import fit_tfidf, terms_of, tokens_of
from core.tasks.text_classification.tfidf_checkpoint import TfidfPredictor
from core.training.evaluation import load_evaluation
from core.training.run import ListedRun
from core.training.slice_suite import by_slice
from tests.tasks.test_text_classification import PLAIN, frame

CONFIG = TextClassificationConfig(model="tfidf")


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    path = tmp_path_factory.mktemp("texts") / "texts.csv"
    frame().to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def trained(data, tmp_path_factory):
    return TASK.train(CONFIG, data, ListedRun(tmp_path_factory.mktemp("run")))


@pytest.fixture(scope="module")
def predictor(trained):
    return TASK.load(trained, "cpu")


def texts(rows, targets):
    n = len(rows)
    return TextSet(np.arange(n).astype(str), tuple(rows), np.array(targets), np.array([""] * n))


def ask(predictor, text):
    return predictor.predict([TextSample("", text, "")])[0]


def leaky(path):
    """Few texts, so that every term of them gets a weight."""
    rows = []
    for n in range(80):
        word, who = ("great", "li") if n % 2 else ("awful", "wu")
        rows.append((f"{word} thing {n}, 13800138000, me@canary.example", n % 2, f"{who} 1390013900{n % 3}"))
    pd.DataFrame(rows, columns=["text", "label", "category"]).to_csv(path, index=False)
    return path


@pytest.mark.slow
def test_personal_data_are_neither_learned_nor_stored(tmp_path):
    data = leaky(tmp_path / "leak.csv")
    folder = TASK.train(CONFIG, data, ListedRun(tmp_path))
    for file in folder.rglob("*"):
        found = file.read_bytes() if file.is_file() else b""
        assert not any(word in found for word in (b"1380013", b"1390013", b"canary")), file
    own = load_evaluation(folder)
    assert set(own.table["slice.category"]) == {"li [phone]", "wu [phone]"}
    again = TASK.evaluate(TASK.load(folder, "cpu"), data)
    assert again.data == own.data and np.array_equal(again.table["scores"], own.table["scores"])


def test_words_are_read_as_scikit_learn_reads_them():
    text = "It’s not <br />that BAD, is it? ok"
    plain = TfidfVectorizer(ngram_range=(1, 2)).build_analyzer()
    assert sorted(terms_of(text, 0)) == sorted(plain(text.replace("<br />", " ")))


def test_characters_are_read_one_to_four_at_a_time_without_blanks():
    assert terms_of("很 好A", 1) == ["很", "好", "a", "很好", "好a", "很好a"]


def test_tokens_lie_where_they_stand():
    text = "<b>Bad</b>  film 很差"
    assert [text[t.start : t.end] for t in tokens_of(text, 0)] == ["Bad", "film", "很差"]


def test_it_learns_and_says_its_figures(trained, predictor):
    assert isinstance(predictor, TfidfPredictor)
    evaluation = load_evaluation(trained)
    assert evaluation.summary["accuracy"].value > 0.95
    assert not any(name.startswith("other.") for name in evaluation.table)
    manifest = json.loads((trained / "manifest.json").read_text("utf-8"))
    assert manifest["architecture"] == "tfidf" and manifest["others"] == {}
    assert "TF-IDF" in (trained / "card.md").read_text("utf-8")


def test_both_kinds_of_texts_are_told_apart(predictor):
    said = ("a great film", "a boring film", "电影漂亮极了", "这家店很差")
    assert [ask(predictor, text).decision for text in said] == ["positive", "negative"] * 2


@pytest.mark.parametrize(
    ("text", "code"),
    [("", "text.empty"), ("?!", "text.empty"), ("Очень хороший", "text.language"), ("qwertz uiop", "text.unknown")],
)
def test_what_it_cannot_read_is_declined(predictor, text, code):
    assert ask(predictor, text).abstained.code == code


@pytest.mark.parametrize(
    "text", ["The soup is great, <br /> not great at all", "电影很差，差极了 great", "bad", "", "qwertz"]
)
@pytest.mark.parametrize("target", ["negative", "positive"])
def test_contributions_are_exact(predictor, text, target):
    found = TASK.explain(predictor, TextSample("", text, ""), target, "contributions")
    score = ask(predictor, text).scores[predictor.labels.index(target)]
    assert found.residual == pytest.approx(0, abs=1e-9)
    assert expit(found.total) == pytest.approx(float(score), abs=1e-6)


def test_the_words_that_decide_are_named(predictor):
    text = "the soup is awful"
    found = TASK.explain(predictor, TextSample("", text, ""), "negative", "contributions")
    words = {text[a:b]: value for a, b, value in zip(found.starts, found.ends, found.contributions, strict=True)}
    assert max(words, key=words.get) == "awful" and found.faithfulness.gain > 0


@pytest.mark.slow
def test_the_baseline_stands_beside_every_other_model(data, trained, tmp_path):
    folder = TASK.train(PLAIN, data, ListedRun(tmp_path))
    for part in (folder, folder / "validation"):
        other = load_evaluation(part).table["other.tfidf"]
        assert other.min() >= 0 and other.max() <= 1
    own = load_evaluation(trained).table
    mine = load_evaluation(folder).table
    assert np.array_equal(own["id"], mine["id"])
    assert mine["other.tfidf"] == pytest.approx(own["scores"][:, 1], abs=1e-6)
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    accuracy = manifest["others"]["tfidf"]["accuracy"]
    assert accuracy["value"] == pytest.approx(((mine["other.tfidf"] >= 0.5) == mine["truth"]).mean())
    card = (folder / "card.md").read_text("utf-8")
    assert f"| TF-IDF and logistic regression | {accuracy['value']:.4f} |" in card


def test_every_training_measures_the_suite(trained):
    suite = load_evaluation(trained / "suite")
    assert [part.name for part in by_slice(suite)] == ["but", "emoji", "mixed", "negation", "sarcasm", "slang"]
    assert min(part.n for part in by_slice(suite)) >= 50
    assert suite.data.n == len(suite.table["id"]) == sum(part.n for part in by_slice(suite))
    card = (trained / "card.md").read_text("utf-8")
    assert all(f"| {part.name} | {part.n} | {part.accuracy.value:.4f}" in card for part in by_slice(suite))


def test_a_group_without_both_classes_is_not_learned(tmp_path):
    rows = [f"{'good' if n % 2 else 'bad'} film number {n}" for n in range(60)] + ["很好的电影"] * 5
    found = fit_tfidf(texts(rows, [n % 2 for n in range(60)] + [1] * 5), True, ListedRun(tmp_path))
    assert set(found) == {0}


def test_texts_without_a_word_teach_nothing(tmp_path):
    assert fit_tfidf(texts(["!", "?", ".", "-"], [0, 1, 0, 1]), True, ListedRun(tmp_path)) == {}


def test_a_run_on_texts_without_words_says_so(tmp_path):
    rows = [f"{'+' if n % 2 else '-'} {n % 9}" for n in range(200)]
    (tmp_path / "signs.csv").write_text("text,label\n" + "\n".join(f"{t},{n % 2}" for n, t in enumerate(rows)), "utf-8")
    with pytest.raises(InputRefused, match="No word"):
        TASK.train(CONFIG, tmp_path / "signs.csv", ListedRun(tmp_path))


def test_a_run_can_be_cancelled(data, tmp_path):
    run = ListedRun(tmp_path)
    run.stop.set()
    with pytest.raises(RunCancelled):
        TASK.train(CONFIG, data, run)


def changed(trained, folder, tensors=None, **manifest):
    """A copy of the checkpoint with other contents, sealed again."""
    folder = shutil.copytree(trained, folder / "copy")
    if tensors:
        save_file(tensors(load_file(folder / "model.safetensors")), folder / "model.safetensors")
    found = json.loads((folder / "manifest.json").read_text("utf-8")) | manifest
    found["sha256"] = sha256_of(folder / "model.safetensors")
    (folder / "manifest.json").write_text(json.dumps(found), "utf-8")
    return folder


@pytest.mark.parametrize(
    "tensors",
    [
        lambda found: {k: v for k, v in found.items() if k != "words.idf"},
        lambda found: found | {"words.weights": found["words.weights"][1:]},
        lambda found: found | {"words.weights": found["words.weights"] * np.float32(np.nan)},
        lambda found: found | {"words.terms": np.frombuffer(b"a\na\n", np.uint8)},
        lambda found: found | {"conformal.scores": found["conformal.scores"] * np.float32(np.inf)},
    ],
    ids=["missing", "shape", "not a number", "words", "limits"],
)
def test_damaged_tensors_are_refused(trained, tmp_path, tensors):
    with pytest.raises(ModelRefused):
        TASK.load(changed(trained, tmp_path, tensors), "cpu")


@pytest.mark.parametrize("manifest", [{"bias": {"words": "x"}}, {"unknown_limit": float("nan")}, {"calibration": {}}])
def test_a_changed_manifest_is_refused(trained, tmp_path, manifest):
    with pytest.raises(ModelRefused):
        TASK.load(changed(trained, tmp_path, **manifest), "cpu")
