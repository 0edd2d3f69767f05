"""Text in whatever encoding it came -> UTF-8, strictly decoded: a wrong guess must fail."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

from core.contracts import N_, Message
from core.errors import InputRefused

_CHUNK = 2**20
_HEAD = 4096
_COMMON_MIN = 0.8
"""Share of the two-byte characters that must be common ones for text to pass as GB18030, which can decode almost
anything: Cyrillic, Greek and accented Latin text of one byte per letter and cut UTF-8 stay far below it."""
_ZEROS_SURE = 0.75
"""Share of pairs of bytes with a zero from which text is UTF-16 although it decodes as UTF-8 with zeros as well."""

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_PAIRS = re.compile(rb"[\x81-\xfe][\x40-\x7e\x80-\xfe]|[\x81-\xfe][\x30-\x39][\x81-\xfe][\x30-\x39]")
_AS_UTF8 = N_("Save the file as UTF-8 (in a spreadsheet: CSV UTF-8) and send it again.")


def to_utf8(data: bytes, label: str) -> tuple[bytes, tuple[Message, ...]]:
    """The same text as UTF-8 without a byte order mark, and what was guessed.

    UTF-8 is known by decoding, UTF-16 and UTF-32 by their mark or by where their zero bytes lie, GB18030 (with GBK and
    GB2312 inside it) by decoding to characters in common use. One-byte encodings cannot be told apart: refused.

    Raises:
        InputRefused: When the text is in none of these, or breaks off inside a character.
    """
    mark, encoding = next(((mark, name) for mark, name in _BOMS if data.startswith(mark)), (b"", ""))
    body = data[len(mark) :]
    encoding = encoding or _utf16_without_mark(body) or "utf-8"
    try:
        if encoding == "utf-8":
            for _ in _decoded(body, encoding):
                pass
            return body, ()
        return _recoded(body, encoding)
    except UnicodeDecodeError:
        if encoding != "utf-8" or mark or not _looks_chinese(body):
            raise _unreadable(body, label, encoding) from None
    try:
        return _recoded(body, "gb18030")
    except UnicodeDecodeError:
        raise _unreadable(body, label, "utf-8") from None


def _decoded(data: bytes, encoding: str) -> Iterator[str]:
    """Piece by piece, because text may take four times its bytes."""
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    for start in range(0, len(data), _CHUNK):
        yield decoder.decode(data[start : start + _CHUNK])
    yield decoder.decode(b"", final=True)


def _recoded(data: bytes, encoding: str) -> tuple[bytes, tuple[Message, ...]]:
    text = b"".join(piece.encode("utf-8") for piece in _decoded(data, encoding))
    said = {"encoding": encoding.upper().removesuffix("-LE").removesuffix("-BE"), "example": _example(text)}
    if not said["example"]:
        return text, (Message(N_("The text was read as {encoding}."), said),)
    return text, (Message(N_("The text was read as {encoding}; check a word: {example}"), said),)


def _example(text: bytes) -> str:
    """The first stretch of letters outside ASCII, so that a person sees whether the guess is right."""
    found = re.search(rb"[\x80-\xff]{2,60}", text)
    return found.group().decode("utf-8", "ignore")[:12] if found else ""


def _utf16_without_mark(data: bytes) -> str:
    """UTF-16 text of mostly Latin letters and digits has a zero in every second byte.

    Where many lack theirs, as in a few letters of UTF-8 with a stray zero, it must be no UTF-8.
    """
    head = data[:_HEAD]
    even, odd = head[::2].count(0), head[1::2].count(0)
    if len(head) < 4 or max(even, odd) < 0.4 * len(head) / 2 or min(even, odd) > 0.02 * len(head):
        return ""
    if max(even, odd) < _ZEROS_SURE * (len(head) // 2) and _begins_as_utf8(head):
        return ""
    return "utf-16-le" if odd > even else "utf-16-be"


def _begins_as_utf8(head: bytes) -> bool:
    """Whether bytes are UTF-8 but for a last character that may be cut in two."""
    try:
        codecs.getincrementaldecoder("utf-8")("strict").decode(head)
    except UnicodeDecodeError:
        return False
    return True


def _looks_chinese(data: bytes) -> bool:
    """Whether most two-byte characters are of GB2312's signs and its first, common level (lead bytes A1 to D7)."""
    pairs = [pair for pair in _PAIRS.findall(data[: 4 * _CHUNK]) if len(pair) == 2]
    common = sum(pair[0] <= 0xD7 and pair[0] >= 0xA1 and pair[1] >= 0xA1 for pair in pairs)
    return bool(pairs) and common >= _COMMON_MIN * len(pairs)


def _unreadable(data: bytes, label: str, encoding: str) -> InputRefused:
    found = {"name": label, "encoding": encoding.upper()}
    if encoding != "utf-8":
        template = N_("{name}: the text begins as {encoding} but breaks off inside a character.")
        return InputRefused("table.encoding", Message(template, found), Message(_AS_UTF8))
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        found["line"] = str(data.count(b"\n", 0, error.start) + 1)
    template = N_("{name}: line {line} is in none of the encodings that we can tell: UTF-8, UTF-16, GB18030.")
    return InputRefused("table.encoding", Message(template, found), Message(_AS_UTF8))
