"""The table of zips that must be refused, or taken in part and said; ids follow the catalogue of bad inputs."""

from __future__ import annotations

import stat
import struct
import time
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from core.errors import InputRefused
from core.intake.archives import check_refused_share, open_folder, open_zip
from core.settings import Limits
from tests.intake.pictures import encode, images, pack, pack_infos, picture

GOOD = images(9, "a/")
LINK = (stat.S_IFLNK | 0o777) << 16
PIPE = (stat.S_IFIFO | 0o600) << 16


DEFAULT = Limits()


@dataclass(frozen=True)
class Case:
    id: str
    data: bytes
    code: str
    says: tuple[str, ...] = ()
    limits: Limits = DEFAULT


def _info(name: str, **fields: int) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    for field, value in fields.items():
        setattr(info, field, value)
    return info


def _with(name: str, content: bytes | None = None, **fields: int) -> bytes:
    """Nine good images and one odd entry."""
    odd = (_info(name, **fields), encode(picture()) if content is None else content)
    return pack_infos([(_info(good), data) for good, data in GOOD.items()] + [odd])


def _nul_name() -> bytes:
    return _with("a/catX.png").replace(b"a/catX.png", b"a/cat\0.png")


def _patched(field: int, width: int, value: int) -> bytes:
    """The good zip with one field of the first directory entry overwritten."""
    data = bytearray(pack(GOOD))
    at = data.find(b"PK\x01\x02") + field
    data[at : at + width] = value.to_bytes(width, "little")
    return bytes(data)


def _encrypted(data: bytes, name: bytes) -> bytes:
    """Set the password mark of one entry, in both headers."""
    out = bytearray(data)
    for mark, flag, name_at in ((b"PK\x03\x04", 6, 30), (b"PK\x01\x02", 8, 46)):
        at = out.find(mark)
        while at >= 0:
            if out[at + name_at : at + name_at + len(name)] == name:
                out[at + flag] |= 1
            at = out.find(mark, at + 4)
    return bytes(out)


def _zip64() -> bytes:
    data = pack(GOOD)
    end = data.rfind(b"PK\x05\x06")
    record = b"PK\x06\x06" + struct.pack("<QHHIIQQQQ", 44, 45, 45, 0, 0, 9, 9, 100, 100)
    locator = b"PK\x06\x07" + struct.pack("<IQI", 0, end, 1)
    return data[:end] + record + locator + data[end:]


ZEROS = pack({"a/zeros.png": bytes(30 * 2**20)}, zipfile.ZIP_DEFLATED)
MANY = pack({f"{n}.png": b"" for n in range(300)})

REFUSED = [
    Case("Z06", ZEROS, "archive.ratio", ("1,0", "100 to 1")),
    Case("Z07", pack(GOOD), "archive.unpacked_too_large", ("limit",), Limits(archive_unpacked_bytes=2**10)),
    Case("Z08", pack(GOOD), "archive.too_many_bytes", ("limit",), Limits(archive_bytes=2**10)),
    Case("Z10b", _encrypted(pack(GOOD), b"a/"), "archive.mostly_unusable", ("9 of 9", "password")),
    Case("Z13", MANY, "archive.too_many_entries", ("300", "100"), Limits(archive_entries=100)),
    Case("Z22a", pack({}), "archive.no_images", ("no images",)),
    Case("Z22b", pack({"__MACOSX/._a.png": b"x", "a/.DS_Store": b"x"}), "archive.no_images"),
    Case("Z22c", pack({"readme.txt": b"hello"}), "archive.no_images"),
    Case("Z23a", pack(GOOD)[: len(pack(GOOD)) // 2], "archive.broken", ("ends early",)),
    Case("Z23b", pack(GOOD)[:-10], "archive.broken", ("ends early",)),
    Case("Z23c", encode(picture()), "archive.not_a_zip", ("PNG",)),
    Case("Z23d", b"", "archive.not_a_zip", ("empty",)),
    Case("Z23e", b"Rar!\x1a\x07\x00" + bytes(90), "archive.not_a_zip", ("RAR",)),
    Case("Z23f", _zip64(), "archive.zip64", ("zip64",)),
    Case(
        "Z23g", pack({"a/1.png": encode(picture())}, zipfile.ZIP_LZMA), "archive.method", ("LZMA", "Store and Deflate")
    ),
    Case("Z23h", bytes(range(256)), "archive.not_a_zip", ("no zip",)),
    Case("Z24", encode(picture(), "JPEG") + pack(GOOD), "archive.not_a_zip", ("JPEG",)),
]

ONE_ENTRY = [
    Case("Z01", _with("../../evil.png"), "archive.unsafe_name", ("out of the archive",)),
    Case("Z01b", _with("a/%2e%2e%2f%2e%2e%2fevil.png"), "archive.unsafe_name", ("out of the archive",)),
    Case("Z01c", _with("a/%252e%252e%252fevil.png"), "archive.unsafe_name", ("out of the archive",)),
    Case("Z02", _with("/etc/evil.png"), "archive.unsafe_name", ("absolute",)),
    Case("Z03", _with("..\\..\\evil.png"), "archive.unsafe_name", ("out of the archive",)),
    Case("Z03b", _with("\\\\host\\share\\evil.png"), "archive.unsafe_name", ("absolute",)),
    Case("Z04", _with("C:\\evil.png"), "archive.unsafe_name", ("absolute",)),
    Case("Z05", _nul_name(), "archive.unsafe_name", ("NUL",)),
    Case("Z09", _with("a/inner.zip", pack(GOOD)), "archive.nested", ("inner.zip", "archive inside")),
    Case("Z09b", _with("a/inner.tar.gz", b"\x1f\x8b"), "archive.nested", ("inner.tar.gz",)),
    Case("Z10", _encrypted(_with("a/secret.png"), b"a/secret"), "archive.encrypted", ("secret.png", "password")),
    Case(
        "Z11",
        _with("a/l.png", b"/etc/passwd", external_attr=(stat.S_IFLNK | 0o777) << 16),
        "archive.not_a_file",
        ("link",),
    ),
    Case("Z12", _with("a/d.png", b"", external_attr=(stat.S_IFIFO | 0o600) << 16), "archive.not_a_file", ("device",)),
]


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case.id)
def test_whole_zip_refused(case: Case) -> None:
    started = time.monotonic()
    with pytest.raises(InputRefused) as caught:
        open_zip(case.data, "sent.zip", case.limits)
    assert time.monotonic() - started < 2
    said = f"{caught.value.message} {caught.value.hint}"
    assert caught.value.code == case.code, said
    assert all(words in said for words in case.says), said
    assert str(caught.value.hint)


@pytest.mark.parametrize("case", ONE_ENTRY, ids=lambda case: case.id)
def test_one_entry_refused_and_nothing_written(case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with open_zip(case.data, "sent.zip", case.limits) as source:
        assert len(source.entries) == 9
        assert [refusal.code for refusal in source.refused] == [case.code]
        said = str(source.refused[0].message)
        assert all(words in said for words in case.says), said
        assert "/" not in source.refused[0].name
        for entry in source.entries:
            source.read(entry)
    assert list(tmp_path.iterdir()) == []


def test_entry_above_its_limit_is_refused() -> None:
    small = Limits(archive_entry_bytes=max(map(len, GOOD.values())))
    with open_zip(_with("a/b.png", bytes(9000) + b"x"), "sent.zip", small) as source:
        assert [refusal.code for refusal in source.refused] == ["archive.entry_too_large"]


@pytest.mark.parametrize("change", [-1, 0, 1])
def test_number_of_entries_at_the_limit(change: int) -> None:
    limits = Limits(archive_entries=9 + change)
    if change < 0:
        with pytest.raises(InputRefused):
            open_zip(pack(GOOD), "sent.zip", limits)
    else:
        open_zip(pack(GOOD), "sent.zip", limits).close()


def test_number_of_entries_is_not_taken_on_trust() -> None:
    data = bytearray(MANY)
    end = data.rfind(b"PK\x05\x06")
    data[end + 8 : end + 12] = struct.pack("<HH", 3, 3)
    with pytest.raises(InputRefused) as caught:
        open_zip(bytes(data), "sent.zip", Limits(archive_entries=100))
    assert caught.value.code == "archive.too_many_entries"


def test_a_hundred_thousand_entries_are_refused_at_once() -> None:
    end = b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 65_000, 65_000, 100, 0, 0)
    started = time.monotonic()
    with pytest.raises(InputRefused) as caught:
        open_zip(b"PK\x03\x04" + bytes(10_000_000) + end, "sent.zip")
    assert "65,000" in str(caught.value.message)
    assert time.monotonic() - started < 0.5


def test_a_lie_about_the_size_ends_at_the_stated_size() -> None:
    data = bytearray(pack({"a/lie.png": bytes(5_000_000)} | GOOD, zipfile.ZIP_DEFLATED))
    for mark, field in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        at = data.find(mark) + field
        data[at : at + 4] = (1000).to_bytes(4, "little")
    with open_zip(bytes(data), "sent.zip") as source, pytest.raises(InputRefused) as caught:
        source.read(source.entries[0])
    assert caught.value.code == "archive.entry_damaged"


def test_bad_crc_names_the_entry_with_its_folder() -> None:
    data = bytearray(pack(GOOD))
    at = data.find(GOOD["a/2.png"]) + 60
    data[at] ^= 0xFF
    with open_zip(bytes(data), "sent.zip") as source:
        results = []
        for entry in source.entries:
            try:
                results.append(source.read(entry))
            except InputRefused as error:
                assert "a/2.png" in str(error.message)
                assert "CRC" in str(error.message)
    assert len(results) == 8


def test_an_unreadable_image_is_named_with_its_folder() -> None:
    with open_zip(pack(GOOD | {"b/bad.png": b"no image"}), "sent.zip") as source, pytest.raises(InputRefused) as caught:
        source.read(source.entries[-1])
    assert "b/bad.png" in str(caught.value.message)


def test_a_zip_without_extension_inside_is_recognised() -> None:
    with open_zip(pack(GOOD | {"a/inner": pack(GOOD)}), "sent.zip") as source, pytest.raises(InputRefused) as caught:
        source.read(source.entries[-1])
    assert caught.value.code == "archive.nested"


@pytest.mark.parametrize(
    ("name", "encoding", "shown"),
    [
        ("正常/胸片.png", "gb18030", "GB18030"),
        ("レントゲン/ひだり.png", "shift_jis", "SHIFT_JIS"),
        ("größe/ä.png", "utf-8", "UTF-8"),
        ("größe/ä.png", "cp437", "CP437"),
    ],
)
def test_names_in_other_encodings(name: str, encoding: str, shown: str) -> None:
    raw = name.encode(encoding)
    stand_in = "".join("x" if byte != 0x2F else "/" for byte in raw)
    data = pack({stand_in: encode(picture())}).replace(stand_in.encode(), raw)
    with open_zip(data, "sent.zip") as source:
        assert source.entries[0].label == name
        assert shown in str(source.notices[0])
        assert name in str(source.notices[0])
        source.read(source.entries[0])


def test_junk_is_skipped_and_counted() -> None:
    junk = {"__MACOSX/a/._0.png": b"x", "a/.DS_Store": b"x", "a/Thumbs.db": b"x", "labels.csv": b"a,b"}
    with open_zip(pack(GOOD | junk), "sent.zip") as source:
        assert len(source.entries) == 9
        assert [str(notice) for notice in source.notices] == [
            "Skipped system files: 3.",
            "Skipped files that are no images: 1.",
        ]


def test_odd_names_become_distinct_labels() -> None:
    png = encode(picture())
    odd = ["a/😀.png", f"a/{'x' * 300}.png", "a/CON", "a/dot. ", "a/Ä.png", "a/A\u0308.png", "a/same.png", "a/SAME.png"]
    with open_zip(pack(dict.fromkeys(odd, png)), "sent.zip") as source:
        labels = [entry.label for entry in source.entries]
        assert len({label.casefold() for label in labels}) == len(odd)
        assert "Repeated names that were numbered: 2." in map(str, source.notices)
        for entry in source.entries:
            source.read(entry)


def test_backslashes_of_old_programs_are_folders() -> None:
    with open_zip(pack({"normal\\1.png": encode(picture())}), "sent.zip") as source:
        assert source.entries[0].folders == ("normal",)


def test_share_of_refused_entries() -> None:
    with pytest.raises(InputRefused):
        open_zip(pack(GOOD | {f"a/{n}.zip": b"x" for n in range(3)}), "sent.zip")
    with open_zip(pack(GOOD | {f"a/{n}.zip": b"x" for n in range(2)}), "sent.zip") as source:
        check_refused_share("sent.zip", len(source.entries), source.refused)
        assert len(source.refused) == 2


class TestFolder:
    def test_lists_in_order_and_reads(self, tmp_path: Path) -> None:
        for name, content in (GOOD | {"b/.hidden.png": b"x", "notes.txt": b"x"}).items():
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_bytes(content)
        (tmp_path / "link.png").symlink_to("/etc/passwd")
        with open_folder(tmp_path) as source:
            assert [entry.label for entry in source.entries] == sorted(GOOD)
            assert source.read(source.entries[0]).pixels.shape == (32, 40, 3)

    def test_a_single_file(self, tmp_path: Path) -> None:
        (tmp_path / "x.png").write_bytes(encode(picture()))
        with open_folder(tmp_path / "x.png") as source:
            assert [entry.label for entry in source.entries] == ["x.png"]
            source.read(source.entries[0])

    def test_refusals(self, tmp_path: Path) -> None:
        with pytest.raises(InputRefused) as caught:
            open_folder(tmp_path / "absent")
        assert caught.value.code == "folder.missing"
        with pytest.raises(InputRefused) as caught:
            open_folder(tmp_path)
        assert caught.value.code == "archive.no_images"
