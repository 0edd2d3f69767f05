"""Families that look medical and are no chest X-ray: heads, bones, hands, bellies, spines, fans, eyes, teeth."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from core.data.negatives.painter import Field, Painter, noise, ring


def _grey(value: float) -> Field:
    return np.full(3, value, np.float32)


def _soften(p: Painter, amount: float) -> None:
    """Blur the canvas a little, in the frequency domain."""
    f = np.fft.fftfreq(p.size)[:, None] ** 2 + np.fft.rfftfreq(p.size)[None, :] ** 2
    falloff = np.exp(-f * (amount * p.size) ** 2 * 20)[..., None]
    p.canvas[:] = np.fft.irfft2(np.fft.rfft2(p.canvas, axes=(0, 1)) * falloff, s=(p.size, p.size), axes=(0, 1))


def _film(p: Painter) -> None:
    """Dark ground with a little fog, as on a plain radiograph."""
    p.roughness = p.uniform(0.01, 0.06)
    p.wash(_grey(p.uniform(0, 0.25)), _grey(p.uniform(0, 0.25)))


def _bone(p: Painter, start: tuple[float, float], end: tuple[float, float], width: float) -> None:
    """A shaft with two knobs, bright at the rim."""
    bright = p.uniform(0.55, 0.95)
    for scale, value in ((1.0, bright), (0.55, bright * 0.8)):
        p.line([start, end], width * scale, _grey(value))
        for x, y in (start, end):
            p.ellipse((x, y), (width * 0.8 * scale, width * 0.7 * scale), _grey(value * 0.95))


def head_slice(p: Painter) -> None:
    """A slice through a head: skull ring, folded matter, dark ventricles."""
    p.roughness = p.uniform(0, 0.02)
    p.wash(_grey(p.uniform(0, 0.06)), _grey(p.uniform(0, 0.06)))
    x, y, rx = p.uniform(0.45, 0.55), p.uniform(0.45, 0.55), p.uniform(0.28, 0.42)
    ry, turn = rx * p.uniform(1, 1.3), p.uniform(-0.2, 0.2)
    p.ellipse((x, y), (rx * 1.12, ry * 1.1), _grey(p.uniform(0.3, 1)), turn)
    p.ellipse((x, y), (rx * 1.04, ry * 1.03), _grey(p.uniform(0, 0.3)), turn)
    brain = p.mask(ring((x, y), (rx, ry), turn))
    folds = np.sin(noise(p.rng, p.size, 2.2) * p.uniform(3, 8))
    base = p.uniform(0.35, 0.65)
    p.fill(brain, _grey(base), 0.03)
    p.canvas += (brain * folds * p.uniform(0.03, 0.15))[..., None]
    for side in (-1, 1):
        p.ellipse((x + side * 0.13 * rx, y), (0.1 * rx, 0.35 * ry), _grey(p.uniform(0, 0.9)), side * 0.3)
    p.line([(x, y - ry * 0.95), (x, y + ry * 0.95)], 0.008, _grey(p.uniform(0.1, 0.7)))
    if p.rng.random() < 0.4:
        p.ellipse(
            (x + p.uniform(-0.5, 0.5) * rx, y + p.uniform(-0.5, 0.5) * ry),
            (0.2 * rx, 0.18 * rx),
            _grey(p.uniform(0.6, 1)),
        )
    _soften(p, p.uniform(0.001, 0.01))


def skull(p: Painter) -> None:
    """A skull from the front or the side."""
    _film(p)
    x, y, r = p.uniform(0.4, 0.6), p.uniform(0.35, 0.5), p.uniform(0.28, 0.38)
    p.ellipse((x, y), (r, r * p.uniform(1, 1.2)), _grey(0.8))
    p.ellipse((x, y), (r * 0.93, r * 1.02), _grey(p.uniform(0.4, 0.65)))
    p.polygon(
        [
            (x - 0.6 * r, y + 0.6 * r),
            (x + 0.6 * r, y + 0.6 * r),
            (x + 0.45 * r, y + 1.5 * r),
            (x - 0.45 * r, y + 1.5 * r),
        ],
        _grey(0.6),
    )
    for side in (-1, 1):
        p.ellipse((x + side * 0.42 * r, y + 0.3 * r), (0.27 * r, 0.24 * r), _grey(p.uniform(0.15, 0.35)))
    p.polygon([(x, y + 0.4 * r), (x - 0.17 * r, y + 0.85 * r), (x + 0.17 * r, y + 0.85 * r)], _grey(0.25))
    for tooth in np.linspace(-0.35, 0.35, 9):
        p.box(x + (tooth - 0.03) * r, y + 1.05 * r, x + (tooth + 0.03) * r, y + 1.25 * r, _grey(0.95))
    _soften(p, p.uniform(0.003, 0.015))


def hand(p: Painter) -> None:
    """A hand or a foot: five rays of small bones inside a softer outline."""
    _film(p)
    x, y, fan, scale = p.uniform(0.4, 0.6), p.uniform(0.6, 0.75), p.uniform(0.15, 0.35), p.uniform(0.8, 1.2)
    rays = [
        (-np.pi / 2 + (finger - 2) * fan, scale * length) for finger, length in enumerate((0.38, 0.55, 0.6, 0.55, 0.42))
    ]
    for turn, length in rays:
        p.line([(x, y), (x + length * np.cos(turn), y + length * np.sin(turn))], 0.1 * scale, _grey(0.3))
    p.ellipse((x, y), (0.16 * scale, 0.2 * scale), _grey(0.35))
    for turn, length in rays:
        cuts = np.array([0.25, 0.52, 0.72, 0.87, 1.0]) * length
        for first, last in pairwise(cuts):
            ends = [(x + d * np.cos(turn), y + d * np.sin(turn)) for d in (first + 0.02, last - 0.02)]
            _bone(p, ends[0], ends[1], 0.035 * scale)
    for _ in range(8):
        p.ellipse((x + p.uniform(-0.1, 0.1), y + p.uniform(0, 0.1)), (0.035, 0.03), _grey(p.uniform(0.6, 0.85)))
    _bone(p, (x - 0.05, y + 0.15), (x - 0.07, 1.1), 0.08)
    _bone(p, (x + 0.06, y + 0.15), (x + 0.06, 1.1), 0.06)
    _soften(p, p.uniform(0.001, 0.01))


def long_bone(p: Painter) -> None:
    """A limb: one or two shafts in soft tissue, at times with a joint."""
    _film(p)
    turn, x, y, width = p.uniform(0, np.pi), p.uniform(0.4, 0.6), p.uniform(0.4, 0.6), p.uniform(0.06, 0.16)
    dx, dy = np.cos(turn), np.sin(turn)
    p.line([(x - dx, y - dy), (x + dx, y + dy)], width * p.uniform(2, 4), _grey(p.uniform(0.2, 0.45)))
    gap = p.uniform(-0.3, 0.3)
    _bone(p, (x - 1.2 * dx, y - 1.2 * dy), (x + gap * dx, y + gap * dy), width)
    if p.rng.random() < 0.7:
        far = gap + width * 1.7
        _bone(p, (x + far * dx, y + far * dy), (x + 1.2 * dx, y + 1.2 * dy), width)
    if p.rng.random() < 0.5:
        _bone(
            p,
            (x - dx + width * 1.3 * dy, y - dy - width * 1.3 * dx),
            (x + gap * dx + width * 1.3 * dy, y + gap * dy - width * 1.3 * dx),
            width * 0.5,
        )
    if p.rng.random() < 0.2:
        p.line([(x - 0.4 * dx, y - 0.4 * dy), (x + 0.2 * dx, y + 0.2 * dy)], 0.3 * width, _grey(1.0))
    _soften(p, p.uniform(0.001, 0.012))


def belly_slice(p: Painter) -> None:
    """A slice through a body: oval outline, spine, organs, dark bowel gas or lungs."""
    p.roughness = p.uniform(0, 0.03)
    p.wash(_grey(p.uniform(0, 0.05)), _grey(p.uniform(0, 0.05)))
    x, y, rx, ry = 0.5, p.uniform(0.45, 0.55), p.uniform(0.36, 0.46), p.uniform(0.25, 0.36)
    p.polygon(ring((x, y), (rx, ry), 0, 0.01, p.uniform(0, 6)), _grey(p.uniform(0.15, 0.45)))
    p.polygon(ring((x, y), (rx * 0.88, ry * 0.85), 0, 0.01, p.uniform(0, 6)), _grey(p.uniform(0.35, 0.55)))
    for _ in range(p.integer(3, 12)):
        where = (x + p.uniform(-0.6, 0.6) * rx, y + p.uniform(-0.6, 0.5) * ry)
        r = p.uniform(0.03, 0.16)
        p.polygon(
            ring(where, (r, r * p.uniform(0.5, 1)), p.uniform(0, 3), 0.04, p.uniform(0, 6)),
            _grey(float(p.rng.choice([0.02, 0.5, 0.6, 0.7]))),
        )
    p.ellipse((x, y + 0.6 * ry), (0.06, 0.05), _grey(0.95))
    p.ellipse((x, y + 0.72 * ry), (0.02, 0.02), _grey(0.4))
    for turn in np.linspace(0, 2 * np.pi, 14):
        p.ellipse(
            (x + 0.84 * rx * np.cos(turn), y + 0.8 * ry * np.sin(turn)),
            (0.02, 0.01),
            _grey(0.9),
            float(turn + np.pi / 2),
        )
    _soften(p, p.uniform(0.001, 0.01))


def belly_film(p: Painter) -> None:
    """A plain film of belly and pelvis: gas bubbles, spine, hip bones."""
    p.roughness = p.uniform(0.02, 0.08)
    p.wash(_grey(p.uniform(0.25, 0.5)), _grey(p.uniform(0.4, 0.6)), np.pi / 2)
    for _ in range(p.integer(4, 20)):
        r = p.uniform(0.03, 0.12)
        p.glow((p.uniform(0.15, 0.85), p.uniform(0.1, 0.7)), (r, r * p.uniform(0.5, 1)), _grey(-p.uniform(0.1, 0.35)))
    for y in np.arange(0.02, 0.75, 0.11):
        p.box(0.45, float(y), 0.55, float(y) + 0.085, _grey(0.7))
    for side in (-1, 1):
        p.ellipse((0.5 + side * 0.26, 0.72), (0.2, 0.15), _grey(0.7), side * 0.8)
        p.ellipse((0.5 + side * 0.16, 0.92), (0.07, 0.06), _grey(0.35))
        _bone(p, (0.5 + side * 0.3, 0.88), (0.5 + side * 0.38, 1.2), 0.08)
    _soften(p, p.uniform(0.005, 0.02))


def spine(p: Painter) -> None:
    """A neck or back from the side: a bent column of blocks."""
    _film(p)
    bend, start, width = p.uniform(-0.25, 0.25), p.uniform(0.35, 0.65), p.uniform(0.09, 0.18)
    p.line([(start, -0.1), (start + bend, 0.5), (start, 1.1)], 4 * width, _grey(p.uniform(0.2, 0.4)))
    count = p.integer(5, 10)
    for block in range(count):
        y = (block + 0.5) / count
        x, h = start + bend * np.sin(np.pi * y), 0.38 / count
        turn = bend * np.pi * np.cos(np.pi * y)
        corners = [
            (-width, -h + turn * width),
            (width, -h - turn * width),
            (width, h - turn * width),
            (-width, h + turn * width),
        ]
        p.polygon([(x + u / 2, y + v) for u, v in corners], _grey(p.uniform(0.65, 0.9)))
        p.line([(x + 0.6 * width, y), (x + 1.6 * width, y + h)], 0.03, _grey(0.6))
    _soften(p, p.uniform(0.002, 0.012))


def fan(p: Painter) -> None:
    """An ultrasound sector: speckle inside a fan on black."""
    top, spread, depth = p.uniform(-0.1, 0.1), p.uniform(0.4, 0.9), p.uniform(0.8, 1.05)
    dx, dy = p.x - 0.5, p.y - top
    radius, angle = np.hypot(dx, dy), np.arctan2(dx, dy)
    inside = (np.abs(angle) < spread) & (radius < depth) & (radius > p.uniform(0.05, 0.25))
    speckle = np.abs(noise(p.rng, p.size, p.uniform(0.1, 0.5), 2.0)) * np.exp(
        p.uniform(0.3, 1) * noise(p.rng, p.size, 1.5)
    )
    p.canvas[:] = (inside * np.clip(speckle * p.uniform(0.1, 0.35), 0, 1))[..., None]
    for _ in range(p.integer(0, 4)):
        r = p.uniform(0.05, 0.15)
        p.fill(p.mask(ring((p.uniform(0.3, 0.7), p.uniform(0.3, 0.8)), (r, r * 0.7), 0, 0.04)), _grey(0.03), 0, 0.9)


def eye_ground(p: Painter) -> None:
    """The back of an eye: disc, vessels, round field."""
    p.wash(_grey(0.0), _grey(0.03))
    r = p.uniform(0.4, 0.5)
    p.ellipse(
        (0.5, 0.5), (r, r), np.array([p.uniform(0.5, 0.9), p.uniform(0.2, 0.5), p.uniform(0.05, 0.3)], np.float32)
    )
    x, y = 0.5 + float(p.rng.choice([-1, 1])) * 0.45 * r, p.uniform(0.45, 0.55)
    for turn in p.rng.uniform(0, 2 * np.pi, 12):
        steps = np.linspace(0, 0.55, 9)
        bent = turn + np.cumsum(p.rng.normal(0, 0.12, 9))
        points = [(float(x + s * np.cos(b)), float(y + s * np.sin(b))) for s, b in zip(steps, bent, strict=True)]
        p.line(points, p.uniform(0.006, 0.02), np.array([0.4, 0.08, 0.05], np.float32))
    p.ellipse((x, y), (0.16 * r, 0.18 * r), p.colour(0.75, 0.95))
    p.glow((1 - x, y), (0.2 * r, 0.2 * r), _grey(-0.2))
    p.canvas *= (np.hypot(p.x - 0.5, p.y - 0.5) < r)[..., None]


def teeth(p: Painter) -> None:
    """A row of teeth on film."""
    _film(p)
    count, bend = p.integer(4, 15), p.uniform(-0.5, 0.5)
    for tooth in range(count):
        x = (tooth + 0.5) / count
        for jaw in (-1, 1):
            y = 0.5 + jaw * 0.02 + bend * (x - 0.5) ** 2
            w, h = 0.43 / count, p.uniform(0.25, 0.35)
            p.polygon(
                [
                    (x - w, y),
                    (x + w, y),
                    (x + w, y + jaw * 0.4 * h),
                    (x + 0.4 * w, y + jaw * h),
                    (x - 0.4 * w, y + jaw * h),
                    (x - w, y + jaw * 0.4 * h),
                ],
                _grey(p.uniform(0.6, 1)),
            )
    p.canvas += 0.15 * p.texture()[..., None] * (np.abs(p.y - 0.5) > 0.25)[..., None]
    _soften(p, p.uniform(0.002, 0.012))


def breast(p: Painter) -> None:
    """A half-round soft organ against one edge, streaked, on black."""
    p.roughness = 0.02
    p.wash(_grey(0.0), _grey(0.03))
    r, y = p.uniform(0.35, 0.6), p.uniform(0.4, 0.6)
    cover = p.mask(ring((0, y), (r, r * p.uniform(0.8, 1.2))))
    p.fill(cover, _grey(p.uniform(0.3, 0.6)), 0.04)
    streaks = noise(p.rng, p.size, 1.2, 3.0, p.uniform(-0.5, 0.5))
    p.canvas += (cover * np.clip(streaks, 0, 3) * 0.12)[..., None]
    if p.rng.random() < 0.5:
        p.canvas[:] = p.canvas[:, ::-1].copy()


FAMILIES = {
    function.__name__: function
    for function in (
        head_slice,
        skull,
        hand,
        long_bone,
        belly_slice,
        belly_film,
        spine,
        fan,
        eye_ground,
        teeth,
        breast,
    )
}
"""Family name to the function that paints one picture of it."""
