"""Two hundred pictures that are no chest X-rays and that no training has seen, for `bench.domain`.

Photographs come out of development packages already installed (scikit-image, scikit-learn, matplotlib, pydicom);
everything else is made here. Nothing is shared with `core.data.negatives`, from which the refusal learns.
"""

from __future__ import annotations

import importlib.util
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pydicom
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from pydicom.data import get_testdata_file

from bench.domain_drawings import BODIES, MOTIFS, drawing

Pixels = NDArray[np.uint8]


class NonXray(NamedTuple):
    """One picture: a name that starts with its family, its kind, and pixels of shape (H, W, 3)."""

    name: str
    kind: str
    pixels: Pixels


_PHOTOGRAPHS = {
    "skimage": (
        "coffee.png", "astronaut.png", "camera.png", "chelsea.png", "coins.png", "gravel.png", "grass.png",
        "brick.png", "moon.png", "rocket.jpg", "motorcycle_left.png", "hubble_deep_field.jpg", "clock_motion.png",
        "color.png", "logo.png", "horse.png",
    ),
    "sklearn": ("china.jpg", "flower.jpg"),
    "matplotlib": ("grace_hopper.jpg", "Minduka_Present_Blue_Pack.png", "logo2.png"),
}  # fmt: skip
_SCIENCE = ("cell.png", "retina.jpg", "ihc.png", "microaneurysms.png", "phantom.png")
_SCANNED = ("page.png", "text.png")
_FOLDERS = {"skimage": "data", "sklearn": "datasets/images", "matplotlib": "mpl-data"}
_DICOM = (
    "CT_small.dcm", "MR_small.dcm", "examples_rgb_color.dcm", "examples_palette.dcm", "examples_overlay.dcm",
    "ExplVR_BigEnd.dcm", "SC_rgb_jpeg_dcmtk.dcm",
)  # fmt: skip
_FONTS = (
    "DejaVuSans.ttf", "DejaVuSerif.ttf", "DejaVuSansMono.ttf", "DejaVuSans-BoldOblique.ttf", "STIXGeneral.ttf",
    "STIXGeneralItalic.ttf", "cmr10.ttf", "cmss10.ttf", "cmtt10.ttf", "DejaVuSerif-BoldItalic.ttf",
)  # fmt: skip
_LETTER = """Dear Sir or Madam, thank you for your letter of the third of March. We have looked into the matter and
are glad to tell you that the parcel has been found in our warehouse. It will reach you within five working days.
Should it not, please call the number printed above and have the invoice at hand. We are sorry for the delay."""
_PROGRAM = """def area(shape):\n    if shape.kind == "circle":\n        return pi * shape.r ** 2\n    total = 0
    for a, b in pairs(shape):\n        total += a.x * b.y - b.x * a.y\n    return abs(total) / 2\n\n
for name in names:\n    print(name, area(shapes[name]))"""
_FORMULAS = "E = mc²\n∑ xᵢ = n·μ\n∫ f(x) dx\nα + β ≠ γ\n√(a² + b²)\nP(A|B) = P(B|A)·P(A)/P(B)"


def non_xrays(seed: int = 0) -> list[NonXray]:
    """The measuring set: always the same 200 pictures for one seed.

    Args:
        seed: Steers crops, drawings, print and noise.

    Returns:
        200 pictures of the kinds photograph, drawing, print, noise and medical.
    """
    rng = np.random.default_rng([seed, 20_000])
    made = [*_photographs(rng), *_medical(rng), *_drawings(rng), *_prints(rng)]
    return [*made, *_noises(rng, 200 - len(made))]


def _shipped(package: str, name: str) -> Path:
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise FileNotFoundError(f"the development package {package} is not installed")
    return next((Path(spec.origin).parent / _FOLDERS[package]).rglob(name))


def _grey(pixels: Pixels) -> Pixels:
    return np.asarray(Image.fromarray(pixels).convert("L").convert("RGB"))


def _crop(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    side = max(32, int(min(pixels.shape[:2]) * rng.uniform(0.35, 0.7)))
    top = int(rng.integers(0, pixels.shape[0] - side + 1))
    left = int(rng.integers(0, pixels.shape[1] - side + 1))
    return pixels[top : top + side, left : left + side]


def _photographs(rng: np.random.Generator) -> Iterator[NonXray]:
    """Every photograph whole in grey and as two grey crops; in colour where it has colour."""
    for package, names in _PHOTOGRAPHS.items():
        for name in names:
            with Image.open(_shipped(package, name)) as image:
                pixels = np.asarray(image.convert("RGB"))
            yield NonXray(f"{name}/grey", "photograph", _grey(pixels))
            for number in range(2):
                yield NonXray(f"{name}/grey crop {number}", "photograph", _crop(_grey(pixels), rng))
            if np.ptp(pixels.astype(int), axis=-1).max() > 20:
                yield NonXray(f"{name}/colour", "photograph", pixels)


def _medical(rng: np.random.Generator) -> Iterator[NonXray]:
    """Other medical pictures: shipped scans and slides, and drawn bodies."""
    for name in _SCIENCE:
        with Image.open(_shipped("skimage", name)) as image:
            pixels = np.asarray(image.convert("RGB"))
        yield NonXray(f"{name}/grey", "medical", _grey(pixels))
        if name in ("retina.jpg", "ihc.png"):
            yield NonXray(f"{name}/colour", "medical", pixels)
    for name in _DICOM:
        yield NonXray(f"{name}/grey", "medical", _grey(_dicom_pixels(name)))
    for motif in BODIES:
        for copy in range(2):
            yield NonXray(f"{motif.__name__}/{copy}", "medical", drawing(motif, rng, grey=True))


def _dicom_pixels(name: str) -> Pixels:
    path = get_testdata_file(name)
    if not isinstance(path, str):
        raise FileNotFoundError(name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        values = pydicom.dcmread(path).pixel_array.astype(np.float32)
    low, high = np.percentile(values, (1, 99))
    scaled = (np.clip((values - low) / max(high - low, 1), 0, 1) * 255).astype(np.uint8)
    return scaled if scaled.ndim == 3 else np.repeat(scaled[..., None], 3, axis=-1)


def _drawings(rng: np.random.Generator) -> Iterator[NonXray]:
    for motif in MOTIFS:
        yield NonXray(f"{motif.__name__}/grey", "drawing", drawing(motif, rng, grey=True))
        yield NonXray(f"{motif.__name__}/grey again", "drawing", drawing(motif, rng, grey=True))
        yield NonXray(f"{motif.__name__}/colour", "drawing", drawing(motif, rng, grey=False))


def _prints(rng: np.random.Generator) -> Iterator[NonXray]:
    """Scanned pages and our own print in fonts that the training does not use."""
    for name in _SCANNED:
        with Image.open(_shipped("skimage", name)) as image:
            yield NonXray(f"{name}/scan", "print", np.asarray(image.convert("RGB")))
    texts = {"letter": _LETTER, "program": _PROGRAM, "formulas": _FORMULAS}
    for number, font in enumerate(_FONTS):
        for kind in ("letter", tuple(texts)[number % 3]) if number % 3 else ("letter", "table"):
            height = int(rng.integers(9, 40))
            text = texts.get(kind) or "\n".join(
                "   ".join(f"{v:7.2f}" for v in rng.normal(0, 99, 5)) for _ in range(14)
            )
            yield NonXray(f"{kind} {font}/{height}", "print", _print(text, font, height, rng))


def _print(text: str, font: str, height: int, rng: np.random.Generator) -> Pixels:
    paper, ink = int(rng.integers(200, 256)), int(rng.integers(0, 90))
    if rng.random() < 0.3:
        paper, ink = ink, paper
    sheet = Image.new("L", (340, 420), paper)
    typeface = ImageFont.truetype(_shipped("matplotlib", font), height)
    words = (
        "\n".join(text[i : i + 700 // height] for i in range(0, len(text), 700 // height)) if text is _LETTER else text
    )
    ImageDraw.Draw(sheet).multiline_text((15, 15), words, ink, typeface, spacing=height // 3)
    turned = np.asarray(sheet.rotate(rng.uniform(-4, 4), Image.Resampling.BILINEAR, fillcolor=paper), np.float32)
    pixels = np.clip(turned + rng.uniform(0, 10) * rng.standard_normal(turned.shape), 0, 255).astype(np.uint8)
    return np.repeat(pixels[..., None], 3, axis=-1)


def _noises(rng: np.random.Generator, count: int) -> Iterator[NonXray]:
    """Rules, waves, fractals and walks, in turn."""
    makers: tuple[Callable[[np.random.Generator], NDArray[np.floating]], ...] = (
        _automaton, _interference, _julia, _walks, _value_noise, _constant, _television,
    )  # fmt: skip
    for number in range(count):
        maker = makers[number % len(makers)]
        field = np.clip(maker(rng), 0, 1)
        pixels = (255 * field).astype(np.uint8)
        yield NonXray(f"{maker.__name__[1:]}/{number}", "noise", np.repeat(pixels[..., None], 3, axis=-1))


def _automaton(rng: np.random.Generator) -> NDArray[np.floating]:
    rule, rows = int(rng.choice([30, 45, 90, 105, 110])), [rng.integers(0, 2, 240)]
    for _ in range(239):
        code = 4 * np.roll(rows[-1], 1) + 2 * rows[-1] + np.roll(rows[-1], -1)
        rows.append(rule >> code & 1)
    return np.stack(rows).astype(float)


def _interference(rng: np.random.Generator) -> NDArray[np.floating]:
    y, x = np.mgrid[:240, :240] / 240
    waves = [np.sin(rng.uniform(10, 90) * np.hypot(x - a, y - b)) for a, b in rng.random((5, 2))]
    return np.asarray(0.5 + np.mean(waves, axis=0))


def _julia(rng: np.random.Generator) -> NDArray[np.floating]:
    y, x = np.mgrid[-1.3:1.3:240j, -1.3:1.3:240j]
    z, c = x + 1j * y, 0.7885 * np.exp(1j * rng.uniform(0, 6.28))
    count = np.zeros(z.shape)
    for _ in range(60):
        alive = np.abs(z) < 2
        z = np.where(alive, z * z + c, z)
        count += alive
    return np.sqrt(count / 60)


def _walks(rng: np.random.Generator) -> NDArray[np.floating]:
    field = np.cumsum(rng.standard_normal((240, 240)), axis=int(rng.integers(0, 2)))
    return np.asarray((field - field.min()) / np.ptp(field))


def _value_noise(rng: np.random.Generator) -> NDArray[np.floating]:
    total = np.zeros((240, 240))
    for cells in (3, 6, 12, 24, 48):
        grid = Image.fromarray(rng.random((cells, cells)).astype(np.float32))
        total += np.asarray(grid.resize((240, 240), Image.Resampling.BICUBIC)) * 3 / cells
    return np.asarray((total - total.min()) / np.ptp(total))


def _constant(rng: np.random.Generator) -> NDArray[np.floating]:
    return np.full((240, 240), rng.random())


def _television(rng: np.random.Generator) -> NDArray[np.floating]:
    bars = np.repeat(rng.permutation(8) / 7, 30)[None, :] * np.ones((240, 1))
    bars[180:] = np.linspace(0, 1, 240)
    return bars + 0.1 * rng.standard_normal(bars.shape)
