"""No figure without a source: every series says all about itself, and its figures are those that were copied."""

from __future__ import annotations

import dataclasses
import hashlib
import re
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.errors import AppError, InputRefused
from core.market.cases import CASES
from core.market.catalog import SERIES
from core.market.citing import citation, cited_csv
from core.market.conflicts import conflicts
from core.market.fields import fields
from core.market.observations import COLUMNS, observations, series
from core.market.opportunity import CRITERIA, HIGHEST, LOWEST
from core.market.shaping import Choice, shaped, shapes_of
from core.settings import ROOT, Settings, settings

FOLDER = ROOT / "assets" / "market" / "series"


@pytest.mark.parametrize("one", SERIES, ids=lambda one: one.id)
def test_a_series_says_all_about_itself(one):
    for entry in dataclasses.fields(one.source):
        value = getattr(one.source, entry.name)
        assert value != "" or entry.name == "through", entry.name
    assert one.title and one.definition.endswith(".") and one.entities and one.caveats
    assert all(address.startswith("https://") for address in one.source.addresses)
    assert date.fromisoformat(one.source.retrieved) <= date.today()
    said = citation(one)
    assert one.source.addresses[0] in said and one.source.licence in said and one.source.retrieved in said


@pytest.mark.parametrize("one", SERIES, ids=lambda one: one.id)
def test_figures_are_whole_and_told_apart(one):
    table = observations(one.id)
    assert tuple(table.columns) == COLUMNS and len(table) and table["value"].notna().all()
    assert not table.duplicated(["entity", "part", "date"]).any()
    assert (table["part"] != "").all() == bool(one.parts)
    assert not one.whole or one.whole in set(table["entity"])
    if one.unit == "percent":
        assert table["value"].between(0, 100).all()


def test_the_files_are_those_that_were_copied_and_no_others():
    known = {layout.file: layout.sha256 for one in SERIES for layout in one.layouts}
    for name, sha256 in known.items():
        assert hashlib.sha256((FOLDER / name).read_bytes()).hexdigest() == sha256
    assert {path.name for path in FOLDER.iterdir()} - set(known) == {"notable_ai_models_2025-02-24.csv"}


@pytest.mark.data
def test_the_figures_are_those_of_the_long_table_of_all_series():
    path = Path(settings().data or ".") / "market" / "all_series_long" / "observations.csv"
    if not path.is_file():
        pytest.skip("the market data are not on this machine")
    long = pd.read_csv(path)
    for name in ("hyperscaler_capex", "nvidia_revenue", "ai_job_postings", "ai_publications", "ai_private_investment"):
        theirs, ours = np.sort(long[long["series_id"] == name]["value"]), np.sort(observations(name)["value"])
        assert len(ours) == len(theirs) and np.allclose(ours, theirs), name


def test_altered_figures_are_refused(tmp_path, monkeypatch):
    folder = tmp_path / "market" / "series"
    folder.mkdir(parents=True)
    (folder / "nvidia_revenue_quarterly.csv").write_text("quarter_end,revenue_usd\n2010-01-31,1\n")
    monkeypatch.setattr(Settings, "assets", property(lambda _: tmp_path))
    with pytest.raises(AppError) as refused:
        observations("nvidia_revenue")
    assert refused.value.code == "market.altered"


def test_countries_are_known_by_all_their_names():
    table = observations("ai_adoption_enterprises").set_index("entity")["code"]
    assert table["Greece"] == "GRC" and set(table[["European Union"]]) == {""}
    assert set(observations("notable_ai_models").query("entity == 'United States of America'")["code"]) == {"USA"}
    assert "Germany" in set(observations("ai_job_postings")["entity"])


def test_an_index_starts_at_100_and_figures_per_head_are_divided_by_people():
    indexed = shaped(Choice("ai_publications", first=2015, shape="index"))
    assert indexed.groupby("entity")["value"].first().tolist() == [100.0] * 3
    heads = shaped(Choice("ai_publications", entities=("China",), last=2010, shape="per_million"))
    published = observations("ai_publications").query("entity == 'China'")["value"].iloc[0]
    assert heads["value"].iloc[0] == pytest.approx(published / 1397.715, rel=1e-6)


def test_change_compares_with_the_same_quarter_of_the_year_before():
    grown = shaped(Choice("nvidia_revenue", shape="change"))
    table = observations("nvidia_revenue").assign(quarter=lambda t: t["date"].dt.to_period("Q"))
    figures = table.set_index("quarter")["value"]
    last = table.iloc[-1]
    assert grown["value"].iloc[-1] == pytest.approx(100 * (last["value"] / figures[last["quarter"] - 4] - 1))
    assert len(grown) <= len(table) - 4


def test_what_a_licence_quotes_unchanged_takes_no_other_shape():
    assert shapes_of(series("ai_private_investment")) == ("as_published",)
    with pytest.raises(InputRefused) as refused:
        shaped(Choice("ai_private_investment", shape="index"))
    assert refused.value.code == "market.unaltered"


def test_an_unknown_series_or_shape_is_refused_with_what_there_is():
    with pytest.raises(AppError) as refused:
        observations("market_size")
    assert "ai_publications" in str(refused.value.hint)
    with pytest.raises(InputRefused) as shape:
        shaped(Choice("logic_chip_share", shape="change"))
    assert shape.value.code == "market.shape"


def test_a_download_carries_citation_and_link():
    one = series("ai_publications")
    text = cited_csv(observations(one.id), one, "as_published", "?series=ai_publications")
    head = [line for line in text.splitlines() if line.startswith("#")]
    assert any(one.source.licence in line for line in head) and any("series=ai_publications" in line for line in head)
    assert pd.read_csv(pd.io.common.StringIO(text), comment="#")["value"].sum() == observations(one.id)["value"].sum()


def test_disagreements_hold_both_figures_and_no_mean():
    found = conflicts()
    by_year = {one.year: one for one in found if one.entity == "World" and one.first.unit == one.second.unit}
    assert by_year[2021].first.value == pytest.approx(125.36e9, rel=1e-3)
    assert by_year[2021].second.value == pytest.approx(145.40e9, rel=1e-3)
    assert by_year[2021].difference == by_year[2021].second.value - by_year[2021].first.value
    assert 2014 not in by_year  # the same in both editions
    assert all(one.first.source.addresses and one.second.source.addresses and one.why for one in found)


def test_every_score_has_a_reason_and_either_a_source_or_the_mark_of_a_judgement():
    for field in fields():
        assert set(field.scores) == set(CRITERIA), field.id
        for name, score in field.scores.items():
            assert LOWEST <= score.value <= HIGHEST and str(score.why), (field.id, name)
            if re.search(r"\d[\d.,]* ?%|\d{2,}", str(score.why)):
                assert score.reference is not None, (field.id, name, "a number without a source")
            if score.reference:
                assert score.reference.address.startswith("https://") and date.fromisoformat(score.reference.date)


def test_every_case_names_its_sources_and_belongs_to_a_field():
    assert sum(case.succeeded for case in CASES) == 2 and len(CASES) == 4
    for case in CASES:
        assert case.references and case.field in {field.id for field in fields()}
        for reference in case.references:
            assert reference.title and reference.address.startswith("https://") and date.fromisoformat(reference.date)
