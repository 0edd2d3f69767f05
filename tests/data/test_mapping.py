"""Columns by their role: what is read, what is refused, and the way back."""

from __future__ import annotations

import pytest

from core.data.mapping import parse_mapping, parse_names, write_mapping, write_names
from core.errors import InputRefused


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", {}),
        ("amount=price", {"amount": "price"}),
        (" amount = price , label=is fraud", {"amount": "price", "label": "is fraud"}),
        ('"amount=price, net",time=when', {"amount": "price, net", "time": "when"}),
        ("amount=a=b", {"amount": "a=b"}),
        ("金额=x", {"金额": "x"}),
        ("amount=x,time=", {"amount": "x", "time": ""}),
    ],
)
def test_roles_and_columns(text: str, found: dict[str, str]) -> None:
    assert parse_mapping(text) == found
    assert parse_mapping(write_mapping(found)) == found


def test_odd_names_come_back_as_they_were() -> None:
    odd = {"amount": 'the "net", price', "time": "a,b=c", "label": "x"}
    assert parse_mapping(write_mapping(odd)) == odd


@pytest.mark.parametrize("text", ["amount", "=price", "amount=price,", '"amount=price', "amount=a,amount=b"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(InputRefused):
        parse_mapping(text)


@pytest.mark.parametrize("names", [(), ("a",), ("a", "b c"), ("a|b", 'the "net"', "c,d", "x=y")])
def test_several_columns_in_one_place(names: tuple[str, ...]) -> None:
    assert parse_names(write_names(names)) == names
    assert parse_names(parse_mapping(write_mapping({"ignore": write_names(names)}))["ignore"]) == names


def test_names_whose_quotes_do_not_match_are_refused() -> None:
    assert parse_names(" a | b ||") == ("a", "b")
    with pytest.raises(InputRefused):
        parse_names('"a|b')
