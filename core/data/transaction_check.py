"""What is in a table of payments, and what will go wrong if a model is trained on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.contracts import N_, Message, Refusal
from core.data.currencies import currency_warnings
from core.data.label_leaks import (
    column_leaks,
    filled_where_labelled,
    leak_message,
    remedy,
    sorted_by_label,
    time_separates,
)
from core.data.time_split import TimeSplit, content_hashes, split_by_time
from core.data.transactions import FRAUD, GENUINE, LABELS, UNKNOWN, Transactions
from core.errors import InputRefused

FRAUDS_MIN = 10
"""Known frauds below which nothing can be learned."""
FRAUDS_FEW = 100
"""Known frauds below which figures say little."""
UNLABELLED_MANY = 0.2
"""Share of rows without a label above which it is a warning."""
REPEATED_MANY = 0.05
"""Share of test rows that repeat a training row in all but the time above which they are taken for copies. Payments of
one price at one shop repeat by chance; in simulated and public data fewer than 1 in 100 do."""
NO_MONTH = "all"
"""Key of `TransactionReport.counts` where there are no times."""


@dataclass(frozen=True)
class Amounts:
    """Amounts in the file's currency."""

    least: float
    median: float
    most: float
    negative: int
    """Number of rows, as below."""
    zero: int


@dataclass(frozen=True)
class TransactionReport:
    """The result of the data check."""

    counts: Mapping[str, Mapping[str, int]]
    """Month (YYYY-MM) -> `genuine`, `fraud`, `unknown` -> number of rows."""
    span: tuple[np.datetime64, np.datetime64] | None
    """First and last time, datetime64[s]; None without times."""
    rows: int
    customers: int
    """Distinct ones; 0 without the column, as below."""
    terminals: int
    amounts: Amounts
    duplicates: int
    """Rows that repeat an earlier one in all but id and label."""
    duplicates_across_split: int
    """Test rows that repeat a training row in all but id, label and time."""
    split: TimeSplit | None
    """None when the rows cannot be divided; `blocking` says why."""
    refused: tuple[Refusal, ...]
    warnings: tuple[Message, ...]
    blocking: tuple[Message, ...]
    """Why no model can be trained on this; empty when one can."""
    notices: tuple[Message, ...]

    @property
    def totals(self) -> dict[str, int]:
        """`genuine`, `fraud`, `unknown` -> number of rows."""
        return {name: sum(month[name] for month in self.counts.values()) for name in (*LABELS, "unknown")}

    def refuse_if_blocked(self) -> None:
        """Raise `InputRefused` with the first blocking message, if there is one."""
        if self.blocking:
            raise InputRefused(
                "data.blocked",
                self.blocking[0],
                Message(N_("Send transactions of a longer time, with the frauds that are known, and try again.")),
            )


def check_transactions(
    transactions: Transactions, delay_days: int, validation_share: float = 0.15, test_share: float = 0.2
) -> TransactionReport:
    """Count, compare and judge.

    Args:
        transactions: As read.
        delay_days: Days after which a fraud is known, for the split.
        validation_share: As for `split_by_time`.
        test_share: Likewise.
    """
    blocking = _blocking(transactions)
    split, refused = None, None
    try:
        split = split_by_time(transactions, delay_days, validation_share, test_share)
    except InputRefused as error:
        refused = error
    if refused is not None and not blocking:
        blocking.append(refused.message)
    duplicates, contradictions = _duplicates(transactions)
    across = _across_split(transactions, split)
    amounts = _amounts(transactions.amount)
    warnings = _leak_warnings(transactions)
    warnings += _duplicate_warnings(duplicates, contradictions, across, split)
    warnings += [*_amount_warnings(amounts), *currency_warnings(transactions)]
    warnings += _row_warnings(transactions)
    return TransactionReport(
        counts=_counts(transactions),
        span=_span(transactions),
        rows=len(transactions),
        customers=_distinct(transactions.customer),
        terminals=_distinct(transactions.terminal),
        amounts=amounts,
        duplicates=duplicates,
        duplicates_across_split=across,
        split=split,
        refused=transactions.refused,
        warnings=tuple(warnings),
        blocking=tuple(blocking),
        notices=(*transactions.notices, *_column_notices(transactions), *_gap_notices(transactions, split, delay_days)),
    )


def _labels(transactions: Transactions) -> NDArray[np.int8]:
    return np.full(len(transactions), UNKNOWN, np.int8) if transactions.label is None else transactions.label


def _counts(transactions: Transactions) -> dict[str, dict[str, int]]:
    label = _labels(transactions)
    month = np.zeros(len(label), np.int64)
    if transactions.time is not None:
        month = transactions.time.astype("datetime64[M]").astype(np.int64)
    codes, months = pd.factorize(month, sort=True)
    classes = {LABELS[GENUINE]: GENUINE, LABELS[FRAUD]: FRAUD, "unknown": UNKNOWN}
    counts = {name: np.bincount(codes[label == value], minlength=len(months)) for name, value in classes.items()}
    names = [NO_MONTH] if transactions.time is None else [str(np.datetime64(int(value), "M")) for value in months]
    return {month: {name: int(row[at]) for name, row in counts.items()} for at, month in enumerate(names)}


def _span(transactions: Transactions) -> tuple[np.datetime64, np.datetime64] | None:
    if transactions.time is None or not len(transactions):
        return None
    return transactions.time.min(), transactions.time.max()


def _distinct(places: NDArray[np.int32] | None) -> int:
    return 0 if places is None else int((np.bincount(places[places >= 0]) > 0).sum())


def _amounts(amount: NDArray[np.float64]) -> Amounts:
    least, median, most = np.quantile(amount, (0, 0.5, 1)) if len(amount) else (0.0, 0.0, 0.0)
    return Amounts(float(least), float(median), float(most), int((amount < 0).sum()), int((amount == 0).sum()))


def _blocking(transactions: Transactions) -> list[Message]:
    """Reasons for which nothing can be learned, whatever the split."""
    label = _labels(transactions)
    found = {"genuine": int((label == GENUINE).sum()), "frauds": int((label == FRAUD).sum())}
    if not found["genuine"] and not found["frauds"]:
        return [Message(N_("No transaction is labelled as genuine or fraud; both are needed to learn from."))]
    if not found["genuine"] or not found["frauds"]:
        template = N_("There is only one class: {genuine} genuine transactions, {frauds} frauds. Both are needed.")
        return [Message(template, found)]
    if found["frauds"] < FRAUDS_MIN:
        template = N_("There are {frauds} known frauds; at least {limit} are needed.")
        return [Message(template, {**found, "limit": FRAUDS_MIN})]
    return []


def _leak_warnings(transactions: Transactions) -> list[Message]:
    said = [leak_message(leak, transactions) for leak in column_leaks(transactions)]
    said += [
        Message(
            N_(
                "Column {column} is filled exactly where the label is known: it was written together with the label. "
                "{remedy}"
            ),
            {"column": column, "remedy": remedy(column, transactions)},
        )
        for column in filled_where_labelled(transactions)
    ]
    by_time = time_separates(transactions)
    if by_time:
        said.append(
            Message(
                N_(
                    "The time alone tells frauds from genuine transactions. Were they collected at different times? A "
                    "model may learn that instead."
                )
            )
        )
    if not by_time and sorted_by_label(transactions):
        column = transactions.columns.get("id", "")
        said.append(
            Message(
                N_(
                    "In the order of the ids (column {column}) frauds stand together: the file was sorted by label. A "
                    "number that counts rows gives the label away."
                ),
                {"column": column},
            )
            if column
            else Message(N_("The rows of the file are sorted by label; the order of the rows gives the label away."))
        )
    return said


def _duplicates(transactions: Transactions) -> tuple[int, int]:
    """Rows that repeat an earlier one, and how many of these carry another label than it."""
    if transactions.time is None and _distinct(transactions.customer) < 2:
        return 0, 0  # Amounts alone repeat by themselves.
    hashes = pd.Series(content_hashes(transactions))
    repeated = hashes.duplicated()
    if not repeated.any():
        return 0, 0
    first = pd.Series(_labels(transactions)).groupby(hashes).transform("first")
    return int(repeated.sum()), int((repeated & (first != _labels(transactions))).sum())


def _across_split(transactions: Transactions, split: TimeSplit | None) -> int:
    if split is None or transactions.customer is None or transactions.terminal is None:
        return 0
    hashes = content_hashes(transactions, with_time=False)
    return int(pd.Series(hashes[split.test]).isin(hashes[split.train]).sum())


def _gap_notices(transactions: Transactions, split: TimeSplit | None, delay_days: int) -> tuple[Message, ...]:
    """What the split says, and where the frauds are that belong to no part."""
    if split is None:
        return ()
    frauds = _labels(transactions) == FRAUD
    found = {part: int(frauds[rows].sum()) for part, rows in split.parts.items()}
    between = int(frauds[transactions.context :].sum()) - sum(found.values())
    if not between:
        return split.notices
    template = N_(
        "Of {all} known frauds {train} are in the training part, {validation} in validation and {test} in the test. "
        "The other {between} lie in the {delay} days before validation and before the test: on the day when a model is "
        "trained they would not be known yet."
    )
    said = {**found, "all": between + sum(found.values()), "between": between, "delay": delay_days}
    return (Message(template, said), *split.notices)


def _duplicate_warnings(duplicates: int, contradictions: int, across: int, split: TimeSplit | None) -> list[Message]:
    said = []
    if duplicates:
        template = N_(
            "{count} transactions repeat an earlier one in every column but the id. Were rows exported twice?"
        )
        said.append(Message(template, {"count": duplicates}))
    if contradictions:
        template = N_("{count} repeated transactions carry another label than the first of their kind.")
        said.append(Message(template, {"count": contradictions}))
    if split is not None and across > REPEATED_MANY * len(split.test):
        template = N_(
            "{count} of {total} test transactions repeat a training transaction in all but the time. If they are "
            "copies, the test figures will be too good."
        )
        said.append(Message(template, {"count": across, "total": len(split.test)}))
    return said


def _amount_warnings(amounts: Amounts) -> list[Message]:
    said = []
    if amounts.negative:
        template = N_("{count} amounts are negative. They are kept and read as refunds; is that what they are?")
        said.append(Message(template, {"count": amounts.negative}))
    if amounts.zero:
        said.append(Message(N_("{count} amounts are zero. They are kept."), {"count": amounts.zero}))
    return said


def _row_warnings(transactions: Transactions) -> list[Message]:
    said = []
    label = _labels(transactions)
    frauds, unknown = int((label == FRAUD).sum()), int((label == UNKNOWN).sum())
    if UNLABELLED_MANY * len(label) < unknown < len(label):
        template = N_(
            "{count} of {total} transactions carry no label. Unknown is not genuine: nothing is learned from them, but "
            "they count as the past of the others."
        )
        said.append(Message(template, {"count": unknown, "total": len(label)}))
    if FRAUDS_MIN <= frauds < FRAUDS_FEW:
        template = N_("There are {count} known frauds; below {limit} figures are uncertain.")
        said.append(Message(template, {"count": frauds, "limit": FRAUDS_FEW}))
    if transactions.time is not None:
        ahead = int((transactions.time > np.datetime64("now")).sum())
        if ahead:
            said.append(Message(N_("{count} transactions lie in the future. Are the times right?"), {"count": ahead}))
    if transactions.refused:
        found = {"count": len(transactions.refused), "first": transactions.refused[0].message}
        said.append(Message(N_("Rows that could not be used: {count}. First: {first}"), found))
    return said


def _column_notices(transactions: Transactions) -> list[Message]:
    said = []
    for role, places, template in (
        ("customer", transactions.customer, N_("There is no customer column: a customer's habits cannot be learned.")),
        (
            "terminal",
            transactions.terminal,
            N_("There is no terminal column: the risk of a terminal cannot be learned."),
        ),
    ):
        if places is None:
            said.append(Message(template))
        elif len(places) and (places == places[0]).all():
            constant = N_("Column {column} has the same value in every row; nothing can be learned from it.")
            said.append(Message(constant, {"column": transactions.columns.get(role, role)}))
    columns: dict[str, NDArray[np.float64] | NDArray[np.str_]] = {**transactions.numbers, **transactions.categories}
    if same := [name for name, values in columns.items() if pd.Series(values).nunique(dropna=False) == 1]:
        template = N_("Columns with the same value in every row, which are left out: {columns}.")
        said.append(Message(template, {"columns": ", ".join(same[:5])}))
    if transactions.scenario is not None:
        template = N_("Column {column} is an answer key: no model sees it, the quality is only listed by it.")
        said.append(Message(template, {"column": transactions.columns.get("scenario", "scenario")}))
    return said
