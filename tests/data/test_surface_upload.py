"""Images of parts that were sent one by one, and good parts that are something else at a glance."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest

from core.data.duplicates import thumbnail
from core.data.surface_glance import unlike_others
from core.data.surface_upload import pack_parts
from core.data.surfaces import read_parts
from core.data.surfaces_simulator import draw_part
from core.errors import InputRefused
from tests.tasks.surfaces import laid_out, picture, png


def part(seed: int, defect: str = "good") -> tuple[bytes, bytes]:
    """A picture and its mask, as PNG."""
    pixels, mask = picture(np.random.default_rng(seed), defect)
    return png(pixels), png(mask.astype(np.uint8) * 255)


def test_images_and_masks_come_to_their_places(tmp_path: Path) -> None:
    good = [("1.png", part(0)[0]), ("1.png", part(1)[0]), ("shots/2.png", part(2)[0]), ("a%2F..%2Fb.png", part(3)[0])]
    scratch, mask = part(5, "scratch")
    packed = pack_parts(good, [("S1.PNG", scratch), ("s1_mask.png", mask), ("lone_mask.png", mask)])
    assert zipfile.ZipFile(io.BytesIO(packed)).namelist() == [
        "train/good/1.png",
        "train/good/1-2.png",
        "train/good/2.png",
        "train/good/a_2F.._2Fb.png",
        "test/defect/S1.PNG",
        "ground_truth/defect/s1_mask.png",
        "ground_truth/defect/lone_mask.png",
    ]
    path = tmp_path / "parts.zip"
    path.write_bytes(packed)
    data = read_parts(path, 32)
    assert len(data.splits["train"]) == 4 and data.splits["test"].has_mask.all()
    assert data.report.good == 4 and data.report.defects == 1 and data.report.masked["test"]["defect"] == 1
    assert "Masks that belong to no image, or to several: 1" in " ".join(map(str, data.report.warnings))


def test_a_good_part_may_be_called_a_mask() -> None:
    packed = pack_parts([("face_mask.png", b"x"), ("2.png", b"y")])
    assert "train/good/face_mask.png" in zipfile.ZipFile(io.BytesIO(packed)).namelist()


def test_a_name_without_an_ending_makes_no_masks_of_the_others() -> None:
    packed = pack_parts([("1.png", b"x"), ("2.png", b"y"), ("IMG001", b"z")])
    assert zipfile.ZipFile(io.BytesIO(packed)).namelist() == [
        f"train/good/{name}" for name in ("1.png", "2.png", "IMG001")
    ]


def test_the_same_image_good_and_defective_is_said(tmp_path: Path) -> None:
    files = {f"train/good/{place}.png": part(place)[0] for place in range(5)}
    files |= {"test/blot/1.png": files["train/good/1.png"], "test/good/2.png": files["train/good/2.png"]}
    report = read_parts(laid_out(tmp_path, files), 32).report
    said = " ".join(map(str, report.warnings))
    assert "The same image is called good and defective: 1 times, such as train/good/1.png and test/blot/1.png" in said
    assert "test leakage: 1 images are also in another split, such as train/good/2.png and test/good/2.png" in said
    assert report.duplicates_across_classes.total == report.duplicates_across_splits.total == 1


def test_the_refusal_of_too_few_speaks_of_parts(tmp_path: Path) -> None:
    report = read_parts(laid_out(tmp_path, {"1.png": part(0)[0]}), 32).report
    with pytest.raises(InputRefused) as refused:
        report.refuse_if_blocked()
    assert "images of good parts" in str(refused.value.hint)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["brushed_metal", "woven_cloth", "printed_board"])
def test_another_part_differs_at_a_glance_and_good_ones_do_not(kind: str) -> None:
    def thumb(kind: str, seed: int) -> np.ndarray:
        return thumbnail(draw_part(kind, "good", seed, 160).pixels)

    good = [thumb(kind, seed) for seed in range(40)]
    assert not len(unlike_others(np.stack(good[:20]))) and not len(unlike_others(np.stack(good[20:])))
    other = "woven_cloth" if kind == "printed_board" else "printed_board"
    assert unlike_others(np.stack([*good[:20], thumb(other, 0)])).tolist() == [20]


def test_of_a_handful_none_is_called_unlike() -> None:
    assert not len(unlike_others(np.stack([np.full((16, 17), value, np.uint8) for value in (0, 0, 0, 255)])))
