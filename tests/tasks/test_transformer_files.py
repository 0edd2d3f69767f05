"""Files of Transformers that are whole, and those that are refused in words: nothing is guessed and no code is run."""

import json
import shutil

import pytest
import torch
from safetensors.torch import load_file, save_file
from tokenizers import pre_tokenizers
from transformers import RobertaConfig, RobertaForSequenceClassification

from core.data.texts import divide, read_labelled_texts
from core.errors import InputRefused, ModelRefused
from core.settings import settings
from core.store.files import sha256_of
from core.tasks.text_classification.config import TextClassificationConfig, transformers_here
from core.tasks.text_classification.finetune import train_checkpoint
from core.tasks.text_classification.polarity import Sides, sides_of
from core.tasks.text_classification.pretrained import load_start
from core.tasks.text_classification.sources import find_source, own_models
from core.tasks.text_classification.task import TASK
from core.training.run import ListedRun
from tests.tasks import tiny_transformers as tiny

pytestmark = pytest.mark.slow  # torch and transformers take seconds to import


@pytest.fixture
def models(tmp_path, monkeypatch):
    monkeypatch.setenv("VITRINE_MODELS", str(tmp_path))
    settings.cache_clear()
    return tmp_path


@pytest.fixture
def model(models):
    return tiny.write_model(models / "tiny")


def load(tuned=False):
    return load_start(find_source("tiny"), 64, tuned)


def change(path, **values):
    said = json.loads(path.read_text("utf-8"))
    path.write_text(json.dumps(said | values))


def spoil_weight(folder, name, value):
    change_weights(folder, lambda tensors: tensors[name].fill_(value))


def lose_weight(folder, name):
    change_weights(folder, lambda tensors: tensors.pop(name))


def change_weights(folder, change):
    path = folder / "model.safetensors"
    tensors = load_file(path)
    change(tensors)
    save_file(tensors, path, {"format": "pt"})


def test_a_whole_folder_is_loaded_weight_by_weight(model):
    start = load()
    stored = load_file(model / "model.safetensors")
    found = start.module.network.state_dict()
    assert set(stored) == set(found) and all(torch.equal(stored[name], found[name]) for name in stored)
    assert start.fresh == frozenset() and start.tokens.limit == 64
    assert (start.source.name, start.source.revision, start.source.kind) == ("tiny", "", "bert")


@pytest.mark.parametrize(
    "files", [("vocab.txt",), ("tokenizer.json",)], ids=["vocabulary alone", "tokenizer.json alone"]
)
def test_either_form_of_a_tokenizer_is_enough(model, files):
    (model / "tokenizer.json").rename(model / "kept")
    (model / "tokenizer_config.json").unlink()
    if files == ("vocab.txt",):
        (model / "vocab.txt").write_text("\n".join(tiny.VOCABULARY) + "\n", encoding="utf-8")
        (model / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "BertTokenizer"}))
    else:
        (model / "kept").rename(model / "tokenizer.json")
    ids = load().tokens.encode(["what a lovely day"])[0].ids
    assert ids == [2, *(tiny.VOCABULARY.index(word) for word in ["what", "a", "lovely", "day"]), 3]


def test_an_older_repository_with_a_vocabulary_and_no_class_of_its_tokenizer_is_read(models):
    folder = tiny.write_model(models / "tiny", "distilbert")
    (folder / "tokenizer.json").unlink()
    (folder / "vocab.txt").write_text("\n".join(tiny.VOCABULARY) + "\n", encoding="utf-8")
    (folder / "tokenizer_config.json").write_text('{"model_max_length": 512, "do_lower_case": true}')
    assert load().tokens.encode(["What a DAY"])[0].tokens == ["[CLS]", "what", "a", "day", "[SEP]"]


def test_a_vocabulary_of_bytes_is_read(models):
    folder = tiny.write_model(models / "tiny", "roberta")
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (folder / name).unlink()
    marks = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    pieces = [*marks, *sorted(pre_tokenizers.ByteLevel.alphabet()), "Ġa", "ay", "Ġday"]
    (folder / "vocab.json").write_text(json.dumps({piece: place for place, piece in enumerate(pieces)}))
    (folder / "merges.txt").write_text("#version: 0.2\nĠ a\na y\n")
    config = RobertaConfig(
        vocab_size=len(pieces), hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=64,
        max_position_embeddings=66, id2label=tiny.NAMES, label2id={name: k for k, name in tiny.NAMES.items()},
    )  # fmt: skip
    RobertaForSequenceClassification(config).save_pretrained(folder)
    start = load()
    found = start.tokens.encode(["a day 很"])[0]
    assert found.tokens[0] == "<s>" and found.tokens[-1] == "</s>" and "ay" in found.tokens
    assert (start.tokens.pad, start.tokens.limit) == (1, 64)
    assert max(end for _, end in found.offsets) == 7


def test_weights_in_several_files_are_read(model):
    tensors = load_file(model / "model.safetensors")
    names = sorted(tensors)
    parts = {"model-00001-of-00002.safetensors": names[::2], "model-00002-of-00002.safetensors": names[1::2]}
    for file, part in parts.items():
        save_file({name: tensors[name] for name in part}, model / file, {"format": "pt"})
    index = {"metadata": {}, "weight_map": {name: file for file, part in parts.items() for name in part}}
    (model / "model.safetensors.index.json").write_text(json.dumps(index))
    (model / "model.safetensors").unlink()
    assert set(load().module.network.state_dict()) == set(names)


@pytest.mark.parametrize(
    ("names", "sides"),
    [
        ({0: "NEGATIVE", 1: "POSITIVE"}, Sides((0,), (1,))),
        ({0: "positive", 1: "neutral", 2: "negative"}, Sides((2,), (0,), (1,))),
        ({k: f"{k + 1} star{'s' * (k > 0)}" for k in range(5)}, Sides((0, 1), (3, 4), (2,))),
        (dict(enumerate(["Very Negative", "Negative", "Neutral", "Positive"])), Sides((0, 1), (3,), (2,))),
        ({0: "negative (stars 1, 2 and 3)", 1: "positive (stars 4 and 5)"}, Sides((0,), (1,))),
        ({0: "负面", 1: "正面"}, Sides((0,), (1,))),
        ({0: "LABEL_0", 1: "LABEL_1"}, None),
        ({0: "joy", 1: "anger", 2: "positive", 3: "negative"}, None),
        ({0: "positive", 1: "neutral"}, None),
    ],
)  # fmt: skip
def test_labels_say_the_sides_by_their_names(names, sides):
    assert sides_of(names) == sides


def test_labels_that_say_nothing_are_refused_unless_they_are_trained(models):
    tiny.write_model(models / "tiny", names={0: "LABEL_0", 1: "LABEL_1", 2: "LABEL_2"})
    with pytest.raises(ModelRefused) as refused:
        load()
    assert refused.value.code == "model.polarity" and "LABEL_0" in str(refused.value.message)
    start = load(tuned=True)
    assert start.module.network.classifier.out_features == 2
    assert start.fresh == {"classifier.weight", "classifier.bias"}


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda folder: (folder / "config.json").unlink(), "model.hub_config"),
        (lambda folder: (folder / "config.json").write_text("[1"), "model.hub_config"),
        (lambda folder: (folder / "config.json").write_text("[1]"), "model.hub_config"),
        (lambda folder: (folder / "config.json").write_text(" " * (2**20 + 1)), "model.hub_config"),
        (lambda folder: change(folder / "config.json", model_type="gpt2"), "model.architecture"),
        (lambda folder: change(folder / "config.json", model_type=None), "model.architecture"),
        (lambda folder: change(folder / "config.json", model_type=["bert"]), "model.architecture"),
        (lambda folder: change(folder / "config.json", hidden_size="wide"), "model.hub_config"),
        (lambda folder: change(folder / "config.json", num_attention_heads=0), "model.hub_config"),
        (lambda folder: change(folder / "config.json", vocab_size=10**9), "model.too_large"),
        (lambda folder: change(folder / "config.json", hidden_size=64), "model.keys"),
        (lambda folder: change(folder / "config.json", num_hidden_layers=3), "model.keys"),
        (lambda folder: (folder / "model.safetensors").rename(folder / "pytorch_model.bin"), "model.no_safetensors"),
        (lambda folder: (folder / "model.safetensors").write_bytes(b"\x80\x04K\x01."), "model.hub"),
        (lambda folder: (folder / "model.safetensors").write_bytes(b""), "model.hub"),
        (lambda folder: (folder / "tokenizer.json").unlink(), "model.no_tokenizer"),
        (lambda folder: (folder / "tokenizer.json").write_text("{}"), "model.tokenizer_damaged"),
        (lambda folder: change(folder / "tokenizer.json", model={"type": "WordPiece"}), "model.tokenizer_damaged"),
        (lambda folder: spoil_weight(folder, "classifier.weight", float("nan")), "model.not_finite"),
        (lambda folder: lose_weight(folder, "classifier.bias"), "model.keys"),
        (lambda folder: lose_weight(folder, "bert.encoder.layer.1.output.dense.bias"), "model.keys"),
    ],
)  # fmt: skip
def test_what_is_missing_damaged_or_unknown_is_said(model, spoil, code):
    spoil(model)
    with pytest.raises(ModelRefused) as refused:
        load()
    assert refused.value.code == code
    assert ("classifier.weight" if code == "model.not_finite" else "tiny") in str(refused.value.message)
    assert str(model.parent) not in str(refused.value)


def test_a_model_cut_short_is_refused(model):
    path = model / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ModelRefused):
        load()


def test_a_tokenizer_that_knows_more_than_its_network_is_refused(model):
    change(model / "config.json", vocab_size=50)
    change_weights(model, lambda t: t.update({"bert.embeddings.word_embeddings.weight": torch.zeros(50, 32)}))
    with pytest.raises(ModelRefused) as refused:
        load()
    assert refused.value.code == "model.tokenizer"


def test_code_beside_the_weights_is_never_run(model, tmp_path):
    """A repository may name classes of its own in `auto_map`; this one would leave a trace."""
    trace = tmp_path / "trace"
    source = f"open({str(trace)!r}, 'w').close()\nclass Own: pass\nclass Net: pass\n"
    (model / "modeling_own.py").write_text(source)
    mapped = {"AutoConfig": "modeling_own.Own", "AutoModelForSequenceClassification": "modeling_own.Net"}
    change(model / "config.json", auto_map=mapped)
    change(model / "tokenizer_config.json", auto_map={"AutoTokenizer": ["modeling_own.Own", "modeling_own.Own"]})
    load()
    change(model / "config.json", model_type="own")
    with pytest.raises(ModelRefused):
        load()
    assert not trace.exists()


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "../tiny", "/etc", "a/../tiny", "a/b/c", "tiny/", "./tiny", "tiny\\x", "C:x", "~", "a b",
     "tiny@x@y", "tiny\0", "https://example.org/x", "\u202etiny", "ｔｉｎｙ", "x" * 200, "file:tiny", "bundled"],
)  # fmt: skip
def test_a_name_is_never_a_path(model, name):
    with pytest.raises(InputRefused) as refused:
        find_source(name)
    assert refused.value.code == "config.transformer"
    assert "distilbert-english" in str(refused.value.hint) and "tiny" in str(refused.value.hint)


def test_folders_of_the_administrator_are_offered(models):
    assert own_models() == ()
    for name in ("one", "owner/two"):
        tiny.write_model(models / name)
    (models / "no model").mkdir()
    assert own_models() == ("one", "owner/two")
    assert transformers_here() == ("distilbert-english", "distilbert-multilingual", "one", "owner/two")
    assert find_source("owner/two").name == "owner/two"


def test_without_a_folder_of_models_only_presets_are_offered(monkeypatch):
    monkeypatch.delenv("VITRINE_MODELS", raising=False)
    assert transformers_here() == ("distilbert-english", "distilbert-multilingual")


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    """A Transformer taken as it is, calibrated on a few texts."""
    folder = tmp_path_factory.mktemp("checkpoint")
    tiny.write_model(folder / "models" / "tiny")
    tiny.texts(80).to_csv(folder / "texts.csv", index=False)
    config = TextClassificationConfig(model="transformer", transformer="tiny", tuning="none")
    texts = divide(read_labelled_texts(folder / "texts.csv"), 0, {"validation": 0.3, "test": 0.3})
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VITRINE_MODELS", str(folder / "models"))
        settings.cache_clear()
        return train_checkpoint(texts, config, ListedRun(folder), "python -m core train")


UNREAD = {"type": "Precompiled", "precompiled_charsmap": "AAAA"}
"""Breaks down in the compiled part of the tokenizers."""


def spoil_checkpoint(folder, spoil):
    """Change a checkpoint and seal it anew, as somebody would who means to."""
    spoil(folder)
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    manifest["sha256"] = sha256_of(folder / "model.safetensors")
    manifest["files"] = {name: sha256_of(folder / name) for name in manifest["files"] if (folder / name).exists()}
    (folder / "manifest.json").write_text(json.dumps(manifest))


def set_config(**values):
    return lambda folder: change(folder / "config.json", **values)


def set_manifest(**values):
    return lambda folder: change(folder / "manifest.json", **values)


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (set_config(model_type="gpt2"), "model.architecture"),
        (set_config(num_hidden_layers=3), "model.keys"),
        (set_config(num_hidden_layers=1), "model.keys"),
        (set_config(hidden_size=64), "model.keys"),
        (set_config(vocab_size=10**9), "model.too_large"),
        (set_config(max_position_embeddings=20), "model.reading"),
        (set_manifest(labels=["a", "b"]), "model.reading"),
        (set_manifest(sides={"negative": [0], "positive": [7], "neutral": []}), "model.reading"),
        (set_manifest(sides={"negative": [], "positive": [1], "neutral": []}), "model.reading"),
        (set_manifest(sides={"negative": [0], "positive": [-1], "neutral": []}), "model.reading"),
        (set_manifest(sides=None), "model.unreadable"),
        (set_manifest(tokens={"limit": 1000, "pad": 0, "unknown": 1}), "model.reading"),
        (set_manifest(tokens={"limit": 64, "pad": 999_999, "unknown": 1}), "model.reading"),
        (set_manifest(unknown_limit=float("nan")), "model.not_finite"),
        (set_manifest(calibration={}), "model.unreadable"),
        (set_manifest(architecture="wavenet"), "model.architecture"),
        (set_manifest(tokens={"limit": -1, "pad": 0, "unknown": 1}), "model.unreadable"),
        (set_manifest(tokens={"limit": 10**30, "pad": 0, "unknown": 1}), "model.unreadable"),
        (set_manifest(languages=5), "model.unreadable"),
        (lambda folder: (folder / "config.json").write_text("[" * 100_000 + "]" * 100_000), "model.unreadable"),
        (lambda folder: (folder / "config.json").write_text("[1]"), "model.unreadable"),
        (lambda folder: (folder / "tokenizer.json").write_bytes(b"\xff"), "model.unreadable"),
        (lambda folder: change(folder / "tokenizer.json", normalizer=UNREAD), "model.unreadable"),
        (lambda folder: (folder / "tokenizer.json").write_text("{}"), "model.unreadable"),
        (lambda folder: (folder / "tokenizer.json").unlink(), "model.reading"),
        (lambda folder: spoil_weight(folder, "net.classifier.bias", float("inf")), "model.not_finite"),
        (lambda folder: lose_weight(folder, "net.classifier.bias"), "model.keys"),
        (lambda folder: change_weights(folder, lambda t: t.update({"net.more": torch.zeros(1)})), "model.keys"),
        (lambda folder: lose_weight(folder, "conformal.scores"), "model.unreadable"),
    ],
)  # fmt: skip
def test_a_changed_checkpoint_is_refused(checkpoint, tmp_path, spoil, code):
    folder = shutil.copytree(checkpoint, tmp_path / "copy")
    TASK.load(folder, "cpu")
    spoil_checkpoint(folder, spoil)
    with pytest.raises(ModelRefused) as refused:
        TASK.load(folder, "cpu")
    assert refused.value.code == code


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "model.safetensors"])
def test_files_that_are_not_those_of_the_manifest_are_refused(checkpoint, tmp_path, name):
    folder = shutil.copytree(checkpoint, tmp_path / "copy")
    data = bytearray((folder / name).read_bytes())
    data[-3] ^= 1
    (folder / name).write_bytes(data)
    with pytest.raises(ModelRefused) as refused:
        TASK.load(folder, "cpu")
    assert refused.value.code == "model.checksum"
