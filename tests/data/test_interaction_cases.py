"""Every odd table of interactions is taken, taken in part with words, or refused with a code."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.data.interaction_check import prepared
from core.data.read_interactions import read_interactions
from core.errors import InputRefused
from tests.interaction_cases import CASES, Case, table


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_odd_table_gets_its_verdict(tmp_path: Path, case: Case) -> None:
    path = tmp_path / "sent.csv"
    path.write_bytes(case.data)
    if case.code:
        with pytest.raises(InputRefused) as refused:
            prepared(read_interactions(path))
        assert refused.value.code == case.code
        words = f"{refused.value.message} {refused.value.hint}"
    else:
        data = prepared(read_interactions(path))
        assert len(data) == case.rows
        words = " ".join(str(message) for message in (*data.notices, *(row.message for row in data.refused)))
    assert [part for part in case.says if part not in words] == []


@pytest.mark.parametrize(
    ("files", "code"),
    [
        ({}, "interactions.none"),
        ({"items.csv": b"item_id,title\n1,a\n2,b\n"}, "interactions.catalogue_alone"),
        ({"ratings.csv": table(), "items.csv": b"\x89PNG\r\n\x1a\n" + bytes(200)}, "table.wrong_kind"),
        ({"ratings.csv": table(), "items.csv": b""}, "table.empty"),
        ({"ratings.csv": table(), "items.csv": b"title,colour\nA,red\nB,blue\n"}, "interactions.no_items_id"),
    ],
    ids=["nothing", "a catalogue alone", "a picture as catalogue", "an empty catalogue", "items without ids"],
)
def test_folders_that_are_none_are_refused(tmp_path: Path, files: dict[str, bytes], code: str) -> None:
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    with pytest.raises(InputRefused) as refused:
        read_interactions(tmp_path)
    assert refused.value.code == code


def test_a_file_that_is_gone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputRefused) as refused:
        read_interactions(tmp_path / "gone.csv")
    assert refused.value.code == "table.unreadable"


def test_endless_ids_of_a_catalogue_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "ratings.csv").write_bytes(table())
    (tmp_path / "items.csv").write_text("item_id,title\n" + "x" * 5000 + ",a\n0001,b\n")
    data = read_interactions(tmp_path)
    assert data.catalogue.ids.dtype.itemsize == 4 * 4
    assert any("without a usable id" in str(notice) for notice in data.notices)


def test_a_page_of_words_is_no_list_of_ids(tmp_path: Path) -> None:
    path = tmp_path / "sent.txt"
    path.write_text("<html> <body>\n<p> please log in </p>\n</body> </html>\n" * 20)
    with pytest.raises(InputRefused):
        read_interactions(path)
