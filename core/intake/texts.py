"""Texts that a visitor sent, one or a table of them: the only way in, and what was changed on the way is said."""

from __future__ import annotations

import hashlib

from core.contracts import N_, Message, TextSample
from core.errors import InputRefused
from core.intake.characters import count_characters, cut, kind_notices, mend, mended_notices, read_characters
from core.intake.labels import display_label
from core.intake.text_tables import TextTable, open_text_table, open_texts, table_of_texts, texts_of
from core.settings import Limits, settings

__all__ = ["TextTable", "count_characters", "open_text", "open_text_table", "open_texts", "table_of_texts", "texts_of"]

_HINT = N_("Send the part that matters, or many texts as a table with one text in each row.")


def open_text(data: str | bytes, name: str = "", limits: Limits | None = None) -> TextSample:
    """One text, as it was typed or as the bytes of a text file.

    An empty text is let through: a model says of it that there is nothing to read. Line ends become line feeds.

    Args:
        data: Typed characters, or bytes in UTF-8, UTF-16 or GB18030.
        name: The name it came with, for messages; never a path.
        limits: What is let through; the settings' limits when omitted. Of a text beyond `text_characters` the
            beginning is taken, which is said; one beyond `text_bytes` is refused.

    Raises:
        InputRefused: With a code, what came, what is allowed and what to do.
    """
    limits, label = limits or settings().limits, display_label(name) if name else "text"
    said: tuple[Message, ...] = ()
    if isinstance(data, bytes):
        _check_bytes(len(data), label, limits)
        text, said = read_characters(data, label)
    else:
        text = data
        many = len(text) > limits.text_bytes
        _check_bytes(len(text) if many else len(text.encode("utf-8", "surrogatepass")), label, limits)
    text, mended = mend(text)
    used = cut(text, limits.text_characters)
    if len(used) < len(text):
        found = {"length": f"{count_characters(text):,}", "used": f"{count_characters(used):,}"}
        template = N_("The text has {length} characters; the first {used} were used, the rest was left out.")
        said = (*said, Message(template, found))
    sha256 = hashlib.sha256(used.encode("utf-8")).hexdigest()
    return TextSample(label, used, sha256, (*said, *mended_notices(mended), *kind_notices(used)))


def _check_bytes(found: int, label: str, limits: Limits) -> None:
    if found > limits.text_bytes:
        values = {"name": label, "found": f"{found:,}", "limit": f"{limits.text_bytes:,}"}
        template = N_("{name}: one text of {found} bytes; the limit is {limit}.")
        raise InputRefused("text.too_long", Message(template, values), Message(_HINT))
