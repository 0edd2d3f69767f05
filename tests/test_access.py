from __future__ import annotations

import pytest

from core import access
from core.access import LOCAL, ROLES, AccessRefused, Actor, acting_as, current, require


def test_without_a_page_the_local_program_asks():
    assert current() == LOCAL


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("needed", ROLES)
def test_a_role_may_do_what_lower_ones_may(role, needed):
    with acting_as(Actor("somebody", role)):
        if ROLES.index(role) >= ROLES.index(needed):
            assert require(needed).id == "somebody"
        else:
            with pytest.raises(AccessRefused, match=f"needs the role {needed}; yours is {role}"):
                require(needed)
    assert current() == LOCAL


def test_a_source_is_asked_unless_somebody_is_named(monkeypatch):
    monkeypatch.setattr(access, "_sources", [])
    access.ask_source(lambda: None)
    assert current() == LOCAL
    access.ask_source(lambda: Actor("visitor", "viewer"))
    assert current().role == "viewer"
    with acting_as(LOCAL):
        assert current() == LOCAL
