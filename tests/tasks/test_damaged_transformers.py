"""Folders of Transformers that are damaged or made to do harm: each is refused in words, and no pickle is opened."""

import json
import os
import shutil
import time

import pytest
import torch
from safetensors.torch import load_file, save_file

from core.errors import ModelRefused
from core.settings import settings
from core.store.files import sha256_of
from core.tasks.text_classification.pretrained import load_start
from core.tasks.text_classification.sources import find_source
from tests.tasks import tiny_transformers as tiny

pytestmark = pytest.mark.slow  # torch and transformers take seconds to import

CONFIG, TOKENIZER, WEIGHTS = "config.json", "tokenizer.json", "model.safetensors"
TOKENIZER_CONFIG, INDEX = "tokenizer_config.json", "model.safetensors.index.json"
DEEP = "[" * 100_000 + "]" * 100_000


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return tiny.write_model(tmp_path_factory.mktemp("whole") / "tiny")


@pytest.fixture
def model(whole, tmp_path, monkeypatch):
    monkeypatch.setenv("VITRINE_MODELS", str(tmp_path))
    settings.cache_clear()
    return shutil.copytree(whole, tmp_path / "tiny")


def load(tuned=False):
    return load_start(find_source("tiny"), 64, tuned)


def refused(tuned=False):
    with pytest.raises(ModelRefused) as found:
        load(tuned)
    assert "Roll back" not in str(found.value.hint) and "Name another Transformer" in str(found.value.hint)
    return found.value


def change(path, **values):
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | values))


def halve(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def in_place(path, put):
    """Something else in place of a file."""
    path.unlink()
    put(path)


def swap(one, other):
    kept = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(kept)


def index(folder, places):
    """Weights in several files, as an index of these places says it."""
    (folder / WEIGHTS).rename(folder / "kept")
    (folder / INDEX).write_text(places if isinstance(places, str) else json.dumps(places))


def in_shards(folder):
    """Weights in two files; returns their names."""
    tensors = load_file(folder / WEIGHTS)
    parts = {f"model-0000{k + 1}-of-00002.safetensors": sorted(tensors)[k::2] for k in range(2)}
    for file, names in parts.items():
        save_file({name: tensors[name] for name in names}, folder / file, {"format": "pt"})
    index(folder, {"weight_map": {name: file for file, names in parts.items() for name in names}})
    return sorted(parts)


def precompiled(path):
    change(path, normalizer={"type": "Precompiled", "precompiled_charsmap": "AAAA"})


def stored_as(dtype):
    def spoil(folder):
        save_file({name: tensor.to(dtype) for name, tensor in load_file(folder / WEIGHTS).items()}, folder / WEIGHTS)

    return spoil


ANY = {
    "cut": halve,
    "empty": lambda path: path.write_bytes(b""),
    "of another type": lambda path: path.write_text("[]"),
    "of no text": lambda path: path.write_bytes(b"\xff\xfe\0"),
    "deep": lambda path: path.write_text(DEEP),
    "a folder": lambda path: in_place(path, lambda path: path.mkdir()),
    "a link to nothing": lambda path: in_place(path, lambda path: path.symlink_to("/nowhere/at all")),
    "a link to itself": lambda path: in_place(path, lambda path: path.symlink_to(path.name)),
    "a link out": lambda path: in_place(path, lambda path: path.symlink_to("/etc/passwd")),
    "a device": lambda path: in_place(path, lambda path: path.symlink_to("/dev/zero")),
    "a pipe": lambda path: in_place(path, os.mkfifo),
}


@pytest.mark.parametrize("damage", ANY)
@pytest.mark.parametrize("file", [CONFIG, TOKENIZER, TOKENIZER_CONFIG, WEIGHTS])
def test_a_damaged_file_is_said_and_nothing_else_is_raised(model, file, damage):
    ANY[damage](model / file)
    refused()
    refused(tuned=True)


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda folder: swap(folder / CONFIG, folder / WEIGHTS), "model.hub_config"),
        (lambda folder: swap(folder / TOKENIZER, folder / WEIGHTS), "model.hub"),
        (lambda folder: swap(folder / TOKENIZER, folder / CONFIG), "model.architecture"),
        (lambda folder: (folder / CONFIG).write_text('{"model_type": "bert", "hidden_size": NaN}'), "model.hub_config"),
        (lambda folder: (folder / CONFIG).write_text('{"model_type": "bert", "x": 1e999}'), "model.hub_config"),
        (lambda folder: (folder / CONFIG).write_text('{"x": %s}' % ("9" * 5000)), "model.hub_config"),
        (lambda folder: change(folder / CONFIG, max_position_embeddings=None), "model.hub_config"),
        (lambda folder: change(folder / CONFIG, max_position_embeddings=0), "model.hub_config"),
        (lambda folder: change(folder / CONFIG, id2label={"0": None, "1": None}), "model.hub_config"),
        (lambda folder: change(folder / CONFIG, id2label={"a": "positive"}), "model.hub_config"),
        (lambda folder: change(folder / CONFIG, hidden_act="evil"), "model.hub_config"),
        (lambda folder: change(folder / CONFIG, id2label={"0": "\ud800", "1": "positive"}), "model.hub_config"),
        (lambda folder: change(folder / CONFIG, model_type="\ud800"), "model.hub_config"),
        (lambda folder: change(folder / CONFIG, num_hidden_layers=1), "model.keys"),
        (lambda folder: change(folder / CONFIG, quantization_config={"quant_method": "gptq"}), "model.quantized"),
        (lambda folder: (folder / "adapter_config.json").write_text("{"), "model.adapter"),
        (lambda folder: precompiled(folder / TOKENIZER), "model.tokenizer_damaged"),
        (lambda folder: (folder / "special_tokens_map.json").write_text(DEEP), "model.tokenizer_damaged"),
        (lambda folder: (folder / "added_tokens.json").mkdir(), "model.hub_config"),
        (lambda folder: os.mkfifo(folder / "special_tokens_map.json"), "model.hub_config"),
        (stored_as(torch.int8), "model.keys"),
        (stored_as(torch.float8_e4m3fn), "model.keys"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_said(model, spoil, code):
    spoil(model)
    assert refused().code == code


def test_a_word_without_a_place_in_the_network_is_refused(model):
    vocabulary = json.loads((model / TOKENIZER).read_text("utf-8"))
    vocabulary["model"]["vocab"]["good"] = 10**6
    (model / TOKENIZER).write_text(json.dumps(vocabulary))
    assert refused().code == "model.tokenizer"


def test_a_tokenizer_that_knows_no_unknown_signs_is_refused_before_it_reads_any(model):
    said = json.loads((model / TOKENIZER).read_text("utf-8"))
    said["model"]["unk_token"] = "nowhere"
    (model / TOKENIZER).write_text(json.dumps(said))
    assert refused().code == "model.probe"


def test_a_tokenizer_that_breaks_down_at_a_text_raises_what_can_be_caught(model):
    change(model / TOKENIZER, normalizer={"type": "Replace", "pattern": {"Regex": "(a+)+$"}, "content": "x"})
    tokens = load().tokens
    with pytest.raises(RuntimeError, match="broke down"):
        tokens.encode(["a" * 3000 + "!"])


PICKLE = "pytorch_model.bin"


@pytest.mark.parametrize(
    "places",
    [
        *({"weight_map": {"a": name}} for name in (PICKLE, "../tiny/kept", "/etc/passwd", INDEX, "kept", "", 5, None)),
        *({"weight_map": {"a": name}} for name in ("model-3.safetensors", "../tiny/model-1.safetensors")),
        *({"weight_map": {"a": "model-1.safetensors", "b": PICKLE}}, {"weight_map": {}}, {"weight_map": []}, {}),
    ],
    ids=str,
)
def test_an_index_names_weights_beside_it_and_nothing_else(model, places):
    save_file(load_file(model / WEIGHTS), model / "model-1.safetensors", {"format": "pt"})
    torch.save(load_file(model / WEIGHTS), model / PICKLE)
    index(model, places)
    assert refused().code == "model.hub_index"


@pytest.mark.parametrize("places", ["[]", DEEP, '{"weight_map": NaN}', " " * (2**20 + 1), "\0"])
def test_an_index_that_cannot_be_read_is_said(model, places):
    index(model, places)
    found = refused()
    assert found.code == "model.hub_config" and INDEX in str(found.message)


def test_no_pickle_is_opened_whatever_lies_there(model):
    """A file of weights beside a pickle that the index names: the pickle would leave a trace when it is opened."""
    trace = model / "trace"

    class Own:
        def __reduce__(self):
            return open, (str(trace), "w")

    torch.save({"x": Own()}, model / PICKLE)
    names = list(load_file(model / WEIGHTS))
    save_file({"x": torch.zeros(1)}, model / "model-0.safetensors")
    index(model, {"weight_map": dict.fromkeys(names, PICKLE)})
    assert refused().code == "model.hub_index" and not trace.exists()


def test_the_configuration_cannot_name_the_file_of_weights(model):
    save_file({"x": torch.zeros(1)}, model / "model-other.safetensors")
    change(model / CONFIG, transformers_weights="model-other.safetensors")
    start = load()
    stored = load_file(model / WEIGHTS)
    assert all(torch.equal(tensor, stored[name]) for name, tensor in start.module.network.state_dict().items())
    assert start.sha256 == sha256_of(model / WEIGHTS)


def test_a_model_in_several_files_is_known_by_all_of_them(model):
    parts = in_shards(model)
    before = load().sha256
    assert load().sha256 == before
    tensors = load_file(model / parts[1])
    save_file({name: tensor + 1 for name, tensor in tensors.items()}, model / parts[1], {"format": "pt"})
    assert load().sha256 != before


def test_a_weight_in_two_files_is_refused(model):
    parts = in_shards(model)
    save_file(load_file(model / "kept"), model / parts[1], {"format": "pt"})
    assert refused().code == "model.hub"


@pytest.mark.parametrize(
    ("option", "value"),
    [("num_hidden_layers", 8000), ("num_hidden_layers", 10**7), ("num_hidden_layers", 1e9), ("hidden_size", 10**6),
     ("num_attention_heads", 10**6), ("intermediate_size", 10**7), ("vocab_size", 10**12), ("vocab_size", 10**4000),
     ("max_position_embeddings", 10**9), ("num_labels", 10**9), ("type_vocab_size", 10**9), ("pad_token_id", -(10**9)),
     ("id2label", {str(place): "x" for place in range(2000)})],
)  # fmt: skip
def test_a_size_that_no_such_network_has_is_refused_before_it_is_built(model, option, value):
    change(model / CONFIG, **{option: value})
    began = time.monotonic()
    assert refused().code == "model.too_large"
    assert time.monotonic() - began < 1


@pytest.mark.parametrize(
    "values",
    [{"dtype": "evil"}, {"_attn_implementation": "kernels-community/x"}, {"attn_implementation": "org/kernel"},
     {"fusion_config": {"patch_embeddings": True}}, {"to_json_string": "x"}, {"per_layer_config": {"0": {"x": 5}}},
     {"output_hidden_states": "x"}, {"return_dict": False}],
)  # fmt: skip
def test_what_does_not_shape_the_network_is_not_taken(model, values):
    expected = load().module.network.config.to_dict()
    change(model / CONFIG, **values)
    assert load().module.network.config.to_dict() == expected
