"""From any decoded picture to 8-bit RGB, upright and of bounded size, saying what was changed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.contracts import N_, Message
from core.errors import InputRefused
from core.settings import Limits

Pixels: TypeAlias = NDArray[np.uint8]
"""Shape (H, W, 3)."""

LONGEST_SIDE = 2048
"""Pixels; larger pictures are reduced after decoding, which bounds the memory of everything that follows."""

_BLANK_RANGE = 3
"""A picture whose values differ by less than this, of 255, shows nothing."""

_ROWS = 256
"""Rows converted at a time, so that a float copy of the whole picture never exists."""


def check_size(name: str, width: int, height: int, limits: Limits) -> None:
    """Refuse sizes that cannot be a useful picture or would cost too much; called before decoding.

    Raises:
        InputRefused: With the size found and the limit that it breaks.
    """
    found = {"name": name, "width": width, "height": height}
    reduce = Message(N_("Reduce the image and send it again."))
    if min(width, height) < limits.image_side_min:
        raise InputRefused(
            "image.too_small",
            Message(
                N_("{name}: {width} x {height} pixels; each side needs at least {limit}."),
                found | {"limit": limits.image_side_min},
            ),
            Message(N_("Send the image in its original size.")),
        )
    if max(width, height) > limits.image_side_max and width * height <= limits.image_pixels:
        raise InputRefused(
            "image.side_too_long",
            Message(
                N_("{name}: {width} x {height} pixels; no side may exceed {limit}."),
                found | {"limit": limits.image_side_max},
            ),
            reduce,
        )
    if width * height > limits.image_pixels:
        raise too_many_pixels(name, width * height, limits)
    if max(width, height) > limits.image_aspect_max * min(width, height):
        raise InputRefused(
            "image.aspect",
            Message(
                N_("{name}: {width} x {height} pixels; the aspect ratio may be {limit} to 1 at most."),
                found | {"limit": f"{limits.image_aspect_max:g}"},
            ),
            Message(N_("Crop the image to the part that matters.")),
        )


def too_many_pixels(name: str, pixels: int, limits: Limits) -> InputRefused:
    """The refusal of a picture for its number of pixels."""
    return InputRefused(
        "image.too_many_pixels",
        Message(
            N_("{name}: {found} megapixels; the limit is {limit}."),
            {"name": name, "found": f"{pixels / 1e6:.1f}", "limit": f"{limits.image_pixels / 1e6:g}"},
        ),
        Message(N_("Reduce the image and send it again.")),
    )


def shrink(image: Image.Image) -> Image.Image:
    """The picture with its longest side at most `LONGEST_SIDE`, antialiased."""
    longest = max(image.size)
    if longest <= LONGEST_SIDE:
        return image
    width, height = (max(1, round(side * LONGEST_SIDE / longest)) for side in image.size)
    # A quick box reduction first (`reducing_gap`) changes the result by less than rounding and saves most of the time.
    return image.resize((width, height), Image.Resampling.BILINEAR, reducing_gap=3.0)


def scale_to_bytes(name: str, values: NDArray[np.generic]) -> tuple[NDArray[np.uint8], Message]:
    """Map wide integers or floats to 8 bit, minimum to 0 and maximum to 255.

    Sixteen-bit files that merely hold 8-bit values (times 257 or 256) are taken back to those values instead.

    Args:
        name: Label of the input, for messages.
        values: Shape (H, W), any real dtype.

    Returns:
        The picture (H, W) and the sentence that says what was done.

    Raises:
        InputRefused: When there are values that are not numbers.
    """
    low, high = float(values.min()), float(values.max())
    if not (np.isfinite(low) and np.isfinite(high)):
        raise InputRefused(
            "image.not_finite",
            Message(N_("{name}: the image holds values that are not numbers (NaN or infinity)."), {"name": name}),
            Message(N_("Replace them in the program that made the image and export it again.")),
        )
    if values.dtype.kind == "u" and values.dtype.itemsize == 2 and (step := _byte_step(values)):
        note = N_("The 16-bit file holds 8-bit values and was read as such.")
        return (values // step).astype(np.uint8), Message(note)
    scaled = np.empty(values.shape, np.uint8)
    factor = 255.0 / (high - low) if high > low else 0.0
    for rows in _row_blocks(values.shape[0]):
        scaled[rows] = np.rint((values[rows].astype(np.float64) - low) * factor)
    note = N_("Values from {low} to {high} were scaled to 8 bit.")
    return scaled, Message(note, {"low": f"{low:g}", "high": f"{high:g}"})


def _row_blocks(height: int) -> Iterator[slice]:
    for start in range(0, height, _ROWS):
        yield slice(start, start + _ROWS)


def _byte_step(values: NDArray[np.generic]) -> int:
    """257 or 256 when every value is a multiple of it (an 8-bit picture saved as 16 bit), else 0."""
    for step in (257, 256):
        blocks = (values[rows] % step for rows in _row_blocks(values.shape[0]))
        if not any(block.any() for block in blocks):
            return step
    return 0


def on_white(image: Image.Image) -> tuple[Image.Image, bool]:
    """Put a picture with transparency on white.

    Returns:
        The RGB picture, and whether any pixel was not fully opaque.
    """
    whole = image if image.mode == "RGBA" else image.convert("RGBA")
    lowest = whole.getchannel("A").getextrema()[0]
    if lowest == 255:
        return whole.convert("RGB"), False
    white = Image.new("RGBA", whole.size, (255, 255, 255, 255))
    white.alpha_composite(whole)
    return white.convert("RGB"), True


def blank_notice(pixels: NDArray[np.uint8]) -> tuple[Message, ...]:
    """A warning when the picture (H, W, 3) shows nothing at all."""
    if int(pixels.max()) - int(pixels.min()) >= _BLANK_RANGE:
        return ()
    return (Message(N_("The image is blank: all its pixels are alike.")),)
