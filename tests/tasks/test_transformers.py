"""Tiny Transformers, fine-tuned for real until they learn: answers, explanations, resuming, what is declined."""

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from core.contracts import TextSample
from core.errors import InputRefused, ModelRefused, RunCancelled
from core.jobs.training import _half_batch
from core.settings import settings
from core.tasks.text_classification import transformer_explain
from core.tasks.text_classification.answers import EMPTY, LANGUAGE, UNDECIDED, UNKNOWN, UNMEASURED
from core.tasks.text_classification.config import TextClassificationConfig
from core.tasks.text_classification.finetune import UNCALIBRATED
from core.tasks.text_classification.pretrained import load_start
from core.tasks.text_classification.sources import ENCODERS, find_source
from core.tasks.text_classification.task import TASK
from core.tasks.text_classification.transformer import TransformerModel, alike
from core.training.evaluation import load_evaluation
from core.training.run import ListedRun
from tests.tasks import tiny_transformers as tiny

pytestmark = pytest.mark.slow  # torch and transformers take seconds to import

TINY = TextClassificationConfig(
    model="transformer", transformer="tiny", tuning="full", epochs=12, learning_rate=2e-3, batch_size=16,
    max_length=32, validation_share=0.2, test_share=0.2, patience=0,
)  # fmt: skip


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """The administrator's folder of models, and a table of texts."""
    folder = tmp_path_factory.mktemp("transformers")
    tiny.write_model(folder / "models" / "tiny")
    tiny.texts().to_csv(folder / "texts.csv", index=False)
    return folder


@pytest.fixture
def models(home, monkeypatch):
    monkeypatch.setenv("VITRINE_MODELS", str(home / "models"))
    settings.cache_clear()
    return home / "models"


@pytest.fixture(scope="module")
def trained(home):
    """A fully tuned checkpoint and its run."""
    run = ListedRun(home / "run")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VITRINE_MODELS", str(home / "models"))
        settings.cache_clear()
        return TASK.train(TINY, home / "texts.csv", run), run


@pytest.fixture(scope="module")
def predictor(trained):
    return TASK.load(trained[0], "cpu")


@pytest.fixture(scope="module")
def learned(home, predictor):
    """What was learned, put back into the hub's layout: a whole model, and the encoder alone."""
    network = predictor.model.module.network
    for name, part in (("learned", network), ("encoder", network.base_model)):
        part.save_pretrained(home / "models" / name)
        for file in ("tokenizer.json", "tokenizer_config.json"):
            shutil.copy(home / "models" / "tiny" / file, home / "models" / name)
    return home / "models"


def samples(*texts):
    return [TextSample("", text, "") for text in texts]


def code_of(answer):
    return answer.abstained.code if answer.abstained else ""


def manifest_of(folder):
    return json.loads((folder / "manifest.json").read_text("utf-8"))


def test_a_fine_tuned_transformer_tells_the_classes_apart(trained):
    evaluation = load_evaluation(trained[0])
    assert evaluation.summary["accuracy"].value > 0.95
    assert evaluation.data.n == len(evaluation.table["truth"]) > 30
    assert "other.tfidf" in evaluation.table
    card = (trained[0] / "card.md").read_text("utf-8")
    assert "{" not in card and "tiny" in card and "regularisation" not in card


def test_the_run_tells_losses_of_every_epoch(trained):
    told = [report[3] for report in trained[1].reports if "validation_loss" in report[3]]
    assert len(told) == TINY.epochs
    assert told[-1]["validation_loss"] < told[0]["validation_loss"] / 4
    assert "calibrate" in trained[1].stages


def test_measuring_again_gives_the_stored_figures(home, trained, predictor):
    again, stored = TASK.evaluate(predictor, home / "texts.csv"), load_evaluation(trained[0])
    np.testing.assert_allclose(again.table["scores"], stored.table["scores"], atol=1e-6)
    assert again.summary["accuracy"] == stored.summary["accuracy"]


def test_the_manifest_says_where_the_weights_are_from_and_what_was_trained(trained):
    manifest = manifest_of(trained[0])
    assert manifest["source"]["name"] == "tiny" and manifest["encoder"] == "bert"
    assert manifest["figures"]["trained"] == manifest["figures"]["parameters"] > 0
    assert manifest["languages"] == ["en"]
    assert manifest["parent"] and "tiny" in manifest["licence"]
    assert "pretrained" not in manifest["config"] and manifest["config"]["tuning"] == "full"
    assert str(trained[0]) not in (trained[0] / "config.json").read_text("utf-8")


def test_head_of_a_learned_encoder_learns_quickly(learned, models, home, tmp_path):
    options = replace(TINY, transformer="encoder", tuning="head", learning_rate=0.05, epochs=6)
    folder = TASK.train(options, home / "texts.csv", ListedRun(tmp_path))
    assert load_evaluation(folder).summary["accuracy"].value > 0.95
    before, after = load_file(learned / "encoder" / "model.safetensors"), load_file(folder / "model.safetensors")
    same = [name for name in before if name.startswith("encoder.")]
    assert same and all(torch.equal(before[name], after[f"net.bert.{name}"].float()) for name in same)


def test_lora_learns_with_few_weights_and_is_merged_into_the_others(home, models, tmp_path):
    options = replace(TINY, tuning="lora", learning_rate=1e-2)
    folder = TASK.train(options, home / "texts.csv", ListedRun(tmp_path))
    figures = manifest_of(folder)["figures"]
    assert load_evaluation(folder).summary["accuracy"].value > 0.9
    assert 0 < figures["trained"] < figures["parameters"]
    before, after = load_file(models / "tiny" / "model.safetensors"), load_file(folder / "model.safetensors")
    assert {f"net.{name}" for name in before} | {"conformal.scores"} == set(after)
    embedding = "bert.embeddings.word_embeddings.weight"
    torch.testing.assert_close(before[embedding], after[f"net.{embedding}"].float(), atol=1e-4, rtol=1e-3)
    name = "bert.encoder.layer.0.attention.self.query.weight"
    assert float((before[name] - after[f"net.{name}"].float()).abs().max()) > 1e-2


def test_a_transformer_is_taken_as_it_is(learned, models, home, tmp_path, predictor):
    folder = TASK.train(replace(TINY, transformer="learned", tuning="none"), home / "texts.csv", ListedRun(tmp_path))
    assert manifest_of(folder)["figures"]["trained"] == 0
    assert load_evaluation(folder).summary["accuracy"].value > 0.95
    text = samples("what a lovely day")
    taken = TASK.load(folder, "cpu").predict(text)[0]
    assert taken.decision == predictor.predict(text)[0].decision == "positive"


def test_without_training_a_last_layer_of_its_own_is_needed(learned, models, home, tmp_path):
    with pytest.raises(ModelRefused) as refused:
        TASK.train(replace(TINY, transformer="encoder", tuning="none"), home / "texts.csv", ListedRun(tmp_path))
    assert refused.value.code in ("model.keys", "model.polarity")


def test_a_cancelled_run_ends_at_once(home, models, tmp_path):
    run = ListedRun(tmp_path)
    run.stop.set()
    with pytest.raises(RunCancelled):
        TASK.train(TINY, home / "texts.csv", run)
    assert not (tmp_path / "checkpoint").exists()


def test_a_resumed_run_ends_with_the_weights_of_one_that_was_not_interrupted(home, models, tmp_path):
    class Ends(ListedRun):
        def report(self, step, total, **metrics):
            super().report(step, total, **metrics)
            if metrics.get("epoch") == 2:
                self.stop.set()

    options = replace(TINY, tuning="lora", epochs=4, learning_rate=1e-2)
    whole = TASK.train(options, home / "texts.csv", ListedRun(tmp_path / "whole"))
    with pytest.raises(RunCancelled):
        TASK.train(options, home / "texts.csv", Ends(tmp_path / "halved"))
    halved = TASK.train(options, home / "texts.csv", ListedRun(tmp_path / "halved"))
    first, second = (load_file(folder / "model.safetensors") for folder in (whole, halved))
    assert all(torch.equal(first[name], second[name]) for name in first)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", EMPTY),
        (" \n ", EMPTY),
        ("很好", UNMEASURED),
        ("房间很干净 but the day", UNMEASURED),
        ("здравствуйте мир", LANGUAGE),
        ("\u20ac\u20ac \u2211 \u2202", EMPTY),
        ("what a lovely day", ""),
        ("what a lovely\ud83d day", ""),
        ("what <b>a</b> lovely day<br />", ""),
    ],
)
def test_what_cannot_be_answered_is_declined_in_words(predictor, text, code):
    assert code_of(predictor.predict(samples(text))[0]) == code


def test_a_text_about_special_tokens_is_ordinary_text(predictor):
    """A filling in the middle of a text would hide the rest of it from the network."""
    plain, marked = predictor.predict(samples("what a lovely day", "what a lovely day [PAD] [SEP] [CLS]"))
    assert plain.scores[1] > 0.9
    found = predictor.model.tokens.encode(["[PAD] good"])[0].ids
    assert found.count(predictor.model.tokens.pad) == 0
    assert code_of(marked) in ("", UNKNOWN)


def test_answers_do_not_depend_on_the_other_texts_of_a_batch(predictor):
    texts = ["what a lovely day", "a bad film " * 9, "the soup is awful", "", "x"] * 7
    together = predictor.answers(texts)
    alone = np.array([predictor.answers([text]).scores[0] for text in texts])
    np.testing.assert_allclose(together.scores, alone, atol=1e-5)
    assert predictor.answers([]).scores.shape == (0,)


def test_rows_of_like_lengths_come_together_and_all_of_them():
    lengths = np.random.default_rng(0).integers(1, 512, 3000).tolist()
    batches = list(alike(lengths))
    assert sorted(np.concatenate(batches).tolist()) == list(range(3000))
    filled = sum(len(batch) * max(lengths[row] for row in batch) for batch in batches)
    assert filled < 1.1 * sum(lengths)


def test_of_a_long_text_the_beginning_is_read_and_it_is_said_how_much(predictor, home, models, tmp_path):
    short, long = "what a lovely day", "what a lovely day " * 40 + "bad " * 400
    whole, part = predictor.shares_read([short, long])
    assert whole == 1.0 and 0.04 < part < 0.06  # 30 of 560 tokens
    (none, said) = predictor.remarks(samples(short, long))
    assert none == () and "5%" in str(said[0])
    found = predictor.answers([long, "what a lovely day " * 40])
    assert found.scores[0] == pytest.approx(found.scores[1])
    explained = TASK.explain(predictor, samples(long)[0], "positive", "integrated_gradients")
    assert not explained.contributions[-400:].any() and explained.contributions[:20].any()
    folder = TASK.train(replace(TINY, epochs=1, max_length=8), home / "texts.csv", ListedRun(tmp_path))
    assert manifest_of(folder)["figures"]["cut"] > 0


@pytest.mark.parametrize("method", transformer_explain.METHODS)
@pytest.mark.parametrize(("word", "target"), [("lovely", "positive"), ("awful", "negative")])
def test_the_deciding_word_has_the_largest_contribution(predictor, method, word, target):
    text = f"she said the {word} soup was in my room today."
    found = TASK.explain(predictor, samples(text)[0], target, method)
    words = [text[start:end] for start, end in zip(found.starts, found.ends, strict=True)]
    assert words[int(found.contributions.argmax())] == word
    assert found.total > 0 and found.method == method
    if target == "positive":  # without a word of praise this model says negative, whatever else is struck out
        assert found.faithfulness.gain > 0.1
    if method == "integrated_gradients":
        assert abs(found.residual) < 0.1 * abs(found.total - found.base)
    other = TASK.explain(predictor, samples(text)[0], "positive" if target == "negative" else "negative", method)
    np.testing.assert_allclose(other.contributions, -found.contributions, atol=1e-4)


def test_gradients_of_a_network_that_is_very_sure_still_add_up(predictor):
    """Its score jumps within a hundredth of the way, where evenly spread points miss it."""
    text = "what a lovely day. She said the soup was awful. " * 3
    found = TASK.explain(predictor, samples(text)[0], "positive", "integrated_gradients")
    assert abs(found.total - found.base) > 1
    assert abs(found.residual) < 0.1 * abs(found.total - found.base)


def test_neighbours_are_struck_out_together_in_a_long_text(predictor, monkeypatch):
    monkeypatch.setattr(transformer_explain, "STRUCK_MOST", 5)
    (sample,) = samples("she said the lovely soup was in my room today.")
    found = TASK.explain(predictor, sample, "positive", "occlusion")
    assert len(found.contributions) == 11
    assert len(np.unique(found.contributions.round(9))) <= 5


@pytest.mark.parametrize("method", transformer_explain.METHODS)
def test_a_text_without_words_has_nothing_to_explain(predictor, method):
    found = TASK.explain(predictor, samples("")[0], "positive", method)
    assert len(found.contributions) == 0 and found.faithfulness is None
    assert found.total == pytest.approx(found.base, abs=1e-5)


def test_a_method_of_another_architecture_is_refused(predictor):
    with pytest.raises(InputRefused) as refused:
        TASK.explain(predictor, samples("good")[0], "positive", "contributions")
    assert "integrated_gradients" in str(refused.value.hint)


def test_explaining_does_not_disturb_who_asks_at_the_same_time(predictor):
    texts = ["what a lovely day", "the soup is awful"] * 20
    calm = predictor.answers(texts).scores
    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(predictor.answers, texts) for _ in range(8)]
        explained = [
            pool.submit(TASK.explain, predictor, samples("a boring film")[0], "negative", "integrated_gradients")
            for _ in range(8)
        ]
        assert all(np.allclose(one.result().scores, calm, atol=1e-5) for one in asked)
        first = explained[0].result().contributions
        assert all(np.allclose(one.result().contributions, first, atol=1e-4) for one in explained)


@pytest.mark.parametrize("kind", ENCODERS)
def test_every_kind_of_encoder_reads_and_explains(kind, tmp_path, monkeypatch):
    monkeypatch.setenv("VITRINE_MODELS", str(tmp_path))
    tiny.write_model(tmp_path / "one", kind)
    start = load_start(find_source("one"), 64, tuned=False)
    model = TransformerModel(start.module, start.tokens, UNCALIBRATED, "cpu")
    texts = ["what a lovely day", "bad " * 80, "the soup is awful and my room was good today"]
    together, alone = model.read(texts).raw, np.array([model.read([text]).raw[0] for text in texts])
    np.testing.assert_allclose(together, alone, atol=1e-5)
    assert len(np.unique(together)) == 3
    found = transformer_explain.explain(model, texts[2], "positive", "integrated_gradients")
    assert found.contributions.any()
    assert abs(found.residual) < max(0.1 * abs(found.total - found.base), 0.02)


def test_a_neutral_label_means_undecided(tmp_path, monkeypatch):
    monkeypatch.setenv("VITRINE_MODELS", str(tmp_path))
    tiny.write_model(tmp_path / "three", names={0: "negative", 1: "neutral", 2: "positive"})
    start = load_start(find_source("three"), 64, tuned=False)
    with torch.no_grad():
        start.module.network.classifier.weight.zero_()
        start.module.network.classifier.bias.copy_(torch.tensor([0.0, 3.0, 1.0]))
    reading = TransformerModel(start.module, start.tokens, UNCALIBRATED, "cpu").read(["what a day"])
    assert reading.raw[0] == pytest.approx(1.0)
    assert reading.neutral[0] == pytest.approx(np.exp(3) / (1 + np.exp(3) + np.exp(1)))
    sides = load_start(find_source("three"), 64, tuned=True).module.sides
    assert (sides.negative, sides.neutral, sides.positive) == ((0,), (), (2,))


def test_memory_that_ran_out_is_tried_again_with_half_a_batch_where_there_are_batches():
    assert _half_batch(TINY).batch_size == 8
    assert _half_batch(replace(TINY, tuning="none")) is None
    assert _half_batch(replace(TINY, model="ngrams")) is None


def test_where_neutral_prevails_no_decision_is_given(trained, tmp_path, monkeypatch):
    found = TASK.load(trained[0], "cpu")
    reading = found.model.read(["what a lovely day", "what a lovely day"])
    monkeypatch.setattr(type(found.model), "read", lambda self, texts: replace(reading, neutral=np.array([0.9, 0.1])))
    assert [code_of(answer) for answer in found.predict(samples("a", "b"))] == [UNDECIDED, ""]
