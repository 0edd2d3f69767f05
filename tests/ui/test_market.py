"""The market page: every part in both languages, links that draw the same again, tables of a visitor's own."""

from __future__ import annotations

import io

import pytest

from core.market.catalog import SERIES
from core.market.observations import observations, series
from core.market.shaping import Choice, shaped
from core.ui.market_charts import figure_of
from core.ui.market_choice import charts_of
from tests.ui.test_house import OpenPage, words

pytestmark = pytest.mark.slow
PARTS = ("charts", "models", "forecast", "conflicts", "board", "canvas", "cases", "own", "sources")


def opened(open_page: OpenPage, **parameters: str):
    page = open_page("market", **{name.replace("__", "."): value for name, value in parameters.items()})
    assert not page.exception, [entry.value for entry in page.exception]
    assert not page.error, [entry.value for entry in page.error]
    return page


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("part", PARTS)
def test_every_part_is_drawn_in_both_languages(open_page: OpenPage, part: str, language: str) -> None:
    page = opened(open_page, lang=language, market__part=part)
    assert len(words(page)) > 100


def test_it_says_that_there_is_no_market_size(open_page: OpenPage) -> None:
    assert "no open, citable series" in words(opened(open_page))


@pytest.mark.parametrize("one", SERIES, ids=lambda one: one.id)
def test_every_chart_that_a_series_offers_can_be_drawn(one) -> None:
    parts = sorted(set(observations(one.id)["part"]))
    choice = Choice(one.id, part=parts[0])
    for chart in charts_of(one):
        figure = figure_of(one, choice, shaped(choice), chart)
        assert figure.data, chart


def test_a_pile_never_counts_the_whole_beside_its_parts() -> None:
    one = series("ai_corporate_investment")
    table = shaped(Choice(one.id))
    for chart in ("area", "treemap"):
        figure = figure_of(one, Choice(one.id), table, chart)
        labels = [trace.name for trace in figure.data] if chart == "area" else list(figure.data[0].labels)
        assert "Total" not in labels and len(labels) == 4


def test_a_link_draws_the_same_chart_again(open_page: OpenPage) -> None:
    name = "market.ai_publications"
    page = opened(
        open_page,
        market__series="ai_publications",
        **{f"{name}.entities": "China", f"{name}.years": "2015~2020", f"{name}.shape": "index", f"{name}.log": "1"},
    )
    assert page.multiselect(key=f"{name}.entities").value == ["China"]
    assert page.slider(key=f"{name}.years").value == (2015, 2020)
    assert page.selectbox(key=f"{name}.shape").value == "index"
    assert page.toggle(key=f"{name}.log").value is True


def test_what_is_chosen_goes_into_the_link_and_what_is_usual_does_not(open_page: OpenPage) -> None:
    page = opened(open_page)
    page.selectbox(key="market.series").set_value("nvidia_revenue").run()
    assert page.query_params["market.series"] == "nvidia_revenue"
    page.selectbox(key="market.series").set_value(SERIES[0].id).run()
    assert "market.series" not in page.query_params


def test_nonsense_in_a_link_is_passed_over(open_page: OpenPage) -> None:
    page = opened(open_page, market__series="'; drop table", market__part="nowhere")
    assert page.selectbox(key="market.series").value == SERIES[0].id


def test_what_may_not_be_altered_offers_no_other_shape(open_page: OpenPage) -> None:
    page = opened(open_page, market__series="ai_private_investment")
    assert "quoted unchanged" in words(page)
    assert not [box for box in page.selectbox if (box.key or "").endswith(".shape")]


def test_weights_move_the_ranking(open_page: OpenPage) -> None:
    page = opened(open_page, market__part="board")
    before = words(page)
    for name in ("growth", "adoption", "data", "compute", "competition", "maturity"):
        page.slider(key=f"market.weight.{name}").set_value(0)
    page.run()
    assert words(page) != before and "stands first with 5.00" in words(page)


def test_a_range_that_is_none_is_told_and_nothing_is_lost(open_page: OpenPage) -> None:
    page = open_page("market", **{"market.part": "canvas"})
    page.number_input(key="market.canvas.price.Least").set_value(9000.0)
    page.button[-1].click()
    page.run()
    assert not page.exception and "no range" in page.error[0].value
    assert page.number_input(key="market.canvas.price.Least").value == 9000.0


def workbook(rows: list[list[object]]) -> bytes:
    from openpyxl import Workbook

    book, out = Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(out)
    return out.getvalue()


def test_a_workbook_with_a_column_per_year_is_drawn_at_once(open_page: OpenPage) -> None:
    page = opened(open_page, market__part="own")
    rows = [
        ["Country", *range(2012, 2024)],
        *([name, *(10.0 * n + year for year in range(12))] for n, name in ((1, "Germany"), (2, "France"))),
    ]
    page.file_uploader[0].upload("market.xlsx", workbook(rows), "application/octet-stream").run()
    assert not page.exception and not page.error, [entry.value for entry in page.error]
    assert "24" in words(page)
    page.toggle(key="market.own.forecasting").set_value(True).run()
    assert not page.exception and "How right this would have been" in words(page)


def test_columns_of_a_long_table_are_guessed_and_confirmed(open_page: OpenPage) -> None:
    page = opened(open_page, market__part="own")
    text = "region,when,spend\n" + "".join(
        f"{name},{year},{year - 2000}\n" for name in ("North", "South") for year in range(2010, 2024)
    )
    page.file_uploader[0].upload("own.csv", text.encode(), "text/csv").run()
    page.button[-1].click()
    page.run()
    assert not page.exception and not page.error, [entry.value for entry in page.error]
    assert "28" in words(page)


def test_a_table_without_figures_is_refused_in_words(open_page: OpenPage) -> None:
    page = opened(open_page, market__part="own")
    page.file_uploader[0].upload("own.csv", b"a,b\nx,y\nz,w\n", "text/csv").run()
    page.button[-1].click()
    page.run()
    assert not page.exception and page.error
