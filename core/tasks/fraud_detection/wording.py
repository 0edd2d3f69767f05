"""What each feature of one payment says, as a sentence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from core.contracts import N_, Message
from core.data.transactions import Transactions
from core.tasks.fraud_detection.definitions import CATEGORY_COUNT, CATEGORY_RISK, LARGE_TIMES, LONG_DAYS, NUMBER
from core.tasks.fraud_detection.features import Feature, FeaturePlan, FeatureTable
from core.tasks.fraud_detection.windows import DAY_S


def sentences(plan: FeaturePlan, transactions: Transactions, table: FeatureTable, place: int) -> tuple[Message, ...]:
    """A sentence for each feature of one scored row, in the order of the plan.

    Args:
        plan: That the table was built by.
        transactions: That it was built from.
        table: What `plan.build(transactions)` returned.
        place: Of the row among the scored ones: 0 is the first after the history.
    """
    case = _Case(transactions, table, place, plan.delay_days)
    return tuple(_sentence(case, feature) for feature in plan.features)


@dataclass(frozen=True)
class _Case:
    """One row, and where to find what its features say."""

    transactions: Transactions
    table: FeatureTable
    place: int
    delay_days: int

    @property
    def row(self) -> int:
        return self.transactions.context + self.place

    def value(self, name: str) -> float:
        """Of a feature; NaN where it is unknown or not in the plan."""
        return float(self.table.column(name)[self.place]) if name in self.table.names else float("nan")

    @property
    def hour(self) -> int:
        time = self.transactions.time
        return 0 if time is None else int(time[self.row].astype("datetime64[s]").astype(np.int64)) % DAY_S // 3600

    @property
    def terminal(self) -> str:
        codes = self.transactions.terminal
        return "" if codes is None or codes[self.row] < 0 else self.transactions.terminals[codes[self.row]]


def _sentence(case: _Case, feature: Feature) -> Message:
    name, definition = feature.name, feature.definition
    if name.startswith(NUMBER):
        return Message("{column}: {value}", {"column": definition.column, "value": _number(case.value(name))})
    if name.startswith((CATEGORY_COUNT, CATEGORY_RISK)):
        return _of_category(case, feature)
    if definition.days and name.startswith("terminal_"):
        return _of_terminal(case, feature)
    if definition.days and np.isnan(case.value(name)):
        return Message(N_("There is nothing to compare with: no customer, or no amounts above zero."))
    return _SAID[name.removesuffix(f"_{definition.days}d")](case, feature)


def _amount(case: _Case, _: Feature) -> Message:
    return Message(N_("The amount is {amount}."), {"amount": _money(case.value("amount"))})


def _amount_ratio(case: _Case, feature: Feature) -> Message:
    said = {"amount": _money(float(case.transactions.amount[case.row])), "days": feature.definition.days}
    template = N_("The amount is {amount}: {times} times this customer's mean of {days} days, this payment included.")
    return Message(template, said | {"times": f"{case.value(feature.name):,.1f}"})


def _hour(case: _Case, _: Feature) -> Message:
    return Message(N_("The payment was made between {hour}:00 and {hour}:59."), {"hour": case.hour})


def _night(case: _Case, feature: Feature) -> Message:
    template = N_("It is night ({hour}:00 to {hour}:59).") if case.value(feature.name) else N_("It is not night.")
    return Message(template, {"hour": case.hour})


def _weekend(case: _Case, feature: Feature) -> Message:
    return Message(N_("It is a weekend.") if case.value(feature.name) else N_("It is a working day of the week."))


def _customer_count(case: _Case, feature: Feature) -> Message:
    days, count = feature.definition.days, case.value(feature.name)
    said: dict[str, object] = {"count": int(count), "days": days}
    usual = case.value("customer_count_30d") / 30
    if days == 1 and np.isfinite(usual):
        template = N_(
            "Payments of this customer within 24 hours, this one included: {count}; {usual} a day in the last 30 days."
        )
        return Message(template, said | {"usual": f"{usual:.1f}"})
    return Message(N_("Payments of this customer in the last {days} × 24 hours, this one included: {count}."), said)


def _customer_mean(case: _Case, feature: Feature) -> Message:
    said = {"mean": _money(case.value(feature.name)), "days": feature.definition.days}
    template = N_("This customer's mean amount in the last {days} × 24 hours, this payment included, is {mean}.")
    return Message(template, said)


def _customer_shift(case: _Case, feature: Feature) -> Message:
    said = {"days": feature.definition.days, "long": LONG_DAYS, "times": f"{case.value(feature.name):,.1f}"}
    template = N_(
        "This customer's mean amount of {days} days is {times} times that of {long} days, this payment included."
    )
    return Message(template, said)


def _customer_large(case: _Case, feature: Feature) -> Message:
    said = {"days": feature.definition.days, "times": LARGE_TIMES, "count": int(case.value(feature.name))}
    template = N_("Earlier payments of more than {times} times this customer's mean in {days} × 24 hours: {count}.")
    return Message(template, said)


def _fraud_days(case: _Case, days: float) -> Message:
    said = {"terminal": case.terminal, "days": f"{days:.1f}"}
    if days > 0:
        template = N_("At terminal {terminal} every payment was fraud from {days} days ago on, as far as it is known.")
        return Message(template, said)
    return Message(
        N_("The latest payment at terminal {terminal} with a known outcome was no fraud, or no outcome is known yet."),
        said,
    )


def _of_terminal(case: _Case, feature: Feature) -> Message:
    if not case.terminal:
        return Message(N_("The terminal is not known."))
    if feature.name == "terminal_fraud_days":
        return _fraud_days(case, case.value(feature.name))
    said = {"terminal": case.terminal} | _window(case, feature)
    one_day = feature.definition.days == 1
    if feature.name.startswith("terminal_count_"):
        template = N_("Payments at terminal {terminal} in the {days} days that ended {delay} days before: {count}.")
        single = N_("Payments at terminal {terminal} in the day that ended {delay} days before: {count}.")
    else:
        template = N_(
            "Frauds known at terminal {terminal} in the {days} days that ended {delay} days before: {frauds} of "
            "{known}."
        )
        single = N_(
            "Frauds known at terminal {terminal} in the day that ended {delay} days before: {frauds} of {known}."
        )
    return Message(single if one_day else template, said)


def _of_category(case: _Case, feature: Feature) -> Message:
    column = feature.definition.column
    text = str(case.transactions.categories[column][case.row])
    if not text:
        return Message(N_("{column} is empty."), {"column": column})
    said = {"column": column, "value": text} | _window(case, feature)
    if feature.name.startswith(CATEGORY_COUNT):
        template = N_("Payments with {column} {value} in the {days} days that ended {delay} days before: {count}.")
    else:
        template = N_(
            "Frauds known with {column} {value} in the {days} days that ended {delay} days before: {frauds} of {known}."
        )
    return Message(template, said)


def _window(case: _Case, feature: Feature) -> dict[str, object]:
    said: dict[str, object] = {"days": feature.definition.days, "delay": case.delay_days}
    if feature.name not in case.table.known_frauds:
        return said | {"count": int(case.value(feature.name))}
    of = {"frauds": case.table.known_frauds, "known": case.table.known_payments}
    return said | {word: int(counts[feature.name][case.place]) for word, counts in of.items()}


_SAID: dict[str, Callable[[_Case, Feature], Message]] = {
    "amount": _amount,
    "log_amount": _amount,
    "amount_ratio": _amount_ratio,
    "hour_sin": _hour,
    "hour_cos": _hour,
    "night": _night,
    "weekend": _weekend,
    "customer_count": _customer_count,
    "customer_mean": _customer_mean,
    "customer_shift": _customer_shift,
    "customer_large": _customer_large,
}


def _money(value: float) -> str:
    return f"{value:,.2f}"


def _number(value: float) -> str:
    return "?" if np.isnan(value) else f"{value:,.6g}"
