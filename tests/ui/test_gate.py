"""The gate on the page: every reason, what broke, and who may promote with and against it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core import access
from core.access import Actor
from core.data import examples
from core.serving import comparison
from core.serving.timing import save_costs
from core.store.registry import registry
from core.store.versions import Version
from core.training.evaluation import save_evaluation
from core.ui import gate
from tests.training.tables import SAME_COSTS, rivals
from tests.ui.checkpoints import LABELS, write_checkpoint
from tests.ui.test_house import words

OpenPage = Callable[..., AppTest]


def register(home: Path, seed: int, evaluation, against: Version | None = None) -> Version:
    folder = write_checkpoint(home / f"staged-{seed}", seed)
    save_evaluation(folder, replace(evaluation, labels=LABELS))
    examples.keep(folder, list(evaluation.table["id"]), np.full((len(evaluation.table["id"]), 32, 32, 1), 90, np.uint8))
    if against is not None:
        save_costs(comparison.baseline_folder(folder, against.sha256), SAME_COSTS)
    return registry().register("medical", folder)


@pytest.fixture
def better(home: Path) -> Version:
    """A challenger that the gate lets pass."""
    old, new = rivals(n=500, old=1.5, new=3.0)
    champion = register(home, 1, old)
    registry().promote("medical", champion.number)
    return register(home, 2, new, against=champion)


@pytest.fixture
def equal(home: Path) -> Version:
    """A challenger of which the gate cannot say that it is better, and that was never timed."""
    old, new = rivals(n=300)
    registry().promote("medical", register(home, 1, old).number)
    return register(home, 2, new)


@pytest.fixture
def role(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """`role("viewer")`: every visitor from now on."""

    def chosen(name: str) -> None:
        monkeypatch.setattr(access, "current", lambda: Actor("somebody", name))  # type: ignore[arg-type]

    yield chosen


@pytest.mark.slow
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_verdict_names_every_reason(open_page: OpenPage, better: Version, lang: str) -> None:
    page = open_page("medical", view="improve", lang=lang)
    assert not page.exception
    said = words(page)
    # Both were tested on one data set, this task has no suite, and its images are neither parts nor lists.
    others = ("home", "suite", "defects", "alike", "pixel_f1", "pro", "alarms", "popularity", "replay")
    asked = {name: title for name, title in gate.CHECKS.items() if name not in others}
    assert said.count(":material/check_circle:") >= len(asked)
    assert page.success
    if lang == "en":
        assert all(title in said for title in asked.values())
        assert "AUROC changes by" in said and "exact McNemar test" in said


@pytest.mark.slow
def test_what_passes_is_promoted_by_a_click_and_the_verdict_is_kept(open_page: OpenPage, better: Version) -> None:
    page = open_page("medical", view="improve")
    page.button(key="medical.promote").click().run()
    assert not page.exception
    assert registry().resolve("medical").number == better.number
    latest = registry().history("medical")[0]
    assert latest.verdict is not None and latest.verdict["result"] == "pass" and latest.verdict["checks"]
    page.button(key="medical.rollback").click().run()
    assert registry().resolve("medical").number != better.number


@pytest.mark.slow
def test_what_was_fixed_and_broken_can_be_looked_at(open_page: OpenPage, better: Version) -> None:
    page = open_page("medical", view="improve")
    page.session_state["medical.changed"] = "broke"
    page.run()
    assert not page.exception
    assert "before, as" in words(page)
    fixed, broke = (int(metric.value) for metric in page.metric if metric.label in ("Fixed", "Broke"))
    shown = [caption for caption in page.caption if "before, as" in caption.value]
    assert fixed > broke and len(shown) == min(broke, 12)


@pytest.mark.slow
def test_against_the_gate_a_reason_is_needed(open_page: OpenPage, equal: Version) -> None:
    page = open_page("medical", view="improve")
    assert not page.exception
    assert page.warning
    page.button(key="medical.promote").click().run()
    assert registry().resolve("medical").number != equal.number
    drawn = [entry.type for entry in page.main]
    assert "Say why" in page.error[0].value and drawn.index("error") > drawn.index("text_area"), "it stands at the box"
    page.text_area(key="medical.reason").input("It is smaller, and as good in our tests.")
    page.button(key="medical.promote").click().run()
    assert not page.exception
    assert registry().resolve("medical").number == equal.number
    latest = registry().history("medical")[0]
    assert latest.reason == "It is smaller, and as good in our tests."
    assert page.text_area(key="medical.reason").value == "", "the next promotion needs its own reason"
    assert latest.verdict is not None and latest.verdict["result"] == "undecided"


@pytest.mark.slow
def test_speed_can_be_measured_where_it_was_not(open_page: OpenPage, equal: Version, monkeypatch) -> None:
    champion = registry().resolve("medical")

    def measured(one: Version, other: Version):
        comparison._measured[one.sha256, other.sha256] = SAME_COSTS
        return SAME_COSTS

    monkeypatch.setattr(comparison, "measure_costs", measured)
    page = open_page("medical", view="improve")
    assert "were not measured side by side" in words(page)
    page.button(key="medical.measure_costs").click().run()
    assert not page.exception
    assert "10.0 ms instead of 10.0 ms" in words(page)
    del comparison._measured[champion.sha256, equal.sha256]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "against", "through"), [("viewer", False, False), ("presenter", False, True)])
def test_roles_see_what_they_may_do(
    open_page: OpenPage, equal: Version, role, name: str, against: bool, through: bool
) -> None:
    role(name)
    page = open_page("medical", view="improve")
    assert not page.exception
    keys = {button.key for button in page.button}
    assert ("medical.promote" in keys) is against
    assert ("medical.rollback" in keys) is through
    assert "needs the role admin" in words(page)


@pytest.mark.slow
def test_presenter_may_promote_what_passed(open_page: OpenPage, better: Version, role) -> None:
    role("presenter")
    page = open_page("medical", view="improve")
    page.button(key="medical.promote").click().run()
    assert registry().resolve("medical").number == better.number


@pytest.mark.slow
def test_model_room_asks_the_gate_too(open_page: OpenPage, better: Version) -> None:
    page = open_page("models")
    page.button(key="medical.room_promote").click().run()
    assert not page.exception
    assert "AUROC changes by" in words(page)
    page.button(key="medical.room.promote").click().run()
    assert not page.error and registry().resolve("medical").number == better.number
