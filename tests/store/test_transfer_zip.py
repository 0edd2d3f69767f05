"""A version as one file: what is wrong with the zip itself is refused, and nothing stays of it."""

from __future__ import annotations

import io
import stat
import struct
import zipfile

import pytest

from core.settings import settings
from tests.store.bundles import contents, packed, refused


def entry_named(name: str, mode: int = 0) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo("x")
    info.filename = info.orig_filename = name
    info.external_attr = (mode or stat.S_IFREG | 0o644) << 16
    return info


class TestTheZip:
    @pytest.mark.parametrize(
        ("data", "code"),
        [
            (b"", "archive.not_a_zip"),
            (b"\x80\x04\x95nonsense", "archive.not_a_zip"),
            (b"%PDF-1.4", "archive.not_a_zip"),
            (b"PK\x03\x04 nothing more", "archive.broken"),
        ],
    )
    def test_what_is_no_zip(self, house, exported, data, code):
        assert refused(house, data) == code

    @pytest.mark.parametrize("cut", [0.1, 0.5, 0.9, 0.999])
    def test_what_ends_early(self, house, exported, cut):
        assert refused(house, exported[0][: int(len(exported[0]) * cut)]) == "archive.broken"

    @pytest.mark.parametrize(
        "name",
        [
            "../manifest.json",
            "/etc/manifest.json",
            "..\\..\\manifest.json",
            "C:\\manifest.json",
            "%2e%2e%2fmanifest.json",
            "%252e%252e/manifest.json",
            "a/../../manifest.json",
            "manifest\0.json",
        ],
    )
    def test_names_that_lead_elsewhere(self, house, exported, name):
        files = contents(exported[0])
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            for known, content in files.items():
                archive.writestr(known, content)
            archive.writestr(entry_named(name), b"{}")
        assert refused(house, out.getvalue()) in ("archive.unsafe_name", "bundle.name")
        assert not (house.home / "manifest.json").exists()

    @pytest.mark.parametrize(
        ("name", "code"),
        [
            ("model.pt", "bundle.kind"),
            ("model.bin", "bundle.kind"),
            ("model.joblib", "bundle.kind"),
            ("weights.pickle", "bundle.kind"),
            ("run.py", "bundle.kind"),
            ("inner.zip", "archive.nested"),
            (".hidden.json", "bundle.name"),
            ("näme.json", "bundle.name"),
            ("a b.json", "bundle.name"),
            ("a/b/c/d/e.json", "bundle.name"),
            ("x" * 200 + ".json", "bundle.name"),
            ("<img src=x>.md", "bundle.name"),
            ("folder/", "archive.not_a_file"),
            ("MANIFEST.json", "bundle.twice"),
        ],
    )
    def test_files_that_we_would_not_write(self, house, exported, name, code):
        assert refused(house, packed({**contents(exported[0]), name: b"{}"})) == code

    def test_links_and_passwords(self, house, exported):
        files = contents(exported[0])
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            archive.writestr(entry_named("card.md", stat.S_IFLNK | 0o777), b"/etc/passwd")
            archive.writestr("bundle.json", files["bundle.json"])
        assert refused(house, out.getvalue()) == "archive.not_a_file"
        locked = bytearray(exported[0])
        at = locked.rfind(b"PK\x01\x02")
        locked[at + 8] |= 1
        assert refused(house, bytes(locked)) == "archive.encrypted"

    def test_limits(self, house, exported, monkeypatch):
        sizes = settings().limits
        for change, code in (
            ({"bundle_entries": 3}, "archive.too_many_entries"),
            ({"bundle_bytes": 900}, "bundle.too_large"),
        ):
            limited = settings().model_copy(update={"limits": sizes.model_copy(update=change)})
            with monkeypatch.context() as patch:
                patch.setattr("core.intake.bundles.settings", lambda limited=limited: limited)
                assert refused(house, exported[0]) == code

    def test_a_bomb(self, house, exported):
        files = contents(exported[0]) | {"evaluation.json": b" " * 30_000_000}
        assert refused(house, packed(files, zipfile.ZIP_DEFLATED)) == "archive.ratio"

    def test_a_lie_about_a_size(self, house, exported):
        data = bytearray(exported[0])
        at = data.find(b"PK\x01\x02", data.find(b"PK\x01\x02") + 4)
        stated = struct.unpack_from("<I", data, at + 24)[0]
        struct.pack_into("<I", data, at + 24, stated + 100)
        assert refused(house, bytes(data)) in ("archive.broken", "bundle.checksum")

    @pytest.mark.parametrize("where", [0.2, 0.4, 0.6])
    def test_a_flipped_byte(self, house, exported, where):
        files = contents(exported[0])
        name = "model.safetensors"
        data = bytearray(exported[0])
        at = data.find(files[name])
        data[at + int(len(files[name]) * where)] ^= 0xFF
        assert refused(house, bytes(data)) in ("archive.broken", "bundle.checksum")
