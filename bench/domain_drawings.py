"""Hand-drawn things and bodies that are no chest X-rays, for `bench.domain` alone.

Drawn with plain Pillow, with motifs and code of their own: what the refusal learns from must not be what measures it.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

Draw = ImageDraw.ImageDraw
SIDE = 360
"""Side of a drawing in pixels."""


def _polar(x: float, y: float, r: float, degrees: float) -> tuple[float, float]:
    return x + r * math.cos(math.radians(degrees)), y + r * math.sin(math.radians(degrees))


def bicycle(d: Draw, ink: str) -> None:
    """Two wheels with spokes and a frame."""
    for x in (100, 260):
        d.ellipse((x - 65, 155, x + 65, 285), outline=ink, width=6)
        for turn in range(0, 360, 30):
            d.line([(x, 220), _polar(x, 220, 62, turn)], ink, 1)
    d.line([(100, 220), (150, 130), (240, 130), (180, 220), (100, 220)], ink, 6)
    d.line([(150, 130), (180, 220), (260, 220), (235, 100), (265, 95)], ink, 6)
    d.line([(135, 110), (165, 110)], ink, 10)


def sailing_boat(d: Draw, ink: str) -> None:
    """A hull, two sails and waves."""
    d.polygon([(60, 240), (300, 240), (260, 300), (100, 300)], fill=ink)
    d.polygon([(180, 40), (180, 225), (290, 225)], fill="white", outline=ink)
    d.polygon([(170, 70), (170, 225), (80, 225)], fill="lightgrey", outline=ink)
    for x in range(0, SIDE, 40):
        d.arc((x, 295, x + 40, 325), 0, 180, ink, 4)


def penguin(d: Draw, ink: str) -> None:
    """A standing bird with a white belly."""
    d.ellipse((110, 60, 250, 320), fill=ink)
    d.ellipse((135, 120, 225, 315), fill="white")
    for x in (155, 190):
        d.ellipse((x, 85, x + 18, 103), fill="white")
        d.ellipse((x + 6, 90, x + 13, 98), fill="black")
    d.polygon([(170, 110), (190, 110), (180, 130)], fill="orange")
    d.ellipse((120, 305, 175, 330), fill="orange")
    d.ellipse((185, 305, 240, 330), fill="orange")


def tabby(d: Draw, ink: str) -> None:
    """A sitting cat from behind, striped."""
    d.ellipse((95, 150, 265, 345), fill=ink)
    d.ellipse((120, 60, 240, 175), fill=ink)
    d.polygon([(125, 95), (128, 25), (170, 68)], fill=ink)
    d.polygon([(235, 95), (232, 25), (190, 68)], fill=ink)
    d.arc((200, 200, 340, 350), 290, 120, ink, 22)
    for y in range(185, 320, 28):
        d.arc((120, y, 240, y + 30), 200, 340, "white", 5)


def clock(d: Draw, ink: str) -> None:
    """A dial with marks and hands."""
    d.ellipse((40, 40, 320, 320), fill="white", outline=ink, width=12)
    for hour in range(12):
        d.line([_polar(180, 180, 110, hour * 30), _polar(180, 180, 130, hour * 30)], ink, 6)
    d.line([(180, 180), _polar(180, 180, 70, 200)], ink, 10)
    d.line([(180, 180), _polar(180, 180, 105, 300)], ink, 6)


def chess_game(d: Draw, ink: str) -> None:
    """A board with pieces."""
    for row in range(8):
        for column in range(8):
            if (row + column) % 2:
                d.rectangle((column * 45, row * 45, column * 45 + 45, row * 45 + 45), fill="grey")
            if (3 * row + 5 * column) % 7 == 0:
                d.ellipse((column * 45 + 12, row * 45 + 8, column * 45 + 33, row * 45 + 29), fill=ink)
                d.polygon(
                    [
                        (column * 45 + 22, row * 45 + 15),
                        (column * 45 + 8, row * 45 + 41),
                        (column * 45 + 37, row * 45 + 41),
                    ],
                    fill=ink,
                )


def cup(d: Draw, ink: str) -> None:
    """A steaming cup on a saucer."""
    d.ellipse((50, 270, 310, 320), fill="lightgrey", outline=ink)
    d.polygon([(90, 140), (250, 140), (225, 290), (115, 290)], fill=ink)
    d.arc((220, 160, 310, 250), 270, 90, ink, 14)
    for x in (130, 170, 210):
        d.arc((x, 60, x + 25, 95), 90, 270, ink, 4)
        d.arc((x, 90, x + 25, 125), 270, 90, ink, 4)


def guitar(d: Draw, ink: str) -> None:
    """A guitar standing."""
    d.ellipse((100, 200, 260, 350), fill=ink)
    d.ellipse((120, 130, 240, 240), fill=ink)
    d.ellipse((155, 200, 205, 250), fill="black")
    d.rectangle((170, 10, 190, 230), fill="saddlebrown")
    for x in (173, 178, 183, 188):
        d.line([(x, 10), (x, 310)], "white", 1)


def snowman(d: Draw, ink: str) -> None:
    """Three balls, hat and carrot."""
    for y, r in ((280, 75), (180, 55), (100, 38)):
        d.ellipse((180 - r, y - r, 180 + r, y + r), fill="white", outline=ink, width=3)
    d.rectangle((150, 20, 210, 65), fill=ink)
    d.rectangle((130, 62, 230, 72), fill=ink)
    d.polygon([(180, 95), (230, 105), (180, 110)], fill="orange")
    for x, y in ((165, 88), (192, 88), (180, 165), (180, 190)):
        d.ellipse((x - 5, y - 5, x + 5, y + 5), fill="black")


def mushrooms(d: Draw, ink: str) -> None:
    """Spotted caps on stems."""
    for x, y, r in ((120, 180, 90), (260, 220, 60)):
        d.rectangle((x - r // 4, y, x + r // 4, y + int(1.3 * r)), fill="ivory", outline=ink)
        d.pieslice((x - r, y - r, x + r, y + r), 180, 360, fill=ink)
        for turn in (200, 235, 270, 305, 340):
            px, py = _polar(x, y, 0.65 * r, turn)
            d.ellipse((px - r / 9, py - r / 9, px + r / 9, py + r / 9), fill="white")


def umbrella(d: Draw, ink: str) -> None:
    """Open umbrella in the rain."""
    d.pieslice((40, 60, 320, 340), 180, 360, fill=ink)
    for x in (40, 96, 152, 208, 264):
        d.pieslice((x, 180, x + 56, 220), 180, 360, fill="white")
    d.line([(180, 60), (180, 310)], "black", 6)
    d.arc((180, 290, 220, 330), 0, 180, "black", 6)
    for k in range(40):
        x, y = (k * 97) % SIDE, (k * 53) % SIDE
        d.line([(x, y), (x - 5, y + 15)], "steelblue", 2)


def playing_card(d: Draw, ink: str) -> None:
    """A card of diamonds and hearts."""
    d.rounded_rectangle((80, 20, 280, 340), 18, fill="white", outline="black", width=3)
    for x, y in ((130, 80), (230, 80), (180, 180), (130, 280), (230, 280)):
        d.polygon([(x, y - 32), (x + 22, y), (x, y + 32), (x - 22, y)], fill=ink)


def key(d: Draw, ink: str) -> None:
    """A key and a padlock."""
    d.ellipse((30, 130, 120, 220), outline=ink, width=18)
    d.rectangle((115, 168, 200, 184), fill=ink)
    d.rectangle((175, 184, 187, 210), fill=ink)
    d.rounded_rectangle((220, 170, 335, 290), 12, fill=ink)
    d.arc((238, 100, 318, 230), 180, 360, ink, 14)


def planets(d: Draw, ink: str) -> None:
    """Rings and dots on black."""
    d.rectangle((0, 0, SIDE, SIDE), fill="black")
    for k in range(120):
        x, y = (k * 131) % SIDE, (k * k * 17) % SIDE
        d.point((x, y), "white")
    d.ellipse((120, 110, 240, 230), fill=ink)
    d.ellipse((60, 150, 300, 190), outline="lightgrey", width=5)
    d.ellipse((40, 40, 80, 80), fill="grey")


def butterfly(d: Draw, ink: str) -> None:
    """Four wings, mirrored; about as symmetrical as a chest."""
    for side in (-1, 1):
        d.polygon([(180, 170), (180 + side * 140, 60), (180 + side * 150, 150)], fill=ink)
        d.polygon([(180, 180), (180 + side * 120, 200), (180 + side * 80, 310)], fill=ink)
        d.ellipse((180 + side * 110 - 18, 100, 180 + side * 110 + 18, 136), fill="white")
        d.line([(180, 110), (180 + side * 40, 40)], "black", 3)
    d.ellipse((168, 105, 192, 290), fill="black")


def kitchen_scale(d: Draw, ink: str) -> None:
    """A machine with a display and buttons."""
    d.rounded_rectangle((50, 60, 310, 320), 25, fill=ink)
    d.rectangle((80, 90, 280, 150), fill="palegreen")
    for row in range(3):
        for column in range(4):
            d.ellipse((85 + 50 * column, 175 + 45 * row, 120 + 50 * column, 210 + 45 * row), fill="white")


def ct_chest(d: Draw, ink: str) -> None:
    """An axial slice of a chest: two dark lungs lying side by side in an oval."""
    d.rectangle((0, 0, SIDE, SIDE), fill="#060606")
    d.ellipse((20, 70, 340, 300), fill="#6a6a6a")
    d.ellipse((45, 95, 165, 275), fill="#101010")
    d.ellipse((195, 95, 315, 275), fill="#101010")
    d.ellipse((140, 110, 245, 215), fill="#8c8c8c")
    d.ellipse((155, 235, 205, 280), fill="#e0e0e0")
    for turn in range(0, 360, 20):
        x, y = 180 + 150 * math.cos(math.radians(turn)), 185 + 105 * math.sin(math.radians(turn))
        d.ellipse((x - 9, y - 5, x + 9, y + 5), fill="#dadada")


def knee(d: Draw, ink: str) -> None:
    """A knee from the front."""
    d.rectangle((0, 0, SIDE, SIDE), fill="#101010")
    d.rectangle((80, 0, 280, SIDE), fill="#3a3a3a")
    d.polygon([(140, 0), (220, 0), (250, 150), (230, 175), (180, 160), (130, 175), (110, 150)], fill="#bdbdbd")
    d.polygon([(112, 190), (248, 190), (215, 260), (210, SIDE), (150, SIDE), (145, 260)], fill="#b0b0b0")
    d.rectangle((250, 230, 270, SIDE), fill="#999999")
    d.ellipse((150, 90, 210, 150), fill="#cccccc")


def foot(d: Draw, ink: str) -> None:
    """A foot from above."""
    d.rectangle((0, 0, SIDE, SIDE), fill="#0a0a0a")
    d.ellipse((90, 20, 290, 350), fill="#333333")
    for k, x in enumerate((115, 150, 185, 220, 255)):
        for y, h in ((30 + 12 * k, 30), (66 + 12 * k, 24), (95 + 12 * k, 90)):
            d.rounded_rectangle((x, y, x + 22, y + h), 8, fill="#c0c0c0")
    for x, y in ((130, 240), (175, 235), (215, 245), (150, 285), (200, 290)):
        d.ellipse((x, y, x + 48, y + 44), fill="#b4b4b4")


def pelvis(d: Draw, ink: str) -> None:
    """Hip bones and thighs."""
    d.rectangle((0, 0, SIDE, SIDE), fill="#2c2c2c")
    for side in (-1, 1):
        x = 180 + side * 85
        d.ellipse((x - 70, 60, x + 70, 200), fill="#a8a8a8")
        d.ellipse((x - 35 + side * 20, 190, x + 35 + side * 20, 260), fill="#cfcfcf")
        d.ellipse((180 + side * 45 - 25, 225, 180 + side * 45 + 25, 290), fill="#303030")
        d.line([(x + side * 25, 230), (x + side * 55, SIDE)], "#bbbbbb", 40)
    d.polygon([(150, 60), (210, 60), (190, 200), (170, 200)], fill="#c4c4c4")


def heart_trace(d: Draw, ink: str) -> None:
    """Curves of a heartbeat on squared paper."""
    for k in range(0, SIDE, 12):
        d.line([(k, 0), (k, SIDE)], "mistyrose")
        d.line([(0, k), (SIDE, k)], "mistyrose")
    for row in (60, 150, 240, 320):
        points = []
        for x in range(SIDE):
            beat = x % 70
            spike = -45 if 30 <= beat < 33 else 15 if 33 <= beat < 36 else -8 * math.exp(-(((beat - 50) / 6) ** 2))
            points.append((x, row + spike))
        d.line(points, "black", 2)


def ear_scan(d: Draw, ink: str) -> None:
    """A spiral and fine bones, like the inner ear."""
    d.rectangle((0, 0, SIDE, SIDE), fill="#202020")
    points = [_polar(180, 180, 10 + t / 8, t) for t in range(0, 1000, 6)]
    d.line(points, "#e0e0e0", 9)
    d.ellipse((20, 20, 340, 340), outline="#888888", width=16)


MOTIFS: tuple[Callable[[Draw, str], None], ...] = (
    bicycle,
    sailing_boat,
    penguin,
    tabby,
    clock,
    chess_game,
    cup,
    guitar,
    snowman,
    mushrooms,
    umbrella,
    playing_card,
    key,
    planets,
    butterfly,
    kitchen_scale,
)
"""Things."""

BODIES: tuple[Callable[[Draw, str], None], ...] = (ct_chest, knee, foot, pelvis, heart_trace, ear_scan)
"""Parts of the body and medical curves that are no chest X-ray."""


def drawing(motif: Callable[[Draw, str], None], rng: np.random.Generator, grey: bool) -> NDArray[np.uint8]:
    """One motif in random ink on random paper, slightly turned, blurred and grainy; shape (SIDE, SIDE, 3)."""
    low, high = rng.integers(0, 110, 3), rng.integers(150, 256, 3)
    ink, paper = f"#{bytes(low.tolist()).hex()}", f"#{bytes(high.tolist()).hex()}"
    picture = Image.new("RGB", (SIDE, SIDE), paper)
    motif(ImageDraw.Draw(picture), ink)
    picture = picture.rotate(rng.uniform(-8, 8), Image.Resampling.BILINEAR, fillcolor=picture.getpixel((2, 2)))
    picture = picture.filter(ImageFilter.GaussianBlur(rng.uniform(0, 2.5)))
    pixels = np.asarray(picture.convert("L").convert("RGB") if grey else picture, dtype=np.float32)
    grain = rng.uniform(0, 12) * rng.standard_normal((SIDE, SIDE, 1))
    return np.clip(pixels + grain, 0, 255).astype(np.uint8)
