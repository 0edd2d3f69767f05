"""Profiles from JSON: ids stay as they are written, everything else is refused with a code."""

from __future__ import annotations

import pytest

from core.errors import InputRefused
from core.intake.profiles import PROFILES_BYTES, PROFILES_MAX, REFUSED_KEPT, read_profile, read_profiles


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
        ('{"liked": ["1"], "liked": ["2"]}', "profile.json"),
        ('{"liked": ["\\ud800"]}', "profile.form"),
        ('{"user_id": "\\udfff"}', "profile.form"),
        ('{"profiles": [{}]}', "profile.field"),
    ],
)
def test_others_are_refused(text: str | bytes, code: str) -> None:
    with pytest.raises(InputRefused) as refused:
        read_profile(text)
    assert refused.value.code == code
    assert str(refused.value.hint).startswith('An example: {"liked"')


def test_one_and_several_are_told_apart() -> None:
    alone, none = read_profiles('{"liked": ["1"]}', "mine")
    assert ([profile.name for profile in alone], none) == (["mine"], [])
    several, refused = read_profiles('{"profiles": [{"liked": ["1"]}, {"liked": "1"}, 5, {}]}', "mine")
    assert [(profile.name, profile.liked) for profile in several] == [("mine 1", ("1",)), ("mine 4", ())]
    assert [(row.name, row.code) for row in refused] == [("mine 2", "profile.form"), ("mine 3", "profile.form")]
    assert several[0].sha256 != several[1].sha256


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('{"profiles": []}', "profile.form"),
        ('{"profiles": {}}', "profile.form"),
        ('{"profiles": [{}], "liked": []}', "profile.form"),
        ('{"liked": 1}', "profile.form"),
        (b" " * (PROFILES_BYTES + 1), "profile.too_long"),
        ('{"profiles": [{}' + ",1" * PROFILES_MAX + "]}", "profile.too_many"),
    ],
)
def test_other_lists_are_refused(text: str | bytes, code: str) -> None:
    with pytest.raises(InputRefused) as refused:
        read_profiles(text)
    assert refused.value.code == code


def test_of_many_refusals_the_first_are_named_and_the_others_counted() -> None:
    several, refused = read_profiles('{"profiles": [{}' + ",1" * (PROFILES_MAX - 1) + "]}", "mine")
    assert len(several) == 1 and len(refused) == REFUSED_KEPT + 1
    assert (refused[0].name, refused[-1].code) == ("mine 2", "profile.others")
    assert str(refused[-1].message) == f"mine: others that were not taken: {PROFILES_MAX - 1 - REFUSED_KEPT}."
