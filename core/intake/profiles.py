"""Users as people and programs write them for the command line and the JSON route.

One is `{"liked": ["12", "7"], "removed": ["3"]}`, several are `{"profiles": [{...}, {...}]}`.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from core.contracts import N_, Message, Refusal, UserProfile
from core.errors import InputRefused
from core.intake.labels import display_label

FIELDS = ("liked", "removed", "user_id")
TEXT_BYTES = 2**20
PROFILES_BYTES = 8 * 2**20
"""Of several profiles together."""
PROFILES_MAX = 5_000
"""In one document."""
REFUSED_KEPT = 50
"""Refused profiles that are named one by one; the others are counted."""
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
    label, data = display_label(name), _encoded(text)
    return _profile(_document(data, label, TEXT_BYTES), label, data)


def read_profiles(text: str | bytes, name: str = "profile") -> tuple[list[UserProfile], list[Refusal]]:
    """Read one profile, or the list `profiles` of several, and what was not taken of that list.

    Of many that were not taken the first `REFUSED_KEPT` are named, and one more entry counts the others.

    Args:
        text: An object as for `read_profile`, or one whose only field `profiles` lists such objects.
        name: What it is called; profiles of a list are counted from 1 behind it.

    Raises:
        InputRefused: It is neither, or too long, or they are too many; or the one profile that it is cannot be used.
    """
    label, data = display_label(name), _encoded(text)
    document = _document(data, label, PROFILES_BYTES)
    if not isinstance(document, dict) or "profiles" not in document:
        return [_profile(document, label, data)], []
    listed = document["profiles"]
    if len(document) > 1 or not isinstance(listed, list) or not listed:
        raise _refused(label, "profile.form", N_("{name}: `profiles` is a list of objects, and stands alone."))
    if len(listed) > PROFILES_MAX:
        found = {"found": f"{len(listed):,}", "limit": f"{PROFILES_MAX:,}"}
        raise _refused(label, "profile.too_many", N_("{name}: {found} profiles; the limit is {limit}."), **found)
    return _each(listed, label)


def _each(listed: list[Any], label: str) -> tuple[list[UserProfile], list[Refusal]]:
    profiles: list[UserProfile] = []
    refused: list[Refusal] = []
    unnamed = 0
    for number, one in enumerate(listed, 1):
        try:
            profiles.append(_profile(one, f"{label} {number}", json.dumps(one, sort_keys=True).encode()))
        except InputRefused as error:
            if len(refused) < REFUSED_KEPT:
                refused.append(error.refusal(f"{label} {number}"))
            else:
                unnamed += 1
    if unnamed:
        others = Message(N_("{name}: others that were not taken: {count}."), {"name": label, "count": unnamed})
        refused.append(Refusal(label, "profile.others", others, Message(_HINT)))
    return profiles, refused


def _encoded(text: str | bytes) -> bytes:
    return text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text


def _document(data: bytes, label: str, limit: int) -> Any:
    if len(data) > limit:
        template = N_("{name}: the profile is longer than {limit} MB.")
        raise _refused(label, "profile.too_long", template, limit=limit // 2**20)
    try:
        # Numbers stay as they were written: 007 is no JSON, and 1e3 is the id "1e3".
        return json.loads(data, parse_int=str, parse_float=str, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        raise _refused(label, "profile.json", N_("{name}: this is no JSON.")) from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose fields stand there once; of two lists one would be lost without a word."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a field stands there twice")
    return found


def _profile(found: Any, label: str, data: bytes) -> UserProfile:
    if not isinstance(found, dict):
        raise _refused(label, "profile.form", N_("{name}: an object with lists of ids is needed."))
    if unknown := sorted(set(found) - set(FIELDS)):
        template = N_("{name}: there is no field {field}; there are: {fields}.")
        raise _refused(label, "profile.field", template, field=display_label(unknown[0]), fields=", ".join(FIELDS))
    user = found.get("user_id", "")
    if not isinstance(user, str) or len(user) > ID_LENGTH or not _is_text(user):
        raise _refused(label, "profile.form", N_("{name}: the id of a user is one text."))
    lists = {field: _ids(found.get(field, []), label) for field in ("liked", "removed")}
    return UserProfile(label, lists["liked"], lists["removed"], user.strip(), hashlib.sha256(data).hexdigest())


def _ids(value: Any, label: str) -> tuple[str, ...]:
    if not isinstance(value, list) or len(value) > ITEMS_MAX:
        template = N_("{name}: ids stand in a list of at most {limit}.")
        raise _refused(label, "profile.form", template, limit=ITEMS_MAX)
    if not all(isinstance(one, str) and 0 < len(one.strip()) <= ID_LENGTH and _is_text(one) for one in value):
        raise _refused(label, "profile.form", N_("{name}: an id is a text that is not empty."))
    return tuple(one.strip() for one in value)


def _is_text(value: str) -> bool:
    """Whether it can be written down: half of a surrogate pair is no character."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _refused(label: str, code: str, template: str, **values: object) -> InputRefused:
    return InputRefused(code, Message(template, {"name": label, **values}), Message(_HINT))
