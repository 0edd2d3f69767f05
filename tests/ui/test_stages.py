"""Which of its stages a training is in."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from core.ui.stages import stage_number

FIRST = ["read", "look", "suspects", "remember", "hold_out"]


@pytest.mark.parametrize(
    ("begun", "number"),
    [
        (FIRST[:1], 1),
        (FIRST, 5),
        ([*FIRST, "look"], 6),
        ([*FIRST, "evaluate"], 8),
        ([*FIRST, "evaluate", "compare", "register"], 11),
        ([*FIRST, *FIRST[:2]], 2),
    ],
    ids=["first", "limit", "second network", "without it", "last", "begun again"],
)
def test_stages_of_parts_are_counted(begun: list[str], number: int) -> None:
    assert stage_number("defects", begun) == f"stage {number} of at most 11"


def test_stages_of_lists_are_counted() -> None:
    assert stage_number("recommendations", ["read", "train", "map", "evaluate"]) == "stage 4 of at most 7"


@pytest.mark.parametrize(
    ("slug", "begun"), [("defects", []), ("defects", ["compress", "compare"]), ("medical", ["read"])]
)
def test_what_is_to_come_elsewhere_is_not_known(slug: str, begun: list[str]) -> None:
    assert stage_number(slug, begun) == ""


def test_progress_says_which_stage_it_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    from core.ui import live

    said: list[str] = []
    monkeypatch.setattr(live.st, "progress", lambda share, text: said.append(text))
    events = [SimpleNamespace(kind="stage", data={"stage": name}, time=datetime.now(UTC)) for name in FIRST]
    record = SimpleNamespace(status="running", stage="hold_out", sector="defects", total=0, step=0)
    live.show_progress(record, events)  # type: ignore[arg-type]
    record.total, record.step = 20, 1
    live.show_progress(record, events)  # type: ignore[arg-type]
    assert [" (stage 5 of at most 11)" in text for text in said] == [True, True] and said[1].endswith(": 1 of 20")
