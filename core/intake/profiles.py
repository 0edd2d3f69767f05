"""A user as a person writes him for the command line or a JSON route: `{"liked": ["12", "7"], "removed": ["3"]}`."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from core.contracts import N_, Message, UserProfile
from core.errors import InputRefused
from core.intake.labels import display_label

FIELDS = ("liked", "removed", "user_id")
TEXT_BYTES = 2**20
ITEMS_MAX = 10_000
ID_LENGTH = 200
_HINT = N_('An example: {{"liked": ["12", "7"], "removed": ["3"]}}; ids are texts, the oldest first.')


def read_profile(text: str | bytes, name: str = "profile") -> UserProfile:
    """Read one profile from JSON; numbers are taken as the ids that they spell.

    Args:
        text: An object with `liked` and `removed`, lists of ids, and `user_id`; each may be absent.
        name: What it is called, for messages.

    Raises:
        InputRefused: It is no such object, or too long.
    """
    label = display_label(name)
    data = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    if len(data) > TEXT_BYTES:
        raise _refused(label, "profile.too_long", N_("{name}: the profile is longer than {limit} MB."), limit=1)
    try:
        # Numbers stay as they were written: 007 is no JSON, and 1e3 is the id "1e3".
        found = json.loads(data, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        raise _refused(label, "profile.json", N_("{name}: this is no JSON.")) from None
    if not isinstance(found, dict):
        raise _refused(label, "profile.form", N_("{name}: an object with lists of ids is needed."))
    if unknown := sorted(set(found) - set(FIELDS)):
        template = N_("{name}: there is no field {field}; there are: {fields}.")
        raise _refused(label, "profile.field", template, field=display_label(unknown[0]), fields=", ".join(FIELDS))
    user = found.get("user_id", "")
    if not isinstance(user, str) or len(user) > ID_LENGTH:
        raise _refused(label, "profile.form", N_("{name}: the id of a user is one text."))
    lists = {field: _ids(found.get(field, []), label) for field in ("liked", "removed")}
    return UserProfile(label, lists["liked"], lists["removed"], user, hashlib.sha256(data).hexdigest())


def _ids(value: Any, label: str) -> tuple[str, ...]:
    if not isinstance(value, list) or len(value) > ITEMS_MAX:
        template = N_("{name}: ids stand in a list of at most {limit}.")
        raise _refused(label, "profile.form", template, limit=ITEMS_MAX)
    if not all(isinstance(one, str) and 0 < len(one.strip()) <= ID_LENGTH for one in value):
        raise _refused(label, "profile.form", N_("{name}: an id is a text that is not empty."))
    return tuple(one.strip() for one in value)


def _refused(label: str, code: str, template: str, **values: object) -> InputRefused:
    return InputRefused(code, Message(template, {"name": label, **values}), Message(_HINT))
