"""Which interactions a recommender learns from and which it is measured on; every way has a name that figures carry.

* `given`: the data bring `train` and `test`.
* `leave_last`: the last item of each user who has three or more is the test, the one before it the validation.
* `time`: everything after one moment is the test. Users who begin after it have no history and are counted apart.
* `random`: a share of each user's items, for data whose order says nothing.

Validation is always taken from what would else be training, in the same way as the test; of a cut in time it holds as
many rows as the test, because strengths that are chosen for the next few days are not those for the next months.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from core.contracts import N_, Message
from core.data.interactions import NO_PART, PARTS, Interactions
from core.errors import InputRefused

Rows = NDArray[np.int64]
TITLES = {
    "given": N_("test, as given"),
    "leave_last": N_("test, last item of each user"),
    "time": N_("test, cut in time at {moment}"),
    "random": N_("test, {share:g} of each user at random, seed {seed}"),
}
"""Way to split -> how evaluations name their test part; the name says everything that makes it, see `split_named`."""
_NAMES = {
    "given": r"test, as given",
    "leave_last": r"test, last item of each user",
    "time": r"test, cut in time at (?P<moment>[\d:T-]+)",
    "random": r"test, (?P<share>[\d.e-]+) of each user at random, seed (?P<seed>\d+)",
}
_RATED = N_("{split}, of ratings from {least:g} on")
_RATED_NAME = re.compile(r"(?P<split>.+), of ratings from (?P<least>[\d.e+-]+) on")
"""Without the rows of low ratings other ones are the last of a user, and other ones are drawn."""
LEAST_LEFT = 3
"""Items a user must have for his last ones to be left out."""
MOST_VALIDATION = 0.5
"""Of what is left before a cut in time; without a limit a large test would leave nothing to learn from."""


@dataclass(frozen=True)
class RankingSplit:
    """Places of the rows of each part, ascending."""

    train: Rows
    validation: Rows
    test: Rows
    kind: str
    """`given`, `leave_last`, `time` or `random`."""
    name: str
    """Of the test part."""
    notices: tuple[Message, ...] = ()

    @property
    def known(self) -> Rows:
        """Everything before the test: what is known of a user when he is measured."""
        return np.sort(np.concatenate([self.train, self.validation]))


def split_interactions(
    data: Interactions, kind: str = "auto", *, test_share: float = 0.2, validation_share: float = 0.1, seed: int = 0
) -> RankingSplit:
    """Divide interactions into what is learned from, chosen on, and measured.

    Args:
        data: As read.
        kind: One of `TITLES`, or `auto`: as given, else the last item of each user, else at random.
        test_share: Of the rows for `time`, of each user's rows for `random`.
        validation_share: Of each user's rows that are left, for `random` and for data that bring a test alone;
            `leave_last` takes the last one again, `time` as many rows as its test.
        seed: Of what is drawn.

    Raises:
        InputRefused: The data do not allow this split, or a part would be empty.
    """
    if kind == "auto":
        kind = "given" if data.part is not None else "leave_last" if data.ordered else "random"
    rows, generator = np.arange(len(data)), np.random.default_rng(seed)
    said: dict[str, object] = {"share": test_share, "seed": seed}
    if kind == "given":
        train, validation, test = _given(data, validation_share, generator)
    elif kind == "leave_last":
        if not data.ordered:
            raise _impossible(data, N_("{name}: nothing says which item of a user was his last."))
        test = _last(data, rows)
        left = np.setdiff1d(rows, test)
        validation = _last(data, left)
        train = np.setdiff1d(left, validation)
    elif kind == "time":
        if data.time is None:
            raise _impossible(data, N_("{name}: there are no times to cut at."))
        rest, test = _later(data, rows, test_share)
        if not len(rest):
            raise _impossible(data, N_("{name}: too many interactions have one and the same time to cut before it."))
        train, validation = _later(data, rest, min(len(test) / len(rest), MOST_VALIDATION))
        said["moment"] = data.time[test[0]].astype("datetime64[s]")
    else:
        test = _drawn(data, rows, test_share, generator)
        left = np.setdiff1d(rows, test)
        validation = _drawn(data, left, validation_share, generator)
        train = np.setdiff1d(left, validation)
    if not len(train) or not len(test):
        template = N_("{name}: after the split there is nothing left to learn from, or nothing to measure.")
        raise _impossible(data, template)
    name = TITLES[kind].format(**said)
    if data.least_rating:
        name = _RATED.format(split=name, least=data.least_rating)
    return RankingSplit(train, validation, test, kind, name, _few(data, test))


def split_named(data: Interactions, name: str) -> RankingSplit:
    """The split whose test part an evaluation calls `name`; everything else is known of the users, nothing validation.

    The data must be without the rows of ratings below `least_rating_of` the name.

    Raises:
        InputRefused: There is no such name, or the data do not allow the split.
    """
    kind, found = next(
        ((kind, match) for kind, pattern in _NAMES.items() if (match := re.fullmatch(pattern, _plain(name)))),
        ("", None),
    )
    if found is None:
        raise _impossible(data, N_("{name}: nothing says how its test part was made."))
    if kind == "time":
        if data.time is None:
            raise _impossible(data, N_("{name}: there are no times to cut at."))
        test = np.flatnonzero(data.time >= np.datetime64(found["moment"], "s"))
        split = RankingSplit(np.setdiff1d(np.arange(len(data)), test), np.zeros(0, np.int64), test, kind, name)
    else:
        share, seed = (found["share"], found["seed"]) if kind == "random" else ("0.2", "0")
        split = split_interactions(data, kind, test_share=float(share), seed=int(seed))
    return replace(split, train=split.known, validation=split.known[:0])


def least_rating_of(name: str) -> float:
    """The rating below which rows were left out before the split was made whose test part is called `name`; or 0."""
    found = _RATED_NAME.fullmatch(name)
    return float(found["least"]) if found else 0.0


def _plain(name: str) -> str:
    found = _RATED_NAME.fullmatch(name)
    return found["split"] if found else name


def split_message(name: str) -> Message:
    """The name of a split's test part, for a visitor; a name that no split of ours has stays as it is."""
    if least := least_rating_of(name):
        return Message(_RATED, {"split": split_message(_plain(name)), "least": least})
    for kind, pattern in _NAMES.items():
        if match := re.fullmatch(pattern, name):
            found: dict[str, object] = dict(match.groupdict())
            if "share" in found:
                found["share"] = float(match["share"])
            return Message(TITLES[kind], found)
    return Message(N_("{name}"), {"name": name})


def _given(data: Interactions, share: float, generator: np.random.Generator) -> tuple[Rows, Rows, Rows]:
    if data.part is None:
        raise _impossible(data, N_("{name}: the data bring no split."))
    parts = [np.flatnonzero(data.part == number) for number in range(len(PARTS))]
    train = np.sort(np.concatenate([parts[0], np.flatnonzero(data.part == NO_PART)]))
    if len(parts[1]):
        return train, parts[1], parts[2]
    validation = _drawn(data, train, share, generator)
    return np.setdiff1d(train, validation), validation, parts[2]


def _last(data: Interactions, rows: Rows) -> Rows:
    """The last of the rows of each user who has several; rows are in order of time already."""
    counts = np.bincount(data.user, minlength=data.n_users)
    last = np.full(data.n_users, -1)
    last[data.user[rows]] = rows
    return np.sort(last[(last >= 0) & (counts >= LEAST_LEFT)])


def _later(data: Interactions, rows: Rows, share: float) -> tuple[Rows, Rows]:
    """Rows before and from the moment that leaves this share of them behind it; no moment is divided."""
    assert data.time is not None  # noqa: S101  (the caller has looked)
    moment = data.time[rows[min(int((1 - share) * len(rows)), len(rows) - 1)]]
    later = data.time[rows] >= moment
    return rows[~later], rows[later]


def _drawn(data: Interactions, rows: Rows, share: float, generator: np.random.Generator) -> Rows:
    """So large a share of each user's rows, rounded, and never his only one."""
    user = data.user[rows]
    order = np.lexsort((generator.random(len(rows)), user))
    sizes = np.bincount(user, minlength=data.n_users)
    place = np.arange(len(rows)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    wanted = np.minimum(np.round(share * sizes), np.maximum(sizes - 1, 0))
    return np.sort(rows[order[place < wanted[user[order]]]])


def _few(data: Interactions, test: Rows) -> tuple[Message, ...]:
    users = len(np.unique(data.user[test]))
    if users >= 100:
        return ()
    return (Message(N_("Only {count} users are measured: the intervals are wide."), {"count": users}),)


def _impossible(data: Interactions, template: str) -> InputRefused:
    hint = Message(N_("Choose another split, or send data with times or in the order of events."))
    return InputRefused("interactions.split", Message(template, {"name": data.name}), hint)
