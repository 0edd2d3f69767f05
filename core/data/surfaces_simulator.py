"""Simulated parts to inspect: brushed metal, woven cloth and a printed board, good ones and damaged ones, to a seed.

Parts of one kind differ as real ones in front of a fixed camera do: grain, threads and light are drawn anew, the
drawing of a board stays, every picture is shifted and turned a little and carries noise. Where a part is damaged is
known to the pixel. Nothing is copied from any data set.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage as untyped_ndimage

from core.data.negatives.painter import noise
from core.data.surface_defects import DAMAGE, Cover, Picture
from core.data.surface_layout import GOOD

ndimage: Any = untyped_ndimage
"""SciPy fills this module at import time, which a type checker cannot follow."""

KINDS = ("brushed_metal", "woven_cloth", "printed_board")
MISSING_PRINT = "missing_print"
SIDE = 320
COVERED = 0.25
"""A pixel is defective when at least this much of it is covered by damage."""
_WIDER = {"pit": 1.7, "stain": 1.0, "scratch": 2.6, "crack": 3.4}
"""How much larger damage of cloth is: between threads a thin scratch is nothing that anybody would see."""
_FINE = 2
"""Boards are drawn this many times as large."""


@dataclass(frozen=True)
class SimulatedPart:
    """One picture of a part."""

    pixels: NDArray[np.uint8]
    """Shape (S, S, 3)."""
    mask: NDArray[np.bool_]
    """Shape (S, S): where it is damaged."""
    kind: str
    defect: str
    """`good` or the type of the damage."""


def defects_of(kind: str) -> tuple[str, ...]:
    """Types of damage that a kind of part can have; raises `KeyError` for an unknown kind."""
    _GROUNDS[kind]
    return (*DAMAGE, MISSING_PRINT) if kind == "printed_board" else tuple(DAMAGE)


def draw_part(kind: str, defect: str = GOOD, seed: int = 0, side: int = SIDE) -> SimulatedPart:
    """One part; the same arguments give the same picture, and a damaged part is the good one of its seed with damage.

    Args:
        kind: One of `KINDS`.
        defect: `good`, or one of `defects_of(kind)`.
        seed: Of everything that differs between parts.
        side: In pixels.

    Raises:
        KeyError: There is no such kind or type of damage.
    """
    if defect not in (GOOD, *defects_of(kind)):
        raise KeyError(defect)
    making, damaging, taking = (np.random.default_rng([KINDS.index(kind), seed, which]) for which in (11, 12, 13))
    picture, cover = _GROUNDS[kind](making, side), np.zeros((side, side), np.float32)
    if defect == MISSING_PRINT:
        picture, cover = _without_print(picture, damaging)
    elif defect != GOOD:
        picture, cover = DAMAGE[defect](picture, damaging, _WIDER[defect] if kind == "woven_cloth" else 1.0)
    picture, cover = _photographed(picture, cover, taking)
    pixels = (np.clip(picture, 0, 1) * 255).round().astype(np.uint8)
    return SimulatedPart(pixels, np.asarray(cover >= COVERED), kind, defect)


def write_parts(folder: Path, kind: str, good: int = 20, tested: int = 10, seed: int = 0) -> Path:
    """A whole set in the MVTec layout below `folder`.

    Args:
        folder: Made when missing.
        kind: One of `KINDS`.
        good: Good parts to learn from.
        tested: Good parts to test on, and damaged ones of each type.
        seed: Parts of two seeds share nothing.
    """
    place = seed * 1_000_000
    for index in range(good):
        _write(folder / "train" / GOOD / f"{index:03}.png", draw_part(kind, GOOD, place + index).pixels)
    for number, defect in enumerate((GOOD, *defects_of(kind)), start=1):
        for index in range(tested):
            part = draw_part(kind, defect, place + 100_000 * number + index)
            _write(folder / "test" / defect / f"{index:03}.png", part.pixels)
            if defect != GOOD:
                mask = part.mask.astype(np.uint8) * 255
                _write(folder / "ground_truth" / defect / f"{index:03}_mask.png", mask)
    return folder


def _write(path: Path, pixels: NDArray[np.uint8]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    path.write_bytes(buffer.getvalue())


def _photographed(picture: Picture, cover: Cover, rng: np.random.Generator) -> tuple[Picture, Cover]:
    """As a fixed camera takes it: a little shifted, turned, lit and noisy."""
    side = len(picture)
    angle, shift = rng.normal(0, 0.004), rng.normal(0, 0.006, 2) * side
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    offset = np.array([side / 2, side / 2]) - turn @ np.array([side / 2, side / 2]) + shift

    def moved(values: NDArray[Any]) -> NDArray[np.float32]:
        return np.asarray(ndimage.affine_transform(values, turn, offset, order=1, mode="nearest"), np.float32)

    channels = np.stack([moved(picture[..., channel]) for channel in range(3)], axis=-1)
    rows, columns = np.mgrid[:side, :side] / side - 0.5
    slope = rng.normal(0, 0.05, 2)
    light = rng.normal(1, 0.03) + slope[0] * rows + slope[1] * columns - 0.12 * (rows**2 + columns**2)
    noisy = channels * light[..., None] + rng.normal(0, 0.012, (side, side, 1)) + rng.normal(0, 0.005, (side, side, 3))
    return noisy.astype(np.float32), moved(cover)


def _brushed_metal(rng: np.random.Generator, side: int) -> Picture:
    """A milled plate with rounded corners and four holes, brushed along one direction."""
    rows, columns = np.mgrid[:side, :side] / side
    streaks = np.zeros((side, side))
    for length, weight in ((0.5, 0.5), (0.16, 0.35), (0.04, 0.25)):
        grain = rng.standard_normal((side, side))
        grain = ndimage.gaussian_filter1d(grain, length * side, axis=1, mode="wrap")
        streaks += weight * grain / grain.std()
    band = np.exp(-(((rows - 0.42 - 0.06 * columns + rng.normal(0, 0.02)) / 0.28) ** 2))
    value = 0.5 + 0.22 * band + 0.045 * streaks + 0.015 * noise(rng, side, 1.6)
    picture = value[..., None] * np.array([0.94, 1.0, 1.055])
    inset = np.maximum(np.abs(rows - 0.5), np.abs(columns - 0.5))
    corner = np.hypot(np.clip(np.abs(rows - 0.5) - 0.37, 0, 1), np.clip(np.abs(columns - 0.5) - 0.37, 0, 1))
    edge = np.clip((np.maximum(np.where(inset > 0.37, corner, 0), 0) - 0.09) * side / 3, 0, 1)
    chamfer = np.clip(1 - np.abs(corner - 0.083) * side / 3, 0, 1) * (inset > 0.37)
    picture += (chamfer * 0.22 * np.sign(0.5 - rows + 0.5 - columns))[..., None]
    picture = picture * (1 - edge[..., None]) + 0.09 * edge[..., None]
    for y in (0.14, 0.86):
        for x in (0.14, 0.86):
            away = np.hypot(rows - y, columns - x)
            hole = np.clip((0.034 - away) * side, 0, 1)[..., None]
            ring = np.clip(1 - np.abs(away - 0.04) * side / 2.5, 0, 1) * np.where(rows - y + columns - x > 0, 0.2, -0.2)
            picture = (picture + ring[..., None]) * (1 - hole) + 0.06 * hole
    return np.asarray(picture, np.float32)


def _woven_cloth(rng: np.random.Generator, side: int) -> Picture:
    """Plain weave of two yarns of uneven thickness and shade."""
    threads = 40
    rows, columns = np.mgrid[:side, :side] / side * threads
    bent = [0.22 * noise(rng, side, 1.8) + 0.05 * noise(rng, side, 1.0) for _ in range(2)]
    across, down = columns + bent[0], rows + bent[1]
    warp, weft = np.floor(across).astype(int) % threads, np.floor(down).astype(int) % threads
    over = (warp + weft) % 2 == 0
    shade = 1 + 0.09 * rng.standard_normal((2, threads))
    thick = 0.92 + 0.06 * rng.standard_normal((2, threads))

    def yarn(position: NDArray[Any], along: NDArray[Any], which: int, number: NDArray[Any]) -> NDArray[Any]:
        round_ = np.clip(np.cos(np.pi * (position % 1 - 0.5) * thick[which][number]), 0, 1) ** 0.7
        arch = 0.72 + 0.28 * np.cos(np.pi * (along % 1 - 0.5))
        twist = 0.06 * np.sin(2 * np.pi * (along * 1.5 + position * 2))
        return np.asarray((round_ * arch + twist) * shade[which][number])

    upright, lying = yarn(across, down, 0, warp), yarn(down, across, 1, weft)
    fibre = 0.05 * noise(rng, side, 0.6, 4.0, np.pi / 2) * over + 0.05 * noise(rng, side, 0.6, 4.0) * ~over
    blue, linen = np.array([0.27, 0.38, 0.56]), np.array([0.78, 0.74, 0.66])
    picture = np.where(over[..., None], upright[..., None] * blue, lying[..., None] * linen) + fibre[..., None]
    return np.asarray(0.06 + 0.95 * picture, np.float32)


def _printed_board(rng: np.random.Generator, side: int) -> Picture:
    """A green circuit board with traces, pads, chips and white print."""
    printed, _ = _board(side)
    uneven = 1 + 0.025 * noise(rng, side, 1.4)
    return np.asarray(printed * uneven[..., None], np.float32)


@lru_cache(maxsize=4)
def _board(side: int) -> tuple[Picture, Picture]:
    """The drawing of the product, which all boards share, and the same without its print."""
    fixed = np.random.default_rng(5)
    size = side * _FINE
    board = Image.new("RGB", (size, size), (22, 84, 52))
    draw = ImageDraw.Draw(board)
    _traces(draw, fixed, size)
    chips = [(0.14, 0.16, 0.34, 0.3), (0.56, 0.12, 0.86, 0.4), (0.2, 0.56, 0.44, 0.82), (0.62, 0.6, 0.8, 0.72)]
    for left, top, right, bottom in chips:
        _chip(draw, [value * size for value in (left, top, right, bottom)], size)
    printed = board.copy()
    _print(ImageDraw.Draw(printed), chips, size)
    found = [
        np.asarray(np.asarray(each.resize((side, side), Image.Resampling.LANCZOS)) / 255, np.float32)
        for each in (printed, board)
    ]
    for picture in found:
        picture.setflags(write=False)
    return found[0], found[1]


def _without_print(picture: Picture, rng: np.random.Generator) -> tuple[Picture, Cover]:
    """Print of a board scraped off round one of the inked places."""
    side = len(picture)
    printed, plain = _board(side)
    ink = np.abs(printed - plain).max(axis=2)
    rows, columns = np.mgrid[:side, :side]
    places = np.argwhere(ink > 0.3)
    y, x = places[int(rng.integers(len(places)))]
    away = np.hypot(rows - y, columns - x) / (rng.uniform(0.08, 0.13) * side) + 0.2 * noise(rng, side, 1.5)
    gone = np.clip((1 - away) * 6, 0, 1).astype(np.float32)
    cover = np.asarray(ndimage.grey_dilation(np.where(ink > 0.15, gone, 0), size=(3, 3)), np.float32)
    return np.asarray(picture + gone[..., None] * (plain - printed), np.float32), cover


def _traces(draw: ImageDraw.ImageDraw, rng: np.random.Generator, size: int) -> None:
    for _ in range(26):
        x, y = rng.integers(2, 30, 2) * size / 32
        dx, dy = rng.integers(-9, 10, 2) * size / 32
        bend = (x + dx, y + abs(dx) * np.sign(dy)) if abs(dx) < abs(dy) else (x + abs(dy) * np.sign(dx), y + dy)
        draw.line([(x, y), bend, (x + dx, y + dy)], fill=(36, 112, 70), width=size // 110, joint="curve")
        for px, py in ((x, y), (x + dx, y + dy)):
            r = size / 90
            draw.ellipse([px - r, py - r, px + r, py + r], fill=(196, 172, 96))
            draw.ellipse([px - r / 2.4, py - r / 2.4, px + r / 2.4, py + r / 2.4], fill=(14, 30, 22))


def _chip(draw: ImageDraw.ImageDraw, box: list[float], size: int) -> None:
    left, top, right, bottom = box
    for at in np.arange(left + size / 50, right - size / 60, size / 34):
        for edge, way in ((top, -1), (bottom, 1)):
            ends = sorted((edge, edge + way * size / 42))
            draw.rectangle([at, ends[0], at + size / 75, ends[1]], fill=(205, 205, 198))
    draw.rectangle(box, fill=(30, 31, 34), outline=(52, 53, 57), width=max(1, size // 250))
    r = size / 100
    draw.ellipse([left + r, bottom - 3 * r, left + 3 * r, bottom - r], fill=(62, 63, 67))


def _print(draw: ImageDraw.ImageDraw, chips: Sequence[tuple[float, float, float, float]], size: int) -> None:
    white, font = (228, 232, 226), ImageFont.load_default(size / 26)
    for number, (left, top, right, bottom) in enumerate(chips, start=1):
        margin = 0.035
        box = [(left - margin) * size, (top - margin) * size, (right + margin) * size, (bottom + margin) * size]
        draw.rectangle(box, outline=white, width=size // 160)
        draw.text((left * size, (bottom + margin + 0.008) * size), f"U{number}", fill=white, font=font)
        draw.text(((left + 0.02) * size, (top + 0.025) * size), f"VX-{40 + number}", fill=(170, 172, 170), font=font)
    draw.text((0.56 * size, 0.85 * size), "MODEL 7 REV B", fill=white, font=font)
    draw.text((0.06 * size, 0.93 * size), "+ 5V  GND  SIG", fill=white, font=font)
    for at in (0.08, 0.5, 0.92):
        draw.ellipse([(at - 0.014) * size, 0.03 * size, (at + 0.014) * size, 0.058 * size], outline=white, width=3)


_GROUNDS: dict[str, Callable[[np.random.Generator, int], Picture]] = {
    "brushed_metal": _brushed_metal,
    "woven_cloth": _woven_cloth,
    "printed_board": _printed_board,
}
