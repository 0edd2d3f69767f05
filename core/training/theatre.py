"""Overfitting on a stage: a decision tree without limits beside a limited one, on training rows and on later ones.

What is shown: both trees as they may grow deeper, get more rows, get wrong labels, and with labels that say nothing at
all. Later rows are those of the validation part: nothing here looks at test examples.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.tree import DecisionTreeClassifier

from core.contracts import N_, Message, Metric
from core.errors import ModelRefused
from core.training.card_precision import cluster_bootstrap
from core.training.diagnosis import GAP, gap_between
from core.training.metrics import average_precision_of

Array = NDArray[Any]
FILE = "theatre.json"
"""In a checkpoint, where its run was asked for a diagnosis."""
LIMIT = {"max_depth": 4, "min_samples_leaf": 20}
"""Of the limited tree; fixed, so that nothing is chosen on the rows that it is measured on."""
DEPTHS = (1, 2, 4, 6, 9, 13, 18, 0)
"""0 stands for no limit."""
SIZES = (0.1, 0.25, 0.5, 1.0)
NOISE = (0.0, 0.1, 0.2, 0.4)
"""Shares of the positive labels that are taken away and given to other rows."""
ROWS_MAX = (20_000, 40_000)
"""Training and later rows at most; more would cost minutes and show the same."""
RESAMPLES = 200
LEAK = 0.05
"""After shuffled labels no tree may be better than guessing by more than this."""


@dataclass(frozen=True)
class Rows:
    """Features (N, F), labels (N,) bool and the group of each row (N,), such as its customer; -1 for none."""

    values: Array
    truth: Array
    groups: Array

    def some(self, most: int, random: np.random.Generator) -> Rows:
        """At most that many rows, drawn without order."""
        places = np.sort(random.permutation(len(self.truth))[:most])
        return Rows(self.values[places], self.truth[places], self.groups[places])


@dataclass(frozen=True)
class Fit:
    """Average precision of one tree on the rows that it learned from and on later ones."""

    train: Metric
    later: Metric

    @property
    def gap(self) -> Metric:
        """Training less later rows; Newcombe's way to combine both intervals."""
        return gap_between(self.train, self.later)


@dataclass(frozen=True)
class Step:
    """Both trees under one setting: a number of rows, or a share of wrong labels."""

    setting: float
    unlimited: Fit
    limited: Fit


@dataclass(frozen=True)
class Theatre:
    """Everything that is shown."""

    n_train: int
    n_later: int
    prevalence: float
    """Share of positives among the later rows: the average precision of guessing."""
    by_depth: tuple[tuple[int, Fit], ...]
    by_size: tuple[Step, ...]
    by_noise: tuple[Step, ...]
    shuffled: Step
    seed: int

    @property
    def whole(self) -> Step:
        """Both trees on all training rows with their own labels."""
        return self.by_size[-1]

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self)


def stage(train: Rows, later: Rows, seed: int = 0, going_on: Callable[[], None] = lambda: None) -> Theatre:
    """Fit all trees and measure them.

    Args:
        train: What trees learn from.
        later: What they are measured on besides.
        seed: Of everything drawn.
        going_on: Called after every tree; may raise to stop.
    """
    random = np.random.default_rng(seed)
    train, later = (rows.some(most, random) for rows, most in zip((train, later), ROWS_MAX, strict=True))

    def fitted(rows: Rows, limits: Mapping[str, int]) -> Fit:
        tree = DecisionTreeClassifier(random_state=seed, **limits).fit(rows.values, rows.truth)
        going_on()
        return Fit(_measured(tree, rows, seed), _measured(tree, later, seed))

    def both(setting: float, rows: Rows) -> Step:
        return Step(setting, fitted(rows, {}), fitted(rows, LIMIT))

    order = random.permutation(len(train.truth))
    parts = [_part(train, order, size) for size in SIZES]
    return Theatre(
        n_train=len(train.truth),
        n_later=len(later.truth),
        prevalence=float(later.truth.mean()),
        by_depth=tuple((depth, fitted(train, {"max_depth": depth} if depth else {})) for depth in DEPTHS),
        by_size=tuple(both(len(part.truth), part) for part in parts),
        by_noise=tuple(both(share, _noisy(train, share, random)) for share in NOISE),
        shuffled=both(1.0, Rows(train.values, random.permutation(train.truth), train.groups)),
        seed=seed,
    )


def _measured(tree: DecisionTreeClassifier, rows: Rows, seed: int) -> Metric:
    scores = tree.predict_proba(rows.values)
    score = scores[:, 1] if scores.shape[1] == 2 else np.zeros(len(scores))
    return cluster_bootstrap(average_precision_of(rows.truth, score), rows.groups, seed, RESAMPLES)


def _part(rows: Rows, order: Array, share: float) -> Rows:
    """The first rows of `order`, with a positive among them."""
    places = order[: max(2, round(share * len(order)))]
    if not rows.truth[places].any():
        places = np.append(places, np.flatnonzero(rows.truth)[0])
    return Rows(rows.values[places], rows.truth[places], rows.groups[places])


def _noisy(rows: Rows, share: float, random: np.random.Generator) -> Rows:
    """As many positives as before, a share of them on rows that are none."""
    positive, negative = np.flatnonzero(rows.truth), np.flatnonzero(~rows.truth)
    count = min(round(share * len(positive)), len(negative))
    truth = rows.truth.copy()
    truth[random.choice(positive, count, replace=False)] = False
    truth[random.choice(negative, count, replace=False)] = True
    return Rows(rows.values, truth, rows.groups)


def save_theatre(folder: Path, found: Theatre) -> None:
    """Write `found` into a checkpoint folder."""
    (folder / FILE).write_text(json.dumps(found.as_dict(), indent=1) + "\n", encoding="utf-8")


def load_theatre(folder: Path) -> Theatre | None:
    """What `save_theatre` wrote; None when there is none, `ModelRefused` when it is damaged."""
    if not (folder / FILE).is_file():
        return None
    try:
        stored = json.loads((folder / FILE).read_text(encoding="utf-8"))
        return Theatre(
            n_train=int(stored["n_train"]),
            n_later=int(stored["n_later"]),
            prevalence=float(stored["prevalence"]),
            by_depth=tuple((int(depth), _fit(fit)) for depth, fit in stored["by_depth"]),
            by_size=tuple(map(_step, stored["by_size"])),
            by_noise=tuple(map(_step, stored["by_noise"])),
            shuffled=_step(stored["shuffled"]),
            seed=int(stored["seed"]),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelRefused(
            "model.theatre_damaged",
            Message(N_("What was measured about overfitting cannot be read.")),
            Message(N_("Train the version again with the diagnosis switched on.")),
        ) from error


def _fit(stored: Mapping[str, Any]) -> Fit:
    return Fit(Metric(**stored["train"]), Metric(**stored["later"]))


def _step(stored: Mapping[str, Any]) -> Step:
    return Step(float(stored["setting"]), _fit(stored["unlimited"]), _fit(stored["limited"]))


def verdict(found: Theatre) -> tuple[Message, ...]:
    """What the stage shows, in sentences with the figures behind them; average precisions times 100."""
    return (_about_gap(found), _about_limit(found), _about_noise(found), _about_control(found))


def _about_gap(found: Theatre) -> Message:
    gap, tree = found.whole.unlimited.gap, found.whole.unlimited
    template = (
        N_(
            "Without limits the tree overfits: average precision {train:.1f} on the rows that it learned from, "
            "{later:.1f} on later ones ({low:.1f} to {high:.1f})."
        )
        if gap.low > GAP
        else N_(
            "That the tree without limits overfits is not shown here: average precision {train:.1f} on the rows that "
            "it learned from, {later:.1f} on later ones ({low:.1f} to {high:.1f})."
        )
    )
    return Message(template, _figures(tree))


def _about_limit(found: Theatre) -> Message:
    limited, unlimited = found.whole.limited, found.whole.unlimited
    if limited.later.low > unlimited.later.high:
        template = N_(
            "The limited tree (depth {depth}, {leaf} rows or more in a leaf) knows less by heart, {train:.1f}, and is "
            "better on later rows: {later:.1f} ({low:.1f} to {high:.1f})."
        )
    elif limited.later.high < unlimited.later.low:
        template = N_(
            "The limited tree (depth {depth}, {leaf} rows or more in a leaf) knows less by heart, {train:.1f}, and is "
            "worse on later rows too: {later:.1f} ({low:.1f} to {high:.1f}). Here the limit costs more than it saves."
        )
    else:
        template = N_(
            "The limited tree (depth {depth}, {leaf} rows or more in a leaf) knows less by heart, {train:.1f}; on "
            "later rows it has {later:.1f} ({low:.1f} to {high:.1f}), too close to tell which of the two is better."
        )
    return Message(template, _figures(limited) | {"depth": LIMIT["max_depth"], "leaf": LIMIT["min_samples_leaf"]})


def _about_noise(found: Theatre) -> Message:
    clean, worst = found.by_noise[0], found.by_noise[-1]
    template = N_(
        "With {share:.0f} % of the positive labels wrong, the tree without limits still learns {train:.1f} by heart; "
        "on later rows it changes by {unlimited} points, the limited one by {limited}."
    )
    change = {
        name: _signed(100 * (getattr(worst, name).later.value - getattr(clean, name).later.value))
        for name in ("unlimited", "limited")
    }
    return Message(template, {"share": 100 * worst.setting, "train": 100 * worst.unlimited.train.value, **change})


def _signed(points: float) -> str:
    """With its sign; rounded first, since no figure is to read −0.0."""
    return f"{round(points, 1) + 0.0:+.1f}".replace("-", "−")


def _about_control(found: Theatre) -> Message:
    control = found.shuffled.unlimited
    leaks = control.later.low > found.prevalence and control.later.value > found.prevalence + LEAK
    template = (
        N_(
            "The control failed: after shuffled labels the tree has {later:.1f} on later rows ({low:.1f} to "
            "{high:.1f}), though guessing gives {chance:.1f}. Do not trust the other figures."
        )
        if leaks
        else N_(
            "Control: shuffled labels are learned by heart to {train:.1f}, and on later rows that is worth {later:.1f} "
            "({low:.1f} to {high:.1f}); guessing gives {chance:.1f}."
        )
    )
    return Message(template, _figures(control) | {"chance": 100 * found.prevalence})


def _figures(fit: Fit) -> dict[str, object]:
    return {
        "train": 100 * fit.train.value,
        "later": 100 * fit.later.value,
        "low": 100 * fit.later.low,
        "high": 100 * fit.later.high,
    }
