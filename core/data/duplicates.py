"""Find pictures that are the same, exactly or nearly, so that they never end up on both sides of a split."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image

HASH_SIDE = 16
"""Rows and columns of the difference hash; 256 bits, because chest X-rays agree in most of the usual 64."""

HASH_DISTANCE = 20
"""Bits, of 256, in which the hashes of near duplicates may differ."""

THUMB_DISTANCE = 2.5
"""Mean distance, of 255, of the small pictures of near duplicates after their mean and contrast are made equal."""

GROUP_SHARE_MAX = 0.02
"""Near groups larger than this share of all images (and than 20) are a trait of the data, not copies."""

_BLOCK = 512


def content_hash(pixels: NDArray[np.uint8]) -> bytes:
    """Sixteen bytes that are equal for equal pictures; the shape counts."""
    digest = hashlib.blake2b(repr(pixels.shape).encode(), digest_size=16)
    digest.update(np.ascontiguousarray(pixels).data)
    return digest.digest()


def thumbnail(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Grey picture of (HASH_SIDE, HASH_SIDE + 1) that the near-duplicate search works on.

    Args:
        pixels: Shape (H, W, 3) or (H, W), uint8.
    """
    small = Image.fromarray(pixels).convert("L").resize((HASH_SIDE + 1, HASH_SIDE), Image.Resampling.BOX)
    return np.asarray(small)


def duplicate_groups(hashes: list[bytes], thumbs: NDArray[np.uint8]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Group pictures by equality and by near equality.

    Args:
        hashes: `content_hash` of each of N pictures.
        thumbs: `thumbnail` of each, shape (N, HASH_SIDE, HASH_SIDE + 1).

    Returns:
        Exact groups (N,) and near groups (N,): equal numbers for pictures that belong together. Exact groups are
        parts of near groups.
    """
    first: dict[bytes, int] = {}
    exact = np.array([first.setdefault(value, at) for at, value in enumerate(hashes)], np.int64)
    parent = exact.copy()

    def root(at: int) -> int:
        while parent[at] != at:
            parent[at] = parent[parent[at]]
            at = int(parent[at])
        return at

    for one, other in _near_pairs(thumbs, np.unique(exact)):
        low, high = sorted((root(one), root(other)))
        parent[high] = low
    near = np.array([root(at) for at in range(len(hashes))], np.int64)
    return exact, near


def group_for_splits(exact: NDArray[np.int64], near: NDArray[np.int64]) -> NDArray[np.int64]:
    """Near groups, except that very large ones fall apart into exact groups.

    Pictures of one product on one table all look alike; taking them for copies of each other would leave nothing
    to split.

    Args:
        exact: Shape (N,), as from `duplicate_groups`.
        near: Shape (N,), likewise.
    """
    _, inverse, counts = np.unique(near, return_inverse=True, return_counts=True)
    large = counts[inverse] > max(20, GROUP_SHARE_MAX * len(near))
    return np.where(large, exact, near)


def fell_apart(near: NDArray[np.int64], groups: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which pictures (N,) belong to a near group that `group_for_splits` took apart."""
    return np.isin(near, near[groups != near])


def _near_pairs(thumbs: NDArray[np.uint8], candidates: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """Pairs of `candidates` whose difference hashes and small pictures agree."""
    small = thumbs[candidates].astype(np.float32)
    bits = np.packbits(small[:, :, 1:] > small[:, :, :-1], axis=2).reshape(len(candidates), -1).view(np.uint64)
    flat = small.reshape(len(candidates), -1)
    spread = flat.std(axis=1, keepdims=True)
    level = (flat - flat.mean(axis=1, keepdims=True)) / np.maximum(spread, 1.0)
    # A flat picture has a hash of noise; only exact equality is asked of it.
    telling = spread[:, 0] > 4.0
    for start in range(0, len(candidates), _BLOCK):
        block = slice(start, start + _BLOCK)
        distance = np.zeros((len(bits[block]), len(candidates) - start), np.uint16)
        for word in range(bits.shape[1]):
            distance += np.bitwise_count(bits[block, None, word] ^ bits[None, start:, word])
        for row, column in np.argwhere(distance <= HASH_DISTANCE):
            one, other = start + int(row), start + int(column)
            if one >= other or not (telling[one] and telling[other]):
                continue
            contrast = 255 * np.abs(level[one] - level[other]).mean() / 4
            if contrast <= THUMB_DISTANCE:
                yield int(candidates[one]), int(candidates[other])
