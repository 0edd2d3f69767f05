"""Training, validation and test: stratified by class, never dividing images that repeat each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from core.contracts import N_, Message
from core.data.images import ImageSet, LabelledImages
from core.errors import InputRefused

FRACTIONS = (0.7, 0.15, 0.15)
"""Shares of training, validation and test."""


def split(data: LabelledImages, fractions: tuple[float, float, float] = FRACTIONS, seed: int = 0) -> LabelledImages:
    """Add the splits that are missing; those that the data brings are kept as they are.

    Args:
        data: As read.
        fractions: Shares of training, validation and test of data that carries no split. What is missing beside a
            given training split is cut from it in these proportions.
        seed: The same seed gives the same split.

    Returns:
        The same data with `train`, `validation` and `test`.

    Raises:
        InputRefused: When there is nothing to train on.
    """
    given = dict(data.splits)
    source = given.pop("all", None)
    if source is None:
        source = given.pop("train", None)
    if source is None:
        raise InputRefused(
            "data.no_training",
            Message(N_("{name}: there are no training images, only test or validation."), {"name": data.name}),
            Message(N_("Add a folder called train, or send class folders without a split.")),
        )
    wanted = [name for name in ("validation", "test") if name not in given]
    shares = dict(zip(("train", "validation", "test"), fractions, strict=True))
    total = shares["train"] + sum(shares[name] for name in wanted)
    parts = _divide(source, [shares[name] / total for name in wanted], len(data.labels), seed)
    splits = {"train": source.take(parts[0])}
    splits |= {name: source.take(rows) for name, rows in zip(wanted, parts[1:], strict=True)}
    splits |= given
    ordered = {name: splits[name] for name in ("train", "validation", "test")}
    return replace(data, splits=ordered, report=replace(data.report, counts=_counts(ordered, data.labels)))


def _divide(images: ImageSet, shares: Sequence[float], n_labels: int, seed: int) -> list[NDArray[np.int64]]:
    """Rows of the rest and of one part per share, filled class by class with whole duplicate groups."""
    random = np.random.default_rng(seed)
    part = np.zeros(len(images), np.int64)
    _, group = np.unique(images.groups, return_inverse=True)
    # A group with several classes (the same image labelled twice) goes with the class of its first image.
    first_row = np.unique(group, return_index=True)[1]
    group_label, group_size = images.targets[first_row], np.bincount(group)
    for label in range(n_labels):
        members = random.permutation(np.flatnonzero(group_label == label))
        counts = np.concatenate([[0], np.cumsum(group_size[members])])
        total, begin = counts[-1], 0
        for number, share in enumerate(shares, start=1):
            # At least one group, so that no class is missing where it could be present.
            wanted = max(1, round(share * total))
            end = int(np.searchsorted(counts - counts[begin], wanted))
            taken = members[begin : max(end, begin + 1)] if len(members) - begin > 1 else members[:0]
            part[np.isin(group, taken)] = number
            begin += len(taken)
    return [np.flatnonzero(part == number) for number in range(len(shares) + 1)]


def _counts(splits: dict[str, ImageSet], labels: Sequence[str]) -> dict[str, dict[str, int]]:
    return {
        name: {label: int((images.targets == target).sum()) for target, label in enumerate(labels)}
        for name, images in splits.items()
    }
