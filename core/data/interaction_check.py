"""What is in a data set of interactions, what will go wrong if a model learns from it, and how it will be split."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from core.contracts import N_, Message, Refusal
from core.data.interaction_split import RankingSplit, split_interactions
from core.data.interactions import Interactions, fingerprint
from core.errors import InputRefused

LEAST_INTERACTIONS = 50
LEAST_USERS = LEAST_ITEMS = 3
FEW_MEASURED = 100
"""Users in the test below which figures say little."""
MANY_SINGLE = 0.5
"""Share of users with one interaction above which it is a warning."""
MANY_LOST = 0.1
"""Share of rows that are unusable, or of items that a table of items lacks, above which it is a warning."""
DENSE = 0.5
"""Share of all pairs of a user and an item above which little is left to recommend."""
OF_ALL = 0.9
"""Share of the users who took an item above which it tells nothing of them."""


@dataclass(frozen=True)
class InteractionReport:
    """The result of the data check."""

    rows: int
    """Of the file."""
    interactions: int
    """That can be learned from, each pair of a user and an item once."""
    users: int
    items: int
    """Of the catalogue, taken or not."""
    taken: int
    """Items that somebody took."""
    per_user: tuple[int, int, int]
    """Items of the user with the fewest, the median and the most."""
    repeated: int
    """Rows of a user and an item that were there already."""
    unusable: int
    """Rows that were left out, and why, as far as it was told apart: ratings off the scale, times in the future."""
    off_scale: int
    future: int
    single: int
    """Users with one interaction."""
    zeros: int
    """Ids of users and items that begin with a zero and would be others as numbers."""
    columns: tuple[str, ...]
    """Columns of the catalogue besides ids and titles."""
    span: tuple[np.datetime64, np.datetime64] | None
    split: RankingSplit | None
    """How training and test will be parted; None where that is impossible."""
    wanted: WantedSplit
    """Which split was asked for."""
    least_rating: float
    """Below which rows were left out."""
    possible: tuple[str, ...]
    """Splits that the data allow."""
    measured: int
    """Users in the test of whom something is known before it."""
    unmeasured: int
    """Users in the test of whom nothing is."""
    warnings: tuple[Message, ...]
    blocking: tuple[Message, ...]
    """Why no model can be trained on this; empty when one can."""
    notices: tuple[Message, ...]
    refused: tuple[Refusal, ...] = ()

    @property
    def density(self) -> float:
        """Share of all pairs of a user and a taken item that are there, in [0, 1]."""
        return self.interactions / max(self.users * self.taken, 1)


@dataclass(frozen=True)
class WantedSplit:
    """How a run is going to divide the data, as its options say; see `split_interactions`."""

    kind: str = "auto"
    test_share: float = 0.2
    validation_share: float = 0.1
    seed: int = 0


def prepared(data: Interactions, least_rating: float = 0.0) -> Interactions:
    """The same data without the rows of low ratings; one below zero says that somebody did not like an item.

    Raises:
        InputRefused: There are no ratings to go by, or too little is left to learn from.
    """
    if data.rating is None and least_rating:
        template = N_("{name}: there are no ratings by which rows could be left out.")
        hint = N_("Set the least rating to 0, or say which column is the rating, as rating=column.")
        raise InputRefused("interactions.no_ratings", Message(template, {"name": data.name}), Message(hint))
    if data.rating is not None:
        low = ~(data.rating >= least_rating) if least_rating else data.rating < 0
        if low.any():
            said = _left_out(int(low.sum()), least_rating)
            data = replace(data.rows(np.flatnonzero(~low)), notices=(*data.notices, said))
            data = replace(data, sha256=fingerprint(data))
        data = replace(data, least_rating=least_rating)
    taken, users = len(np.unique(data.item)), len(np.unique(data.user))
    if len(data) < LEAST_INTERACTIONS or users < LEAST_USERS or taken < LEAST_ITEMS:
        template = N_("{name}: {count} interactions of {users} users with {items} items; too few to learn from.")
        found = {"name": data.name, "count": len(data), "users": users, "items": taken}
        least = {"least": LEAST_INTERACTIONS, "users": LEAST_USERS, "items": LEAST_ITEMS}
        hint = N_("Send at least {least} interactions of {users} users with {items} items, better many more of each.")
        raise InputRefused("interactions.too_few", Message(template, found), Message(hint, least))
    if len(data) == users:
        template = N_("{name}: each of the {users} users has one interaction; nothing says which items go together.")
        hint = N_("Send all interactions of each user, with the same id in every row.")
        raise InputRefused("interactions.single", Message(template, {"name": data.name, "users": users}), Message(hint))
    return data


def _left_out(count: int, least_rating: float) -> Message:
    template = N_("Interactions with a rating below {least:g}, which are left out: {count}.")
    return Message(template, {"least": least_rating, "count": count})


def check_interactions(data: Interactions, wanted: WantedSplit, least_rating: float = 0.0) -> InteractionReport:
    """Count, compare, and try whether the data can be divided as a run would divide them."""
    kept, split, blocking = _divided(data, wanted, least_rating)
    sizes, taken = _sizes(data.user, data.n_users), _sizes(data.item, data.n_items)
    measured, unmeasured = _measured(kept, split)
    if split is not None and not measured:
        blocking.append(Message(N_("Nobody in the test has taken anything before it, so nothing could be measured.")))
    return InteractionReport(
        rows=data.counts.get("rows", len(data)),
        interactions=len(data),
        users=data.n_users,
        items=data.n_items,
        taken=int((taken > 0).sum()),
        per_user=_range(sizes[sizes > 0]),
        **{name: data.counts.get(name, 0) for name in ("repeated", "unusable", "off_scale", "future")},
        single=int((sizes == 1).sum()),
        zeros=_with_zeros(data.users) + _with_zeros(data.catalogue.ids),
        columns=tuple(data.catalogue.attributes),
        span=None if data.time is None or not len(data) else (data.time.min(), data.time.max()),
        split=split,
        wanted=wanted,
        least_rating=least_rating,
        possible=_possible(data),
        measured=measured,
        unmeasured=unmeasured,
        warnings=(*_warnings(data, sizes, taken), *_few_measured(measured, unmeasured)),
        blocking=tuple(blocking),
        notices=kept.notices,
        refused=data.refused,
    )


def _divided(
    data: Interactions, wanted: WantedSplit, least_rating: float
) -> tuple[Interactions, RankingSplit | None, list[Message]]:
    """What a run would learn from and how it would divide that, or why it could not."""
    kept = data
    try:
        kept = prepared(data, least_rating)
        shares = {"test_share": wanted.test_share, "validation_share": wanted.validation_share}
        return kept, split_interactions(kept, wanted.kind, **shares, seed=wanted.seed), []
    except InputRefused as error:
        return kept, None, [error.message]


def _sizes(places: NDArray[np.int32], n: int) -> NDArray[np.int64]:
    return np.bincount(places, minlength=n).astype(np.int64)


def _range(sizes: NDArray[np.int64]) -> tuple[int, int, int]:
    return (int(sizes.min()), int(np.median(sizes)), int(sizes.max())) if len(sizes) else (0, 0, 0)


def _measured(data: Interactions, split: RankingSplit | None) -> tuple[int, int]:
    """Users of the test, those with a history before it and those without."""
    if split is None:
        return 0, 0
    tested = np.unique(data.user[split.test])
    known = np.isin(tested, data.user[split.known])
    return int(known.sum()), int((~known).sum())


def _possible(data: Interactions) -> tuple[str, ...]:
    allowed = {
        "auto": True,
        "given": data.part is not None,
        "leave_last": data.ordered,
        "time": data.time is not None,
        "random": True,
    }
    return tuple(kind for kind, is_allowed in allowed.items() if is_allowed)


def _with_zeros(ids: NDArray[np.str_]) -> int:
    return int((np.strings.startswith(ids, "0") & np.strings.isdecimal(ids) & (np.strings.str_len(ids) > 1)).sum())


def _warnings(data: Interactions, sizes: NDArray[np.int64], taken: NDArray[np.int64]) -> list[Message]:
    """What speaks against learning from these data, or against one of their columns."""
    said, counts = [], data.counts
    if counts.get("unusable", 0) > MANY_LOST * counts.get("rows", 0):
        template = N_("{count} of {rows} rows cannot be used; look at the columns above.")
        said.append(Message(template, {"count": f"{counts['unusable']:,}", "rows": f"{counts['rows']:,}"}))
    if (single := int((sizes == 1).sum())) > MANY_SINGLE * max(data.n_users, 1):
        template = N_(
            "{count} of {users} users have one interaction: of them nothing can be learned that popularity does not "
            "know, and they cannot be measured."
        )
        said.append(Message(template, {"count": f"{single:,}", "users": f"{data.n_users:,}"}))
    if len(data) > DENSE * max(data.n_users * int((taken > 0).sum()), 1):
        template = N_("The users have taken {share:.0%} of all items already; little is left to recommend.")
        said.append(Message(template, {"share": len(data) / (data.n_users * int((taken > 0).sum()))}))
    if data.n_users and (everywhere := int((taken > OF_ALL * data.n_users).sum())):
        template = N_("Items that more than {share:.0%} of the users took, which say nothing of a user: {count}.")
        said.append(Message(template, {"share": OF_ALL, "count": everywhere}))
    return [*said, *_about_ratings(data), *_about_catalogue(data)]


def _about_ratings(data: Interactions) -> list[Message]:
    if data.rating is None or not len(data):
        return []
    known = data.rating[np.isfinite(data.rating)]
    if len(known) and float(np.ptp(known)) == 0:
        return [Message(N_("All ratings are the same, so they say nothing."))]
    return []


def _about_catalogue(data: Interactions) -> list[Message]:
    """Items that the table of items lacks, above all where an id lost its leading zeros in one of the two."""
    ids = data.catalogue.ids
    described = np.array([any(cells) for cells in zip(*data.catalogue.attributes.values(), strict=True)], bool)
    if not len(described):
        return []
    taken = _sizes(data.item, data.n_items) > 0
    absent = taken & ~described & np.array([t == i for t, i in zip(data.catalogue.titles, ids.tolist(), strict=True)])
    if absent.sum() <= MANY_LOST * taken.sum():
        return []
    bare = np.strings.lstrip(ids, "0")
    alike = int(np.isin(bare[absent], bare[~taken]).sum())
    found = {"count": int(absent.sum()), "items": int(taken.sum()), "alike": alike}
    if alike > absent.sum() / 2:
        template = N_(
            "{count} of {items} items that were taken are not in the table of items; {alike} of them would be without "
            "leading zeros. A spreadsheet may have cut those in one of the two files."
        )
    else:
        template = N_(
            "{count} of {items} items that were taken are not in the table of items. Is its id the right one?"
        )
    return [Message(template, found)]


def _few_measured(measured: int, unmeasured: int) -> list[Message]:
    if unmeasured > measured:
        template = N_(
            "{unmeasured} users of the test have no history and are left out; the figures are of {measured} others."
        )
        return [Message(template, {"unmeasured": f"{unmeasured:,}", "measured": f"{measured:,}"})]
    if 0 < measured < FEW_MEASURED:
        return [Message(N_("Only {count} users are measured: the intervals will be wide."), {"count": measured})]
    return []
