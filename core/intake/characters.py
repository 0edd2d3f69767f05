"""The characters of a text that somebody sent: read in any encoding that can be told, mended, counted, cut.

What a text means is no matter here: HTML, Markdown and prompts are plain characters.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import islice

from core.contracts import N_, Message
from core.errors import InputRefused
from core.intake.encodings import to_utf8
from core.intake.tables import table_kind

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_DIRECTION = re.compile("[\u202a-\u202e\u2066-\u2069]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_TO_MEND = re.compile("[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""All that any of the three finds, and carriage returns: most texts hold none and are left as they are."""
_EXTENDS = "\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe00-\ufe0f\ufe20-\ufe2f"
_EXTENDS += "\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f\U000e0100-\U000e01ef"
_EXTENDS += "\u200d"
_PICTURES = "\u00a9\u00ae\u2190-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001faff"
_FLAGS = "\U0001f1e6-\U0001f1ff"
_ONE = f"[{_FLAGS}]{{2}}|.[{_EXTENDS}]{{0,30}}(?:(?<=\u200d)[{_PICTURES}][{_EXTENDS}]{{0,30}}){{0,8}}"
"""What a reader takes for one character: a letter with its accents, an emoji of several parts, a flag. No writing has
more than 30 accents on a letter (UAX 15, stream-safe text) and no emoji more than 9 parts; what follows counts anew."""
_CHARACTER = re.compile(_ONE, re.DOTALL)
_OF_SEVERAL = re.compile(f"[{_EXTENDS}{_FLAGS}]")
"""Without one of them each code point is a character."""
_CODE_POINTS = 4
"""So many code points are used at most for each character that may be: words take one or two, emoji some more."""

_NO_WORDS = re.compile(
    r"https?://\S+|www\.\S+|<[a-zA-Z/!][^<>]{0,200}>|"
    r"(?<![A-Za-z0-9+/=_-])(?=[A-Za-z0-9+/=_-]{30})(?=[^\s\d]*\d)(?=[^\sA-Za-z]*[A-Za-z])[A-Za-z0-9+/=_-]{30,}"
)
"""Addresses, tags, and long runs of letters and digits."""
_LETTER = re.compile(r"[^\W\d_]")
_SIGN = re.compile(r"[{}\[\]()<>=_\\/|;:#$*&^@]")
_LOOKED_AT = 500
"""Characters from the beginning that tell whether a text consists of words."""
_SIGN_WEIGHT = 2
_WORDS_MIN = 0.65
"""Share of letters, of them and of what is no words, in which a sign of code weighs two letters."""

_WRITTEN = ("text", "empty", "HTML", "XML", "SVG", "JSON")
"""Kinds of content that are shown as the characters that they are."""
_MENDED = {
    "control": N_("Control characters such as NUL that were removed: {count}."),
    "direction": N_("Marks that turn the direction of writing and were removed: {count}."),
    "surrogate": N_("Halves of characters that were replaced by {sign}: {count}."),
}
_AS_TEXT = N_("Paste the words themselves, or send a text file in UTF-8.")


def read_characters(data: bytes, label: str) -> tuple[str, tuple[Message, ...]]:
    """The characters of a text file, and what was guessed about their encoding.

    Raises:
        InputRefused: The content is no text, or in no encoding that can be told.
    """
    kind = table_kind(data[:8192])
    if kind not in (*_WRITTEN, "unknown"):
        template = N_("{name}: the content is {kind}; a text is needed.")
        raise InputRefused("text.wrong_kind", Message(template, {"name": label, "kind": kind}), Message(_AS_TEXT))
    whole, said = to_utf8(data, label)
    text = whole.decode("utf-8")
    odd = len(_CONTROL.findall(text[:4096]))
    if kind == "unknown" and odd > max(1, 0.1 * len(text[:4096])):
        template = N_("{name}: the content is no text.")
        raise InputRefused("text.wrong_kind", Message(template, {"name": label}), Message(_AS_TEXT))
    return text, said


def mend(text: str) -> tuple[str, Mapping[str, int]]:
    """The text without what no screen and no encoder can bear, and how many characters of each kind that was.

    Control characters and marks that turn the direction of writing are removed, unpaired surrogates become U+FFFD, line
    ends become line feeds.
    """
    if _TO_MEND.search(text) is None:
        return text, {}
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text, control = _CONTROL.subn("", text)
    text, direction = _DIRECTION.subn("", text)
    surrogate = 0
    if _SURROGATE.search(text):
        before = text.count("\ufffd")
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        surrogate = text.count("\ufffd") - before
    found = {"control": control, "direction": direction, "surrogate": surrogate}
    return text, {kind: count for kind, count in found.items() if count}


def mended_notices(counts: Mapping[str, int]) -> tuple[Message, ...]:
    """What `mend` did, in words; counts of several texts may be added up before."""
    return tuple(
        Message(template, {"count": f"{counts[kind]:,}", "sign": "\ufffd"})
        for kind, template in _MENDED.items()
        if counts.get(kind)
    )


def cut(text: str, limit: int) -> str:
    """The first `limit` characters of a text as a reader counts them; fewer where they are of very many code points.

    What is behind them takes no time.
    """
    if len(text) <= limit or _OF_SEVERAL.search(text, 0, limit + 1) is None:
        return text[:limit]
    most, end = _CODE_POINTS * limit, 0
    for one in islice(_CHARACTER.finditer(text, 0, most + 1), limit):
        if one.end() > most:
            break
        end = one.end()
    return text[:end]


def count_characters(text: str) -> int:
    """Characters as a reader counts them: accents, emoji of several parts and flags are one each.

    Marks of scripts other than Latin and Chinese count by themselves.
    """
    if _OF_SEVERAL.search(text) is None:
        return len(text)
    return sum(1 for _ in _CHARACTER.finditer(text))


def kind_notices(text: str) -> tuple[Message, ...]:
    """That a text is an address, tags or code rather than words, so that an answer about it means little."""
    head = text[:_LOOKED_AT]
    words = _NO_WORDS.sub(" ", head)
    letters = len(_LETTER.findall(words))
    others = len(head) - len(words) + _SIGN_WEIGHT * len(_SIGN.findall(words))
    if _LETTER.search(head) is None or letters >= _WORDS_MIN * (letters + others):
        return ()
    return (Message(N_("This is hardly made of words: of an address, tags or code an answer says little.")),)
