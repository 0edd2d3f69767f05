"""Profiles from JSON: ids stay as they are written, everything else is refused with a code."""

from __future__ import annotations

import pytest

from core.errors import InputRefused
from core.intake.profiles import read_profile


def test_ids_are_kept_as_written() -> None:
    profile = read_profile('{"liked": ["007", 12, " 5 "], "removed": [1e3], "user_id": "u"}')
    assert profile.liked == ("007", "12", "5")
    assert profile.removed == ("1e3",)
    assert profile.user_id == "u"


def test_nothing_is_a_profile_too() -> None:
    assert read_profile("{}").liked == ()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("liked: 1", "profile.json"),
        ("[1, 2]", "profile.form"),
        ('{"likes": ["1"]}', "profile.field"),
        ('{"liked": "1"}', "profile.form"),
        ('{"liked": [["1"]]}', "profile.form"),
        ('{"liked": [true]}', "profile.form"),
        ('{"liked": [""]}', "profile.form"),
        ('{"user_id": ["1"]}', "profile.form"),
        ("[" * 100_000, "profile.json"),
        (b"\xff\xfe{", "profile.json"),
        ('{"liked": ["' + "x" * 2**20 + '"]}', "profile.too_long"),
    ],
)
def test_others_are_refused(text: str | bytes, code: str) -> None:
    with pytest.raises(InputRefused) as refused:
        read_profile(text)
    assert refused.value.code == code
    assert str(refused.value.hint).startswith('An example: {"liked"')
