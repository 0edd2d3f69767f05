"""What a visitor can judge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from core.contracts.messages import Message

Outline: TypeAlias = tuple[tuple[float, float], ...]
"""Corners (x, y) of a place in an image, as shares of its width and height, from the left and from the top."""


@dataclass(frozen=True)
class ImageSample:
    """One image as the intake lets it through: upright, 8 bit, RGB, first frame.

    `pixels` has shape (H, W, 3), dtype uint8. `notices` says what was converted on the way.
    """

    name: str
    pixels: NDArray[np.uint8]
    sha256: str
    notices: tuple[Message, ...] = ()
    removed_tags: tuple[str, ...] = ()
    """Names (never values) of metadata fields that were dropped."""
    marked: tuple[Outline, ...] = ()
    """Where a person says that the defect is."""


@dataclass(frozen=True)
class TransactionCase:
    """One transaction as a person judges it: what the model saw of it, and nothing else."""

    name: str
    values: Mapping[str, float | str]
    """Features by name, with `amount` and `time`; what a correction keeps when its visitor agreed."""
    sha256: str
    notices: tuple[Message, ...] = ()
    removed_tags: tuple[str, ...] = ()
    features: tuple[str, ...] = ()
    """All features of the model, also those that are unknown of this transaction and not in `values`."""
    delay_days: int | None = None
    """Days after which a label counted for the features; they mean something else with another delay."""


@dataclass(frozen=True)
class TextSample:
    """One text as the intake lets it through, character for character."""

    name: str
    text: str
    sha256: str
    notices: tuple[Message, ...] = ()
    removed_tags: tuple[str, ...] = ()


Sample: TypeAlias = ImageSample | TransactionCase | TextSample
"""What a visitor can judge and a correction can keep."""
