"""What the labels of somebody else's classifier say of positive and negative, by their names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from core.contracts import N_
from core.store.sealed import refused

NEGATIVE = frozenset(
    (
        *("negative", "neg", "very negative", "extremely negative", "1 star", "2 stars", "star 1", "star 2"),
        *("负面", "负向", "消极", "差评", "非常负面"),
    )
)
NEUTRAL = frozenset(("neutral", "neu", "mixed", "3 stars", "star 3", "中性", "中立", "中评"))
POSITIVE = frozenset(
    (
        *("positive", "pos", "very positive", "extremely positive", "4 stars", "5 stars", "star 4", "star 5"),
        *("正面", "正向", "积极", "好评", "非常正面"),
    )
)
_REMARK = re.compile(r"\(.*?\)|（.*?）")
"""As in `positive (stars 4 and 5)`."""


@dataclass(frozen=True)
class Sides:
    """Places of a classifier's labels, by what they say."""

    negative: tuple[int, ...]
    positive: tuple[int, ...]
    neutral: tuple[int, ...] = ()

    @property
    def places(self) -> tuple[int, ...]:
        """All of them, ascending."""
        return tuple(sorted((*self.negative, *self.positive, *self.neutral)))


TWO = Sides((0,), (1,))
"""Of a classifier that this program trains from a fresh last layer."""


def sides_of(names: Mapping[int, str]) -> Sides | None:
    """What the labels of a classifier say, by their names; None when one of them says nothing of the two sides."""
    plain = {place: _REMARK.sub("", name).replace("_", " ").strip().casefold() for place, name in names.items()}
    found = Sides(
        negative=tuple(place for place, name in sorted(plain.items()) if name in NEGATIVE),
        positive=tuple(place for place, name in sorted(plain.items()) if name in POSITIVE),
        neutral=tuple(place for place, name in sorted(plain.items()) if name in NEUTRAL),
    )
    complete = found.places == tuple(range(len(names)))
    return found if complete and found.negative and found.positive else None


def known_sides(names: Mapping[int, str]) -> Sides:
    """As `sides_of`; raises `ModelRefused` when the names do not say which label is which."""
    found = sides_of(names)
    if found is None:
        raise refused(
            "model.polarity",
            N_("The labels of the model do not say what is positive and what negative: {names}. It can be trained."),
            names=", ".join(str(name)[:40] for name in list(names.values())[:8]),
        )
    return found
