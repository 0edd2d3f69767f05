"""Users that a program asks about: profiles as JSON, read by the same intake as those of the command line."""

from __future__ import annotations

from typing import Any, Final

from core.answers_lists import lists_document
from core.contracts import N_, Message, RankingOptions
from core.errors import InputRefused
from core.intake.profiles import read_profiles

LISTED_MAX: Final = 5_000
"""Items of all lists of one request; each comes with what every item of its user's adds."""


def answer_profiles(slug: str, ref: str, options: RankingOptions, name: str, data: bytes) -> dict[str, Any]:
    """What a version lists for the users of a JSON document, as JSON.

    Raises:
        AccessRefused: A profile names a user of data that somebody sent, which is for trainers alone.
        InputRefused: No profile can be used, or they are too many.
    """
    from core.serving.recommending import recommend_to
    from core.store import audit

    try:
        profiles, refused = read_profiles(data, name)
        if not profiles:
            raise InputRefused(refused[0].code, refused[0].message, refused[0].hint)
        if len(profiles) * options.k > LISTED_MAX:
            raise _too_many(len(profiles), options.k)
    except InputRefused as error:
        audit.note_refused(slug, [error.code])
        raise
    return lists_document(slug, profiles, recommend_to(slug, profiles, options, ref), refused)


def _too_many(profiles: int, k: int) -> InputRefused:
    found = {"profiles": profiles, "k": k, "limit": LISTED_MAX}
    template = N_("{profiles} profiles with lists of {k} are more than the {limit} items of one request.")
    return InputRefused("api.too_many_rows", Message(template, found), N_("Send them in several requests."))
