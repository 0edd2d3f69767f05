"""What a run finds out besides its model: seeds, overfitting, pictures of its mistakes, parts of the test images."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from core.data import examples
from core.data.images import ImageSet
from core.store.versions import Version
from core.tasks.image_classification import studies
from core.tasks.image_classification.slices import slice_columns
from core.tasks.image_classification.task import TASK
from core.training.diagnosis import read_diagnosis, verdict
from core.training.evaluation import VALIDATION, load_evaluation
from core.training.run import ListedRun
from tests.tasks.conftest import TINY


@pytest.fixture(scope="module")
def studied(shapes_zip, tmp_path_factory):
    """A run of one epoch with every study switched on."""
    run = ListedRun(tmp_path_factory.mktemp("studied"), TINY.seed)
    config = replace(TINY, epochs=2, seeds=3, diagnose=True, keep_examples=True)
    return TASK.train(config, shapes_zip, run), run


def manifest(folder):
    return json.loads((folder / "manifest.json").read_text())


@pytest.mark.slow
def test_every_seed_is_measured_and_the_first_is_registered(studied, tmp_path):
    folder, run = studied
    figures = manifest(folder)["seeds"]
    assert {name: len(values) for name, values in figures.items()} == {"accuracy": 3, "auroc": 3}
    assert len(set(figures["auroc"])) > 1, "other seeds give other models"
    assert figures["auroc"][0] == pytest.approx(load_evaluation(folder).summary["auroc"].value, abs=0.01)
    assert "seeds" in run.stages and "diagnose" in run.stages


@pytest.mark.slow
def test_a_run_that_goes_on_measures_only_the_seeds_that_are_missing(studied, shapes_zip, tmp_path, monkeypatch):
    _, run = studied
    kept = run.directory / studies.FOLDER / studies.SEED_FIGURES
    measured = json.loads(kept.read_text())
    again = ListedRun(tmp_path)
    (tmp_path / studies.FOLDER).mkdir()
    (tmp_path / studies.FOLDER / studies.SEED_FIGURES).write_text(json.dumps(measured))
    monkeypatch.setattr(studies, "train_network", lambda *_: pytest.fail("trained again"))
    data = type("Data", (), {"splits": {"test": None}})
    found = studies.seed_spread(None, None, data, replace(TINY, seeds=3), again)
    assert found["auroc"] == [entry["auroc"] for entry in measured]


@pytest.mark.slow
def test_diagnosis_is_kept_in_words_and_figures(studied):
    found = read_diagnosis(manifest(studied[0])["diagnosis"])
    assert (found.train.n, found.validation.n) == (84, 18)
    assert found.curve is not None and [point.n for point in found.curve.points] == [21, 42, 84]
    assert found.curve.features == "resnet10t", "features that have not seen these labels: those of our own network"
    assert len(verdict(found)) == 3


@pytest.mark.slow
def test_features_that_have_seen_the_labels_measure_no_curve(studied):
    data = type("Data", (), {"fingerprint": "f", "name": "chest_xray_224", "labels": ("a", "b")})
    assert studies._frozen(data, TINY) is None
    assert studies._frozen(type("Data", (), {**vars(data), "name": "mine.zip"}), TINY) is not None


@pytest.mark.slow
def test_small_pictures_are_kept_only_when_agreed(studied, trained):
    folder = studied[0]
    evaluation = load_evaluation(folder)
    ids = [str(name) for name in evaluation.table["id"]]
    found = examples.pictures(evaluation, ids, folder)
    assert found.hint is None and found.small == set(ids)
    assert {one.shape for one in found.found.values()} == {(48, 48, 3)}
    assert examples.EXAMPLES in manifest(folder)["files"]
    assert (folder / examples.EXAMPLES).stat().st_size < 3000 * len(ids)
    without = examples.pictures(load_evaluation(trained[0]), ids[:2], trained[0])
    assert not without.found and "Keep small pictures" in str(without.hint)
    assert not (trained[0] / examples.EXAMPLES).exists()


@pytest.mark.slow
def test_evaluations_carry_slices_and_no_content_of_uploads(studied):
    for folder in (studied[0], studied[0] / VALIDATION):
        table = load_evaluation(folder).table
        assert {"slice.brightness", "slice.contrast"} <= table.keys()
        assert examples.CONTENT not in table
        assert all(len(column) == len(table["id"]) for column in table.values())


def image_set(pixels, ids, **columns):
    n = len(ids)
    return ImageSet(np.asarray(pixels, np.uint8), np.zeros(n, np.int64), tuple(ids), np.arange(n), **columns)


def test_slices_name_what_images_are_like():
    levels = np.arange(9) * 25
    pixels = np.broadcast_to(levels[:, None, None, None], (9, 8, 8, 3)).copy()
    pixels[0, :, :, 0] = 255
    sides = np.array([[30, 20], [64, 64], [65, 10], [256, 1], [300, 1], [1024, 9], [1025, 9], [2000, 1], [9, 9]])
    ids = [f"test/cat/{'abc'[row % 3]}/{row}.png" for row in range(9)]
    found = slice_columns(image_set(pixels, ids, sides=sides), ("cat",))
    assert list(found["slice.brightness"][1:]) == [
        "low",
        "low",
        "low",
        "middle",
        "middle",
        "high",
        "high",
        "high",
    ] or set(found["slice.brightness"]) == {"low", "middle", "high"}
    assert list(found["slice.colour"]) == ["colour"] + ["grey"] * 8
    assert list(found["slice.source"]) == list("abc" * 3)
    assert list(found["slice.size"][:4]) == ["≤ 64 px", "≤ 64 px", "65–256 px", "65–256 px"]
    assert found["slice.size"][7] == "> 1024 px"


def test_ways_that_part_nothing_are_left_out():
    pixels = np.full((4, 8, 8, 1), 9)
    found = slice_columns(image_set(pixels, ["test/00001", "test/00002", "a.png", "cat/b.png"]), ("cat",))
    assert found == {}


def test_version_tells_the_range_over_seeds():
    known = {"seeds": {"auroc": [0.8, 0.9], "accuracy": []}}
    version = Version("medical", 1, "", studies.Path(), "", None, "", known)  # type: ignore[arg-type]
    assert version.seed_spread == {"auroc": {"mean": pytest.approx(0.85), "low": 0.8, "high": 0.9, "seeds": 2}}
