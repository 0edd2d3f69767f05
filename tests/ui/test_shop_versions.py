"""The page of recommendations with versions of other data: one's own catalogue, a roll back, the model room."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core import access
from core.store.registry import registry
from core.tasks.recommendation.config import RecommendationConfig
from core.tasks.recommendation.task import TASK
from core.training.run import ListedRun
from tests.recommendation_sets import clubs
from tests.ui.shop_page import (
    SLUG,
    Open,
    ahead_of,
    checked,
    choose,
    drawn,
    listed,
    press,
    visitor,
)
from tests.ui.test_house import words

pytestmark = pytest.mark.slow


@pytest.fixture
def another_shop(home: Path, tmp_path: Path) -> int:
    """A version of other data, in use: titles that are no Markdown, no pictures, nothing measured about variety."""
    interactions = clubs(tmp_path)
    titles = tuple(f"{title} **<b>x</b>**" for title in interactions.catalogue.titles)
    interactions = replace(interactions, catalogue=replace(interactions.catalogue, titles=titles), name="mine.csv")
    config = RecommendationConfig(tune=False, compare=False, map_items=0, regularisation=5.0)
    (tmp_path / "run").mkdir()
    folder = TASK.train_on(config, interactions, ListedRun(tmp_path / "run"), ("train", "evaluate"))
    (folder / "tradeoff.json").unlink()
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    (folder / "manifest.json").write_text(json.dumps({**manifest, "files": {}}, indent=1) + "\n", encoding="utf-8")
    number = registry().register(SLUG, folder, verify=lambda _: None, name="mine").number
    registry().promote(SLUG, number)
    return number


def test_a_version_of_other_data_has_the_same_page(opened: Open, another_shop: int) -> None:
    page = press(opened("answer"), "wall.000")
    assert "was not measured for this version" in words(page) and "<b>x" not in words(page)
    assert "invented" not in words(page)
    assert "&lt;b&gt;x" in drawn(page) and " % " in drawn(page)
    assert "In common" in words(press(page, f"list.look.{listed(page)[0]}"))
    assert not page.get("imgs"), "there is no picture of what is not from our shop"
    page = choose(page, "segmented_control", "shop.view", "sides")
    (figures,) = [frame.value for frame in page.dataframe]
    assert list(figures["Model"]) == ["EASE, version 1", "Popularity", "EASE, version bundled"]
    assert "Nothing is known of this user" in words(page), "no item of these data is one of the bundled version's"
    assert "has a place on the map" in opened("catalogue").info[0].value
    page = opened("quality")
    assert "mine\\.csv" in words(page)
    page = choose(page, "segmented_control", "quality_view", "variety")
    assert "was not measured" in page.info[0].value


def test_a_roll_back_brings_the_shop_back_and_forgets_what_was_of_the_other_catalogue(
    opened: Open, another_shop: int
) -> None:
    page = choose(press(opened("answer"), "wall.000"), "segmented_control", "shop.who", "known")
    page = press(choose(page, "text_input", "wall.search", "thing 1"), "wall.001")
    assert visitor(page).user_id and visitor(page).liked == ["001"]
    registry().rollback(SLUG, expected=another_shop)
    page = checked(page.run())
    assert "customers are invented" in words(page)
    assert not visitor(page).user_id and not visitor(page).liked
    assert page.text_input(key=f"{SLUG}.wall.search").value == "" and len(listed(page)) == 10


def test_a_version_without_a_replay_says_so(opened: Open, another_shop: int) -> None:
    page = choose(opened("quality"), "segmented_control", "quality_view", "replay")
    assert [metric.label for metric in page.metric][-2:] == ["Version 1 \\(mine\\)", "Difference"]
    (registry().resolve(SLUG).path / "replay.json").unlink()
    page = choose(opened("quality"), "segmented_control", "quality_view", "replay")
    assert "was not replayed" in page.info[0].value


def test_viewers_borrow_nobody_of_data_that_somebody_sent(
    opened: Open, another_shop: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def offered(page: AppTest) -> bool:
        return any(control.key == f"{SLUG}.shop.who" for control in page.segmented_control)

    assert offered(opened("answer"))
    monkeypatch.setattr(access, "allowed", lambda role: role == "viewer")
    page = opened("answer")
    assert not offered(page) and len(listed(press(page, "wall.000"))) == 10
    assert not opened("catalogue").get("download_button")


def test_the_model_room_judges_a_version_against_the_one_in_use(
    open_page: Callable[..., AppTest], opened: Open, another_shop: int
) -> None:
    page = open_page("models", **{"models.sector": SLUG})
    page.session_state["models.sector"] = SLUG
    page = checked(page.run())
    page = choose(page, "selectbox", "room_version", "bundled")
    page = press(page, "room_promote")
    assert f"beats popularity by {ahead_of('popularity').value:+.4f}" in words(page)
