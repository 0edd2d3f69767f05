"""A forecast with its interval and its back-test; where a simple method did best, that is what is drawn, and said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd
import streamlit as st

from core.errors import AppError
from core.market.catalog import SERIES
from core.market.citing import citation
from core.market.forecasting import LEVEL, METHODS, SEASONS, Forecast, forecast, line_of
from core.market.observations import observations, series
from core.market.series import Series
from core.ui.i18n import t
from core.ui.linked import linked
from core.ui.market_choice import series_input
from core.ui.market_labels import date_text, entity_name, number_text, unit_text
from core.ui.theme import mode, palette, show_chart
from core.ui.views import escape, show_error

if TYPE_CHECKING:
    import plotly.graph_objects as go

_HORIZONS: Final = {"month": 6, "quarter": 4, "year": 3}
_KEPT: Final = 64
_HEIGHT: Final = 420


def show_forecast() -> None:
    """Choose a line; see where it may go and how right such forecasts were before."""
    allowed = [one for one in SERIES if one.frequency in SEASONS and one.source.alterable]
    allowed.sort(key=lambda one: -SEASONS[one.frequency])  # the longest lines first
    one = series_input("market.forecast.series", tuple(allowed))
    table = observations(one.id)
    codes = dict(zip(table["entity"], table["code"], strict=True))
    counts = table.groupby("entity").size().sort_values(ascending=False)
    entity = str(
        st.selectbox(
            t(one.entities),
            counts.index.tolist(),
            format_func=lambda name: entity_name(name, codes[name]),
            **linked(f"market.forecast.{one.id}.entity", counts.index.tolist(), str(counts.index[0])),
        )
    )
    try:
        line, _ = line_of(one, entity)
        with st.spinner(t("Fitting, and testing on the past"), show_time=True):
            made = _made(one.id, entity)
    except AppError as error:
        show_error(error)
        return
    show_made(one, entity_name(entity, codes[entity]), line, made)
    st.caption(f":material/format_quote: {escape(citation(one))}")


def show_made(one: Series, name: str, line: pd.Series[float], made: Forecast) -> None:
    """A forecast as a chart with its interval, in words, and with its back-test."""
    _show_chart(one, name, line, made)
    _show_test(one, made)


@st.cache_data(max_entries=_KEPT, show_spinner=False)
def _made(name: str, entity: str) -> Forecast:
    """Fits take seconds, and the figures change only with the program."""
    one = series(name)
    line, skipped = line_of(one, entity)
    return forecast(line, one.frequency, _HORIZONS[one.frequency], skipped)


def _show_chart(one: Series, name: str, line: pd.Series[float], made: Forecast) -> None:
    import plotly.graph_objects as go

    look, figure = palette(mode()), go.Figure()
    past, ahead = pd.PeriodIndex(line.index).to_timestamp(), made.periods.to_timestamp()
    figure.add_scatter(x=past, y=line, mode="lines", name=name, line={"color": look.series[0]})
    if (made.low == made.low).any():
        _add_interval(figure, [past[-1], *ahead], [line.iloc[-1], *made.low], [line.iloc[-1], *made.high])
    figure.add_scatter(
        x=[past[-1], *ahead],
        y=[line.iloc[-1], *made.values],
        mode="lines+markers",
        name=t("Forecast"),
        line={"color": look.series[1], "dash": "dot"},
    )
    figure.update_yaxes(title_text=unit_text(one, "as_published"))
    show_chart(figure, f"market.forecast.{one.id}.drawn", height=_HEIGHT, alt=t("Forecast"))
    last = made.periods[-1].start_time.date()
    said = {"day": date_text(last, one.frequency), "value": number_text(made.values[-1], one.unit)}
    if made.low[-1] == made.low[-1]:
        low, high = number_text(made.low[-1], one.unit), number_text(made.high[-1], one.unit)
        st.markdown(
            t(
                "{day}: {value}, with a nominal {level:.0%} interval from {low} to {high}.",
                **said,
                level=LEVEL,
                low=low,
                high=high,
            )
        )
    else:
        st.markdown(t("{day}: {value}. Too few past errors are known for an interval that far ahead.", **said))


def _add_interval(figure: go.Figure, days: list[object], low: list[float], high: list[float]) -> None:
    colour = palette(mode()).series[1]
    for values, fill in ((high, None), (low, "tonexty")):
        figure.add_scatter(
            x=days,
            y=values,
            mode="lines",
            line={"width": 0, "color": colour},
            fill=fill,
            opacity=0.25,
            showlegend=fill is not None,
            name=t("Interval"),
            hoverinfo="skip",
        )


def _show_test(one: Series, made: Forecast) -> None:
    st.markdown(f"**{t('How right this would have been')}**")
    if made.naive_wins:
        st.warning(
            t(
                "No model did better on the past than a simple rule: the line drawn is “{name}”.",
                name=t(METHODS[made.method]),
            ),
            icon=":material/psychology_alt:",
        )
    st.caption(
        t(
            "Back-test with a rolling origin: at each of {origins} past dates every method was fitted to what was "
            "known then and compared with what came. The drawn one had the smallest error, which makes its own error "
            "look a little smaller than it will be.",
            origins=made.origins,
        )
    )
    if made.skipped:
        st.caption(t("Left out: {count} figures before a gap.", count=made.skipped))
    st.dataframe(
        {
            t("Method"): [t(METHODS[tested.method]) for tested in made.tested],
            t("Mean absolute error"): [number_text(tested.error, one.unit) for tested in made.tested],
            t("Against naive"): [f"{tested.relative:.2f}" for tested in made.tested],
            t("In the interval"): [
                f"{tested.coverage:.0%} ({tested.covered_of})" if tested.coverage is not None else "–"
                for tested in made.tested
            ],
        },
        hide_index=True,
    )
    st.caption(
        t(
            "Against naive: below 1 is better than “the last figure stays”. In the interval: share of later figures "
            "that fell inside the interval given at the time ({level:.0%} promised), and of how many.",
            level=LEVEL,
        )
    )
