"""What visitors take out of lists: stored without their items unless agreed, theirs alone, taken back, limited."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from core.access import Actor, acting_as
from core.contracts import ModelRef
from core.errors import StoreError
from core.settings import settings
from core.store import audit, removals
from core.store.database import open_store
from core.store.schema import removals as table
from tests.house import House

MODEL = ModelRef("fake", "3", "ease", "a" * 64)
VIEWER, OTHER = Actor("visitor-1", "viewer"), Actor("visitor-2", "viewer")


def test_an_item_is_stored_with_its_place_and_nothing_of_the_visitor(house: House) -> None:
    with acting_as(VIEWER):
        removals.add(MODEL, "0007", 3)
    (entry,) = removals.removals("fake")
    assert (entry.item, entry.rank, entry.version, entry.liked) == ("0007", 3, "3", [])
    assert removals.removals("another") == []


def test_his_items_are_kept_when_he_agrees_and_emptied_after_a_while(house: House) -> None:
    removals.add(MODEL, "0007", 1, ("0001", "0002"))
    removals.add(MODEL, "0008", 1, [str(number) for number in range(500)])
    newest, first = removals.removals("fake")
    assert list(first.liked) == ["0001", "0002"]
    assert len(newest.liked) == removals.LIKED_MAX and newest.liked[-1] == "499"
    old = datetime.now(UTC) - timedelta(days=settings().correction_days + 1)
    with open_store().write() as connection:
        connection.execute(update(table).where(table.c.item == "0007").values(created=old))
    newest, first = removals.removals("fake")
    assert list(first.liked) == [] and len(newest.liked) == removals.LIKED_MAX
    assert removals.sweep() == 0


def test_a_second_word_replaces_the_first_and_everybody_has_his_own(house: House) -> None:
    with acting_as(VIEWER):
        removals.add(MODEL, "0007", 1)
        removals.add(MODEL, "0007", 2)
        assert [entry.rank for entry in removals.removals("fake")] == [2]
    with acting_as(OTHER):
        assert removals.removals("fake") == []
        removals.add(MODEL, "0007", 5)
        removals.add(MODEL, "0009", 1)
        removals.withdraw("fake", "0007")
        removals.withdraw("fake", "never said")
    assert removals.most_removed("fake") == [("0007", 1), ("0009", 1)], "only his own entry went"


def test_the_log_tells_of_both_and_names_no_item(house: House) -> None:
    with acting_as(VIEWER):
        removals.add(MODEL, "secret-item", 1, ("0001",))
        removals.withdraw("fake", "secret-item")
    entries = audit.entries(10)
    assert [entry.action for entry in reversed(entries)] == ["remove", "remove.undo"]
    assert "secret-item" not in repr(entries) and all(entry.input_hmac for entry in entries)
    assert removals.removals("fake") == []


def test_there_is_an_end_to_it(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VITRINE_CORRECTION_LIMIT", "2")
    settings.cache_clear()
    for item in ("1", "2", "2"):
        removals.add(MODEL, item, 1)
    with pytest.raises(StoreError) as refused:
        removals.add(MODEL, "3", 1)
    assert refused.value.code == "removals.full"
    assert len(removals.removals("fake")) == 2


def test_an_id_longer_than_what_is_kept_is_deleted_too(house: House) -> None:
    name = "x" * (removals.ITEM_LENGTH + 50)
    removals.add(MODEL, name, 1)
    removals.withdraw(MODEL.sector, name)
    assert removals.removals(MODEL.sector) == []
