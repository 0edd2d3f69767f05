"""Seeded mutations of valid files: nothing but a refusal may come out, and soon."""

from __future__ import annotations

import time

import numpy as np
import pytest

from core.errors import InputRefused
from core.intake.archives import open_zip
from core.intake.images import read_image
from core.intake.tables import read_table
from tests.intake.pictures import colour, dicom, encode, gif_frames, images, pack, picture
from tests.intake.test_tables import CHINESE, PLAIN, TYPED

VALID = {
    "a.jpg": encode(colour(), "JPEG"),
    "p.jpg": encode(picture(), "JPEG", progressive=True),
    "a.png": encode(colour()),
    "a.gif": gif_frames(3),
    "a.tif": encode(picture(), "TIFF"),
    "z.tif": encode(picture(), "TIFF", compression="tiff_lzw"),
    "d.tif": encode(picture().astype(np.uint16), "TIFF", compression="tiff_adobe_deflate"),
    "a.webp": encode(colour(), "WEBP"),
    "a.bmp": encode(colour(), "BMP"),
    "a.dcm": dicom(picture().astype(np.uint16) * 9, WindowCenter=1000, WindowWidth=2000),
    "a.zip": pack(images(4, "x/") | images(4, "y/", 4), 8),
    "a.csv": PLAIN,
    "g.csv": CHINESE.encode("gb18030"),
    "u.csv": CHINESE.encode("utf-16"),
    "blank.csv": b",,,\n,,,\n",
    "sep.csv": b"sep=;\n;\n1;2\n",
    "quotes.csv": b'""\n""\n',
    "a.parquet": TYPED,
}
ROUNDS = 60


def _mutated(data: bytes, random: np.random.Generator) -> bytes:
    """Flip, overwrite, cut, repeat or splice, mostly near the beginning, where the structure is."""
    out = bytearray(data)
    for _ in range(int(random.integers(1, 6))):
        reach = len(out) if random.random() < 0.5 else min(400, len(out))
        at = int(random.integers(0, max(1, reach)))
        kind = random.integers(0, 5)
        if kind == 0:
            out[at : at + 1] = bytes([int(random.integers(0, 256))])
        elif kind == 1:
            out[at : at + 4] = bytes(random.choice([0, 255, 127, 128], 4).astype(np.uint8))
        elif kind == 2:
            del out[at : at + int(random.integers(1, 40))]
        elif kind == 3:
            out[at:at] = out[at : at + int(random.integers(1, 40))]
        else:
            del out[max(20, at) :]
    return bytes(out)


def _take(data: bytes, name: str) -> None:
    if name.endswith((".csv", ".parquet")):
        read_table(data, name)
        return
    if not name.endswith(".zip"):
        read_image(data, name)
        return
    with open_zip(data, name) as source:
        for entry in source.entries:
            source.read(entry)


def _run(name: str, rounds: int, seed: int) -> None:
    for number in range(rounds):
        data = _mutated(VALID[name], np.random.default_rng([seed, number]))
        started = time.monotonic()
        try:
            _take(data, name)
        except InputRefused as error:
            assert str(error.message)
        assert time.monotonic() - started < 5, f"{name} seed {seed} round {number} hangs"


@pytest.mark.parametrize("name", VALID)
def test_mutations(name: str) -> None:
    _run(name, ROUNDS, seed=7)


@pytest.mark.slow
def test_short_texts_of_signs_that_mean_something() -> None:
    random = np.random.default_rng(5)
    signs = np.array([",", ";", "\t", "|", '"', "\n", "\r", " ", "a", "1", "\ufeff", "sep=;\n"])
    for length in np.repeat(np.arange(1, 13), 150):
        try:
            read_table("".join(random.choice(signs, length)).encode(), "a.csv")
        except InputRefused as error:
            assert str(error.message)


@pytest.mark.slow
@pytest.mark.parametrize("name", VALID)
def test_many_mutations(name: str) -> None:
    _run(name, 1500, seed=11)
