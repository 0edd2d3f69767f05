"""A look at the text of a LightGBM model before the library reads it: its parser trusts every index that it finds."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

_NUMBERS = ("threshold", "leaf_value")
_KEPT = ("num_leaves", "split_feature", "left_child", "right_child", "decision_type", "num_cat", "is_linear", *_NUMBERS)
NUMERIC = 10
"""Largest `decision_type` of a split at a number; a split at categories has its lowest bit set."""


def sound_trees(text: str, n_features: int) -> bool:
    """Whether every tree is a tree: children follow their parents, each node is reached once, all numbers are finite.

    Only models of this program's kind pass: one score, splits at numbers, constant leaves.
    """
    head, *blocks = text.partition("end of trees")[0].split("\nTree=")
    try:
        stated = _entries(head)
        plain = head.startswith("tree\n") and stated["num_class"] == stated["num_tree_per_iteration"] == "1"
        counted = int(stated["max_feature_idx"]) + 1 == n_features
        return plain and counted and bool(blocks) and all(_sound_tree(_entries(block), n_features) for block in blocks)
    except (KeyError, ValueError, IndexError):
        return False


def _entries(block: str) -> Mapping[str, str]:
    pairs = (line.partition("=") for line in block.splitlines())
    return {name: value for name, given, value in pairs if given}


def _sound_tree(entries: Mapping[str, str], n_features: int) -> bool:
    leaves = int(entries["num_leaves"])
    lists = {name: entries.get(name, "").split() for name in _KEPT}
    splits = leaves - 1
    if leaves < 1 or entries.get("num_cat", "0") != "0" or entries.get("is_linear", "0") != "0":
        return False
    if not all(math.isfinite(float(number)) for name in _NUMBERS for number in lists[name]):
        return False
    sizes = {"leaf_value": leaves} | dict.fromkeys(
        ("split_feature", "threshold", "left_child", "right_child", "decision_type"), splits
    )
    if any(len(lists[name]) != size for name, size in sizes.items()):
        return False
    in_range = all(0 <= int(feature) < n_features for feature in lists["split_feature"])
    numeric = all(0 <= int(kind) <= NUMERIC and int(kind) % 2 == 0 for kind in lists["decision_type"])
    return in_range and numeric and _is_tree(lists["left_child"], lists["right_child"], leaves)


def _is_tree(left: Sequence[str], right: Sequence[str], leaves: int) -> bool:
    """Whether the nodes reach each inner node but the root once, later ones from earlier ones, and each leaf once."""
    inner: list[int] = []
    ends: list[int] = []
    for parent, children in enumerate(zip(left, right, strict=True)):
        for child in map(int, children):
            if child > parent:
                inner.append(child)
            elif child < 0:
                ends.append(~child)
            else:
                return False
    return sorted(inner) == list(range(1, leaves - 1)) and sorted(ends) == list(range(leaves)) * bool(leaves > 1)
