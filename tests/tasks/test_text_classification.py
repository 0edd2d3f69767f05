"""Training, checkpoint, answers and explanations on texts made up here."""

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from core.contracts import TextSample
from core.errors import InputRefused, ModelRefused, RunCancelled
from core.tasks.text_classification import fitting, train
from core.tasks.text_classification.answers import answers_of, declined, reason_of
from core.tasks.text_classification.calibrate import fit_calibration
from core.tasks.text_classification.config import TextClassificationConfig
from core.tasks.text_classification.model import LengthCalibration, NgramTable, TextModel, build_table
from core.tasks.text_classification.task import TASK
from core.training.evaluation import load_evaluation
from core.training.run import ListedRun

GOOD = ("good", "great", "lovely", "很好", "喜欢", "漂亮")
BAD = ("bad", "awful", "boring", "很差", "讨厌", "难看")
THINGS = ("the soup is {}", "a {} film", "my room was {} today", "这家店{}", "电影{}极了", "衣服真是{}的")
PLAIN = TextClassificationConfig(pretrained="none", early_stopping=0, cues=1.0)


def frame(n=600):
    generator = np.random.default_rng(0)
    rows = []
    for number in range(n):
        label = number % 2
        word = str(generator.choice(GOOD if label else BAD))
        rows.append((f"{generator.choice(THINGS).format(word)} {number}", label))
    return pd.DataFrame(rows, columns=["text", "label"])


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("texts")
    data = folder / "texts.csv"
    frame().to_csv(data, index=False)
    run = ListedRun(folder)
    return TASK.train(PLAIN, data, run), data, run


@pytest.fixture(scope="module")
def predictor(trained):
    return TASK.load(trained[0], "cpu")


def ask(predictor, text):
    return predictor.predict([TextSample("", text, "")])[0]


@pytest.mark.slow
def test_a_trained_model_tells_the_classes_apart(trained):
    evaluation = load_evaluation(trained[0])
    assert evaluation.summary["accuracy"].value > 0.95
    assert evaluation.data.n == len(evaluation.table["truth"]) > 90
    assert (trained[0] / "card.md").read_text("utf-8").count("{") == 0


def test_the_run_reports_every_step(trained):
    steps = [report for report in trained[2].reports if "validation_loss" in report[3]]
    assert len(steps) > 3 and steps[-1][3]["validation_accuracy"] > 0.9


def test_measuring_the_training_data_again_gives_the_stored_figures(trained, predictor):
    again, stored = TASK.evaluate(predictor, trained[1]), load_evaluation(trained[0])
    assert again.summary == stored.summary
    assert np.array_equal(again.table["scores"], stored.table["scores"])


@pytest.mark.slow
def test_early_stopping_keeps_the_best_step_and_none_the_last(trained, tmp_path):
    steps = {}
    for patience in (1, 0):
        options = TextClassificationConfig(pretrained="none", early_stopping=patience, regularisation=1e-4, steps=30)
        run = ListedRun(tmp_path / str(patience))
        folder = TASK.train(options, trained[1], run)
        losses = [report[3]["validation_loss"] for report in run.reports if "validation_loss" in report[3]]
        steps[patience] = json.loads((folder / "manifest.json").read_text("utf-8"))["figures"]["steps"], losses
    assert steps[0][0] == len(steps[0][1])
    assert steps[1][1][steps[1][0] - 1] == min(steps[1][1])


def test_a_run_adds_to_the_model_that_it_starts_from(trained, tmp_path, monkeypatch):
    monkeypatch.setattr(train, "bundled_folder", lambda: trained[0])
    train.bundled_model.cache_clear()
    rows = [(f"the quokka was {'zesty' if n % 2 else 'fusty'} at place {n}", n % 2) for n in range(120)]
    data = tmp_path / "new.csv"
    pd.DataFrame(rows, columns=["text", "label"]).to_csv(data, index=False)
    try:
        folder = TASK.train(TextClassificationConfig(), data, ListedRun(tmp_path))
    finally:
        train.bundled_model.cache_clear()
    found = TASK.load(folder, "cpu")
    texts = ("the quokka was zesty", "the quokka was fusty", "电影漂亮极了", "a boring film")
    assert [ask(found, text).decision for text in texts] == ["positive", "negative", "positive", "negative"]
    assert json.loads((folder / "manifest.json").read_text("utf-8"))["parent"]


def test_two_runs_with_one_seed_are_the_same(trained, tmp_path):
    again = TASK.train(PLAIN, trained[1], ListedRun(tmp_path))
    assert (again / "model.safetensors").read_bytes() == (trained[0] / "model.safetensors").read_bytes()


def test_a_text_scores_the_same_alone_and_in_a_batch(predictor):
    texts = ["a great film", "", "电影难看极了", "my room was bad today " * 50]
    together = predictor.answers(texts).scores
    assert together == pytest.approx([predictor.answers([text]).scores[0] for text in texts])


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "text.empty"),
        (" \n\t", "text.empty"),
        ("?!...", "text.empty"),
        ("\x00\ud800", "text.empty"),
        ("Очень хороший фильм", "text.language"),
        ("mycket bra mat ikväll älskling", "text.unknown"),
    ],
)
def test_what_cannot_be_read_is_declined_with_the_reason(predictor, text, code):
    answer = ask(predictor, text)
    assert (answer.decision, answer.abstained.code) == (None, code)


def test_a_score_close_to_a_half_is_no_decision(predictor):
    own = predictor.answers(["good"] * 3)
    scores = np.array([0.55, 0.45, 0.61], np.float32)
    found = answers_of(scores, own.domain, own.languages, own.known, own.sizes)
    assert [reason_of(found, place) and reason_of(found, place).code for place in range(3)] == ["text.unsure"] * 2 + [
        None
    ]
    assert declined(found).tolist() == [True, True, False]


def test_declined_in_bulk_is_the_same_as_one_by_one(predictor):
    found = predictor.answers(["", "!!", "good", "bad good", "Привет", "qwertz uiop", "😍", "很好"])
    assert declined(found).tolist() == [reason_of(found, place) is not None for place in range(8)]


@pytest.mark.parametrize(("text", "label"), [("😍", "positive"), ("🤮", "negative"), ("This is GREAT!!", "positive")])
def test_cues_of_our_own_are_known(predictor, text, label):
    assert ask(predictor, text).decision == label


def test_contributions_add_up_to_the_log_odds_and_lie_on_the_text(predictor):
    text = "The soup is great, 但是电影很差 great!"
    found = TASK.explain(predictor, TextSample("", text, ""), "positive", "contributions")
    assert found.residual == pytest.approx(0, abs=1e-9)
    assert expit(found.total) == pytest.approx(float(ask(predictor, text).scores[1]), abs=1e-6)
    words = {text[a:b]: value for a, b, value in zip(found.starts, found.ends, found.contributions, strict=True)}
    assert words["great"] > 0 > words["差"]
    assert found.faithfulness.gain > 0


def test_contributions_to_the_other_label_have_the_other_sign(predictor):
    both = [TASK.explain(predictor, TextSample("", "a bad film", ""), k, "contributions") for k in predictor.labels]
    assert both[0].contributions == pytest.approx(-both[1].contributions)


def test_a_text_without_words_has_no_contributions(predictor):
    found = TASK.explain(predictor, TextSample("", "", ""), "negative", "contributions")
    assert len(found.contributions) == 0 and found.residual == pytest.approx(0)


def test_unknown_methods_are_refused(predictor):
    with pytest.raises(InputRefused, match="guess"):
        TASK.explain(predictor, TextSample("", "good", ""), "positive", "guess")


def test_sentences_are_read_one_by_one(predictor):
    text = "  The soup is great.  My room was awful today! 电影很差。"
    found = predictor.sentences(text)
    assert [text[s.start : s.end] for s in found] == ["The soup is great.", "My room was awful today!", "电影很差。"]
    assert [s.answer.decision for s in found] == ["positive", "negative", "negative"]


def test_a_run_can_be_cancelled(trained, tmp_path):
    run = ListedRun(tmp_path)
    run.stop.set()
    with pytest.raises(RunCancelled):
        TASK.train(PLAIN, trained[1], run)


@pytest.mark.parametrize("change", [{"reading": {}}, {"bias": float("nan")}, {"calibration": {}}, {"task": "x"}])
def test_a_changed_manifest_is_refused(trained, tmp_path, change):
    folder = shutil.copytree(trained[0], tmp_path / "copy")
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    (folder / "manifest.json").write_text(json.dumps(manifest | change), "utf-8")
    with pytest.raises(ModelRefused):
        TASK.load(folder, "cpu")


def test_damaged_weights_are_refused(trained, tmp_path):
    folder = shutil.copytree(trained[0], tmp_path / "copy")
    weights = bytearray((folder / "model.safetensors").read_bytes())
    weights[-1] ^= 1
    (folder / "model.safetensors").write_bytes(weights)
    with pytest.raises(ModelRefused, match=r"model\.checksum"):
        TASK.load(folder, "cpu")


def test_a_table_finds_what_was_put_into_it_and_adds_to_it():
    keys = np.random.default_rng(0).integers(0, 2**64, 200, dtype=np.uint64)
    weights = np.linspace(-1, 1, 200).astype(np.float16)
    table = build_table(keys[:100], weights[:100], np.zeros(100, bool), 20)
    found, known = table.find(keys)
    assert known[:100].all() and not known[100:].any()
    assert np.array_equal(found[:100], weights[:100])
    more = table.with_added(keys[50:150], np.ones(100, np.float32), np.zeros(100, bool))
    assert more.find(keys)[0][[10, 60, 120]] == pytest.approx([weights[10], weights[60] + 1, 1], abs=1e-3)


def test_the_heavier_of_two_for_one_bucket_stays():
    keys = np.array([1, 2], np.uint64)
    found, known = build_table(keys, np.array([3.0, -5.0]), np.zeros(2, bool), 4).find(keys)
    assert known.tolist() == [False, True] and found.tolist() == [0, -5]


def test_a_word_stays_before_heavier_sequences():
    keys = np.array([1, 2], np.uint64)
    _, known = build_table(keys, np.array([0.01, -5.0]), np.array([True, False]), 4).find(keys)
    assert known.tolist() == [True, False]
    table = build_table(keys[1:], np.array([-5.0]), np.array([False]), 4)
    for single in (False, True):
        added = table.with_added(keys[:1], np.array([0.01]), np.array([single]))
        assert added.find(keys)[1].tolist() == [single, not single]


def test_mixed_text_is_calibrated_between_the_languages():
    empty = NgramTable(np.zeros(4, np.uint8), np.zeros(4, np.float16))
    model = TextModel(empty, 1.0, {"en": LengthCalibration(1, 0, 0), "zh": LengthCalibration(4, 0, 1)})
    log_odds = model.log_odds(model.read(["film", "电影", "电影 good 音乐 nice"]))
    assert log_odds == pytest.approx([1, 5, 2.5])


def test_languages_are_fitted_on_their_own_where_there_are_enough_texts(tmp_path, monkeypatch):
    monkeypatch.setattr(fitting, "LEAST", (20, 5))
    data = tmp_path / "texts.csv"
    frame().to_csv(data, index=False)
    run = ListedRun(tmp_path)
    found = TASK.load(TASK.train(TextClassificationConfig(pretrained="none", steps=15), data, run), "cpu")
    first_steps = [report for report in run.reports if report[1:3] == (1, 15) and "validation_loss" in report[3]]
    assert len(first_steps) == 2
    texts = ("a great film", "a boring film", "电影漂亮极了", "这家店很差")
    assert [ask(found, text).decision for text in texts] == ["positive", "negative"] * 2


def test_an_ngram_of_both_languages_gets_the_mean_by_texts():
    parts = [
        fitting.Part(
            np.array(keys, np.uint64), np.array(weights, np.float32), np.array(counts), np.array(single), 0.0, 1, 2
        )
        for keys, weights, counts, single in (
            ([3, 5], [1, 4], [2, 1], [False, True]),
            ([5, 9], [1, 7], [2, 1], [True, False]),
        )
    ]
    keys, weights, single = fitting.merged(parts)
    assert (keys.tolist(), weights.tolist()) == ([3, 5, 9], [1, 2, 7])
    assert single.tolist() == [False, True, False]


def test_the_very_texts_of_another_evaluation_are_measured_and_those_learned_from_are_told(trained, predictor):
    own = load_evaluation(trained[0])
    assert np.array_equal(TASK.evaluate(predictor, trained[1], like=own).table["scores"], own.table["scores"])
    validation = load_evaluation(trained[0] / "validation")
    ids = np.concatenate([own.table["id"][:5], validation.table["id"][:3]])
    found = TASK.evaluate(predictor, trained[1], like=replace(own, table={"id": ids}))
    assert sorted(found.table["id"]) == sorted(ids)
    assert {str(i) for i in found.table["id"][found.table["seen"]]} == {str(i) for i in validation.table["id"][:3]}
    assert "likely too good" in str(found.notices[-1])


def test_texts_of_other_data_are_not_measured_instead(trained, predictor):
    like = replace(load_evaluation(trained[0]), table={"id": np.array(["elsewhere/3"])})
    with pytest.raises(InputRefused, match=r"data\.other_examples"):
        TASK.evaluate(predictor, trained[1], like=like)


def test_many_threads_get_the_answers_of_one(predictor):
    assert predictor.thread_safe
    texts = [f"{thing.format(word)} {number}" for number, thing in enumerate(THINGS) for word in GOOD + BAD]
    with ThreadPoolExecutor(8) as pool:
        alone = list(pool.map(lambda text: float(predictor.answers([text]).scores[0]), texts))
    assert alone == pytest.approx(predictor.answers(texts).scores)


def test_an_architecture_that_is_not_known_is_refused(trained, tmp_path):
    folder = shutil.copytree(trained[0], tmp_path / "copy")
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    (folder / "manifest.json").write_text(json.dumps(manifest | {"architecture": "oracle"}), "utf-8")
    with pytest.raises(ModelRefused, match="oracle"):
        TASK.load(folder, "cpu")


@pytest.mark.parametrize(("n", "moved"), [(60, False), (6000, True)])
def test_a_known_calibration_moves_only_as_far_as_texts_say_so(n, moved):
    generator = np.random.default_rng(0)
    raw, sizes = generator.normal(size=n), np.full(n, 20.0)
    targets = (generator.random(n) < expit(3 * raw + 1)).astype(np.int64)
    found = fit_calibration(raw, sizes, targets, np.ones(n), LengthCalibration(1.0, 0.0, 0.0))
    slope = float(found.slopes(np.array([20.0]))[0])
    assert (abs(slope - 3) < 0.3 and abs(found.shift - 1) < 0.2) == moved
    assert 1 <= slope < 3.3 and 0 < found.shift < 1.2
