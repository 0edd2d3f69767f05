"""Changes of pictures, and the stream that they are applied to."""

from __future__ import annotations

import numpy as np
import pytest

from core.data.drift import DRIFTS, Drift, corrupt
from core.data.phantoms import SIDE, PhantomModel, compact, draw_compact, load_compact
from core.data.streams import RadiographStream, save_phantoms, stream_of
from core.settings import Settings, settings

STREAM = pytest.mark.skipif(stream_of("medical") is None, reason="the stream's file is not here")


def picture(seed: int = 0) -> np.ndarray:
    rows, columns = np.mgrid[:96, :96]
    grey = 110 + 60 * np.sin(rows / 9) * np.cos(columns / 7) + np.random.default_rng(seed).normal(0, 3, (96, 96))
    return np.clip(grey, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("kind", DRIFTS)
def test_a_change_is_repeatable_grows_with_its_strength_and_keeps_the_shape(kind: str) -> None:
    before = picture()

    def distance(strength: float) -> float:
        changed = corrupt(before, Drift(kind, strength), np.random.default_rng(1))
        assert changed.dtype == np.uint8 and changed.shape == before.shape
        assert np.array_equal(changed, corrupt(before, Drift(kind, strength), np.random.default_rng(1)))
        return float(np.abs(changed.astype(float) - before).mean())

    assert 0 < distance(0.2) < distance(0.5) < distance(1.0)
    assert np.array_equal(before, picture()), "the picture itself must stay as it was"


@pytest.mark.parametrize("kind", DRIFTS)
def test_grey_stays_grey(kind: str) -> None:
    grey = np.repeat(picture()[..., None], 3, axis=2)
    changed = corrupt(grey, Drift(kind, 0.8), np.random.default_rng(0))
    assert np.array_equal(changed[..., 0], changed[..., 1]) and np.array_equal(changed[..., 0], changed[..., 2])


def test_each_change_does_what_it_is_called() -> None:
    before = picture().astype(float)
    after = {kind: corrupt(picture(), Drift(kind, 0.7), np.random.default_rng(0)).astype(float) for kind in DRIFTS}
    assert after["dimmer"].mean() < 0.6 * before.mean()
    assert np.diff(after["noise"]).std() > 3 * np.diff(before).std()
    assert after["machine"].std() < 0.7 * before.std() and after["machine"].mean() > before.mean()
    assert np.diff(after["blur"], n=2).std() < 0.5 * np.diff(before, n=2).std()


@pytest.mark.parametrize(("kind", "strength"), [("sunshine", 0.5), ("noise", 0.0), ("noise", 1.1)])
def test_what_is_no_drift_is_refused(kind: str, strength: float) -> None:
    with pytest.raises(ValueError, match="no such drift"):
        Drift(kind, strength)


@pytest.fixture(scope="module")
def phantom_model() -> PhantomModel:
    rng = np.random.default_rng(0)
    look = np.clip(100 + 40 * np.sin(np.mgrid[:SIDE, :SIDE][0] / 20), 0, 255).astype(np.float32)
    looks = rng.normal(0, 1, (6, 1, 1)) * np.mgrid[:SIDE, :SIDE][1] / 10
    shapes = rng.normal(0, 1, (6, 2, 1, 1)) * np.ones((6, 2, SIDE // 2, SIDE // 2))
    return PhantomModel(
        look, looks.astype(np.float16), np.zeros((2, SIDE // 2, SIDE // 2), np.float32), shapes.astype(np.float16)
    )


def test_a_compact_phantom_keeps_what_varies(phantom_model: PhantomModel) -> None:
    small = compact(phantom_model, components=4)
    looks = phantom_model.looks.astype(np.float32)
    kept = (small.looks**2).sum(axis=0).mean() + (small.rest**2).mean()
    assert kept == pytest.approx(float((looks**2).mean()), rel=0.02)
    again = load_compact(small.arrays())
    assert np.abs(again.looks - small.looks).max() <= np.abs(small.looks).max() / 100
    assert np.abs(again.shapes - small.shapes).max() <= np.abs(small.shapes).max() / 100
    drawn = draw_compact(again, np.random.default_rng(3))
    assert drawn.shape == (144, 144) and drawn.dtype == np.uint8
    assert np.array_equal(drawn, draw_compact(again, np.random.default_rng(3)))


def test_a_stream_is_read_back_and_repeats_itself(phantom_model: PhantomModel, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(Settings, "assets", property(lambda _: tmp_path))
    settings.cache_clear()
    assert stream_of("medical") is None
    folder = tmp_path / "samples" / "medical"
    folder.mkdir(parents=True)
    save_phantoms(folder / "phantoms.npz", {"b": compact(phantom_model, 3), "a": compact(phantom_model, 3)})
    stream = stream_of("medical")
    assert isinstance(stream, RadiographStream) and stream.labels == ("a", "b")
    clean, changed = stream.shot(1, 5), stream.shot(1, 5, Drift("dimmer", 1.0))
    assert clean.label == changed.label and changed.sample.pixels.mean() < clean.sample.pixels.mean()
    assert np.array_equal(clean.sample.pixels, stream.shots(1, 4, 2)[1].sample.pixels)
    assert {shot.label for shot in stream.shots(1, 0, 12)} == {"a", "b"}


@STREAM
def test_the_stream_that_ships_is_small_and_shows_both_classes() -> None:
    path = settings().assets / "samples" / "medical" / "phantoms.npz"
    assert path.stat().st_size < 3 * 2**20
    stream = stream_of("medical")
    assert stream is not None and stream.labels == ("NORMAL", "PNEUMONIA")
    shots = stream.shots(0, 0, 8)
    assert all(shot.sample.pixels.shape == (144, 144, 3) for shot in shots)
    assert all(20 < shot.sample.pixels.mean() < 220 and shot.sample.pixels.std() > 20 for shot in shots)
