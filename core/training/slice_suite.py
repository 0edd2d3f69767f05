"""A frozen set of lines of our own, by what makes them hard to read, and the gate's question about it.

Every version of a task that has such a suite is measured on the very same lines at the end of its training; the table
lies with the checkpoint. No new version may lose more than two points on any of the slices.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.contracts import N_, Evaluation, Message, Metric
from core.training.evaluation import SUITE
from core.training.gate import RULES, Check, GateRules
from core.training.metrics import share
from core.training.quality import matched_rows, take
from core.training.slices import PREFIX, title

COLUMN = PREFIX + SUITE
"""Names the slice of each line."""


@dataclass(frozen=True)
class SuiteSlice:
    """One slice of the suite: lines read right."""

    name: str
    right: int
    n: int

    @property
    def accuracy(self) -> Metric:
        """Share read right with its Wilson interval."""
        return share(self.right, self.n)


def by_slice(suite: Evaluation) -> tuple[SuiteSlice, ...]:
    """Every slice, in order of its name; lines that were declined count by their score all the same."""
    names = np.asarray(suite.table[COLUMN])
    right = np.asarray(suite.table["truth"]) == np.asarray(suite.table["prediction"])
    return tuple(
        SuiteSlice(str(name), int(right[names == name].sum()), int((names == name).sum())) for name in np.unique(names)
    )


def suite_check(champion: Evaluation | None, challenger: Evaluation | None, rules: GateRules = RULES) -> Check:
    """Whether the challenger falls on one slice of the suite; there is no chance in it, the lines are the same.

    Args:
        champion: The suite measured with the version in use; None when it was not.
        challenger: The suite measured with the other version.
        rules: `suite_loss` is the share of right answers that each slice may lose.
    """
    if champion is None or challenger is None or not _same_lines(champion, challenger):
        return Check(SUITE, "undecided", Message(N_("The two were not measured on the same lines of our own.")))
    rows, order = matched_rows(champion, challenger)
    pairs = list(zip(by_slice(take(champion, rows)), by_slice(take(challenger, order)), strict=True))
    old, new = max(pairs, key=lambda pair: (pair[0].right - pair[1].right) / pair[0].n)
    change = (new.right - old.right) / old.n
    fell = sum(before.right - after.right > rules.suite_loss * before.n for before, after in pairs)
    said: dict[str, object] = {
        "part": title(old.name),
        "n": old.n,
        "old": 100 * old.right / old.n,
        "new": 100 * new.right / new.n,
        "limit": 100 * rules.suite_loss,
        "all": len(pairs),
        "fell": fell,
        "total": len(champion.table["id"]),
    }
    said["rose"] = sum(after.right > before.right for before, after in pairs)
    return Check(SUITE, "fail" if fell else "pass", Message(_template(fell, change, said["rose"]), said), change)


def _template(fell: int, change: float, rose: object) -> str:
    """The sentence for slices of which `fell` lose too much, the worst changes by `change`, and `rose` gain."""
    if fell:
        return N_(
            "Of {n} lines of our own with {part} it reads {new:.1f} % right instead of {old:.1f} %, which is more than "
            "{limit:g} points less. Slices that fall so far: {fell} of {all}."
        )
    if change < 0:
        return N_(
            "On none of {all} slices of our own lines ({total} in all) does it lose more than {limit:g} points. The "
            "greatest change for the worse: {part}, {new:.1f} % right instead of {old:.1f} % (n = {n})."
        )
    if rose:
        return N_(
            "On none of {all} slices of our own lines ({total} in all) does it read less right than before; on {rose} "
            "it reads more right."
        )
    return N_("On each of {all} slices of our own lines ({total} in all) it reads as many right as before.")


def _same_lines(champion: Evaluation, challenger: Evaluation) -> bool:
    """Whether both tables hold the same lines of the same suite."""
    same_suite = champion.data.fingerprint == challenger.data.fingerprint
    return same_suite and np.array_equal(np.sort(champion.table["id"]), np.sort(challenger.table["id"]))
