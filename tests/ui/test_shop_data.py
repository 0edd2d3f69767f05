"""Interactions of a visitor's own: columns guessed and put right, checked in plain words, the command for the same."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.serving import warmup
from tests.recommendation_sets import write_clubs, write_items
from tests.ui.test_house import words

SLUG = "recommendations"
pytestmark = pytest.mark.slow


@pytest.fixture
def improve(open_page: Callable[..., AppTest], monkeypatch: pytest.MonkeyPatch) -> AppTest:
    monkeypatch.setattr(warmup, "state", lambda: warmup.WarmUp("ready", 1.0))
    monkeypatch.setenv("VITRINE_DATA", "")
    return checked(open_page(SLUG, view="improve"))


def checked(page: AppTest) -> AppTest:
    assert not page.exception, [entry.value for entry in page.exception]
    return page


def send(page: AppTest, name: str, content: bytes, items: bytes | None = None) -> AppTest:
    page.session_state[f"{SLUG}.data"] = "upload"
    page.run()
    boxes = {box.key: box for box in page.file_uploader}
    boxes[f"{SLUG}.data_interactions"].set_value((name, content, "text/csv"))
    if items is not None:
        boxes[f"{SLUG}.data_items"].set_value(("goods.csv", items, "text/csv"))
    return checked(page.run())


def box(page: AppTest, label: str) -> str:
    return next(str(one.value or "") for one in page.selectbox if one.label.rstrip(" *") == label)


def check(page: AppTest) -> AppTest:
    next(button for button in page.button if button.label == "Check the data").click()
    return checked(page.run())


def command(page: AppTest) -> str:
    (line,) = [str(block.value) for block in page.code if str(block.value).startswith("python -m core train")]
    return line


@pytest.fixture
def tables(tmp_path: Path) -> tuple[bytes, bytes]:
    return write_clubs(tmp_path / "r.csv").read_bytes(), write_items(tmp_path / "i.csv").read_bytes()


def test_the_simulated_shop_can_be_learned_from_and_nothing_speaks_of_images(improve: AppTest) -> None:
    page = check(improve)
    assert [word for word in ("image", "picture", "transaction", "scanner") if word in words(page).lower()] == []
    assert not page.error and "found nothing to complain about" in words(page)
    figures = {metric.label: metric.value for metric in page.metric}
    assert figures["Users"] == "2,966" and figures["Items"] == "360"
    assert "because times or the order of the rows say" in words(page)
    assert command(page) == "python -m core train recommendations --data simulated_shop"
    assert not page.button(key=f"{SLUG}.start").disabled


def test_two_tables_are_guessed_corrected_and_checked_together(improve: AppTest, tables: tuple[bytes, bytes]) -> None:
    ratings = tables[0].replace(b"user_id,item_id,timestamp", b"client,x17,timestamp")
    page = send(improve, "orders.csv", ratings, tables[1].replace(b"item_id,title", b"number,title"))
    assert box(page, "User") == "client" and box(page, "Item") == "" and box(page, "Title of the item") == "title"
    page = check(page)
    assert "Say which column is: Item" in page.error[0].value
    next(one for one in page.selectbox if one.label == "Item *").set_value("x17")
    page = check(page)
    assert not page.error, [entry.value for entry in page.error]
    figures = {metric.label: metric.value for metric in page.metric}
    assert (figures["Users"], figures["Items"]) == ("90", "26")
    shown = words(page)
    assert "Items that nobody took: 2" in shown and "club, colour" in shown and "begin with a zero" in shown
    assert "90 users are measured" in shown and "last item of each user" in shown
    assert "--data orders/ --column user=client --column item=x17" in command(page)
    assert "--column items_id=number" in command(page)


def test_both_tables_come_in_a_zip(improve: AppTest, tables: tuple[bytes, bytes]) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("shop/ratings.csv", tables[0])
        archive.writestr("shop/items.csv", tables[1])
    page = check(send(improve, "shop.zip", buffer.getvalue()))
    assert not page.error and "club, colour" in words(page) and "--data shop.zip " in command(page)
    page = send(page, "shop.zip", buffer.getvalue(), tables[1])
    assert "a table of items beside it" in page.error[0].value


def test_what_is_left_out_is_counted_by_reason(improve: AppTest, tables: tuple[bytes, bytes]) -> None:
    lines = tables[0].decode().splitlines()
    rated = [f"{lines[0]},rating", *(f"{line},{number % 5 + 1}" for number, line in enumerate(lines[1:]))]
    rated += [f"{rated[1].rsplit(',', 1)[0]},3", "0001,020,1700000000,99", "0001,021,1893456000,4", ",021,1700000000,4"]
    page = check(send(improve, "rated.csv", "\n".join(rated).encode()))
    (left_out,) = [frame.value for frame in page.dataframe if "Rows left out" in frame.value]
    found = dict(zip(left_out["Rows left out"], left_out["Count"], strict=True))
    assert found == {
        "The same user and item once more": 1,
        "Rating off the scale": 1,
        "Time in the future": 1,
        "Without user or item, or unreadable": 1,
    }


def test_a_split_that_the_data_do_not_allow_cannot_be_started_with(
    improve: AppTest, tables: tuple[bytes, bytes]
) -> None:
    rows = [line.rsplit(",", 1)[0] for line in tables[0].decode().splitlines()]
    page = check(send(improve, "plain.csv", "\n".join([rows[0], *sorted(rows[1:])]).encode()))
    assert "because neither times nor the order" in words(page)
    page.selectbox(key=f"{SLUG}.train.split").set_value("time")
    page = checked(page.run())
    assert "do not allow this split" in page.error[0].value and page.button(key=f"{SLUG}.start").disabled
    page.selectbox(key=f"{SLUG}.train.split").set_value("random")
    page = checked(page.run())
    assert not page.error and not page.button(key=f"{SLUG}.start").disabled


def test_a_check_with_other_options_is_said_to_be_so_and_can_be_repeated(
    improve: AppTest, tables: tuple[bytes, bytes]
) -> None:
    told = "checked with other options"
    lines = tables[0].decode().splitlines()
    rated = [f"{lines[0]},rating", *(f"{line},{number % 5 + 1}" for number, line in enumerate(lines[1:]))]
    page = check(send(improve, "rated.csv", "\n".join(rated).encode()))
    page.number_input(key=f"{SLUG}.train.seed").set_value(7)
    page = checked(page.run())
    assert told not in words(page)  # nothing is drawn for the last item of each user
    page.number_input(key=f"{SLUG}.train.least_rating").set_value(6.0)
    page = checked(page.run())
    assert told in words(page) and not page.error
    page.button(key=f"{SLUG}.check_again").click()
    page = checked(page.run())
    assert told not in words(page) and "too few to learn from" in page.error[0].value
    assert page.button(key=f"{SLUG}.start").disabled
    page.number_input(key=f"{SLUG}.train.least_rating").set_value(2.0)
    page = checked(page.run())
    page.button(key=f"{SLUG}.check_again").click()
    page = checked(page.run())
    assert not page.error and "with a rating below 2, which are left out" in words(page)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\x89PNG\r\n\x1a\n" + bytes(50), "the content is PNG"),
        (b"user_id,item_id\n1,2\n3,4\n", "too few to learn from"),
        (b"", "empty"),
    ],
)
def test_what_cannot_be_used_says_why_and_cannot_be_started(improve: AppTest, content: bytes, said: str) -> None:
    page = send(improve, "mine.csv", content)
    if not page.error:
        page = check(page)
    assert said in page.error[0].value
    assert all(button.disabled for button in page.button if button.key == f"{SLUG}.start")
