"""Personal data in a text: e-mail addresses, phone, id card and bank card numbers are found by their form and masked.

What a form does not tell is not found: names, addresses, account names, numbers that are spelt out in words. Every
search is bounded, so that the time grows with the length of the text and with nothing else.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import TypeAlias

from core.contracts import N_

NAMES: Mapping[str, str] = {
    "e-mail": N_("e-mail addresses"),
    "id card": N_("id card numbers"),
    "bank card": N_("bank card numbers"),
    "phone": N_("phone numbers"),
}
"""Kinds of personal data, with what several of a kind are called; a kind in brackets is the mark in its place."""

_S = r"(?:\ {1,2}|\ ?-\ ?)"
"""What may stand between groups of digits, once every dash is a hyphen and every blank a space."""
_P = rf"(?:{_S}|[./])"
_C = rf"(?:{_S}|[._]|\ ?\r?\n\ ?)"
"""What may stand between the groups of a card, which its check digit tells from other numbers."""
_FIRST, _ALONE, _END = r"(?<!\d)(?<!(?<!\d)0\.)", r"(?<!\d)(?<!\d\.)", r"(?!\d)"
"""Neither part of a longer number nor its decimals. After a comma as in `35,13800138000` a new number begins: thousands
go by three. So it does after the point of `2.13800138000` for what is hardly mistaken; only after `0.` it never does.
"""
_A = "A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u0300-\u036f\u0370-\u052f"
"""Letters of addresses: Latin, Greek, Cyrillic. Chinese stands before an address without a blank."""
_LABEL = rf"[{_A}0-9][{_A}0-9-]*+"
_EMAIL = re.compile(
    rf"(?<![{_A}0-9._%+-])[{_A}0-9._%+-]++(?:@|\ ?(?:\(at\)|\[at\])\ ?)"
    rf"(?:(?:{_LABEL}\.)+|(?:{_LABEL}。)+)[{_A}]{{2,24}}"
)
_ID_CARD = re.compile(
    rf"{_FIRST}(?:([1-9]\d{{5}}){_S}?(\d{{8}}){_S}?(\d{{3}}[\dXx])(?![\dA-Za-z])|([1-9]\d{{5}})(\d{{6}})(\d{{3}}){_END})"
)
_LONG_CARD = re.compile(rf"{_FIRST}\d{{4}}(?:{_C}\d{{4}}){{3}}{_C}?\d{{1,3}}{_END}")
_BANK_CARD = re.compile(
    rf"{_FIRST}(?:\d{{13,19}}|\d{{4}}(?:{_C}\d{{4}}){{3}}|\d{{4}}(?:{_C}\d{{4}}){{2}}{_C}?\d{{1,3}}"
    rf"|\d{{4}}{_C}\d{{6}}{_C}\d{{4,5}}|\d{{6}}{_C}\d{{7,13}}){_END}"
)
_HAN_DIGITS = "零〇一二三四五六七八九幺"
_HOUR = r"[0-2]\d(?:00|15|30|45)"
_DAY = r"(?:0[1-9]|1[0-2])[0-3]\d"
_NO_TIMES = rf"(?!{_HOUR}(?:{_S}{_HOUR}){{2}})(?!(?<=(?:19|20)\d\d[ .-]){_DAY}{_S}(?:19|20)\d\d{_S}{_DAY})"
"""Neither the hours of a timetable nor the end of one date and the beginning of another."""
_PHONES = (
    # International, with its sign or two zeros: 8 to 15 digits (ITU-T E.164); no area of America begins with 0 or 1.
    rf"\+(?!1{_P}?[()]?{_S}?[01])[1-9](?:{_P}?[()]?{_S}?\d){{7,14}}{_END}",
    rf"{_ALONE}00[1-9](?:{_P}?\d){{8,13}}{_END}",
    # Chinese mobile.
    rf"{_FIRST}(?:\(?86\)?{_S}?)?1[3-9]"
    rf"(?:\d{_S}?\d{{4}}{_S}?\d{{4}}|\d{{2}}{_S}\d{{3}}{_S}\d{{4}}|\d{_S}\d{{3}}{_S}\d{{5}}){_END}",
    rf"(?<![{_HAN_DIGITS}])[一幺][三四五六七八九][{_HAN_DIGITS}]{{9}}(?![{_HAN_DIGITS}])",
    # Chinese service numbers.
    rf"{_ALONE}[48]00(?:{_S}\d{{3}}{_S}?\d{{4}}|{_S}\d{{4}}{_S}?\d{{3}}){_END}",
    rf"{_ALONE}(?P<service>[48]00\d{{7}}){_END}",
    # Landlines with their leading zero: Chinese, Japanese, British, French, German and the like.
    rf"{_ALONE}\(0\d{{2,4}}\){_S}?\d{{3,8}}(?:{_S}\d{{3,4}})?{_END}",
    rf"(?:{_ALONE}0[1-9]\d{{1,2}}|{_FIRST}0[1-9]\d{{1,2}}{_S})\d{{7,8}}{_END}",
    rf"{_ALONE}{_NO_TIMES}0[1-9](?:\d{{2,3}}{_P}\d{{6}}|\d{{0,2}}{_S}\d{{3,4}}{_S}\d{{4}}){_END}",
    rf"{_ALONE}(?<!\d[/-])0(?:[1-5](?![ .-]0)|[6-9])(?:(?P<gap>[ .-])\d\d(?:(?P=gap)\d\d){{3}}){_END}",
    # North American.
    rf"{_ALONE}(?:1{_P})?(?:\([2-9]\d\d\)\ ?|[2-9]\d\d{_P})[2-9]\d\d{_P}\d{{4}}{_END}",
    rf"{_ALONE}(?P<plain>[2-9][0-8]\d[2-9]\d{{6}}){_END}",
)
_PHONE = re.compile("|".join(_PHONES))
_ORDER = re.compile(r"单号|订单|编号|货号|\b(?:order|item|parcel|tracking|invoice|isbn|sku|serial)\b", re.IGNORECASE)
_HAN = re.compile(r"[\u4e00-\u9fff]")
_PRICE = re.compile(r"价|费|钱|金额|花|付|款|卖|赚|收入|票房|成本|预算|[$€£¥￥]")
_BEFORE = 24
"""Characters before a number in which these are looked for."""
_MONEY = re.compile(
    r"\ ?(?:[美欧日港]?元(?![旦宵宝])|块钱|[万亿]|dollars?\b|euros?\b|pounds?\b|yuan\b|usd\b)", re.IGNORECASE
)
_COUNTED = re.compile(r"\ ?(?:points?|votes?|views?|people|times|followers|bytes|steps|users)\b", re.IGNORECASE)
"""What stands behind a number that counts something."""
_AT = re.compile(r"@|\(at\)|\[at\]")
_NUMBER = re.compile(rf"\d(?:\D{{0,8}}\d){{5}}|[{_HAN_DIGITS}]{{11}}")
"""Without it no text holds a kind other than an e-mail address: all have six digits or more, at most so far apart.
Most texts with digits hold a year or a mark out of ten, and need not be searched for each kind."""
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"
_PROVINCES = frozenset({11, 12, 13, 14, 15, 21, 22, 23, 50, 51, 52, 53, 54, 71, 81, 82, 83}) | {
    *range(31, 38),
    *range(41, 47),
    *range(61, 66),
}
_BLANKS = "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000\t"
_DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d"
_DIGITS_END = 0x20000
"""Above are Chinese characters only."""
_UNSEEN = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")


@dataclass(frozen=True)
class Masked:
    """A text without the personal data that were found in it."""

    text: str
    found: Mapping[str, int] = field(hash=False)
    """How many of each kind of `NAMES` were masked; kinds that were not found are absent."""


def mask(text: str) -> Masked:
    """Put a mark such as `[phone]` in the place of everything that has the form of personal data.

    Digits, blanks and dashes of any script count; characters that are not seen do not part a number.
    """
    plain, places = _plain(text)
    kinds = (_ADDRESSES if _AT.search(plain) else ()) + (_NUMBERS if _NUMBER.search(plain) else ())
    spans: list[tuple[int, int, str]] = []
    for kind, pattern, is_one in kinds:
        kept = list(_spans(pattern, is_one, plain))
        spans += [(start, end, kind) for start, end in kept]
        plain = _blanked(plain, kept)
    return Masked(_marked(text, places, sorted(spans)), dict(Counter(kind for _, _, kind in spans)))


def _spans(pattern: re.Pattern[str], is_one: Callable[[re.Match[str]], bool], text: str) -> Iterator[tuple[int, int]]:
    """Where a kind stands. What has its form and is none may still hold the beginning of one: `2023 4111 1111 …`."""
    at = 0
    while found := pattern.search(text, at):
        at = found.start() + 1
        if is_one(found):
            at = found.end()
            yield found.span()


def mask_all(texts: Iterable[str]) -> tuple[list[str], dict[str, int]]:
    """`mask` for many texts: the texts, and how many of each kind were masked in all of them."""
    found: Counter[str] = Counter()
    clean = []
    for text in texts:
        masked = mask(text)
        clean.append(masked.text)
        found.update(masked.found)
    return clean, dict(found)


def _plain(text: str) -> tuple[str, list[int] | None]:
    """The text in plain digits, blanks and dashes, without unseen characters; where each stood, if one was left out."""
    if text.isascii():
        return text.replace("\t", " "), None
    if _UNSEEN.search(text) is None:
        return text.translate(_folding()), None
    places = [place for place, sign in enumerate(text) if not _UNSEEN.match(sign)]
    return "".join(text[place] for place in places).translate(_folding()), places


@cache
def _folding() -> dict[int, str]:
    """Code point -> plain character: every digit of every script, full-width forms, blanks and dashes."""
    table = {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
    table |= {ord(sign): " " for sign in _BLANKS} | {ord(sign): "-" for sign in _DASHES}
    for code in range(0x80, _DIGITS_END):
        digit = unicodedata.digit(chr(code), None)
        if digit is not None:
            table[code] = str(digit)
    return table


def _blanked(text: str, spans: list[tuple[int, int]]) -> str:
    """The text with spans made unreadable, so that nothing else is found in them."""
    parts, last = [], 0
    for start, end in spans:
        parts += [text[last:start], "\0" * (end - start)]
        last = end
    return "".join([*parts, text[last:]]) if spans else text


def _marked(text: str, places: list[int] | None, spans: list[tuple[int, int, str]]) -> str:
    parts, last = [], 0
    for start, end, kind in spans:
        first, stop = (start, end) if places is None else (places[start], places[end - 1] + 1)
        parts += [text[last:first], f"[{kind}]"]
        last = stop
    return "".join([*parts, text[last:]])


def _digits(found: re.Match[str]) -> str:
    return "".join(filter(str.isdigit, found.group()))


def _is_bank_card(found: re.Match[str]) -> bool:
    """By the check digit (ISO/IEC 7812); numbers of 13 to 15 digits are cards of the older networks only."""
    number = _digits(found)
    if number[0] == "0" or (len(number) < 16 and number[0] not in "3456"):
        return False
    doubled = sum(sum(divmod(2 * int(digit), 10)) for digit in number[-2::-2])
    return (doubled + sum(int(digit) for digit in number[-1::-2])) % 10 == 0


def _is_id_card(found: re.Match[str]) -> bool:
    """By region, date of birth and, of the 18 digits, the check digit (GB 11643)."""
    groups = [group for group in found.groups() if group is not None]
    region, born, rest = groups
    if int(region[:2]) not in _PROVINCES or not _is_date(born if len(born) == 8 else f"19{born}"):
        return False
    number = region + born + rest.upper()
    if len(number) == 15:
        return True
    total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, number[:-1], strict=True))
    return _CHECKS[total % len(_CHECKS)] == number[-1]


def _is_date(digits: str) -> bool:
    year, month, day = int(digits[:4]), int(digits[4:6]), int(digits[6:])
    try:
        return 1880 <= date(year, month, day).year <= 2099
    except ValueError:
        return False


def _is_phone(found: re.Match[str]) -> bool:
    """No sum of money; ten plain digits are no number of an order or of things counted, and American in no Chinese."""
    text, start, end = found.string, found.start(), found.end()
    before = text[max(0, start - _BEFORE) : start]
    if _PRICE.search(before) and _MONEY.match(text, end):
        return False
    if found["plain"] is None and found["service"] is None:
        return True
    if _ORDER.search(before) or _COUNTED.match(text, end):
        return False
    return found["service"] is not None or _HAN.search(before) is None


def _always(_: re.Match[str]) -> bool:
    return True


_Kind: TypeAlias = tuple[str, re.Pattern[str], Callable[[re.Match[str]], bool]]
_ADDRESSES: tuple[_Kind, ...] = (("e-mail", _EMAIL, _always),)
_NUMBERS: tuple[_Kind, ...] = (
    ("id card", _ID_CARD, _is_id_card),
    ("bank card", _LONG_CARD, _is_bank_card),
    ("bank card", _BANK_CARD, _is_bank_card),
    ("phone", _PHONE, _is_phone),
)
"""In the order in which they are looked for: a long number is not taken for a phone."""
