"""Inspection images in the layouts they come in, and what is said of bad ones."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from core.data import surfaces
from core.data.surfaces import marked_in, read_parts, squeeze_mask
from core.errors import InputRefused
from tests.tasks.surfaces import laid_out, mvtec_files, picture, png, zipped


def said(data):
    return " ".join(str(message) for message in (*data.report.warnings, *data.report.blocking))


@pytest.fixture(scope="module")
def files():
    return mvtec_files(good=6, tested=2)


def test_mvtec_layout_as_folder_and_as_zip(files, tmp_path):
    wrapped = {f"bottle/{name}": content for name, content in files.items()}
    read = [
        read_parts(laid_out(tmp_path / "a", files), 32),
        read_parts(zipped(tmp_path / "a.zip", files), 32),
        read_parts(zipped(tmp_path / "b.zip", wrapped), 32),
    ]
    for data in read:
        assert {name: len(part) for name, part in data.splits.items()} == {"train": 6, "test": 6}
        assert sorted(set(data.splits["test"].types)) == ["blot", "good", "scratch"]
        assert data.grey and data.splits["train"].pixels.shape == (6, 32, 32, 1)
        assert data.splits["test"].has_mask.all()
        marked = data.splits["test"].masks.any(axis=(1, 2))
        assert np.array_equal(marked, ~data.splits["test"].good)
    assert read[0].fingerprint == read[1].fingerprint != read[2].fingerprint
    assert read_parts(tmp_path / "a", 64).fingerprint == read[0].fingerprint, "it does not depend on the size"


def test_a_folder_of_images_shows_good_parts(tmp_path):
    rng = np.random.default_rng(0)
    flat = {f"{i}.png": png(picture(rng)[0]) for i in range(5)}
    data = read_parts(laid_out(tmp_path / "flat", flat), 32)
    assert list(data.splits) == ["train"] and data.splits["train"].good.all()
    assert not data.report.blocking
    assert "1 in 6" in said(data)


def test_good_beside_defects_without_splits(tmp_path):
    rng = np.random.default_rng(0)
    files = {f"ok/{i}.png": png(picture(rng)[0]) for i in range(5)}
    pixels, mask = picture(rng, "blot")
    files |= {"blot/x.png": png(pixels), "masks/blot/x.png": png(mask.astype(np.uint8) * 255)}
    data = read_parts(laid_out(tmp_path / "set", files), 32)
    assert {name: len(part) for name, part in data.splits.items()} == {"train": 5, "test": 1}
    assert data.splits["test"].has_mask.all()


@pytest.mark.parametrize("count", [1, 3])
def test_too_few_good_images_block(count, tmp_path):
    rng = np.random.default_rng(0)
    files = {f"{i}.png": png(picture(rng)[0]) for i in range(count)}
    data = read_parts(laid_out(tmp_path / "few", files), 32)
    with pytest.raises(InputRefused, match=f"There are {count} different images of good parts"):
        data.report.refuse_if_blocked()


def test_one_image_many_times_is_one(tmp_path):
    content = png(picture(np.random.default_rng(0))[0])
    data = read_parts(laid_out(tmp_path / "same", {f"{i}.png": content for i in range(9)}), 32)
    assert data.report.blocking and "the same one" in said(data)


def test_mixed_orientation_colour_and_shape_are_said(files, tmp_path):
    mixed = dict(files)
    upright = picture(np.random.default_rng(5), side=96)[0]
    mixed["train/good/upright.png"] = png(upright[:, :60])
    mixed["train/good/lying.png"] = png(upright[:60])
    coloured = upright.copy()
    coloured[..., 0] = 200
    mixed["train/good/red.png"] = png(coloured)
    data = read_parts(laid_out(tmp_path / "mixed", mixed), 32)
    words = said(data)
    assert "1 images are in colour" in words and data.grey
    assert "Some images are upright (1) and some are not (1)" in words


def test_masks_of_another_size_without_image_and_empty(files, tmp_path):
    odd = dict(files)
    rng = np.random.default_rng(7)
    _, mask = picture(rng, "blot")
    odd["ground_truth/blot/000_mask.png"] = png(np.kron(mask, np.ones((2, 2), bool)).astype(np.uint8) * 255)
    odd["ground_truth/blot/001_mask.png"] = png(np.full((96, 40), 255, np.uint8))
    odd["ground_truth/blot/099_mask.png"] = png(mask.astype(np.uint8) * 255)
    odd["ground_truth/scratch/000_mask.png"] = png(np.zeros((96, 96), np.uint8))
    data = read_parts(laid_out(tmp_path / "odd", odd), 32)
    words = said(data)
    assert "Masks that belong to no image, or to several: 1. First: ground_truth/blot/099_mask.png" in words
    assert "Masks of another size than their image: 2" in words
    assert "Empty masks of defective images, left out: 1" in words
    test = data.splits["test"]
    known = dict(zip(test.ids, test.has_mask, strict=True))
    assert known["test/blot/000.png"] and not known["test/blot/001.png"] and not known["test/scratch/000.png"]


def test_a_mask_of_zeros_and_ones_is_one(files, tmp_path):
    dim = dict(files)
    pixels, mask = picture(np.random.default_rng(3), "blot")
    dim |= {"test/blot/000.png": png(pixels), "ground_truth/blot/000_mask.png": png(mask.astype(np.uint8))}
    data = read_parts(laid_out(tmp_path / "dim", dim), 96)
    at = data.splits["test"].ids.index("test/blot/000.png")
    assert np.array_equal(data.splits["test"].masks[at], mask)


def test_folders_that_say_nothing_and_several_products_are_refused(files, tmp_path):
    rng = np.random.default_rng(0)
    unsaid = {f"{name}/{i}.png": png(picture(rng)[0]) for name in ("monday", "tuesday") for i in range(3)}
    with pytest.raises(InputRefused) as refused:
        read_parts(laid_out(tmp_path / "unsaid", unsaid), 32)
    assert refused.value.code == "data.no_good_parts"
    two = {f"{name}/{path}": content for name in ("bottle", "cable") for path, content in files.items()}
    with pytest.raises(InputRefused, match=r"several products: bottle, cable"):
        read_parts(laid_out(tmp_path / "two", two), 32)


def test_a_test_image_that_was_learned_is_said(files, tmp_path):
    leaking = files | {"test/good/copy.png": files["train/good/000.png"]}
    assert "test leakage: 1" in said(read_parts(laid_out(tmp_path / "leak", leaking), 32))


def test_a_thin_defect_survives_the_squeeze():
    mask = np.zeros((400, 400), bool)
    mask[200, 100:300] = True
    small = squeeze_mask(mask, 64)
    assert small.any() and small.sum() < 64


def parts(count, defect="good", seed=0):
    """Pictures and their masks, as PNG."""
    rng = np.random.default_rng(seed)
    made = [picture(rng, defect) for _ in range(count)]
    return [(png(pixels), png(mask.astype(np.uint8) * 255)) for pixels, mask in made]


def test_masks_alone_are_refused(tmp_path):
    masks = {f"ground_truth/blot/{i}.png": mask for i, (_, mask) in enumerate(parts(3, "blot"))}
    with pytest.raises(InputRefused) as refused:
        read_parts(laid_out(tmp_path / "masks", masks), 32)
    assert refused.value.code == "data.no_good_parts"


@pytest.mark.parametrize("folder", ["defect", "NG", "scratch", "不良", "line2/bad"])
def test_a_single_folder_of_defects_is_not_learned_as_good(folder, tmp_path):
    files = {f"{folder}/{i}.png": content for i, (content, _) in enumerate(parts(5))}
    with pytest.raises(InputRefused) as refused:
        read_parts(zipped(tmp_path / "set.zip", files), 32)
    assert refused.value.code == "data.no_good_parts"


@pytest.mark.parametrize(("folder", "says"), [("monday", "folder monday"), ("images", ""), ("good", "")])
def test_a_single_folder_that_is_taken_as_good_is_named(folder, says, tmp_path):
    files = {f"{folder}/{i}.png": content for i, (content, _) in enumerate(parts(5))}
    report = read_parts(zipped(tmp_path / "set.zip", files), 32).report
    assert report.good == 5
    noticed = " ".join(map(str, report.notices))
    assert says in noticed if says else not noticed


def test_masks_beside_their_images_are_masks(tmp_path):
    files = {f"good/{i}.png": content for i, (content, _) in enumerate(parts(5))}
    for i, (content, mask) in enumerate(parts(4, "blot", 1)):
        files |= {f"defect/{i}.png": content, f"defect/{i}_mask.png": mask}
    lone = files | {"defect/9_mask.png": parts(1, "blot", 2)[0][1], "good/face_mask.png": parts(1, seed=3)[0][0]}
    data = read_parts(laid_out(tmp_path / "set", lone), 32)
    assert data.report.good == 6 and data.report.defects == 4
    test = data.splits["test"]
    assert test.has_mask.all() and test.masks.any(axis=(1, 2)).all()
    assert "Masks that belong to no image, or to several: 1. First: defect/9_mask.png" in said(data)


@pytest.mark.parametrize("folder", ["set/", "", "kos{i}/"])
def test_without_a_word_the_masks_beside_images_tell_which_are_good(folder, tmp_path):
    files = {}
    for i, (content, mask) in enumerate([*parts(5), *parts(3, "blot", 1)]):
        place = folder.format(i=i)
        files |= {f"{place}Part{i}.png": content, f"{place}Part{i}_label.png": mask}
    data = read_parts(zipped(tmp_path / "set.zip", files), 32)
    assert {name: sorted(set(part.types)) for name, part in data.splits.items()} == {
        "train": ["good"],
        "test": ["defect"],
    }
    assert data.report.good == 5 and data.report.defects == 3 and data.splits["test"].has_mask.all()
    assert not data.report.notices and "Empty masks" not in said(data)


def test_splits_without_kinds_take_them_from_the_masks_beside(tmp_path):
    files = {}
    for i, (content, mask) in enumerate([*parts(6), *parts(4, "blot", 1)]):
        split = "test" if i % 2 else "train"
        files |= {f"{split}/{i}.png": content, f"{split}/{i}_GT.png": mask}
    data = read_parts(laid_out(tmp_path / "set", files), 32)
    assert {name: sorted(part.types) for name, part in data.splits.items()} == {
        name: ["defect"] * 2 + ["good"] * 3 for name in ("train", "test")
    }


def test_every_kind_in_a_mask_of_kinds_is_marked_and_grey_edges_are_halved():
    kinds = np.zeros((60, 60), np.uint8)
    kinds[5:15, 5:15], kinds[20:40, 20:40], kinds[50:54, 10:40] = 1, 2, 5
    assert np.array_equal(marked_in(kinds), kinds > 0)
    soft = np.array([[0, 3, 100, 200, 255]], np.uint8)
    assert marked_in(soft).tolist() == [[False, False, False, True, True]]


def test_a_mask_of_nearly_everything_is_said(files, tmp_path):
    white = files | {"ground_truth/blot/000_mask.png": png(np.full((96, 96), 255, np.uint8))}
    words = said(read_parts(laid_out(tmp_path / "white", white), 32))
    assert "Masks that mark nearly all of their image: 1. First: test/blot/000.png" in words
    assert "nearly all" not in said(read_parts(laid_out(tmp_path / "set", files), 32))


def test_of_very_many_good_parts_some_are_kept_to_learn_from(tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    many = {f"train/good/{i:02}.png": png(picture(rng)[0]) for i in range(12)}
    files = many | {f"test/good/{i}.png": png(picture(rng)[0]) for i in range(8)}
    whole = read_parts(laid_out(tmp_path / "many", files), 32)
    monkeypatch.setattr(surfaces, "GOOD_MAX", 6)
    data = read_parts(tmp_path / "many", 32)
    assert len(data.splits["train"]) == 6 and len(data.splits["test"]) == 8
    assert {data.splits["train"].ids[0], data.splits["train"].ids[-1]} == {"train/good/00.png", "train/good/11.png"}
    assert data.report.good == 12 and "Of 12 images of good parts 6" in said(data) and "evenly" not in said(whole)
    rows = np.isin(whole.splits["train"].ids, data.splits["train"].ids)
    assert np.array_equal(data.splits["train"].pixels, whole.splits["train"].pixels[rows])
    assert data.fingerprint == whole.fingerprint, "it is the same data"


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs what Linux says of memory")
def test_grey_images_take_little_room_while_they_are_read(tmp_path):
    rng = np.random.default_rng(0)
    content = png(rng.integers(0, 256, (24, 24), dtype=np.uint8))
    path = laid_out(tmp_path / "grey", {f"{i:03}.png": content for i in range(120)})
    program = (
        "import re, sys; from pathlib import Path; from core.data.surfaces import read_parts\n"
        "most = lambda: 1024 * int(re.search(r'VmHWM:\\s+(\\d+)', Path('/proc/self/status').read_text())[1])\n"
        "path = Path(sys.argv[1]); read_parts(path, 32); before = most()\n"
        "pixels = read_parts(path, 768).splits['train'].pixels.nbytes\n"
        "print((most() - before) / pixels)"
    )
    found = subprocess.run([sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True)
    assert float(found.stdout) < 3, "no three channels of each, and no masks of good parts"
