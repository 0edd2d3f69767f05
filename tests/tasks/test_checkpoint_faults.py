"""A checkpoint that cannot be trusted is refused in words, whatever is wrong with it."""

import json
import shutil

import pytest
import torch
from safetensors.torch import load_file, save_file

from core.errors import ModelRefused
from core.store.files import sha256_of
from core.tasks.image_classification.task import TASK


def change_manifest(folder, **values):
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest.update(values)
    path.write_text(json.dumps(manifest))


def change_tensors(folder, change):
    tensors = load_file(folder / "model.safetensors")
    change(tensors)
    save_file(tensors, folder / "model.safetensors")
    change_manifest(folder, sha256=sha256_of(folder / "model.safetensors"))


def cut(folder):
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-100])


def cut_and_signed(folder):
    cut(folder)
    change_manifest(folder, sha256=sha256_of(folder / "model.safetensors"))


def flip(folder):
    path = folder / "model.safetensors"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def poison(folder):
    def change(tensors):
        name = next(n for n, t in tensors.items() if n.startswith("net.") and t.is_floating_point())
        tensors[name] = torch.full_like(tensors[name], float("nan"))

    change_tensors(folder, change)


CASES = {
    "cut": (cut, "model.checksum"),
    "cut but signed": (cut_and_signed, "model.unreadable"),
    "one flipped bit": (flip, "model.checksum"),
    "not a number": (poison, "model.not_finite"),
    "empty weights": (lambda f: (f / "model.safetensors").write_bytes(b""), "model.checksum"),
    "no weights": (lambda f: (f / "model.safetensors").unlink(), "model.unreadable"),
    "no manifest": (lambda f: (f / "manifest.json").unlink(), "model.unreadable"),
    "manifest is not JSON": (lambda f: (f / "manifest.json").write_text("{"), "model.unreadable"),
    "manifest is a list": (lambda f: (f / "manifest.json").write_text("[]"), "model.unreadable"),
    "newer format": (lambda f: change_manifest(f, schema=99), "model.schema"),
    "another task": (lambda f: change_manifest(f, task="translation"), "model.task"),
    "another architecture": (lambda f: change_manifest(f, architecture="resnet18"), "model.keys"),
    "unknown architecture": (lambda f: change_manifest(f, architecture="no_such_net"), "model.architecture"),
    "a label too many": (lambda f: change_manifest(f, labels=["a", "b", "c"]), "model.keys"),
    "a weight missing": (
        lambda f: change_tensors(f, lambda t: t.pop("net.fc.weight")), "model.keys"),
    "guard missing": (lambda f: change_tensors(f, lambda t: t.pop("domain.weight")), "model.incomplete"),
    "no temperature": (lambda f: change_manifest(f, temperature=None), "model.incomplete"),
    "no preprocessing": (lambda f: change_manifest(f, preprocessing={}), "model.incomplete"),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(CASES))
def test_damaged_checkpoint_is_refused_in_words(trained, tmp_path, name):
    damage, code = CASES[name]
    folder = tmp_path / "checkpoint"
    shutil.copytree(trained[0], folder)
    damage(folder)
    with pytest.raises(ModelRefused) as refused:
        TASK.load(folder, "cpu")
    assert refused.value.code == code
    assert str(refused.value.hint)
    assert str(tmp_path) not in str(refused.value)


def test_untouched_copy_loads(trained, tmp_path):
    shutil.copytree(trained[0], tmp_path / "copy")
    assert TASK.load(tmp_path / "copy", "cpu").labels == ("bar", "disc")
