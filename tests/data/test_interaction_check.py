"""The data check of interactions, and the first look at them: what is counted, what is warned of, what is guessed."""

from __future__ import annotations

import gzip
from pathlib import Path

import pandas as pd
import pytest

from core.data.interaction_check import InteractionReport, WantedSplit, check_interactions, prepared
from core.data.interaction_glance import HEAD_BYTES, glance
from core.data.read_interactions import read_interactions
from core.errors import InputRefused
from tests.recommendation_sets import write_clubs, write_items


def checked(path: Path, **columns: str) -> InteractionReport:
    return check_interactions(read_interactions(path, columns), WantedSplit())


def said(report: InteractionReport) -> str:
    return " ".join(str(message) for message in (*report.warnings, *report.blocking))


def rows(path: Path, lines: list[str], header: str = "user_id,item_id") -> Path:
    path.write_text("\n".join([header, *lines]))
    return path


def test_what_is_there_is_counted(tmp_path: Path) -> None:
    write_clubs(tmp_path / "ratings.csv")
    write_items(tmp_path / "items.csv")
    report = checked(tmp_path)
    assert (report.users, report.items, report.taken, report.repeated, report.single) == (90, 26, 24, 0, 0)
    assert report.density == pytest.approx(report.interactions / (90 * 24))
    assert report.split is not None and report.split.kind == "leave_last" and report.measured == 90
    assert report.zeros == 90 + 24 and report.columns == ("club", "colour")
    assert report.possible == ("auto", "leave_last", "time", "random")
    assert said(report) == "Only 90 users are measured: the intervals will be wide."


@pytest.mark.slow
def test_a_catalogue_whose_ids_lost_their_zeros_is_pointed_out(tmp_path: Path) -> None:
    write_clubs(tmp_path / "ratings.csv")
    items = pd.read_csv(write_items(tmp_path / "items.csv"))  # a spreadsheet takes 007 for 7 as well
    items.to_csv(tmp_path / "items.csv", index=False)
    assert "24 of 24 items that were taken are not in the table of items; 24 of them" in said(checked(tmp_path))
    items["item_id"] += 5000
    items.to_csv(tmp_path / "items.csv", index=False)
    assert "Is its id the right one?" in said(checked(tmp_path))


def test_users_with_one_item_and_items_of_everybody_are_warned_of(tmp_path: Path) -> None:
    alone = [f"u{n},i{n % 7}" for n in range(100)]
    report = checked(rows(tmp_path / "a.csv", [*alone, *(f"v{n},i{i}" for n in range(30) for i in (1, 2, 5))]))
    assert report.single == 100 and "100 of 130 users have one interaction" in said(report)
    everybody = checked(
        rows(tmp_path / "b.csv", [f"u{n},{i}" for n in range(60) for i in ("x", f"i{n % 9}", f"j{n % 8}")])
    )
    assert "more than 90% of the users took, which say nothing of a user: 1" in said(everybody)


def test_too_little_blocks_and_says_how_much_there_is(tmp_path: Path) -> None:
    report = checked(rows(tmp_path / "a.csv", [f"u{n},i{n % 2}" for n in range(60)]))
    assert "60 interactions of 60 users with 2 items; too few" in str(report.blocking[0]) and report.split is None


def test_low_ratings_that_are_left_out_may_leave_too_little(tmp_path: Path) -> None:
    path = rows(tmp_path / "a.csv", [f"u{n % 20},i{n % 9},{1 + n % 5}" for n in range(300)], "user,item,rating")
    data = read_interactions(path)
    assert not check_interactions(data, WantedSplit(), 2.0).blocking
    assert "too few to learn from" in str(check_interactions(data, WantedSplit(), 6.0).blocking[0])


@pytest.mark.parametrize("tail", ["", ",good"], ids=["no ratings", "ratings in words"])
def test_nothing_is_left_out_by_ratings_that_are_not_there(tmp_path: Path, tail: str) -> None:
    path = rows(
        tmp_path / "a.csv", [f"u{n % 20},i{n % 9}{tail}" for n in range(300)], "user,item" + ",rating" * bool(tail)
    )
    data = read_interactions(path)
    with pytest.raises(InputRefused, match="there are no ratings") as refused:
        prepared(data, 2.0)
    assert refused.value.code == "interactions.no_ratings"
    assert "there are no ratings" in str(check_interactions(data, WantedSplit(), 2.0).blocking[0])


def test_a_glance_guesses_the_columns_of_both_tables(tmp_path: Path) -> None:
    write_clubs(tmp_path / "ratings.csv")
    write_items(tmp_path / "items.csv")
    seen = glance(tmp_path)
    assert seen.interactions.guess == {"user": "user_id", "item": "item_id", "time": "timestamp"}
    assert seen.interactions.rows["user_id"].iloc[0] == "0000" and len(seen.interactions.rows) == 5
    assert seen.items is not None and seen.items.guess == {"items_id": "item_id", "title": "title"}


def test_a_glance_at_columns_that_say_nothing_leaves_the_guess_open(tmp_path: Path) -> None:
    path = rows(tmp_path / "a.csv", ["1,2", "3,4"], "kunde,artikel")
    assert glance(path).interactions.guess == {}
    with pytest.raises(InputRefused, match="no_user"):
        read_interactions(path)


@pytest.mark.slow
def test_a_glance_reads_the_beginning_of_a_long_file_and_all_of_a_packed_one(tmp_path: Path) -> None:
    lines = [f"user{n},item{n % 50}" for n in range(200_000)]
    path = rows(tmp_path / "a.csv", lines)
    assert path.stat().st_size > HEAD_BYTES
    packed = tmp_path / "b.csv.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()[:5000].rsplit(b"\n", 1)[0]))
    for file in (path, packed):
        assert glance(file).interactions.guess == {"user": "user_id", "item": "item_id"}


def test_a_glance_at_lists_of_ids_shows_pairs(tmp_path: Path) -> None:
    path = tmp_path / "train.txt"
    path.write_text("".join(f"{n} {n + 1} {n + 2} {n + 3}\n" for n in range(40)))
    assert glance(path).interactions.rows.to_numpy().tolist()[:2] == [["0", "1"], ["0", "2"]]


def test_a_folder_is_read_by_the_columns_that_were_named(tmp_path: Path) -> None:
    """Two tables with names and columns of their own, as the line for a terminal names them."""
    loans = write_clubs(tmp_path / "loans.csv")
    loans.write_text(loans.read_text().replace("user_id,item_id", "kunde,artikel"))
    stock = write_items(tmp_path / "stamm.csv")
    stock.write_text(stock.read_text().replace("item_id", "nummer"))
    with pytest.raises(InputRefused, match="there is no table of interactions"):
        read_interactions(tmp_path)
    data = read_interactions(tmp_path, {"user": "kunde", "item": "artikel", "items_id": "nummer"})
    assert data.n_users == 90 and data.n_items == 26 and data.catalogue.titles[0] == "Thing 0"
