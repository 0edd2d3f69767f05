"""A checkpoint of a fraud model that cannot be trusted is refused in words, whatever is wrong with it."""

from __future__ import annotations

import json
import re
import shutil

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from core.errors import ModelRefused
from core.store.files import sha256_of
from core.tasks.fraud_detection.task import TASK
from core.tasks.fraud_detection.tree_text import sound_trees


def change_manifest(folder, change):
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text())
    change(manifest)
    path.write_text(json.dumps(manifest))


def change_tensors(folder, change):
    tensors = load_file(folder / "model.safetensors")
    change(tensors)
    save_file(tensors, folder / "model.safetensors")
    change_manifest(folder, lambda m: m.update(sha256=sha256_of(folder / "model.safetensors")))


def change_trees(folder, old, new):
    path = folder / "trees.txt"
    text, count = re.subn(old, new, path.read_text(), count=1)
    assert count == 1
    path.write_text(text)
    change_manifest(folder, lambda m: m["files"].update({"trees.txt": sha256_of(path)}))


def poison(tensors):
    tensors["network.0.weight"][0, 0] = np.nan


CASES = {
    "one flipped byte": (lambda f: (f / "model.safetensors").write_bytes(b"0" * 99), "model.checksum"),
    "no weights": (lambda f: (f / "model.safetensors").unlink(), "model.unreadable"),
    "not a number": (lambda f: change_tensors(f, poison), "model.not_finite"),
    "no trees": (lambda f: (f / "trees.txt").unlink(), "model.unreadable"),
    "trees changed": (lambda f: (f / "trees.txt").write_text("tree\n"), "model.checksum"),
    "trees not named": (lambda f: change_manifest(f, lambda m: m.update(files={})), "model.trees"),
    "child out of range": (lambda f: change_trees(f, r"left_child=\S+", "left_child=99999"), "model.trees"),
    "child before its parent": (lambda f: change_trees(f, r"right_child=\S+", "right_child=0"), "model.trees"),
    "feature out of range": (lambda f: change_trees(f, r"split_feature=\S+", "split_feature=4000"), "model.trees"),
    "leaf of nothing": (lambda f: change_trees(f, r"leaf_value=\S+", "leaf_value=nan"), "model.trees"),
    "other features": (lambda f: change_manifest(f, lambda m: m["features"]["features"].pop()), "model.trees"),
    "features of no kind": (lambda f: change_manifest(f, lambda m: m.update(features=[])), "model.features"),
    "weights missing": (lambda f: change_tensors(f, lambda t: t.pop("network.0.bias")), "model.network"),
    "other width": (
        lambda f: change_tensors(f, lambda t: t.update({"network.0.weight": np.zeros((3, 3), np.float32)})),
        "model.network",
    ),
    "calibration missing": (
        lambda f: change_tensors(f, lambda t: t.pop("calibration.boosted_trees")),
        "model.calibration",
    ),
    "falling calibration": (
        lambda f: change_tensors(f, lambda t: t.update({"calibration.rules": -np.ones(3)})),
        "model.calibration",
    ),
    "rule without limit": (lambda f: change_manifest(f, lambda m: m["rules"]["rules"][0].pop("limit")), "model.rules"),
    "endless rule": (
        lambda f: change_manifest(f, lambda m: m["rules"]["rules"][0].update(limit=float("inf"))),
        "model.rules",
    ),
    "unknown model": (lambda f: change_manifest(f, lambda m: m["models"].append("oracle")), "model.kinds"),
    "domain missing": (lambda f: change_tensors(f, lambda t: t.pop("domain.deciles")), "model.domain"),
    "another task": (lambda f: change_manifest(f, lambda m: m.update(task="image_classification")), "model.task"),
    "newer format": (lambda f: change_manifest(f, lambda m: m.update(schema=99)), "model.schema"),
    "no threshold": (lambda f: change_manifest(f, lambda m: m.pop("threshold")), "model.unreadable"),
    "no JSON": (lambda f: (f / "manifest.json").write_text("{"), "model.unreadable"),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_refused(name, fraud_checkpoint, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(fraud_checkpoint, folder)
    TASK.load(folder, "cpu")
    damage, code = CASES[name]
    damage(folder)
    with pytest.raises(ModelRefused) as caught:
        TASK.load(folder, "cpu")
    assert caught.value.code == code
    assert str(caught.value.message)


def test_sound_trees_are_known_as_such(fraud_checkpoint, fraud_predictor):
    text = (fraud_checkpoint / "trees.txt").read_text()
    n_features = len(fraud_predictor.plan.names)
    assert sound_trees(text, n_features)
    assert not sound_trees(text, n_features + 1)
    assert not sound_trees("", n_features)


def test_loaded_model_scores_as_the_trained_one(fraud_checkpoint, fraud_predictor):
    assert TASK.load(fraud_checkpoint, "cpu").threshold == fraud_predictor.threshold
    assert fraud_predictor.size_bytes > (fraud_checkpoint / "trees.txt").stat().st_size / 2
