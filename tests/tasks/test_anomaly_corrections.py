"""Corrections on their way into a memory of good parts: what joins, what does not, and what the limit is taken from."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.contracts import ImageSample, Outline
from core.data.marked import mask_of
from core.data.surface_check import MASKS_MIN
from core.data.surfaces import PartImages, read_parts
from core.intake.images import read_image
from core.settings import settings
from core.store import pictures
from core.store.files import read_manifest
from core.tasks.anomaly_detection.corrections import Joined, join_corrections
from core.tasks.anomaly_detection.task import TASK
from core.tasks.anomaly_detection.train import CORRECTION, corrected, learn, read_data
from core.training.evaluation import load_evaluation
from core.training.run import CORRECTIONS, ListedRun
from tests.tasks.surfaces import TINY, laid_out, mvtec_files, picture, png, tiny_backbone

BOX: Outline = ((0.3, 0.3), (0.6, 0.3), (0.6, 0.5), (0.3, 0.5))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return laid_out(tmp_path_factory.mktemp("parts"), mvtec_files(good=16, tested=5))


@pytest.fixture(scope="module")
def parts(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> PartImages:
    return read_data(folder, TINY, ListedRun(tmp_path_factory.mktemp("read"), 1))


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VITRINE_HOME", str(tmp_path_factory.mktemp("home")))
    settings.cache_clear()


def give(run: ListedRun, label: str, name: str, pixels: np.ndarray, *marked: Outline) -> None:
    """Put a kept picture where a run finds it, as `feedback.training_folder` does."""
    stored = f"defects/{name}.png"
    pictures.write(stored, pixels, marked)
    target = run.directory / CORRECTIONS / label / f"{name}.png"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes((settings().home / "corrections" / stored).read_bytes())


def part(seed: int, defect: str = "good") -> np.ndarray:
    return picture(np.random.default_rng(1000 + seed), defect)[0]


def test_without_a_folder_nothing_changes(parts: PartImages, tmp_path: Path) -> None:
    assert join_corrections(parts, ListedRun(tmp_path), supervised=True) == (parts, None)


def test_fine_parts_join_the_good_ones_of_training_alone(parts: PartImages, tmp_path: Path) -> None:
    run = ListedRun(tmp_path)
    give(run, "good", "b", part(1))
    give(run, "good", "a", part(2), BOX)
    taught, told = join_corrections(parts, run, supervised=False)
    assert told == Joined(2, {})
    before, train = parts.splits["train"], taught.splits["train"]
    assert len(train) == len(before) + 2 and train.good.all()
    assert train.ids[-2:] == (f"{CORRECTION}a", f"{CORRECTION}b")
    assert corrected(train.ids).sum() == 2 and not corrected(before.ids).any()
    assert len(set(train.groups[-2:]) - set(before.groups)) == 2
    assert taught.splits["test"] is parts.splits["test"] and taught.fingerprint == parts.fingerprint


@pytest.mark.parametrize(
    ("supervised", "count", "used", "left_out"),
    [
        (True, MASKS_MIN, MASKS_MIN, {}),
        (True, MASKS_MIN - 1, 0, {"few_masks": MASKS_MIN - 1}),
        (False, MASKS_MIN, 0, {"unsupervised": MASKS_MIN}),
    ],
)
def test_marked_defects_join_where_a_second_network_learns_from_enough(
    parts: PartImages, tmp_path: Path, supervised: bool, count: int, used: int, left_out: dict[str, int]
) -> None:
    run = ListedRun(tmp_path)
    for place in range(count):
        give(run, "defect", f"d{place}", part(10 + place, "blot"), BOX)
    taught, told = join_corrections(parts, run, supervised)
    assert told == Joined(used, left_out)
    train = taught.splits["train"]
    assert int((~train.good).sum()) == used
    if used:
        np.testing.assert_array_equal(train.masks[-1], mask_of([BOX], TINY.image_size))
        assert train.has_mask.all() and not train.masks[train.good].any()


def test_what_is_measured_or_unmarked_or_unknown_is_counted_and_left_out(
    parts: PartImages, folder: Path, tmp_path: Path
) -> None:
    run = ListedRun(tmp_path)
    tested = read_image((folder / "test/good/002.png").read_bytes(), "002.png").pixels
    noisy = np.clip(tested.astype(int) + np.random.default_rng(0).integers(-1, 2, tested.shape), 0, 255)
    give(run, "good", "same", tested)
    give(run, "good", "nearly", noisy.astype(np.uint8))
    give(run, "defect", "unmarked", part(3, "blot"))
    give(run, "cat", "odd", part(4))
    taught, told = join_corrections(parts, run, supervised=True)
    assert taught is parts
    assert told == Joined(0, {"measured": 2, "unmarked": 1, "label": 1})


def smooth(seed: int, *, side: int = 512, defect: bool = False) -> np.ndarray:
    """A disc that was lit and placed alike, so that nothing but the noise of the camera tells two of them apart."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[:side, :side] / side
    right, down = rng.normal(0.5, 0.002, 2)
    values = 180 + 20 * ((rows - down) ** 2 + (columns - right) ** 2 < 0.09) + rng.normal(0, 3, (side, side))
    if defect:
        values[side // 4 : side // 4 + 12, side // 4 : side // 4 + 15] -= 60
    return np.repeat(np.clip(values, 0, 255).astype(np.uint8)[..., None], 3, axis=2)


@pytest.mark.slow
@pytest.mark.parametrize("side", [512, 1200])
def test_parts_that_only_their_noise_tells_apart_are_different_and_teach(tmp_path: Path, side: int) -> None:
    files = {f"train/good/{seed}.png": png(smooth(seed, side=side)) for seed in range(5)}
    files |= {f"test/good/{seed}.png": png(smooth(seed, side=side)) for seed in range(10, 15)}
    data = read_parts(laid_out(tmp_path / "parts", files), 256)
    run = ListedRun(tmp_path)
    for seed in range(20, 23):
        give(run, "good", f"new{seed}", smooth(seed, side=side))
    for place in range(MASKS_MIN):
        give(run, "defect", f"d{place}", smooth(30 + place, side=side, defect=True), BOX)
    give(run, "good", "tested", smooth(12, side=side))
    buffer = io.BytesIO()
    Image.fromarray(smooth(13, side=side)).save(buffer, "JPEG", quality=75)
    give(run, "good", "recompressed", read_image(buffer.getvalue(), "x.jpg").pixels)
    give(run, "good", "trained", smooth(3, side=side))
    taught, told = join_corrections(data, run, supervised=True)
    assert told == Joined(MASKS_MIN + 4, {"measured": 2})
    train = dict(zip(taught.splits["train"].ids, taught.splits["train"].groups, strict=True))
    assert train[f"{CORRECTION}trained"] == train["train/good/3.png"]
    assert train[f"{CORRECTION}new20"] not in data.splits["train"].groups


def test_repeated_training_image_stays_in_its_fold(parts: PartImages, folder: Path, tmp_path: Path) -> None:
    run = ListedRun(tmp_path)
    known = read_image((folder / "train/good/005.png").read_bytes(), "005.png").pixels
    give(run, "good", "again", known)
    give(run, "good", "twin", part(5))
    give(run, "good", "twin2", part(5))
    taught, _ = join_corrections(parts, run, supervised=False)
    train = taught.splits["train"]
    assert train.groups[-3] == train.groups[list(train.ids).index("train/good/005.png")]
    assert train.groups[-2] not in parts.splits["train"].groups


def test_memory_knows_corrections_and_the_limit_does_not_come_from_them(parts: PartImages, tmp_path: Path) -> None:
    """Parts that look like no other are said to be fine: remembered, never suspected, and no reason to alarm less."""
    run = ListedRun(tmp_path, 1)
    inverted = [255 - part(place) for place in range(6)]
    for place, pixels in enumerate(inverted):
        give(run, "good", f"i{place}", pixels)
    taught, told = join_corrections(parts, run, supervised=False)
    assert told is not None and told.used == 6
    config = replace(TINY, suspects="keep")
    before, after = (learn(tiny_backbone(), data, config, run) for data in (parts, taught))
    assert not [name for name in after.suspects if name.startswith(CORRECTION)]
    assert len(after.held_out.scores) == len(before.held_out.scores) == 16
    assert after.held_out.scores.max() < before.held_out.scores.max() + 0.5


@pytest.mark.slow
def test_run_with_corrections_reads_their_like_and_says_how_many(
    folder: Path, parts: PartImages, tmp_path: Path
) -> None:
    def odd(seed: int) -> ImageSample:
        return ImageSample("odd.png", np.roll(255 - part(seed), 3, axis=0), "")

    answers = {}
    for name in ("without", "with"):
        run = ListedRun(tmp_path / name, 1)
        run.directory.mkdir()
        if name == "with":
            for place in range(8):
                give(run, "good", f"i{place}", odd(place).pixels)
            give(run, "defect", "d", part(20, "blot"), BOX)
        checkpoint = TASK.train_parts(TINY, parts, tiny_backbone(), run, ("train", "evaluate"))
        told = read_manifest(checkpoint)["data"]
        assert told.get("corrections") == (8 if name == "with" else None)
        assert told.get("corrections_left_out", {}) == ({"unsupervised": 1} if name == "with" else {})
        answers[name] = TASK.load(checkpoint, "cpu").predict([odd(100 + place) for place in range(6)])
    assert all(answer.decision is None for answer in answers["without"]), "no such part was known"
    assert all(answer.decision is not None for answer in answers["with"])
    lowest = min(answer.verdict.score for answer in answers["without"])
    assert max(answer.verdict.score for answer in answers["with"]) < lowest - 0.1


@pytest.mark.slow
def test_second_network_learns_from_marked_defects_and_the_whole_test_stays(parts: PartImages, tmp_path: Path) -> None:
    run = ListedRun(tmp_path, 1)
    for place in range(MASKS_MIN + 1):
        give(run, "defect", f"d{place}", part(30 + place, "blot"), BOX)
    checkpoint = TASK.train_parts(replace(TINY, supervised=True), parts, tiny_backbone(), run, ("train", "evaluate"))
    manifest = read_manifest(checkpoint)
    assert manifest["supervised"] and manifest["data"]["corrections"] == MASKS_MIN + 1
    assert manifest["data"]["supervised_ids"] == [], "half of the test images would go without them"
    evaluation = load_evaluation(checkpoint)
    assert evaluation is not None and evaluation.data.n == len(parts.splits["test"])
