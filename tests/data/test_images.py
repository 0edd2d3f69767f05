"""Layouts of labelled images, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.data.images import read_labelled_images
from core.data.pixels import is_grey, squeeze
from core.errors import InputRefused
from core.jobs.uploads import file_name
from core.settings import Limits
from tests.data.sets import class_folders, image, medmnist_arrays, write_folder, write_npz, write_zip

CLASSES = {"cat": 8, "dog": 7}
SPLIT = (
    class_folders({"cat": 8, "dog": 8}, "train/")
    | class_folders({"cat": 3, "dog": 3}, "val/", 100)
    | class_folders({"cat": 4, "dog": 4}, "test/", 200)
)


@pytest.mark.parametrize("wrapper", ["", "data/", "data/v1/"])
@pytest.mark.parametrize("form", ["zip", "folder"])
def test_class_folders(tmp_path: Path, wrapper: str, form: str) -> None:
    entries = class_folders(CLASSES, wrapper) | {"__MACOSX/x.png": b"", f"{wrapper}cat/.DS_Store": b""}
    path = write_zip(tmp_path / "d.zip", entries) if form == "zip" else write_folder(tmp_path / "d", entries)
    seen: list[tuple[int, int]] = []
    data = read_labelled_images(path, 16, progress=lambda done, total: seen.append((done, total)))
    assert data.labels == ("cat", "dog")
    assert data.splits.keys() == {"all"}
    everything = data.splits["all"]
    assert everything.pixels.shape == (15, 16, 16, 1)
    assert np.bincount(everything.targets).tolist() == [8, 7]
    assert data.report.counts == {"all": CLASSES}
    assert seen[-1] == (15, 15)
    assert not data.report.blocking


@pytest.mark.parametrize("form", ["zip", "folder", "zips"])
@pytest.mark.parametrize("wrapper", ["", "chest_xray/"])
def test_given_splits(tmp_path: Path, form: str, wrapper: str) -> None:
    if form == "zips":
        (tmp_path / "d").mkdir()
        for split in ("train", "val", "test"):
            inner = {wrapper + name.removeprefix(f"{split}/"): data for name, data in SPLIT.items() if split in name}
            write_zip(tmp_path / "d" / f"{split}.zip", inner)
        path = tmp_path / "d"
    else:
        entries = {wrapper + name: data for name, data in SPLIT.items()}
        path = write_zip(tmp_path / "d.zip", entries) if form == "zip" else write_folder(tmp_path / "d", entries)
    data = read_labelled_images(path, 16)
    assert {name: len(images) for name, images in data.splits.items()} == {"train": 16, "validation": 6, "test": 8}
    assert data.labels == ("cat", "dog")
    assert len({image_id for images in data.splits.values() for image_id in images.ids}) == 30


@pytest.mark.parametrize("name", ["train", "training", "Train"])
def test_only_training_is_data_without_a_split(tmp_path: Path, name: str) -> None:
    data = read_labelled_images(write_zip(tmp_path / "d.zip", class_folders(CLASSES, f"{name}/")), 16)
    assert data.splits.keys() == {"all"}
    assert data.report.counts.keys() == {"all"}


def test_only_a_test_split_can_be_measured_but_not_trained_on(tmp_path: Path) -> None:
    data = read_labelled_images(write_zip(tmp_path / "d.zip", class_folders(CLASSES, "test/")), 16)
    assert data.splits.keys() == {"test"}
    assert any("no training images" in str(message) for message in data.report.blocking)
    with pytest.raises(InputRefused):
        data.report.refuse_if_blocked()


def test_a_single_colour_image_makes_three_channels(tmp_path: Path) -> None:
    entries = class_folders(CLASSES) | {"dog/colour.png": image(99, colour=True)}
    pixels = read_labelled_images(write_zip(tmp_path / "d.zip", entries), 16).splits["all"].pixels
    assert pixels.shape[3] == 3
    assert (pixels[0, ..., 0] == pixels[0, ..., 2]).all()


def test_fingerprint_follows_content_not_size(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "d.zip", class_folders(CLASSES))
    other = write_zip(tmp_path / "e.zip", class_folders(CLASSES, start=1))
    same = {read_labelled_images(path, size).fingerprint for size in (16, 24)}
    assert len(same) == 1
    assert read_labelled_images(other, 16).fingerprint not in same


def test_unreadable_images_are_listed(tmp_path: Path) -> None:
    entries = class_folders(CLASSES) | {"cat/bad.png": b"nothing"}
    report = read_labelled_images(write_zip(tmp_path / "d.zip", entries), 16).report
    assert [refusal.name for refusal in report.refused] == ["cat/bad.png"]
    assert "Unreadable images left out: 1" in " ".join(map(str, report.warnings))


def test_too_many_unreadable_images_are_refused(tmp_path: Path) -> None:
    entries = class_folders(CLASSES) | {f"cat/bad{number}.png": b"nothing" for number in range(5)}
    with pytest.raises(InputRefused) as caught:
        read_labelled_images(write_zip(tmp_path / "d.zip", entries), 16)
    assert "5 of 20" in str(caught.value.message)


@pytest.mark.parametrize("prefix", ["", "wrapped/"])
def test_no_class_folders_shows_the_wanted_layout(tmp_path: Path, prefix: str) -> None:
    path = write_zip(tmp_path / "flat.zip", {f"{prefix}{number}.png": image(number) for number in range(6)})
    if prefix:
        assert read_labelled_images(path, 16).report.blocking  # one folder is one class
        return
    with pytest.raises(InputRefused) as caught:
        read_labelled_images(path, 16)
    assert caught.value.code == "data.no_classes"
    assert "normal/scan1.png" in str(caught.value.hint)
    assert len(str(caught.value.hint).splitlines()) <= 3


def test_images_beside_class_folders_are_listed(tmp_path: Path) -> None:
    data = read_labelled_images(write_zip(tmp_path / "d.zip", class_folders(CLASSES) | {"stray.png": image(77)}), 16)
    assert [refusal.code for refusal in data.report.refused] == ["data.no_class_folder"]


def test_missing_path(tmp_path: Path) -> None:
    with pytest.raises(InputRefused):
        read_labelled_images(tmp_path / "absent", 16)


class TestArrays:
    @pytest.mark.parametrize("channels", [1, 3])
    def test_medmnist(self, tmp_path: Path, channels: int) -> None:
        path = write_npz(tmp_path / "bloodmnist.npz", **medmnist_arrays(channels=channels))
        data = read_labelled_images(path, 32)
        assert data.labels == ("0", "1")
        assert {name: len(images) for name, images in data.splits.items()} == {"train": 20, "validation": 8, "test": 8}
        assert data.splits["train"].pixels.shape == (20, 32, 32, channels)

    def test_known_label_names_and_flat_labels(self, tmp_path: Path) -> None:
        arrays = {key: value.reshape(-1) if "labels" in key else value for key, value in medmnist_arrays().items()}
        assert read_labelled_images(write_npz(tmp_path / "pneumoniamnist_64.npz", **arrays), 28).labels == (
            "normal",
            "pneumonia",
        )

    @pytest.mark.parametrize("sent", ["pneumoniamnist.npz", "PneumoniaMNIST_64 (2).NPZ", r"C:\data\pneumoniamnist.npz"])
    def test_an_upload_is_known_by_the_name_it_came_with(self, tmp_path: Path, sent: str) -> None:
        path = write_npz(tmp_path / file_name(sent), **medmnist_arrays())
        assert path.parent == tmp_path
        assert read_labelled_images(path, 28).labels == ("normal", "pneumonia")

    def test_only_one_class_present_keeps_both_known_names(self, tmp_path: Path) -> None:
        arrays = {"test_images": np.zeros((3, 28, 28), np.uint8), "test_labels": np.ones((3, 1), np.uint8)}
        data = read_labelled_images(write_npz(tmp_path / "pneumoniamnist.npz", **arrays), 28)
        assert data.splits["test"].targets.tolist() == [1, 1, 1]

    def test_labels_need_not_be_contiguous(self, tmp_path: Path) -> None:
        arrays = medmnist_arrays()
        arrays |= {key: value * 5 + 2 for key, value in arrays.items() if "labels" in key}
        data = read_labelled_images(write_npz(tmp_path / "x.npz", **arrays), 28)
        assert data.labels == ("2", "7")
        assert set(data.splits["train"].targets) == {0, 1}

    @pytest.mark.parametrize(
        ("arrays", "code", "says"),
        [
            ({"x": np.zeros(3), "y": np.zeros(3)}, "array.keys", "x, y"),
            (medmnist_arrays() | {"train_labels": np.zeros((20, 14), np.uint8)}, "array.multi_label", "14"),
            (medmnist_arrays() | {"train_images": np.zeros((20, 28, 28))}, "array.images", "float64"),
            (medmnist_arrays() | {"train_images": np.zeros((20, 28, 28, 28), np.uint8)}, "array.images", "28, 28, 28"),
            (medmnist_arrays() | {"train_labels": np.zeros((19, 1), np.uint8)}, "array.labels", "(19, 1)"),
            (medmnist_arrays() | {"train_labels": np.zeros((20, 1))}, "array.labels", "float64"),
            (medmnist_arrays(side=4), "array.side", "8"),
            ({"train_images": np.array([{}]), "train_labels": np.zeros(1)}, "array.objects", "Python objects"),
        ],
        ids=["keys", "multi-label", "float", "3d", "lengths", "float labels", "tiny", "pickled"],
    )
    def test_refused(self, tmp_path: Path, arrays: dict[str, np.ndarray], code: str, says: str) -> None:
        with pytest.raises(InputRefused) as caught:
            read_labelled_images(write_npz(tmp_path / "x.npz", **arrays), 28)
        assert caught.value.code == code
        assert says in str(caught.value.message)

    def test_damaged_or_something_else(self, tmp_path: Path) -> None:
        path = write_npz(tmp_path / "x.npz", **medmnist_arrays())
        whole = path.read_bytes()
        for content, code in (
            (whole[:-100], "damaged"),
            (b"PK\x03\x04" + bytes(99), "damaged"),
            (b"text", "wrong_kind"),
        ):
            path.write_bytes(content)
            with pytest.raises(InputRefused) as caught:
                read_labelled_images(path, 28)
            assert caught.value.code == f"array.{code}"
        path.write_bytes(whole.replace(whole[200:260], bytes(60)))
        with pytest.raises(InputRefused):
            read_labelled_images(path, 28)

    def test_size_is_checked_before_reading(self, tmp_path: Path) -> None:
        path = write_npz(tmp_path / "x.npz", **medmnist_arrays())
        with pytest.raises(InputRefused) as caught:
            read_labelled_images(path, 28, Limits(archive_unpacked_bytes=1000))
        assert caught.value.code == "array.too_large"


def test_squeeze_is_antialiased_and_leaves_the_right_size_alone() -> None:
    stripes = np.zeros((64, 64, 3), np.uint8)
    stripes[:, ::2] = 255
    assert np.ptp(squeeze(stripes, 16)[:, 2:-2]) < 10
    assert squeeze(stripes, 64) is stripes
    assert squeeze(stripes[:20], 8).shape == (8, 8, 3)


def test_grey_allows_a_small_marker() -> None:
    pixels = np.repeat(np.arange(200, dtype=np.uint8)[None, :, None], 200, axis=0).repeat(3, axis=2)
    assert is_grey(pixels)
    pixels[:15, :20] = (255, 0, 0)
    assert is_grey(pixels)
    pixels[:50, :50] = (255, 0, 0)
    assert not is_grey(pixels)


@pytest.mark.data
@pytest.mark.slow
def test_public_sets(data_folder: Path) -> None:
    data = read_labelled_images(data_folder / "medical" / "chest_xray_224", 64)
    assert data.report.counts["train"] == {"NORMAL": 1207, "PNEUMONIA": 3487}
    assert data.report.duplicates_within.exact == 32
    assert data.report.duplicates_across_splits.total == 0


@pytest.mark.data
def test_public_arrays(data_folder: Path) -> None:
    data = read_labelled_images(data_folder / "medical" / "pneumoniamnist_28", 28)
    assert data.labels == ("normal", "pneumonia")
    assert data.report.counts["test"] == {"normal": 234, "pneumonia": 390}
    assert not data.report.blocking
