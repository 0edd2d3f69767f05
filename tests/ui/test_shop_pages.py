"""The page of recommendations: five clicks, not for me, sliders, models side by side, the map, in both languages."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.errors import StoreError
from core.serving import recommending, warmup
from core.store import removals
from core.training.list_replay import read_replays
from core.training.ranking_views import figure_of
from core.ui.figures import stored_evaluation
from core.ui.shop_options import trade_offs_of
from tests.ui.shop_page import (
    SLUG,
    Open,
    ahead_of,
    bundled,
    checked,
    choose,
    drawn,
    interval,
    linked,
    listed,
    press,
    visitor,
)
from tests.ui.test_house import words

FIVE = ("0067", "0250", "0216", "0145", "0334")
pytestmark = pytest.mark.slow


def test_the_list_changes_with_every_click_and_says_why(opened: Open) -> None:
    page = opened("answer")
    assert "Nothing is known of this user" in page.info[0].value and len(listed(page)) == 10
    assert "customers are invented" in words(page)
    assert " %" not in drawn(page), "popularity has no reasons"
    seen = [listed(page)]
    for item in FIVE:
        page = press(page, f"wall.{item}")
        assert item not in listed(page)
        seen.append(listed(page))
    assert len({tuple(one) for one in seen}) == 6
    assert not page.info and " % Classic cake tin" in drawn(page)
    first = listed(page)[0]
    page = press(page, f"list.look.{first}")
    assert "In common" in words(page) and "category_zh" not in words(page) + drawn(page)
    page = press(page, f"list.look.{first}")
    page = press(page, f"wall.{FIVE[4]}")
    assert listed(page) == seen[4], "a second click takes it back"
    page = press(page, "shop.again")
    assert listed(page) == seen[0] and not visitor(page).liked


def test_not_for_me_changes_the_list_at_once_and_is_stored(opened: Open) -> None:
    page = press(opened("answer"), f"wall.{FIVE[0]}")
    before = listed(page)
    page = press(page, f"list.remove.{before[1]}")
    assert listed(page)[:9] == [before[0], *before[2:]]
    (entry,) = removals.removals(SLUG)
    assert (entry.item, entry.rank, entry.version, list(entry.liked)) == (before[1], 2, "bundled", [])
    page = choose(page, "checkbox", "shop.keep", True)
    page = press(page, f"list.remove.{before[0]}")
    assert list(removals.removals(SLUG)[0].liked) == [FIVE[0]]
    assert "Not for me: 2" in words(page)
    page = press(page, f"list.back.{before[1]}")
    assert listed(page)[0] == before[1]
    assert [entry.item for entry in removals.removals(SLUG)] == [before[0]]


def test_what_cannot_be_stored_is_said_and_gone_from_the_list_all_the_same(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise StoreError("removals.full", "There are too many.")

    page = opened("answer")
    first = listed(page)[0]
    monkeypatch.setattr(removals, "add", full)
    page.button(key=f"{SLUG}.list.remove.{first}").click()
    page.run()
    assert "removals\\.full" in page.error[0].value and first not in listed(page)
    assert not checked(page.run()).error, "it is said once"


def test_a_known_user_brings_his_history_and_clicks_add_to_it(opened: Open) -> None:
    page = choose(press(opened("answer"), f"wall.{FIVE[0]}"), "segmented_control", "shop.who", "known")
    who = visitor(page)
    assert who.user_id and not who.liked, "the clicks were another user's"
    assert " more</span>" in drawn(page) and " % " in drawn(page)
    page = press(page, f"wall.{FIVE[1]}")
    assert visitor(page).user_id == who.user_id and visitor(page).liked == [FIVE[1]]
    page = press(page, "shop.again")
    assert visitor(page).user_id == who.user_id and not visitor(page).liked, "his own history again"
    page = choose(page, "segmented_control", "shop.who", "new")
    assert not visitor(page).user_id and visitor(page).liked == [FIVE[0]], "the new user's clicks were kept"


def test_a_link_brings_the_clicks_back_and_passes_over_what_is_unknown(opened: Open, home: Path) -> None:
    page = opened("answer")
    for item in FIVE[:2]:
        page = press(page, f"wall.{item}")
    assert page.query_params["liked"] == "~".join(FIVE[:2]) and "user" not in page.query_params
    again = linked(liked=f"{FIVE[1]}~no such item~{FIVE[0]}")
    assert visitor(again).liked == [FIVE[1], FIVE[0]]
    user = str(recommending.shelf(SLUG).users[7])
    borrowed = linked(user=user, data=recommending.shelf(SLUG).fingerprint[:8])
    assert visitor(borrowed).user_id == user
    other = linked(liked=FIVE[0], user=user, data="00000000")
    assert not visitor(other).liked and not visitor(other).user_id, "of other data an id is somebody else"
    assert borrowed.selectbox(key=f"{SLUG}.shop.known").value == user


def test_the_last_removal_is_taken_back_where_it_happened(opened: Open) -> None:
    page = press(opened("answer"), f"wall.{FIVE[0]}")
    before = listed(page)
    page = press(page, f"list.remove.{before[2]}")
    page = press(page, "list.undo")
    assert listed(page) == before and not removals.removals(SLUG)
    for item in before[:3]:
        page = press(page, f"list.remove.{item}")
    page = press(page, "list.back_all")
    assert listed(page) == before


def test_what_is_out_of_stock_says_so_on_the_wall(opened: Open) -> None:
    shelf = recommending.shelf(SLUG)
    gone = next(item for item in shelf.places if item not in shelf.stocked)
    page = choose(opened("answer"), "text_input", "wall.search", shelf.catalogue.titles[shelf.places[gone]])
    assert "out of stock" in words(page)
    page = press(choose(page, "text_input", "wall.search", "!!"), "wall.clear")
    assert page.text_input(key=f"{SLUG}.wall.search").value == ""


def test_the_sliders_say_what_they_cost_and_change_the_list(opened: Open) -> None:
    page = press(opened("answer"), f"wall.{FIVE[0]}")
    assert "Ranked by score alone" in words(page)
    plain = listed(page)
    page = choose(page, "select_slider", "shop.diversity", 0.6)
    assert listed(page) != plain and "NDCG@10 changes by -0.0" in words(page)
    page = choose(page, "select_slider", "shop.novelty", 0.8)
    assert f"{trade_offs_of(bundled())[0.0, 0.0].metrics['ndcg_at_10'].value:.3f} → **" in words(page)
    assert " to -0." in words(page)


def test_filters_leave_what_they_say(opened: Open) -> None:
    shelf = recommending.shelf(SLUG)
    cells = shelf.catalogue.attributes
    page = choose(press(opened("answer"), f"wall.{FIVE[0]}"), "selectbox", "shop.category", "Tea")
    assert {cells["category"][shelf.places[item]] for item in listed(page)} == {"Tea"}
    page = choose(page, "toggle", "shop.stocked", True)
    assert {cells["in_stock"][shelf.places[item]] for item in listed(page)} == {"yes"}
    assert "with these filters were not measured" in words(page)
    page = choose(page, "selectbox", "shop.category", cells["category"][shelf.places[FIVE[0]]])
    assert FIVE[0] not in listed(page)
    everything = choose(page, "toggle", "shop.hide", False)
    assert len(listed(everything)) == 10


def test_the_wall_is_searched_in_both_languages(opened: Open) -> None:
    page = choose(opened("answer"), "text_input", "wall.search", "classic TEAPOT")
    (only,) = [button for button in page.button if (button.key or "").startswith(f"{SLUG}.wall.")]
    assert only.label == "Classic teapot" and "most taken first: 1" in words(page)
    page = choose(page, "text_input", "wall.search", "茶壶")
    assert "most taken first: 5" in words(page)
    page = choose(page, "text_input", "wall.search", "<b>**no such thing")
    assert "Nothing in the catalogue is called that" in words(page)


def test_models_stand_side_by_side_with_popularity_always_among_them(opened: Open) -> None:
    page = press(opened("answer"), f"wall.{FIVE[0]}")
    page = choose(page, "segmented_control", "shop.view", "sides")
    (figures,) = [frame.value for frame in page.dataframe]
    assert list(figures["Model"]) == ["EASE, version bundled", "Popularity", "Nearest items"]
    stored = stored_evaluation(bundled())
    assert stored is not None
    shown = [figure_of(stored, kind) for kind in ("ease", "popularity", "item_knn")]
    assert list(figures["NDCG@10"]) == [interval(metric) for metric in shown if metric is not None]
    assert figures["Same items as the first"][0] == 10
    page = choose(page, "selectbox", "shop.third", "")
    (figures,) = [frame.value for frame in page.dataframe]
    assert list(figures["Model"]) == ["EASE, version bundled", "Popularity"]


def test_a_closer_look_has_all_reasons_and_like_items(opened: Open) -> None:
    page = press(opened("answer"), f"wall.{FIVE[0]}")
    first = listed(page)[0]
    page = press(page, f"list.look.{first}")
    assert "the shares are exact" in words(page) and "Most like it" in words(page)
    similar = [button for button in page.button if f".similar.{first}." in (button.key or "")]
    assert len(similar) == recommending.SIMILAR
    page = press(page, f"list.look.{first}")
    assert "Most like it" not in words(page)


def test_items_that_nobody_took_are_offered_by_attributes_and_said_to_be(opened: Open) -> None:
    shelf = recommending.shelf(SLUG)
    new = next(name for name in shelf.catalogue.ids.tolist() if shelf.is_new(name))
    page = choose(opened("answer"), "text_input", "wall.search", shelf.catalogue.titles[shelf.places[new]])
    page = press(page, f"wall.{new}")
    assert "from their attributes alone" in page.info[0].value and len(listed(page)) == 10
    assert "Nobody has taken these yet" in words(page) and "was not measured" in words(page)
    page = choose(opened("catalogue"), "selectbox", "map.item", new)
    assert "like it by their attributes" in words(page) and "Taken by 0 of " in words(page)


def test_the_catalogue_has_a_map_and_any_item(opened: Open) -> None:
    page = opened("catalogue")
    assert len(page.get("plotly_chart")) == 1 and "360 items of Simulated shop" in words(page)
    page = choose(page, "selectbox", "map.category", "Tea")
    page = choose(page, "selectbox", "map.item", "0002")
    assert "Most like it" in words(page) and "By who took them together" in words(page)
    press(page, "one.0002")
    assert visitor(page).liked == ["0002"], "what is liked here counts in the list"


def test_quality_has_every_figure_with_its_source(opened: Open) -> None:
    page = opened("quality")
    assert f"{bundled().manifest['metrics']['n']:,} users" in words(page) and "cut in time at 2025" in words(page)
    assert {metric.label for metric in page.metric} >= {"NDCG@10", "Coverage", "Long tail"}
    (models,) = [frame.value for frame in page.dataframe]
    assert list(models["The version is ahead by"])[2] == interval(ahead_of("popularity"), 4, "+")
    assert f"It beats popularity by {ahead_of('popularity').value:+.4f}" in words(page)
    assert "any plainer kind of model" in words(page)
    for view, shown in (("slices", "≤ 5"), ("variety", "80 %")):
        page = choose(page, "segmented_control", "quality_view", view)
        assert any(shown in frame.value.to_string() for frame in page.dataframe)
    page = choose(page, "segmented_control", "quality_view", "removed")
    assert "Nobody has taken anything out" in page.info[0].value
    removals.add(recommending.shelf(SLUG).model, "0001", 1)
    assert "Everyday teapot" in checked(page.run()).dataframe[0].value.to_string()


def test_a_replay_is_said_to_be_no_uplift(opened: Open) -> None:
    page = choose(opened("quality"), "segmented_control", "quality_view", "replay")
    assert [metric.label for metric in page.metric][-3:] == ["Popularity", "Bundled model", "Difference"]
    found = read_replays(bundled().path)
    assert page.metric[-1].value == f"{100 * found['popularity'].difference.value:+.1f}"
    assert "A replay is no uplift" in words(page) and "not by chance" in words(page)
    assert f"{found['popularity'].events:,} events" in words(page)
    page = choose(page, "segmented_control", "replay_other.bundled", "Nearest items")
    assert page.metric[-1].value == f"{100 * found['item_knn'].difference.value:+.1f}"


def test_users_are_parted_in_several_ways_and_so_is_what_they_wanted(opened: Open) -> None:
    page = choose(opened("quality"), "segmented_control", "quality_view", "slices")
    page = choose(page, "segmented_control", "slice_by", "favourite")
    (parts,) = [frame.value for frame in page.dataframe]
    assert "Tea" in list(parts["Part"]) and parts["Users"].sum() == bundled().manifest["metrics"]["n"]
    page = choose(page, "segmented_control", "slice_by", "wanted")
    (parts,) = [frame.value for frame in page.dataframe]
    assert list(parts["Found among the first ten"])[2] == "0.000 [0.000, 0.000]", "nobody had taken these before"


def test_the_card_is_in_words_and_its_file_can_be_taken_away(opened: Open) -> None:
    page = opened("card")
    said = words(page)
    assert ("It is **not** shown to be better than: Nearest items." in said) == (ahead_of("item_knn").low <= 0)
    manifest = bundled().manifest
    assert f"Half-life in items {manifest['chosen']['half_life']:g} ({len(manifest['tried'])} settings tried)" in said
    replayed = read_replays(bundled().path)["popularity"]
    assert "Groups of people" in said and f"| Popularity | {replayed.events:,} |" in said
    assert len(page.get("download_button")) == 1


@pytest.mark.parametrize("view", ["answer", "catalogue", "quality", "card"])
def test_every_part_opens_by_its_link_in_chinese(
    home: Path, open_page: Callable[..., AppTest], view: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(warmup, "state", lambda: warmup.WarmUp("ready", 1.0))
    page = checked(open_page(SLUG, view=view, lang="zh"))
    if view == "answer":
        titles = [button.label for button in page.button if (button.key or "").startswith(f"{SLUG}.wall.")]
        assert titles and all(any("\u4e00" <= sign <= "\u9fff" for sign in title) for title in titles)
