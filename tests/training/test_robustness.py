"""Pictures taken otherwise, and the figures that a checkpoint keeps of them."""

import json

import numpy as np
import pytest

from core.contracts import DataInfo, Metric
from core.errors import ModelRefused
from core.training.robustness import (
    AS_TAKEN,
    DISTURBANCE_NAMES,
    DISTURBANCES,
    ROBUSTNESS,
    Disturbed,
    Robustness,
    disturb,
    load_robustness,
    save_robustness,
)


@pytest.fixture
def pixels():
    return np.random.default_rng(0).integers(60, 180, (48, 48, 3), dtype=np.uint8).repeat(2, 0).repeat(2, 1)


def gradients(values):
    return np.abs(np.diff(values.astype(float), axis=1)).mean()


def test_each_disturbance_does_what_its_name_says(pixels):
    found = {name: disturb(pixels, name, strength) for name, strength in DISTURBANCES.items()}
    for values in found.values():
        assert values.shape == pixels.shape and values.dtype == np.uint8 and not np.array_equal(values, pixels)
    assert found["darker"].mean() == pytest.approx(0.7 * pixels.mean(), rel=0.01)
    assert found["brighter"].mean() > 1.2 * pixels.mean()
    assert gradients(disturb(pixels, "blurred", 0.02)) < 0.5 * gradients(pixels)
    shifted = disturb(pixels, "shifted", 6 / 96)
    assert np.array_equal(shifted[6:, 6:], pixels[:-6, :-6])
    assert np.array_equal(disturb(pixels, "shifted", 6 / 96, way=-1)[:-6, :-6], pixels[6:, 6:])
    assert np.array_equal(disturb(pixels, "turned", 90), np.rot90(pixels))
    assert np.abs(found["jpeg"].astype(int) - pixels).mean() < 30
    assert np.array_equal(disturb(pixels, AS_TAKEN, 0.0), pixels)
    with pytest.raises(KeyError):
        disturb(pixels, "melted", 1.0)


@pytest.mark.parametrize("name", DISTURBANCES)
def test_grey_stays_grey(pixels, name):
    assert disturb(pixels[..., :1], name, DISTURBANCES[name]).shape == (96, 96, 1)


def stored(folder):
    (folder / "manifest.json").write_text('{"schema": 1}')
    rows = tuple(
        Disturbed(name, strength, {"image_auroc": Metric(0.9, 0.8, 0.95, 8)}, 8)
        for name, strength in {AS_TAKEN: 0.0, **DISTURBANCES}.items()
    )
    found = Robustness(rows, DataInfo("parts", "test", 8, "f" * 64), 3)
    save_robustness(folder, found)
    return found


def test_figures_come_back_and_are_sealed(tmp_path):
    assert load_robustness(tmp_path) is None
    found = stored(tmp_path)
    assert load_robustness(tmp_path) == found
    assert set(json.loads((tmp_path / "manifest.json").read_text())["files"]) == {ROBUSTNESS}


def test_titles_hold_the_strength(tmp_path):
    titles = {row.name: str(row.title) for row in stored(tmp_path).rows}
    assert set(titles) == set(DISTURBANCE_NAMES)
    assert titles["blurred"] == "Blurred, 0.5% of the side" and titles["turned"] == "Turned, 3 degrees"


@pytest.mark.parametrize("damage", ["{", '{"rows": [{"name": "melted", "strength": 1, "n": 1, "metrics": {}}]}', "[]"])
def test_damaged_figures_are_refused(tmp_path, damage):
    (tmp_path / ROBUSTNESS).write_text(damage)
    with pytest.raises(ModelRefused) as refused:
        load_robustness(tmp_path)
    assert refused.value.code == "model.robustness_damaged"
