"""Synthetic radiographs: a small model of how chest X-rays of one class look and vary, and draws from it.

Every training picture is brought into the shape of a common template by smooth non-rigid registration. A class is
then two means, one of shapes and one of looks, and the deviations of its pictures from them. A draw takes one random
weight per training picture, small and of either sign, and adds the weighted deviations of shape and look to the means:
a sample of the Gaussian with the training pictures' own covariance. Hundreds of pictures share in every draw and none
stands out, so that a draw resembles the class and copies nobody.

A compact phantom keeps the leading principal components of that Gaussian, small enough to ship with the program, for
streams of pictures that never end.

Sources: the idea of shape and look apart is Cootes, Edwards and Taylor, Active Appearance Models, IEEE TPAMI 23(6),
2001; the registration is Thirion's demons, Medical Image Analysis 2(3), 1998, with the forces of both pictures.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage as untyped_ndimage

ndimage: Any = untyped_ndimage
"""SciPy fills this module at import time, which a type checker cannot follow."""

Grey: TypeAlias = NDArray[np.floating[Any]]

SIDE = 224
"""Side of the pictures that the model is fitted to, pixels."""
_HALF = SIDE // 2
"""Registration runs at this side: ribs are still apart and it costs a quarter."""
_PYRAMID = ((8, 40, 1.5), (4, 40, 1.8), (2, 30, 1.8), (1, 20, 2.0))
"""Coarse to fine: reduction, iterations, smoothing of the displacement in pixels of that level."""
_WEIGHT_LIMIT = 2.0
"""No picture's weight exceeds this many standard deviations, so that none shines through."""
_CROP = 8
"""Pixels cut off each side of a draw: the template knows nothing beyond its own edge."""
_COMPACT = 144
"""Side of a compact phantom, pixels: more than networks of 112 pixels see."""
_TEXTURE = 1.2
"""Pixels over which what the components leave out is alike."""


@dataclass(frozen=True)
class PhantomModel:
    """One class: what is common to its pictures, and how each of `n` differs from that.

    Attributes:
        look: Mean in the template's shape, (SIDE, SIDE) float32, 0 to 255.
        looks: Deviations from it, (n, SIDE, SIDE) float16.
        shape: Mean displacement (rows, columns) in pixels of the half-size template, (2, SIDE/2, SIDE/2) float32.
        shapes: Deviations from it, (n, 2, SIDE/2, SIDE/2) float16.
    """

    look: NDArray[np.float32]
    looks: NDArray[np.float16]
    shape: NDArray[np.float32]
    shapes: NDArray[np.float16]


def make_template(images: NDArray[np.uint8], rounds: int = 3) -> Grey:
    """The picture in the middle of `images`, sharpened by registering them to it again and again.

    Args:
        images: (N, SIDE, SIDE); some fifty well exposed pictures are enough.
        rounds: How often to register and average.

    Returns:
        Locally normalised, (SIDE/2, SIDE/2).
    """
    pictures = [_normalise(_reduce(image, 2)) for image in images]
    template = _normalise(20 * np.mean(pictures, axis=0))
    for _ in range(rounds):
        fields = [_register(template, picture) for picture in pictures]
        mean = np.mean([_warp(p, f) for p, f in zip(pictures, fields, strict=True)], axis=0)
        template = _normalise(20 * _warp(mean, -np.mean(fields, axis=0)))
    return template


def fit_phantoms(images: NDArray[np.uint8], template: Grey, keep: float = 0.75) -> PhantomModel:
    """Register the pictures of one class to `template` and keep those that fit it best.

    Args:
        images: (N, SIDE, SIDE) of one class.
        template: As `make_template` returns it.
        keep: Share of pictures to keep; the rest (turned patients, cut-off chests) would only blur.

    Returns:
        The model; it takes about 15 MB per hundred pictures kept.

    Raises:
        ValueError: The pictures have another side than SIDE.
    """
    if images.shape[1:] != (SIDE, SIDE):
        raise ValueError(f"pictures must have shape (N, {SIDE}, {SIDE}), got {images.shape}")
    normal = [_normalise(_reduce(image, 2)) for image in images]
    fields = np.stack([_register(template, picture) for picture in normal])
    misfit = [float(np.mean((template - _warp(p, f)) ** 2)) for p, f in zip(normal, fields, strict=True)]
    best = np.sort(np.argsort(misfit)[: max(2, round(keep * len(images)))])
    looks = np.stack([_warp(images[i].astype(np.float32), _double(fields[i]), order=3) for i in best])
    known = np.stack([_inside(_double(fields[i])) for i in best])
    look = (looks * known).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    looks = _tame((looks - look) * known)
    shape = fields[best].mean(axis=0)
    shapes = (fields[best] - shape).astype(np.float16)
    return PhantomModel(look.astype(np.float32), looks.astype(np.float16), shape.astype(np.float32), shapes)


def draw_phantom(
    model: PhantomModel, rng: np.random.Generator, size: int = 320, look_spread: float = 0.8, shape_spread: float = 0.75
) -> NDArray[np.uint8]:
    """One synthetic radiograph, with film grain and a side marker of our own.

    Args:
        model: The class.
        rng: Source of randomness.
        size: Side in pixels.
        look_spread: 0 gives the mean look, 1 the variety of the training pictures.
        shape_spread: The same for anatomy.

    Returns:
        Shape (size, size), uint8.
    """
    n = len(model.looks)
    weights = np.clip(rng.standard_normal(n), -_WEIGHT_LIMIT, _WEIGHT_LIMIT)
    weights = ((weights - weights.mean()) / np.sqrt(n)).astype(np.float32)
    look = model.look + look_spread * _combine(weights, model.looks)
    shape = model.shape + shape_spread * _combine(weights, model.shapes)
    picture = _warp(look, _invert(_double(shape)), order=3)[_CROP:-_CROP, _CROP:-_CROP]
    return _print(picture, rng, size)


@dataclass(frozen=True)
class CompactPhantom:
    """The K leading components of a class; S is `_COMPACT`, displacements are in pixels of a template of S/2.

    Attributes:
        look: Mean look, (S, S).
        looks: Components of the looks, each times its standard deviation, (K, S, S).
        rest: Standard deviation of what the components leave out, (S, S).
        shape: Mean displacement, (2, S/2, S/2).
        shapes: Components of the shapes, (K, 2, S/2, S/2); the K-th moves with the K-th of the looks.
    """

    look: NDArray[np.float32]
    looks: NDArray[np.float32]
    rest: NDArray[np.float32]
    shape: NDArray[np.float32]
    shapes: NDArray[np.float32]

    def arrays(self) -> dict[str, NDArray[Any]]:
        """What a file keeps: components as 8-bit steps of their largest value, means in half precision."""
        found: dict[str, NDArray[Any]] = {name: getattr(self, name).astype(np.float16) for name in _MEANS}
        for name in ("looks", "shapes"):
            values = getattr(self, name)
            step = np.abs(values).reshape(len(values), -1).max(axis=1) / 127 + 1e-9
            found[name] = np.rint(values / _like(step, values)).astype(np.int8)
            found[f"{name}_step"] = step.astype(np.float32)
        return found


_MEANS = ("look", "rest", "shape")


def load_compact(arrays: Mapping[str, NDArray[Any]]) -> CompactPhantom:
    """The phantom of what `CompactPhantom.arrays` gave; raises `KeyError` when something is missing."""
    means = {name: arrays[name].astype(np.float32) for name in _MEANS}
    components = {
        name: arrays[name] * _like(arrays[f"{name}_step"], arrays[name]).astype(np.float32)
        for name in ("looks", "shapes")
    }
    return CompactPhantom(**means, **components)


def compact(model: PhantomModel, components: int = 40) -> CompactPhantom:
    """The leading principal components of looks and shapes together, each of the two with equal say."""
    n, half = len(model.looks), _COMPACT // 2
    looks = np.stack([_resize(picture, _COMPACT) for picture in model.looks])
    shapes = np.stack([_resized_field(field, half) for field in model.shapes])
    gram = sum(rows @ rows.T / (rows**2).sum() for rows in (looks.reshape(n, -1), shapes.reshape(n, -1)))
    _, vectors = np.linalg.eigh(gram)
    weights = vectors[:, ::-1][:, :components].T.astype(np.float32) / np.sqrt(n)
    kept = np.tensordot(weights, looks, 1)
    return CompactPhantom(
        look=_resize(model.look, _COMPACT),
        looks=kept,
        rest=np.sqrt(np.maximum((looks**2).mean(axis=0) - (kept**2).sum(axis=0), 0)),
        shape=_resized_field(model.shape, half),
        shapes=np.tensordot(weights, shapes, 1),
    )


def draw_compact(
    phantom: CompactPhantom, rng: np.random.Generator, look_spread: float = 0.8, shape_spread: float = 0.75
) -> NDArray[np.uint8]:
    """One synthetic radiograph of (144, 144) pixels, uint8; the spreads as in `draw_phantom`."""
    weights = np.clip(rng.standard_normal(len(phantom.looks)), -_WEIGHT_LIMIT, _WEIGHT_LIMIT).astype(np.float32)
    texture = ndimage.gaussian_filter(rng.standard_normal(phantom.look.shape, dtype=np.float32), _TEXTURE)
    deviation = np.tensordot(weights, phantom.looks, 1) + phantom.rest * (texture / texture.std())
    shape = phantom.shape + shape_spread * np.tensordot(weights, phantom.shapes, 1)
    margin = round(_CROP * _COMPACT / SIDE)
    inverse = _resized_field(_invert(shape), _COMPACT)
    picture = _warp(phantom.look + look_spread * deviation, inverse, order=3)
    return _print(picture[margin:-margin, margin:-margin], rng, _COMPACT)


def _like(step: NDArray[Any], values: NDArray[Any]) -> NDArray[Any]:
    """One number per component in the shape that multiplies `values`."""
    return np.asarray(step).reshape(-1, *(1,) * (values.ndim - 1))


def _resize(picture: NDArray[Any], side: int) -> NDArray[np.float32]:
    small = Image.fromarray(picture.astype(np.float32)).resize((side, side), Image.Resampling.BILINEAR)
    return np.asarray(small, np.float32)


def _resized_field(field: NDArray[Any], side: int) -> NDArray[np.float32]:
    """A displacement (2, H, H) on a grid of `side`, in pixels of that grid."""
    return np.stack([_resize(axis, side) for axis in field]) * np.float32(side / field.shape[-1])


def distances(pictures: NDArray[np.uint8], training: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Distance of every picture to its nearest training picture.

    Both are averaged down to 56 pixels and freed of brightness and contrast first; the distance is the root of the
    mean square difference, so 0 is a copy and 1.41 unrelated.

    Args:
        pictures: (N, SIDE, SIDE).
        training: (M, SIDE, SIDE).

    Returns:
        Shape (N,).
    """
    ours, theirs = _signature(pictures), _signature(training)
    products = ours @ theirs.T / ours.shape[1]
    return np.asarray(np.sqrt(np.maximum(2 - 2 * products.max(axis=1), 0)), dtype=np.float64)


def _signature(images: NDArray[np.uint8]) -> Grey:
    small = np.stack([_reduce(image, 4) for image in images]).reshape(len(images), -1)
    small -= small.mean(axis=1, keepdims=True)
    return np.asarray(small / (small.std(axis=1, keepdims=True) + 1e-6))


def _reduce(image: NDArray[Any], factor: int) -> Grey:
    """Average blocks of `factor` by `factor` pixels."""
    rows, columns = image.shape[0] // factor, image.shape[1] // factor
    blocks = image.astype(np.float32).reshape(rows, factor, columns, factor)
    return np.asarray(blocks.mean(axis=(1, 3)))


def _normalise(image: Grey, radius: float = 12.0) -> Grey:
    """Remove local brightness and contrast, so that exposure and haze do not steer the registration."""
    centred = image - ndimage.gaussian_filter(image, radius)
    return np.asarray(centred / np.sqrt(ndimage.gaussian_filter(centred**2, radius) + 25), dtype=np.float32)


def _warp(image: Grey, field: Grey, order: int = 1) -> Grey:
    """Read `image` at every pixel's place plus `field` (2, H, W); `order` 3 keeps fine lines sharper than 1."""
    places = np.mgrid[: image.shape[0], : image.shape[1]].astype(np.float32) + field
    return np.asarray(ndimage.map_coordinates(image, places, order=order, mode="nearest"))


def _inside(field: Grey) -> NDArray[np.bool_]:
    """Where `field` reads from within the picture."""
    side = field.shape[1]
    places = np.mgrid[:side, :side] + field
    return np.asarray(((places >= 0) & (places <= side - 1)).all(axis=0))


def _double(field: Grey) -> Grey:
    """The same displacement on a grid of twice the side."""
    return np.asarray(ndimage.zoom(field, (1, 2, 2), order=1) * 2)


def _invert(field: Grey) -> Grey:
    """The displacement that undoes `field`, by fixed-point iteration."""
    inverse = -field
    for _ in range(12):
        inverse = -np.stack([_warp(field[0], inverse), _warp(field[1], inverse)])
    return np.asarray(inverse)


def _register(template: Grey, picture: Grey) -> Grey:
    """The smooth displacement (2, H, W) that brings `picture` into the shape of `template`."""
    field = np.zeros((2, 1, 1), np.float32)
    for factor, iterations, smoothing in _PYRAMID:
        still, moving = _reduce(template, factor), _reduce(picture, factor)
        side = len(still)
        field = np.zeros((2, side, side), np.float32) if field.shape[1] == 1 else _double(field)
        still_slope = np.asarray(np.gradient(still))
        for _ in range(iterations):
            warped = _warp(moving, field)
            difference = still - warped
            slope = (still_slope + np.asarray(np.gradient(warped))) / 2
            force = difference * slope / ((slope**2).sum(axis=0) + 0.3 * difference**2 + 1e-3)
            field = field + ndimage.gaussian_filter(force, (0, 1, 1))
            field = ndimage.gaussian_filter(field, (0, smoothing, smoothing))
    return field


def _tame(deviations: Grey) -> Grey:
    """Limit what only a few pictures show at a place, such as letters, wires and buttons."""
    for row in range(deviations.shape[1]):
        line = deviations[:, row]
        limit = 2.5 * 1.4826 * np.median(np.abs(line), axis=0) + 4
        np.clip(line, -limit, limit, out=line)
    return deviations


def _combine(weights: NDArray[np.float32], deviations: NDArray[np.float16]) -> Grey:
    total = np.zeros(deviations.shape[1:], np.float32)
    for weight, deviation in zip(weights, deviations, strict=True):
        total += weight * deviation
    return total


def _print(picture: Grey, rng: np.random.Generator, size: int) -> NDArray[np.uint8]:
    """Enlarge, sharpen, mark the right side, add grain."""
    enlarged = Image.fromarray(picture.astype(np.float32)).resize((size, size), Image.Resampling.BICUBIC)
    sheet = np.asarray(enlarged, dtype=np.float32)
    sheet = sheet + 0.6 * (sheet - ndimage.gaussian_filter(sheet, size / 200))
    mark = Image.new("L", (size, size))
    place = (size * rng.uniform(0.03, 0.08), size * rng.uniform(0.1, 0.35))
    ImageDraw.Draw(mark).text(place, "R", 255, ImageFont.load_default(size * rng.uniform(0.05, 0.08)))
    ink = ndimage.gaussian_filter(np.asarray(mark, dtype=np.float32) / 255, size / 500)
    sheet = sheet + ink * (rng.uniform(200, 250) - sheet)
    grain = ndimage.gaussian_filter(rng.standard_normal((size, size)), 0.6)
    return np.asarray(np.clip(sheet + rng.uniform(2, 4) * grain, 0, 255).astype(np.uint8))
