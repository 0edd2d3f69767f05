"""Duplicates, leaks, balance and what blocks training; and splits that keep duplicates together."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.data.images import LabelledImages, read_labelled_images
from core.data.splits import split
from core.errors import InputRefused
from tests.data.sets import class_folders, image, write_zip


def _read(tmp_path: Path, entries: dict[str, bytes]) -> LabelledImages:
    return read_labelled_images(write_zip(tmp_path / "d.zip", entries), 16)


def _recompressed(data: bytes) -> bytes:
    with Image.open(io.BytesIO(data)) as opened:
        out = io.BytesIO()
        opened.resize((120, 110), Image.Resampling.BICUBIC).save(out, "JPEG", quality=80)
    return out.getvalue()


def _said(data: LabelledImages) -> str:
    return " ".join(map(str, data.report.warnings))


def test_exact_and_near_duplicates_within_a_class(tmp_path: Path) -> None:
    entries = class_folders({"a": 8, "b": 8})
    entries |= {"a/copy.png": image(0), "b/large.png": image(99, 96), "b/near.jpg": _recompressed(image(99, 96))}
    report = _read(tmp_path, entries).report
    assert report.duplicates_within.total == 2
    assert report.duplicates_within.exact == 1
    assert ("a/0.png", "a/copy.png") in report.duplicates_within.pairs
    assert ("b/large.png", "b/near.jpg") in report.duplicates_within.pairs


def test_the_same_image_in_two_classes(tmp_path: Path) -> None:
    data = _read(tmp_path, class_folders({"a": 8, "b": 8}) | {"b/copy.png": image(0)})
    assert data.report.duplicates_across_classes.pairs == (("a/0.png", "b/copy.png"),)
    assert "two classes: 1 times" in _said(data)


def test_test_leakage(tmp_path: Path) -> None:
    entries = class_folders({"a": 8, "b": 8}, "train/") | class_folders({"a": 5, "b": 5}, "test/", 50)
    entries |= {"train/b/large.png": image(99, 96), "test/b/leak.jpg": _recompressed(image(99, 96))}
    data = _read(tmp_path, entries | {"test/a/leak.png": image(0)})
    found = data.report.duplicates_across_splits
    assert (found.total, found.exact) == (2, 1)
    assert "Looks like test leakage: 2" in _said(data)


def test_unlike_images_are_no_duplicates(tmp_path: Path) -> None:
    report = _read(tmp_path, class_folders({"a": 150, "b": 150})).report
    assert report.duplicates_within.total == report.duplicates_across_classes.total == 0


def test_a_series_of_like_pictures_is_not_one_group(tmp_path: Path) -> None:
    base = np.asarray(Image.open(io.BytesIO(image(3, side=64)))).astype(int)
    entries = {}
    for number in range(120):
        changed = (base + np.random.default_rng(number).integers(-4, 5, base.shape)).clip(0, 255).astype(np.uint8)
        out = io.BytesIO()
        Image.fromarray(changed).save(out, "PNG")
        entries[f"{'ok' if number % 2 else 'defect'}/{number}.png"] = out.getvalue()
    data = _read(tmp_path, entries)
    assert not data.report.blocking
    assert set(split(data).splits) == {"train", "validation", "test"}
    assert "120 images look so much alike" in _said(data)


def test_many_exact_copies_stay_together_without_a_word(tmp_path: Path) -> None:
    entries = class_folders({"a": 40, "b": 40}) | {f"b/copy {number}.png": image(0) for number in range(30)}
    assert "look so much alike" not in _said(_read(tmp_path, entries))


@pytest.mark.parametrize(
    ("classes", "says"),
    [({"a": 9}, "only one class (a)"), ({"a": 9, "b": 1}, "Class b has 1"), ({"a": 1, "b": 1}, "Class a has 1")],
)
def test_blocking(tmp_path: Path, classes: dict[str, int], says: str) -> None:
    data = _read(tmp_path, class_folders(classes))
    assert says in str(data.report.blocking[0])
    with pytest.raises(InputRefused) as caught:
        data.report.refuse_if_blocked()
    assert caught.value.code == "data.blocked"


def test_copies_do_not_count_as_images(tmp_path: Path) -> None:
    data = _read(tmp_path, class_folders({"a": 9}) | {f"b/{number}.png": image(500) for number in range(9)})
    assert "Class b has 1 different" in str(data.report.blocking[0])


def test_imbalance_and_few_images(tmp_path: Path) -> None:
    data = _read(tmp_path, class_folders({"a": 80, "b": 6}))
    assert data.report.balance == pytest.approx(80 / 6)
    assert "13 times" in _said(data)
    assert "Fewer than 30 images in: b" in _said(data)


def test_class_absent_from_a_split(tmp_path: Path) -> None:
    data = _read(tmp_path, class_folders({"a": 8, "b": 8}, "train/") | class_folders({"a": 8}, "test/", 50))
    assert "Split test has no images of: b" in _said(data)


def test_traits_that_give_the_class_away(tmp_path: Path) -> None:
    entries = {f"small/{number}.png": image(number, 32) for number in range(8)}
    entries |= {f"large/{number}.png": image(number, 64, colour=True) for number in range(50, 58)}
    said = _said(_read(tmp_path, entries))
    assert "Image size alone" in said
    assert "all grey" in said


class TestSplit:
    def test_shares_strata_and_seed(self, tmp_path: Path) -> None:
        data = _read(tmp_path, class_folders({"a": 100, "b": 40}))
        parts = split(data).splits
        assert {name: len(images) for name, images in parts.items()} == {"train": 98, "validation": 21, "test": 21}
        assert np.bincount(parts["test"].targets).tolist() == [15, 6]
        ids = [image_id for images in parts.values() for image_id in images.ids]
        assert sorted(ids) == sorted(data.splits["all"].ids)
        assert split(data).splits["test"].ids == parts["test"].ids
        assert split(data, seed=1).splits["test"].ids != parts["test"].ids

    def test_duplicates_stay_together(self, tmp_path: Path) -> None:
        entries = class_folders({"a": 30, "b": 30})
        entries |= {f"a/copy{number}.png": image(number) for number in range(20)}
        for seed in range(5):
            parts = split(_read(tmp_path, entries), seed=seed).splits
            groups = [set(images.groups.tolist()) for images in parts.values()]
            assert not groups[0] & groups[1]
            assert not groups[0] & groups[2]
            assert not groups[1] & groups[2]

    def test_given_splits_are_kept_and_validation_added(self, tmp_path: Path) -> None:
        entries = class_folders({"a": 40, "b": 40}, "train/") | class_folders({"a": 8, "b": 8}, "test/", 200)
        data = _read(tmp_path, entries)
        parts = split(data).splits
        assert parts["test"].ids == data.splits["test"].ids
        assert len(parts["train"]) + len(parts["validation"]) == 80
        assert len(parts["validation"]) == pytest.approx(14, abs=2)

    def test_three_of_a_class_reach_every_split(self, tmp_path: Path) -> None:
        parts = split(_read(tmp_path, class_folders({"a": 3, "b": 60}))).splits
        assert all((images.targets == 0).sum() == 1 for images in parts.values())

    def test_nothing_to_train_on(self, tmp_path: Path) -> None:
        with pytest.raises(InputRefused) as caught:
            split(_read(tmp_path, class_folders({"a": 8, "b": 8}, "test/")))
        assert caught.value.code == "data.no_training"
