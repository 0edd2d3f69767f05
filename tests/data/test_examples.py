"""Pictures behind rows: of a public data set by id and content, or small ones kept with a version, or a hint."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.contracts import DataInfo, Evaluation
from core.data import catalog, examples
from core.data.catalog import DataSet
from core.data.duplicates import content_hash
from core.data.images import read_labelled_images
from core.errors import ModelRefused
from core.settings import settings
from tests.data.sets import class_folders, medmnist_arrays, write_npz, write_zip

NAME = "made_set"


def evaluation(ids, contents=None, name=NAME) -> Evaluation:
    n = len(ids)
    table = {"id": np.array(ids, np.str_), "truth": np.zeros(n, np.int64), "prediction": np.zeros(n, np.int64)}
    if contents is not None:
        table[examples.CONTENT] = np.array(contents)
    return Evaluation(("a",), table, {}, DataInfo(name, "test", n, "f"), 0, "")


@pytest.fixture
def laid_down(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data set of the catalogue below `VITRINE_DATA`: its test images in a zip."""
    folder = tmp_path / "data" / "medical" / NAME
    folder.mkdir(parents=True)
    for number, split in enumerate(("train", "test")):
        write_zip(folder / f"{split}.zip", class_folders({"a": 6, "b": 6}, start=100 * number))
    monkeypatch.setenv("VITRINE_DATA", str(tmp_path / "data"))
    settings.cache_clear()
    entry = DataSet(NAME, "medical", "Made", "", "CC0", "", "", ())
    monkeypatch.setattr(examples, "DATA_SETS", (entry,))
    monkeypatch.setattr(catalog, "DATA_SETS", (entry,))
    return folder


def test_pictures_of_a_public_set_are_found_in_full_size(laid_down: Path, tmp_path: Path) -> None:
    images = read_labelled_images(laid_down, 16).splits["test"]
    assert images.contents is not None and images.sides is not None
    assert images.sides.tolist() == [[32, 32]] * 12
    measured = evaluation(images.ids, images.contents)
    found = examples.pictures(measured, list(images.ids[:3]), tmp_path)
    assert found.hint is None and not found.small
    assert [one.shape for one in found.found.values()] == [(32, 32, 3)] * 3


def test_another_edition_of_the_data_never_passes_for_it(laid_down: Path, tmp_path: Path) -> None:
    images = read_labelled_images(laid_down, 16).splits["test"]
    assert images.contents is not None
    wrong = [content_hash(np.zeros((9, 9, 3), np.uint8)).hex(), *images.contents[1:]]
    found = examples.pictures(evaluation(images.ids, wrong), list(images.ids[:2]), tmp_path)
    assert set(found.found) == {images.ids[1]}
    assert "VITRINE_DATA" in str(found.hint)


def test_what_is_not_public_has_no_content(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "mine.zip", class_folders({"a": 6, "b": 6}))
    images = read_labelled_images(path, 16).splits["all"]
    assert images.contents is None
    found = examples.pictures(evaluation(images.ids), list(images.ids[:1]), tmp_path)
    assert not found.found and "Keep small pictures" in str(found.hint)


def test_arrays_of_a_public_file_are_found_by_their_place(laid_down: Path, tmp_path: Path) -> None:
    for file in laid_down.glob("*.zip"):
        file.unlink()
    arrays = medmnist_arrays()
    write_npz(laid_down / "made.npz", **arrays)
    images = read_labelled_images(laid_down, 28).splits["validation"]
    assert images.contents is not None
    measured = evaluation((*images.ids, "val/99999", "odd"), [*images.contents, "x", "y"])
    found = examples.pictures(measured, [images.ids[5], "val/99999", "odd"], tmp_path)
    assert set(found.found) == {"val/00005"}
    assert np.array_equal(found.found["val/00005"][..., 0], arrays["val_images"][5])


def test_kept_pictures_come_back_small_and_a_broken_file_is_said(tmp_path: Path) -> None:
    draw = np.random.default_rng(0)
    smooth = np.kron(draw.integers(0, 255, (3, 8, 8, 1)), np.ones((1, 20, 20, 1))).astype(np.uint8)
    ids = ["x", "y", "z"]
    assert examples.keep(tmp_path, ids, smooth) == 3
    found = examples.pictures(evaluation(ids), ["z", "x"], tmp_path)
    assert found.small == {"x", "z"} and found.hint is None
    assert {one.shape for one in found.found.values()} == {(96, 96, 3)}
    for name, row in (("x", 0), ("z", 2)):
        assert abs(found.found[name].mean() - smooth[row].mean()) < 3
    (tmp_path / examples.EXAMPLES).write_bytes(b"PK\x03\x04 no more")
    with pytest.raises(ModelRefused):
        examples.pictures(evaluation(ids), ["x"], tmp_path)


def test_hint_names_the_command_that_brings_the_data(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(examples, "local_path", lambda name: None)
    found = examples.pictures(evaluation(["test/00001"], ["0" * 32], "pneumoniamnist_28"), ["test/00001"], tmp_path)
    assert "`python -m core fetch pneumoniamnist_28`" in str(found.hint)


@pytest.mark.data
def test_pictures_of_the_real_test_set_are_found_quickly(data_folder: Path, tmp_path: Path) -> None:
    ids = ["test/NORMAL/IM-0001-0001.jpeg"]
    folder = data_folder / "medical" / "chest_xray_224"
    pixels = examples._read(folder, ids)[ids[0]]
    measured = evaluation(ids, [content_hash(pixels).hex()], "chest_xray_224")
    found = examples.pictures(measured, ids, tmp_path)
    assert np.array_equal(found.found[ids[0]], pixels) and pixels.shape == (224, 224, 3)
    renamed = replace(measured, table={**measured.table, "id": np.array(["test/x"])})
    assert not examples.pictures(renamed, ["test/x"], tmp_path).found
