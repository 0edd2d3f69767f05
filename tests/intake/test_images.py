"""The table of images that must be refused or announced; ids follow the catalogue of bad inputs."""

from __future__ import annotations

import io
import resource
import struct
import time
import tracemalloc
import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from core.errors import InputRefused
from core.intake.images import read_image
from core.settings import Limits
from tests.intake.pictures import colour, encode, gif_frames, pack, picture, png_chunk, png_of_size, png_without

JPEG = encode(picture(), "JPEG")
PNG = encode(picture())


@dataclass(frozen=True)
class Case:
    id: str
    name: str
    data: bytes
    code: str = ""
    """Code of the refusal; empty when the image is taken."""
    says: tuple[str, ...] = ()
    """Words in the message and hint, or in the notices."""


def _flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 0x55]) + data[at + 1 :]


def _mid_zeroed(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + bytes(50) + data[middle + 50 :]


def _sixteen_bit(values: np.ndarray, form: str = "PNG") -> bytes:
    return encode(Image.fromarray(values.astype(np.uint16)), form)


def _rgb16_png() -> bytes:
    rows = b"".join(b"\0" + bytes(16 * 6) for _ in range(16))
    header = struct.pack(">IIBBBBB", 16, 16, 16, 2, 0, 0, 0)
    body = png_chunk(b"IHDR", header) + png_chunk(b"IDAT", zlib.compress(rows)) + png_chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def _with_alpha() -> bytes:
    alpha = np.full((48, 64), 255, np.uint8)
    alpha[:10] = 0
    image = colour()
    image.putalpha(Image.fromarray(alpha))
    return encode(image)


def _transparent_palette() -> bytes:
    image = Image.fromarray(picture()).convert("P")
    return encode(image, "PNG", transparency=bytes(range(256)))


def _with_orientation(form: str, orientation: int) -> bytes:
    exif = Image.Exif()
    exif[274] = orientation
    exif[271] = "CANARY MAKER"
    return encode(picture(), form, exif=exif)


def _nan_tiff() -> bytes:
    values = picture().astype(np.float32)
    values[3, 3] = np.nan
    return encode(Image.fromarray(values), "TIFF")


def _text_png() -> bytes:
    info = PngImagePlugin.PngInfo()
    info.add_text("Author", "CANARY")
    return encode(picture(), "PNG", pnginfo=info)


SVG = b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(200)
AVIF = b"\0\0\0\x18ftypavif\0\0\0\0mif1avif" + bytes(200)
TIFF16 = _sixteen_bit(picture().astype(np.uint16) * 12 + 5, "TIFF")

REFUSED = [
    Case("I01a", "half.jpg", JPEG[: len(JPEG) // 2], "image.truncated", ("half.jpg", "ends early", "again")),
    Case("I01b", "cut.jpg", JPEG[:-2], "image.truncated", ("ends early",)),
    Case("I03a", "cut.png", PNG[: len(PNG) // 2], "image.truncated", ("ends early",)),
    Case("I03b", "idat.png", _flipped(PNG, len(PNG) // 2), "image.damaged", ("damaged",)),
    Case("I03c", "crc.png", _flipped(PNG, 30), "image.damaged", ("damaged",)),
    Case("I03d", "noend.png", png_without(b"IEND", PNG), "image.truncated", ("ends early",)),
    Case("I03e", "noidat.png", png_without(b"IDAT", PNG), "image.", ("noidat.png",)),
    Case("I04", "empty.png", b"", "image.empty", ("empty.png", "empty")),
    Case("I05a", "doc.png", b"%PDF-1.7\n" + bytes(99), "image.wrong_kind", ("PDF", "PNG, JPEG", "Export the page")),
    Case("I05b", "note.png", b"just some words\n" * 20, "image.wrong_kind", ("plain text",)),
    Case("I05c", "noise.png", bytes(range(128, 256)) * 9, "image.wrong_kind", ("no image that we know",)),
    Case("I05d", "page.jpg", b"<!DOCTYPE html><html></html>", "image.wrong_kind", ("HTML",)),
    Case("I05e", "data.png", b'{"a": 1}', "image.wrong_kind", ("JSON",)),
    Case("I05f", "a.png", pack({"a.txt": b"x"}), "image.wrong_kind", ("zip",)),
    Case("I05g", "a.png", b"\x1f\x8b\x08" + bytes(60), "image.wrong_kind", ("gzip",)),
    Case("I05h", "a.png", b"MZ" + bytes(60), "image.wrong_kind", ("program",)),
    Case("I05i", "a.png", b"\x93NUMPY\x01\0" + bytes(60), "image.wrong_kind", ("NumPy",)),
    Case("I06", "bomb.png", png_of_size(30_000, 30_000), "image.too_many_pixels", ("900", "40", "Reduce")),
    Case("I06b", "long.png", png_of_size(65_000, 1_000_000), "image.too_many_pixels", ("65000", "40")),
    Case("I07", "big.png", png_of_size(13_000, 13_000, 2), "image.too_many_pixels", ("169", "40")),
    Case("I07b", "wide.png", png_of_size(12_001, 3_000), "image.side_too_long", ("12001", "12000")),
    Case("I08a", "line.png", png_of_size(1, 10_000), "image.too_small", ("1 x 10000", "8")),
    Case("I08b", "strip.png", encode(picture(400, 8)), "image.aspect", ("400 x 8", "20 to 1")),
    Case("I10", "zero.png", png_of_size(0, 0), "image.", ("zero.png",)),
    Case("I12", "nan.tif", _nan_tiff(), "image.not_finite", ("NaN",)),
    Case("I12b", "inf.tif", encode(Image.fromarray(np.full((16, 16), np.inf, np.float32)), "TIFF"), "image.not_finite"),
    Case("I22", "drawing.png", SVG, "image.wrong_kind", ("SVG",)),
    Case("I25", "plot.png", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "image.wrong_kind", ("PostScript",)),
    Case("I27", "photo.heic", HEIC, "image.wrong_kind", ("HEIC", "JPEG")),
    Case("I28a", "photo.png", AVIF, "image.wrong_kind", ("AVIF",)),
    Case("I28b", "scan.jp2", encode(picture(), "JPEG2000"), "image.wrong_kind", ("JPEG 2000",)),
    Case("I28c", "icon.ico", encode(picture(), "ICO"), "image.wrong_kind", ("ICO",)),
    Case("I28d", "x.psd", b"8BPS\0\1" + bytes(99), "image.wrong_kind", ("Photoshop",)),
    Case("I11r", "cut.tif", TIFF16[:2000], "image.", ("cut.tif",)),
    Case("I16r", "cut.webp", encode(picture(), "WEBP", lossless=True)[:-40], "image.truncated", ("ends early",)),
    Case("I16s", "cut.gif", encode(picture(), "GIF")[:900], "image.", ("cut.gif",)),
    Case("I17r", "cut.bmp", encode(picture(), "BMP")[:900], "image.truncated", ("ends early",)),
]

TAKEN = [
    Case("I00", "good.png", PNG),
    Case("I00j", "good.jpg", JPEG),
    Case("I00g", "good.gif", encode(picture(), "GIF"), says=("Palette",)),
    Case("I00b", "good.bmp", encode(picture(), "BMP")),
    Case("I00t", "good.tiff", encode(picture(), "TIFF")),
    Case("I00w", "good.webp", encode(picture(), "WEBP", lossless=True)),
    Case("I02", "rot.jpg", _mid_zeroed(encode(picture(224, 224), "JPEG", quality=90)), says=("may be damaged",)),
    Case("I11a", "deep.png", _sixteen_bit(picture().astype(np.uint16) * 13 + 100), says=("scaled to 8 bit", "100")),
    Case("I11b", "deep.tif", TIFF16, says=("scaled to 8 bit",)),
    Case("I11c", "twice.png", _sixteen_bit(picture().astype(np.uint16) * 257), says=("8-bit values",)),
    Case("I11d", "rgb16.png", _rgb16_png(), says=("16 bit per channel",)),
    Case("I12c", "float.tif", encode(Image.fromarray(picture() / np.float32(255)), "TIFF"), says=("scaled to 8 bit",)),
    Case("I14", "palette.png", _transparent_palette(), says=("Palette", "put on white")),
    Case("I15a", "alpha.png", _with_alpha(), says=("put on white",)),
    Case("I15b", "la.png", encode(Image.fromarray(picture()).convert("LA")), says=()),
    Case("I16", "moving.gif", gif_frames(5), says=("Frame 1 of 5",)),
    Case("I18", "turned.jpg", _with_orientation("JPEG", 6), says=("upright",)),
    Case("I20", "profile.png", encode(picture(), "PNG", icc_profile=b"broken" * 20), says=("colour profile",)),
    Case("I23", "page.jpg", JPEG + b"<html><script>alert(1)</script>", says=("other data",)),
    Case("I24", "both.jpg", JPEG + pack({"evil.txt": b"x"}), says=("other data",)),
    Case("I24b", "both.png", PNG + pack({"evil.txt": b"x"}), says=("other data",)),
    Case("I29", "wrong.jpg", PNG, says=(".jpg", "PNG")),
    Case("I32", "blank.png", encode(np.full((40, 40), 90, np.uint8)), says=("blank",)),
    Case("I30", "ink.jpg", encode(colour().convert("CMYK"), "JPEG"), says=("CMYK",)),
]


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case.id)
def test_refused_with_reason(case: Case) -> None:
    started = time.monotonic()
    with pytest.raises(InputRefused) as caught:
        read_image(case.data, case.name)
    assert time.monotonic() - started < 2
    error = caught.value
    said = f"{error.message} {error.hint}"
    assert error.code.startswith(case.code)
    assert all(words in said for words in case.says), said
    assert case.name in said
    assert str(error.hint)
    assert "0x" not in said
    assert "Traceback" not in said


@pytest.mark.parametrize("case", TAKEN, ids=lambda case: case.id)
def test_taken_and_said(case: Case) -> None:
    sample = read_image(case.data, case.name)
    said = " ".join(map(str, sample.notices))
    assert all(words in said for words in case.says), said
    assert bool(sample.notices) == bool(case.says), said
    assert sample.pixels.dtype == np.uint8
    assert sample.pixels.shape[2] == 3


@pytest.mark.parametrize("form", ["JPEG", "PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("orientation", range(2, 9))
def test_orientation_is_undone(form: str, orientation: int) -> None:
    turns = {2: "FLIP_LEFT_RIGHT", 3: "ROTATE_180", 4: "FLIP_TOP_BOTTOM", 5: "TRANSPOSE", 6: "ROTATE_90"}
    turns |= {7: "TRANSVERSE", 8: "ROTATE_270"}
    stored = Image.fromarray(picture()).transpose(Image.Transpose[turns[orientation]])
    exif = Image.Exif()
    exif[274] = orientation
    best: dict[str, dict[str, Any]] = {"WEBP": {"lossless": True}, "JPEG": {"quality": 100}}
    read = read_image(encode(stored, form, exif=exif, **best.get(form, {})), f"x.{form.lower()}").pixels[..., 0]
    assert read.shape == picture().shape
    assert np.abs(read.astype(int) - picture()).mean() < 2


@pytest.mark.parametrize(
    "data",
    [
        _sixteen_bit(picture().astype(np.uint16) * 257),
        _sixteen_bit(picture().astype(np.uint16) * 256, "TIFF"),
        _sixteen_bit(picture().astype(np.uint16) * 16),
        encode(Image.fromarray(picture().astype(np.int32) * 1000), "TIFF"),
        encode(Image.fromarray(picture() / np.float32(255)), "TIFF"),
        encode(Image.fromarray(picture()).convert("RGBA")),
        encode(Image.fromarray(picture()).convert("LA")),
        encode(Image.fromarray(picture()).convert("P")),
        encode(Image.fromarray(picture()), "BMP"),
    ],
    ids=["257", "256", "12bit", "int32", "float", "rgba", "la", "palette", "bmp"],
)
def test_the_same_picture_in_another_form(data: bytes) -> None:
    read = read_image(data, "copy").pixels[..., 0].astype(int)
    stretched = picture().astype(float)
    stretched = (stretched - stretched.min()) * 255 / (stretched.max() - stretched.min())
    assert np.abs(read - stretched).max() <= 1


def test_white_is_zero_in_a_deep_tiff_is_inverted() -> None:
    deep = Image.fromarray((255 - picture()).astype(np.uint16) * 200)
    sample = read_image(encode(deep, "TIFF", tiffinfo={262: 0}), "inverse.tif")
    assert "Inverted" in " ".join(map(str, sample.notices))
    assert np.abs(sample.pixels[..., 0].astype(int) - picture()).max() <= 1


def test_transparent_parts_become_white() -> None:
    assert (read_image(_with_alpha(), "a.png").pixels[:10] == 255).all()


def test_large_images_are_reduced() -> None:
    sample = read_image(encode(Image.new("L", (6000, 3000), 40), "JPEG"), "large.jpg")
    assert sample.pixels.shape == (1024, 2048, 3)


@pytest.mark.parametrize("mode", ["RGB", "L"])
@pytest.mark.slow
def test_forty_megapixels_within_memory_and_time(mode: str) -> None:
    data = encode(Image.new(mode, (8000, 5000), 40 if mode == "L" else (40, 90, 10)), "PNG", compress_level=1)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.monotonic()
    read_image(data, "huge.png")
    assert time.monotonic() - started < 5
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 400 * 1024


@pytest.mark.slow
def test_a_long_animation_costs_one_frame() -> None:
    frame = Image.new("L", (2000, 2000))
    data = encode(frame, "GIF", save_all=True, append_images=[Image.new("L", (2000, 2000), n) for n in range(1, 12)])
    head, trailer = data[:-1], data[-1:]
    started = time.monotonic()
    tracemalloc.start()
    sample = read_image(head + head[-3000:] * 3 + trailer, "long.gif")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert time.monotonic() - started < 2
    assert peak < 100e6
    assert "Frame 1 of" in str(sample.notices[0])


def test_multi_page_tiff_uses_page_one() -> None:
    pages = [Image.fromarray(picture(seed=seed)) for seed in range(3)]
    sample = read_image(encode(pages[0], "TIFF", save_all=True, append_images=pages[1:]), "pages.tif")
    assert str(sample.notices[0]) == "Frame 1 of 3 was used."
    assert (sample.pixels[..., 0] == picture(seed=0)).all()


@pytest.mark.parametrize("extra", [-1, 0, 1])
def test_limits_at_the_edge(extra: int) -> None:
    data = encode(picture(100, 80))
    limits = Limits(image_bytes=len(data) - extra, image_pixels=8000 - extra, image_side_max=100 - extra)
    for field in ("image_bytes", "image_pixels", "image_side_max"):
        only = Limits(**{field: getattr(limits, field)})
        if extra == 1:
            with pytest.raises(InputRefused):
                read_image(data, "edge.png", only)
        else:
            read_image(data, "edge.png", only)


def test_metadata_is_named_and_never_quoted() -> None:
    for data in (_with_orientation("JPEG", 1), _text_png()):
        sample = read_image(data, "x")
        assert sample.removed_tags
        assert "CANARY" not in repr(sample)


@pytest.mark.parametrize(
    "name",
    ["../../etc/x.png", "C:\\a\\x.png", "a\0b.png", "x\u202egnp.exe", "\ud800.png", "", "a" * 500, "<b>x</b>.png"],
)
def test_names_are_only_labels(name: str) -> None:
    label = read_image(PNG, name).name
    assert label
    assert len(label) <= 120
    assert "/" not in label.replace("</b>", "")
    assert "\\" not in label
    assert label.isprintable()


def test_bytes_of_the_input_are_not_kept() -> None:
    sample = read_image(JPEG + b"CANARY", "x.jpg")
    out = io.BytesIO()
    np.save(out, sample.pixels)
    assert b"CANARY" not in out.getvalue()
