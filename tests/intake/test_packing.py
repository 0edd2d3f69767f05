"""Files that were sent one by one become one zip."""

from __future__ import annotations

import io
import zipfile

import pytest

from core.errors import InputRefused
from core.intake.packing import pack_files
from core.settings import Limits


def names(packed: bytes) -> list[str]:
    return zipfile.ZipFile(io.BytesIO(packed)).namelist()


def test_files_of_one_name_are_all_kept() -> None:
    packed = pack_files(
        [("a/1.png", b"x"), ("a/1.png", b"y"), ("a/1.PNG", b"z"), ("b/1.png", b"w"), ("1", b""), ("1", b"")]
    )
    assert names(packed) == ["a/1.png", "a/1-2.png", "a/1-3.PNG", "b/1.png", "1", "1-2"]
    assert zipfile.ZipFile(io.BytesIO(packed)).read("a/1-2.png") == b"y"


def test_the_same_files_give_the_same_bytes() -> None:
    files = [("a.png", b"x" * 100), ("b.png", b"y")]
    assert pack_files(files) == pack_files(files)


@pytest.mark.parametrize(
    ("limits", "code"),
    [(Limits(archive_entries=1), "upload.too_many_files"), (Limits(archive_bytes=9), "upload.too_many_bytes")],
)
def test_too_much_is_refused_with_both_figures(limits: Limits, code: str) -> None:
    with pytest.raises(InputRefused) as refused:
        pack_files([("a", b"12345"), ("b", b"12345")], limits)
    assert refused.value.code == code and refused.value.message.params["limit"]
