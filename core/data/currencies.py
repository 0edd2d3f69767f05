"""Amounts in more than one currency: they can be neither added nor compared."""

from __future__ import annotations

import re

import numpy as np

from core.contracts import N_, Message
from core.data.columns import named, plain_name
from core.data.transactions import Transactions

_NAME = re.compile(r"(.*_)?(currency|currencies|curr|ccy)(_(code|id|name|iso))?|.*(币种|货币|币别).*")
_SHOWN = 5


def currency_warnings(transactions: Transactions) -> list[Message]:
    """A warning for each column of texts that is called like a currency and holds more than one."""
    said = []
    for column, texts in transactions.categories.items():
        codes = [str(code) for code in np.unique(texts) if code] if _NAME.fullmatch(plain_name(column)) else []
        if len(codes) > 1:
            template = N_(
                "Column {column} names {count} currencies ({codes}). Amounts are compared and added as they stand: "
                "expected losses and sums mix currencies. Convert the amounts to one currency first."
            )
            found = {"column": column, "count": len(codes), "codes": named(codes, _SHOWN)}
            said.append(Message(template, found))
    return said
