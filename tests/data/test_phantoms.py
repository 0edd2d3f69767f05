"""Synthetic radiographs: the generator, and the samples that the page shows."""

from __future__ import annotations

import hashlib
import json

import numpy as np
import pytest
from PIL import Image

from core.data.negatives import negatives
from core.data.phantoms import SIDE, PhantomModel, distances, draw_phantom, fit_phantoms, make_template
from core.settings import ROOT

SAMPLES = ROOT / "assets" / "samples" / "medical"


@pytest.fixture(scope="module")
def pictures() -> np.ndarray:
    """Heads instead of chests: alike, and free of any data set."""
    return negatives(8, SIDE, seed=5, families=["head_slice"])[0][..., 0]


@pytest.fixture(scope="module")
def model(pictures: np.ndarray) -> PhantomModel:
    return fit_phantoms(pictures, make_template(pictures[:4], rounds=1), keep=0.75)


@pytest.mark.slow
def test_the_best_fitting_pictures_are_kept(model: PhantomModel) -> None:
    assert model.looks.shape == (6, SIDE, SIDE)
    assert model.shapes.shape == (6, 2, SIDE // 2, SIDE // 2)
    assert np.isfinite(model.look).all()
    assert np.isfinite(model.shape).all()


@pytest.mark.slow
def test_a_draw_depends_on_its_seed_alone(model: PhantomModel) -> None:
    first = draw_phantom(model, np.random.default_rng(1), size=96)
    assert first.shape == (96, 96)
    assert first.dtype == np.uint8
    assert np.array_equal(first, draw_phantom(model, np.random.default_rng(1), size=96))
    assert not np.array_equal(first, draw_phantom(model, np.random.default_rng(2), size=96))


def test_without_spread_only_marker_and_grain_differ(model: PhantomModel) -> None:
    first, second = (
        draw_phantom(model, np.random.default_rng(seed), size=96, look_spread=0, shape_spread=0).astype(float)
        for seed in (1, 2)
    )
    assert np.median(np.abs(first - second)) < 12


def test_a_copy_is_at_distance_zero_whatever_its_exposure(pictures: np.ndarray) -> None:
    darker = (pictures[:2] * 0.5 + 20).astype(np.uint8)
    assert (distances(darker, pictures) < 0.1).all()
    other = negatives(2, SIDE, seed=1, families=["pattern"])[0][..., 0]
    assert (distances(other, pictures) > 0.5).all()


def test_pictures_of_another_size_are_refused(pictures: np.ndarray) -> None:
    with pytest.raises(ValueError, match="must have shape"):
        fit_phantoms(pictures[:, ::2, ::2], np.zeros((SIDE // 2, SIDE // 2)))


def test_the_list_of_samples_and_the_files_agree() -> None:
    entries = json.loads((SAMPLES / "manifest.json").read_text(encoding="utf-8"))
    assert {entry["file"] for entry in entries} == {path.name for path in SAMPLES.glob("*.png")}
    assert len({entry["caption"] for entry in entries}) == len(entries)
    assert sorted(entry["label"] for entry in entries) == ["NORMAL"] * 5 + ["PNEUMONIA"] * 5
    for entry in entries:
        content = (SAMPLES / entry["file"]).read_bytes()
        assert entry["synthetic"] is True
        assert entry["command"].startswith("python -m bench.samples")
        assert isinstance(entry["seed"], int)
        assert hashlib.sha256(content).hexdigest() == entry["sha256"]
        with Image.open(SAMPLES / entry["file"]) as image:
            assert image.size == (320, 320)


def test_no_sample_is_nearer_to_a_training_picture_than_real_pictures_are() -> None:
    facts = json.loads((SAMPLES / "provenance.json").read_text(encoding="utf-8"))
    nearest = facts["distance_to_nearest_training_picture"]
    assert min(min(values) for values in nearest["samples"].values()) > nearest["real validation pictures"]["least"]
