"""Tables of interactions and profiles of every odd kind, with what has to be said of each, whatever way they come."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import dataclass

Row = tuple[str, str, str, str]
HEAD = "user_id,item_id,rating,timestamp"


@dataclass(frozen=True)
class Case:
    """One table: refused with a code, or taken in part; `says` stands in its refusal, its notices or listed rows."""

    name: str
    data: bytes
    code: str = ""
    rows: int = 160
    says: tuple[str, ...] = ()


def _plain() -> list[Row]:
    drawn = random.Random(0)
    users = {user: drawn.sample(range(40), 8) for user in range(20)}
    pairs = [(user, item) for user, items in users.items() for item in items]
    return [(f"{u:03d}", f"{i:04d}", str(n % 5 + 1), str(1_700_000_000 + n)) for n, (u, i) in enumerate(pairs)]


ROWS = _plain()


def table(rows: list[Row] = ROWS, head: str = HEAD, sign: str = ",") -> bytes:
    return "\n".join([head.replace(",", sign), *(sign.join(row) for row in rows), ""]).encode()


def changed(place: int, change: Callable[[int, str], str], head: str = HEAD) -> bytes:
    rows = [[change(n, cell) if place == at else cell for at, cell in enumerate(row)] for n, row in enumerate(ROWS)]
    return "\n".join([head, *(",".join(row) for row in rows), ""]).encode()


def once(cell: str, at: int = 4) -> Callable[[int, str], str]:
    return lambda row, old: cell if row == at else old


CHINESE = table([(f"用户{u}", f"商品{i}", r, t) for u, i, r, t in ROWS], "用户,商品,评分,时间")

CASES = (
    Case("plain", table()),
    Case("C01 mark", b"\xef\xbb\xbf" + table()),
    Case("C02 gb18030", CHINESE.decode().encode("gb18030"), says=("GB18030",)),
    Case("C03 utf-16", table().decode().encode("utf-16"), says=("UTF-16",)),
    Case("C05 semicolons", table(sign=";"), says=("semicolon",)),
    Case("C06 tabs", table(sign="\t"), says=("tab",)),
    Case("C10 no user", table(head="a,item_id,rating,timestamp"), "interactions.no_user", says=("user=column",)),
    Case("C10 no item", table(head="user_id,b,rating,timestamp"), "interactions.no_item", says=("item=column",)),
    Case("C12 names", table(head=" User ID,ITEM-ID,Rating,TimeStamp")),
    Case("C13 one longer row", table() + b"001,0001,3,1700000000,9\n", says=("Row 161: 5 cells",)),
    Case("C14 all rows longer", table([(*row[:3], row[3] + ",7") for row in ROWS]), "table.shifted"),
    Case("C16 no number", changed(2, once("nan"))),
    Case("C16 infinite", changed(2, once("1e400")), rows=159, says=("Row 5: rating cannot be used: 1e400",)),
    Case("C19 one text", changed(2, once("abc")), rows=159, says=("Row 5: rating cannot be used: abc",)),
    Case("C19 texts alone", changed(2, lambda *_: "good"), says=("column rating was not used",)),
    Case("C20 two readings", changed(3, lambda *_: "03/04/2024"), "columns.ambiguous_dates"),
    Case("C20 no such month", changed(3, lambda n, _: f"2024-{13 - n % 13:02d}-01"), rows=147, says=("2024-13-01",)),
    Case("C20 some with zones", changed(3, lambda n, _: "2024-05-01T10:00:00" + "Z" * (n % 2)), "columns.mixed_zones"),
    Case("C20 milliseconds", changed(3, lambda _, cell: cell + "000")),
    Case("C20 no times at all", changed(3, lambda *_: ""), says=("column timestamp was not used", "order of the rows")),
    Case("C20 before 1970", changed(3, lambda *_: "-5"), says=("column timestamp was not used",)),
    Case("C21 no rows", HEAD.encode(), "table.no_rows"),
    Case("C22 empty", b"", "table.empty"),
    Case("C23 no header", table()[len(HEAD) + 1 :], says=("read as a row",)),
    Case("C24 twice the same name", table(head="user_id,item_id,item_id,timestamp"), "table.duplicate_columns"),
    Case("C28 nul", table().replace(b"0001", b"00\x001"), "table.wrong_kind"),
    Case("C29 picture", b"\x89PNG\r\n\x1a\n" + bytes(200), "table.wrong_kind", says=("PNG",)),
    Case("C29 page", b"<!DOCTYPE html><html><body>log in</body></html>", "table.wrong_kind", says=("HTML",)),
    Case("C29 pickle", b"\x80\x04\x95" + bytes(100), "table.wrong_kind", says=("pickle",)),
    Case("C30 a user called NA", changed(0, lambda n, cell: "NA" if n < 8 else cell)),
    Case("C33 formula", changed(1, once('"=HYPERLINK(""http://x"")"'))),
    Case("C39 off the scale", changed(2, once("99")), rows=159, says=("outside the scale of the other rows: 99",)),
    Case("C39 no ids", changed(1, lambda n, cell: cell if n % 20 else ""), rows=152, says=("item_id is empty",)),
    Case(
        "C39 mostly no ids",
        changed(1, lambda n, cell: cell * (n % 2)),
        "table.mostly_unusable",
        says=("Write the ids",),
    ),
    Case("C39 endless id", changed(0, once("x" * 100_000)), rows=159, says=("longer than the 200",)),
    Case("C39 future", changed(3, once("4000000000")), rows=159, says=("lies in the future: 4000000000",)),
    Case("C39 all in the future", changed(3, lambda *_: "4000000000"), "table.mostly_unusable", says=("the future",)),
    Case("C39 every row three times", table(ROWS * 3), says=("the first was kept: 320",)),
    Case("C39 one user", changed(0, lambda *_: "me"), "interactions.too_few", says=("of 3 users",)),
    Case("C39 one item each", table([(f"u{n}", *row[1:]) for n, row in enumerate(ROWS)]), "interactions.single"),
    Case("C39 one item", changed(1, lambda *_: "only"), "interactions.too_few"),
    Case("C40 unsorted", table(random.Random(1).sample(ROWS, len(ROWS)))),
)


@dataclass(frozen=True)
class Asked:
    """A profile for the bundled recommender: refused with a code, or answered by what `origin` says."""

    name: str
    body: bytes
    code: str = ""
    origin: str = "history"
    says: str = ""


def _profile(**fields: object) -> bytes:
    return json.dumps(fields).encode()


PROFILES = (
    Asked("two items", _profile(liked=["0149", "0127"])),
    Asked("numbers for ids", b'{"liked": [149, 127]}', origin="popularity", says="does not know: 2 (149, 127)"),
    Asked("nothing", b"{}", origin="popularity", says="Nothing is known"),
    Asked("unknown items", _profile(liked=["ghost"]), origin="popularity", says="does not know: 1 (ghost)"),
    Asked("some unknown items", _profile(liked=["ghost", "0149"]), says="does not know: 1 (ghost)"),
    Asked("an unknown user", _profile(user_id="nobody"), origin="popularity", says="nobody is not in the training"),
    Asked("a user of the training", _profile(user_id="00001")),
    Asked("an item twice", _profile(liked=["0149", "0127", "0149"])),
    Asked("liked and removed", _profile(liked=["0149"], removed=["0149"]), origin="popularity"),
    Asked("blanks around an id", _profile(liked=[" 0149 "])),
    Asked("steering a terminal", _profile(liked=["\x1b[31mX", "0149"]), says="does not know: 1 ([31mX)"),
    Asked("markup", _profile(liked=["<script>", "0149"]), says="does not know: 1 (<script>)"),
    Asked("ten thousand items", _profile(liked=[f"{n + 300:04d}" for n in range(10_000)]), says="does not know: 9939"),
    Asked("all items", _profile(liked=[f"{n:04d}" for n in range(361)]), says="No item is left"),
    Asked("eleven thousand items", _profile(liked=["1"] * 11_000), "profile.form"),
    Asked("an endless id", _profile(liked=["x" * 201]), "profile.form"),
    Asked("an empty id", _profile(liked=[""]), "profile.form"),
    Asked("no list", _profile(liked="0149"), "profile.form"),
    Asked("lists in a list", _profile(liked=[["0149"]]), "profile.form"),
    Asked("truth", _profile(liked=[True]), "profile.form"),
    Asked("no number", b'{"liked": [NaN]}', "profile.form"),
    Asked("half a character", b'{"liked": ["\\ud800"]}', "profile.form"),
    Asked("another field", _profile(likes=["0149"]), "profile.field"),
    Asked("a field twice", b'{"liked": ["1"], "liked": ["2"]}', "profile.json"),
    Asked("a list", b"[1, 2]", "profile.form"),
    Asked("a table", b"user_id,item_id\n1,2\n", "profile.json"),
    Asked("a deep hole", b"[" * 100_000, "profile.json"),
    Asked("other bytes", b"\xff\xfe{", "profile.json"),
    Asked("no bytes", b"", "profile.json"),
)
