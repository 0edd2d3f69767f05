"""Parts of the test examples on which a model is worse than on the whole, worst first; and what a new version changed.

An evaluation table may carry columns `slice.<name>`: what an example is like, as short texts. The true label is always
one more way to part the examples.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.contracts import N_, Evaluation, Message, Metric
from core.training.metrics import statistic_of, whole
from core.training.quality import sign_test
from core.training.resampling import (
    CUSTOMER,
    means_in,
    resampled_sums,
    share_of,
    shares_in,
    table_bootstrap,
    table_draws,
)

Array = NDArray[Any]
PREFIX = "slice."
LABEL = "label"
"""Name of the way to part the examples that every table has: by their true label."""
TITLES: dict[str, str] = {
    LABEL: N_("true label"),
    "size": N_("image size"),
    "amount": N_("amount"),
    "hour": N_("time of day"),
    "scenario": N_("kind of fraud"),
    "brightness": N_("brightness"),
    "contrast": N_("contrast"),
    "colour": N_("colour"),
    "source": N_("source folder"),
    "low": N_("low"),
    "middle": N_("middle"),
    "high": N_("high"),
    "grey": N_("grey"),
    "other": N_("other"),
    "activity": N_("items known of a user"),
    "rarity": N_("taste for rare items"),
    "favourite": N_("kind that a user takes most"),
    "words": N_("length in words"),
    "language": N_("language"),
    "category": N_("category"),
    "en": N_("English"),
    "zh": N_("Chinese"),
    "defect": N_("defect"),
    "good": N_("good"),
    "genuine": N_("Genuine"),
    "large_amount": N_("large amount"),
    "suite": N_("lines of our own"),
    "but": N_("a turn, such as with “but”"),
    "negation": N_("negation"),
    "sarcasm": N_("sarcasm"),
    "emoji": N_("emoji"),
    "slang": N_("net slang"),
    "mixed": N_("mixed language"),
    "compromised_terminal": N_("compromised terminal"),
    "stolen_card": N_("stolen card details"),
}
"""Names of ways to part the examples and of values that we choose ourselves; all others are shown as they are."""
SMALL = 50
"""Examples below which a slice's figure is said to be uncertain, whatever it is."""


@dataclass(frozen=True)
class SliceFigures:
    """One part of the examples beside the whole."""

    name: str
    value: str
    n: int
    metric: Metric
    gap: Metric
    """The slice's metric minus that of all examples; its interval belongs to this slice alone."""
    p_value: float
    """Chance of a gap at least as far from zero if the slice were like the whole, corrected by Holm's method for the
    number of slices looked at."""

    @property
    def small(self) -> bool:
        """Whether the slice holds too few examples to say much."""
        return self.n < SMALL


@dataclass(frozen=True)
class SliceChange:
    """What a new version changed in one part of the examples: share answered right, new minus old."""

    name: str
    value: str
    n: int
    change: Metric
    fixed: int
    broke: int
    p_value: float
    """One-sided exact McNemar test that the new version is worse here, corrected by Holm's method."""


def slices_of(evaluation: Evaluation) -> Iterator[tuple[str, str, Array]]:
    """Name of the way to part, value, and which rows (N,) bool; ways that leave all examples together are left out."""
    truth = np.asarray(evaluation.table["truth"])
    columns = {LABEL: np.array(evaluation.labels, dtype=np.str_)[truth]} | {
        name.removeprefix(PREFIX): np.asarray(column)
        for name, column in evaluation.table.items()
        if name.startswith(PREFIX)
    }
    for name, column in columns.items():
        values = np.unique(column)
        if len(values) > 1:
            yield from ((name, str(value), column == value) for value in values)


def worst_slices(evaluation: Evaluation, metric: str = "accuracy", seed: int = 0) -> list[SliceFigures]:
    """Every slice on which `metric` is defined, the one furthest below the whole first.

    Args:
        evaluation: With or without slice columns.
        metric: As for `statistic_of`; higher has to be better.
        seed: Of the bootstrap; slice and whole are resampled together, so that the gap's interval is of the gap.
    """
    truth = np.asarray(evaluation.table["truth"])
    parts = [part for part in slices_of(evaluation) if metric == "accuracy" or len(np.unique(truth[part[2]])) > 1]
    if not parts:
        return []
    own = _own(evaluation, metric, [rows for _, _, rows in parts], seed)
    drawn, value = _gaps(evaluation, metric, parts, seed)
    corrected = holm([_p_value(drawn[:, place], value[place]) for place in range(len(parts))])
    found = []
    for place, (name, text, rows) in enumerate(parts):
        low, high = np.nanquantile(drawn[:, place], [0.025, 0.975])
        gap = Metric(float(value[place]), float(low), float(high), int(rows.sum()))
        found.append(SliceFigures(name, text, int(rows.sum()), own[place], gap, corrected[place]))
    return sorted(found, key=lambda slice_: slice_.gap.value)


def _gaps(
    evaluation: Evaluation, metric: str, parts: Sequence[tuple[str, str, Array]], seed: int
) -> tuple[Array, Array]:
    """Gap of every part to the whole on resamples (R, P), and as it is (P,)."""
    truth, decided, scores = (np.asarray(evaluation.table[name]) for name in ("truth", "prediction", "scores"))
    members = np.stack([rows for _, _, rows in parts] + [np.ones(len(truth), bool)], axis=1)
    if metric == "accuracy":
        held = np.hstack([members * (truth == decided)[:, None], members]).astype(np.float64)
        drawn, value = share_of(resampled_sums(evaluation.table, held, seed)), share_of(held.sum(axis=0)[None])
        return drawn[:, :-1] - drawn[:, -1:], value[0, :-1] - value[0, -1]
    statistics = [statistic_of(metric, truth[rows], decided[rows], scores[rows]) for rows in members.T]

    def gaps(weights: Array) -> Array:
        own = [of(weights[:, rows]) for of, rows in zip(statistics, members.T, strict=True)]
        return np.stack([value - own[-1] for value in own[:-1]], axis=1)

    return table_draws(evaluation.table, gaps, seed), whole(gaps, len(truth))


def changes(champion: Evaluation, challenger: Evaluation) -> list[SliceChange]:
    """What changed in every slice of `challenger`'s table, the greatest loss first.

    Args:
        champion: The older version's rows, in the order of the newer one's.
        challenger: Its slice columns part the examples.
    """
    was, now = (np.asarray(one.table["truth"] == one.table["prediction"]) for one in (champion, challenger))
    moved, table, parts = now.astype(np.int64) - was, challenger.table, list(slices_of(challenger))
    if not parts:
        return []
    members = np.stack([rows for _, _, rows in parts], axis=1)
    found = means_in(table, moved, members)
    corrected = holm([sign_test(np.where(rows, moved, 0), table, worse=True) for _, _, rows in parts])
    made = [
        SliceChange(name, value, change.n, change, int((moved[rows] > 0).sum()), int((moved[rows] < 0).sum()), p_value)
        for (name, value, rows), change, p_value in zip(parts, found, corrected, strict=True)
    ]
    return sorted(made, key=lambda slice_: slice_.change.value)


def title(name: str) -> Message | str:
    """How a sentence calls a way to part the examples, or a value of ours; other names stay plain text."""
    return Message(TITLES[name]) if name in TITLES else name


def holm(p_values: Sequence[float]) -> list[float]:
    """P values corrected for their number, in their own order.

    Source: S. Holm, A Simple Sequentially Rejective Multiple Test Procedure, Scand. J. Statistics 6, 1979.
    """
    corrected, largest = [1.0] * len(p_values), 0.0
    for rank, place in enumerate(np.argsort(p_values, kind="stable")):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[place]))
        corrected[place] = largest
    return corrected


def _p_value(drawn: Array, value: float) -> float:
    """Two-sided, from the bootstrap distribution of the gap moved to zero; never zero, by counting the value itself."""
    finite = drawn[np.isfinite(drawn)]
    beyond = int((np.abs(finite - value) >= abs(value) - 1e-12).sum())
    return (beyond + 1) / (len(finite) + 1)


def _own(evaluation: Evaluation, metric: str, parts: Sequence[Array], seed: int) -> list[Metric]:
    """The metric of each part of the examples, with the same kind of interval as the whole has."""
    columns = {name: np.asarray(evaluation.table[name]) for name in ("truth", "prediction", "scores")}
    if metric == "accuracy":
        return shares_in(evaluation.table, columns["truth"] == columns["prediction"], np.stack(parts, axis=1), seed)
    columns |= {name: np.asarray(column) for name, column in evaluation.table.items() if name == CUSTOMER}
    found = []
    for rows in parts:
        table = {name: column[rows] for name, column in columns.items()}
        statistic = statistic_of(metric, table["truth"], table["prediction"], table["scores"])
        found.append(table_bootstrap(table, statistic, seed))
    return found
