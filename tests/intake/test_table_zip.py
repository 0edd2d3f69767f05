"""Tables in a zip: only tables, only plain entries, nothing left behind."""

from __future__ import annotations

import gzip
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from core.data.read_interactions import TABLE_ENDINGS, read_interactions
from core.errors import InputRefused
from core.intake.table_zip import is_table_zip, unpacked_tables
from core.settings import settings
from tests.recommendation_sets import write_clubs, write_items

ENDINGS = (".csv", ".data")


def pack(path: Path, files: Mapping[str, str]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return path


def test_tables_of_the_upper_folder_are_there_while_they_are_read(tmp_path: Path) -> None:
    path = pack(
        tmp_path / "a.zip",
        {
            "set/ratings.CSV": "u,i\n1,2\n",
            "set/README.txt": "hello",
            "set/old/ratings.csv": "u,i\n3,4\n",
            "__MACOSX/ratings.csv": "junk",
        },
    )
    with unpacked_tables(path, ENDINGS) as folder:
        assert {file.name: file.read_text() for file in folder.iterdir()} == {"ratings.csv": "u,i\n1,2\n"}
    assert not folder.exists()


def test_a_catalogue_in_the_same_zip_is_read_with_the_interactions(tmp_path: Path) -> None:
    sheets = write_clubs(tmp_path / "ratings.csv"), write_items(tmp_path / "items.csv")
    path = pack(tmp_path / "shop.zip", {f"shop/{sheet.name}": sheet.read_text() for sheet in sheets})
    zipped, plain = read_interactions(path), read_interactions(tmp_path)
    assert zipped.name == "shop.zip" and zipped.sha256 == plain.sha256
    assert zipped.catalogue.attributes == plain.catalogue.attributes and "club" in zipped.catalogue.attributes


@pytest.mark.parametrize(
    ("damage", "code"),
    [
        (lambda path: path.write_bytes(path.read_bytes()[:-30]), "archive.broken"),
        (lambda path: path.write_bytes(path.read_bytes().replace(b"ratings.csv", b"../ings.csv")), "unsafe_name"),
        (lambda path: pack(path, {"README.md": "nothing here"}), "archive.no_tables"),
        (lambda path: pack(path, {"a.csv": "1,2\n" * 2_000_000}), "archive.ratio"),
    ],
)
def test_what_is_wrong_is_said_of_tables(tmp_path: Path, damage: Callable[[Path], object], code: str) -> None:
    path = pack(tmp_path / "a.zip", {"ratings.csv": "u,i\n1,2\n"})
    damage(path)
    with pytest.raises(InputRefused, match=code) as caught, unpacked_tables(path, ENDINGS):
        pass
    assert "image" not in f"{caught.value}"


def test_tables_that_are_packed_themselves_are_read_and_named_as_they_came(tmp_path: Path) -> None:
    sheets = write_clubs(tmp_path / "ratings.csv"), write_items(tmp_path / "items.csv")
    with zipfile.ZipFile(tmp_path / "shop.zip", "w") as archive:
        for sheet in sheets:
            archive.writestr(f"{sheet.name}.gz", gzip.compress(sheet.read_bytes()))
    assert read_interactions(tmp_path / "shop.zip").sha256 == read_interactions(tmp_path).sha256
    with zipfile.ZipFile(tmp_path / "odd.zip", "w") as archive:
        archive.writestr("ratings.tar.gz", gzip.compress(b"no table"))
    with pytest.raises(InputRefused, match=r"archive\.nested"), unpacked_tables(tmp_path / "odd.zip", TABLE_ENDINGS):
        pass


@pytest.mark.parametrize(
    ("names", "read", "others"),
    [
        (("orders 2024.csv", "orders_2024.csv"), "orders_2024.csv", "orders_2024_2.csv"),
        (("orders_2023.csv", "orders_2024.csv"), "orders_2023.csv", "orders_2024.csv"),
        (("orders.csv", "train.csv"), "orders.csv", "train.csv"),
        (("test.csv", "train.csv", "orders.csv"), "train.csv, test.csv", "orders.csv"),
    ],
)
def test_interactions_that_are_not_read_are_named(
    tmp_path: Path, names: tuple[str, ...], read: str, others: str
) -> None:
    sheet = write_clubs(tmp_path / "clubs.csv").read_text()
    said = read_interactions(pack(tmp_path / "a.zip", dict.fromkeys(names, sheet))).notices
    told = f"Interactions were read from {read}; left out, although they hold some as well: {others}."
    assert told in [str(message) for message in said]
    assert not any("left out" in str(message) for message in read_interactions(tmp_path / "clubs.csv").notices)


def test_a_zip_without_interactions_is_refused_by_its_own_name(tmp_path: Path) -> None:
    path = pack(tmp_path / "mine.zip", {"items.csv": "item_id,title\n1,x\n"})
    with pytest.raises(InputRefused, match=r"mine\.zip: there is a table of items and none of interactions"):
        read_interactions(path)


def test_a_zip_over_the_limit_is_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = pack(tmp_path / "a.zip", {"ratings.csv": "u,i\n1,2\n"})
    monkeypatch.setenv("VITRINE_LIMIT_ARCHIVE_BYTES", "100")
    settings.cache_clear()
    with pytest.raises(InputRefused, match="too_many_bytes"), unpacked_tables(path, ENDINGS):
        pass


def test_workbooks_and_folders_are_no_zips_of_tables(tmp_path: Path) -> None:
    workbook = pack(tmp_path / "a.xlsx", {"xl/workbook.xml": "<x/>"})
    assert not is_table_zip(workbook) and not is_table_zip(tmp_path) and not is_table_zip(tmp_path / "absent")
