"""Parts that a table lists beside archives, pictures behind rows of parts, and the set that is made here."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.contracts import DataInfo, Evaluation
from core.data import catalog, examples
from core.data.catalog import DataSet
from core.data.surfaces import read_parts
from core.errors import InputRefused
from core.settings import settings
from tests.tasks.surfaces import picture, png, zipped

HEADER = "archive,image,mask,class,split\n"


def listed(folder: Path, rows: str = "", header: str = HEADER) -> Path:
    """Six good images and two with a blot, one of which has a mask; `rows` replace those of the table."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    zipped(folder / "good.zip", {f"images/free/{number}.png": png(picture(rng)[0]) for number in range(6)})
    blots = [picture(rng, "blot") for _ in range(2)]
    files = {f"images/blot/{number}.png": png(pixels) for number, (pixels, _) in enumerate(blots)}
    zipped(folder / "defect.zip", files | {"masks/blot/0.png": png(blots[0][1].astype(np.uint8) * 255)})
    lines = [f"good.zip,images/free/{n}.png,,free,{'train' if n < 4 else 'test'}" for n in range(6)]
    lines += ["defect.zip,images/blot/0.png,masks/blot/0.png,blot,test", "defect.zip,images/blot/1.png,,blot,val"]
    (folder / "labels.csv").write_text(header + (rows or "\n".join(lines) + "\n"), encoding="utf-8")
    return folder


def test_a_table_says_what_the_images_beside_it_are(tmp_path: Path) -> None:
    data = read_parts(listed(tmp_path / "tiles"), 32)
    assert {name: len(part) for name, part in data.splits.items()} == {"train": 4, "validation": 1, "test": 3}
    test = data.splits["test"]
    assert sorted(test.types) == ["blot", "good", "good"] and test.has_mask.all()
    assert test.masks[~test.good].any() and not test.masks[test.good].any()
    assert not data.splits["validation"].has_mask.any()
    assert test.contents is None, "nobody else has what lies here"


@pytest.mark.parametrize(
    ("rows", "header", "says"),
    [
        ("good.zip,images/free/0.png\n", "archive,image\n", "mask"),
        ("good.zip,images/free/9.png,,free,train\n", HEADER, "images/free/9.png"),
        ("defect.zip,images/blot/0.png,masks/blot/7.png,blot,test\n", HEADER, "masks/blot/7.png"),
        ("../good.zip,images/free/0.png,,free,train\n", HEADER, "../good.zip"),
        ("other.zip,images/free/0.png,,free,train\n", HEADER, "other.zip"),
        ("good.zip,images/free/0.png,,free,someday\n", HEADER, "someday"),
    ],
)
def test_a_table_that_does_not_fit_is_refused(tmp_path: Path, rows: str, header: str, says: str) -> None:
    with pytest.raises(InputRefused) as caught:
        read_parts(listed(tmp_path / "tiles", rows, header), 32)
    assert caught.value.code == "data.list" and says in str(caught.value.message)


def test_pictures_behind_rows_of_a_public_set_of_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = listed(tmp_path / "data" / "defects" / "tiles")
    monkeypatch.setenv("VITRINE_DATA", str(tmp_path / "data"))
    settings.cache_clear()
    entry = DataSet("tiles", "defects", "Made", "", "CC0", "", "", (), holds="parts")
    monkeypatch.setattr(examples, "DATA_SETS", (entry,))
    monkeypatch.setattr(catalog, "DATA_SETS", (entry,))
    test = read_parts(folder, 16).splits["test"]
    assert test.contents is not None
    table = {"id": np.array(test.ids), examples.CONTENT: test.contents}
    measured = Evaluation(("good", "defect"), table, {}, DataInfo("tiles", "test", 3, "f"), 0, "")
    found = examples.pictures(measured, list(test.ids), tmp_path)
    assert {image_id: one.shape for image_id, one in found.found.items()} == dict.fromkeys(test.ids, (96, 96, 3))
    assert found.hint is None
    wrong = Evaluation(("good", "defect"), table | {examples.CONTENT: test.contents[::-1]}, {}, measured.data, 0, "")
    assert set(examples.pictures(wrong, list(test.ids), tmp_path).found) == {test.ids[1]}


def test_a_set_that_is_made_here_is_made_for_its_own_rows_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(examples, "local_path", asked.append)
    for name, expected in (
        ("magnetic_tile", ["magnetic_tile"]),
        ("simulated_boards", ["simulated_boards", "magnetic_tile"]),
    ):
        asked.clear()
        table = {"id": np.array(["x"]), examples.CONTENT: np.array(["0"])}
        measured = Evaluation(("good", "defect"), table, {}, DataInfo(name, "test", 1, "f"), 0, "")
        examples.pictures(measured, ["x"], tmp_path)
        assert asked == expected


@pytest.mark.slow
def test_the_simulated_parts_are_made_once_and_have_every_defect() -> None:
    path = catalog.local_path("simulated_boards")
    assert path is not None
    made = {file: file.stat().st_mtime_ns for file in path.rglob("*.png")}
    assert catalog.local_path("simulated_boards") == path
    assert made == {file: file.stat().st_mtime_ns for file in path.rglob("*.png")}
    data = read_parts(path, 32)
    assert int(data.splits["train"].good.sum()) == len(data.splits["train"]) == 40
    counts = {kind: int((data.splits["test"].types == kind).sum()) for kind in set(data.splits["test"].types)}
    assert counts == dict.fromkeys(("good", "scratch", "pit", "stain", "crack", "missing_print"), 10)
    assert data.splits["test"].has_mask.all() and not data.report.blocking and not data.report.warnings
    assert data.splits["test"].contents is not None


@pytest.mark.slow
@pytest.mark.data
def test_the_magnetic_tiles_are_read_as_they_are_handed_round(data_folder: Path) -> None:
    path = catalog.local_path("magnetic_tile")
    assert path == data_folder / "defects" / "magnetic_tile"
    data = read_parts(path, 16)
    good = {name: int(part.good.sum()) for name, part in data.splits.items()}
    assert good == {"train": 570, "validation": 144, "test": 238}
    assert {name: len(part) for name, part in data.splits.items()} == {"train": 796, "validation": 212, "test": 336}
    assert sum(int(part.has_mask[~part.good].sum()) for part in data.splits.values()) == 388
