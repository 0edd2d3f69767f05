"""Hard lines and the baseline on the quality page of a sector that reads texts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.catalog import sector
from core.contracts import Evaluation
from core.store.registry import registry
from core.store.versions import Version
from core.training.evaluation import save_evaluation
from core.training.metrics import classification_summary
from core.ui.measured import Measured
from core.ui.quality import views_of
from tests.training.tables import evaluated, latent
from tests.training.test_slice_suite import suite
from tests.ui.test_house import words

N = 300


def draw(view: str, version: Version, evaluation: Evaluation | None = None) -> AppTest:
    def script(view, measured) -> None:
        from core.ui.baseline import show_baseline
        from core.ui.suite import show_suite

        {"baseline": show_baseline, "suite": show_suite}[view](measured)

    measured = Measured("sentiment", version, evaluation or evaluated(np.array([0, 1]), np.array([-1.0, 1.0])))
    page = AppTest.from_function(script, args=(view, measured), default_timeout=60).run()
    assert not page.exception and not page.error
    return page


def version_at(path: Path, number: int, wrong: dict[str, int] | None = None) -> Version:
    if wrong is not None:
        save_evaluation(path / "suite", suite(wrong))
    manifest = {"architecture": "ngram_table"}
    return Version(
        "sentiment", number, "a <b>name</b>", path, str(number) * 64, datetime(2026, 1, 1, tzinfo=UTC), "", manifest
    )


class Two:
    """A registry of a champion and a challenger."""

    def __init__(self, champion: Version, challenger: Version) -> None:
        self.found = {"champion": champion, "challenger": challenger}

    def resolve(self, slug: str, ref: str = "champion") -> Version:
        return self.found[ref]


@pytest.fixture
def two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Two:
    made = Two(version_at(tmp_path / "one", 1, {"sarcasm": 13}), version_at(tmp_path / "two", 2, {"sarcasm": 26}))
    monkeypatch.setattr("core.ui.suite.registry", lambda: made)
    return made


@pytest.mark.slow
def test_the_challenger_stands_beside_the_version_in_use(two: Two) -> None:
    table = draw("suite", two.found["champion"]).dataframe[0].value
    assert list(table["Slice"]) == ["negation", "sarcasm"] and list(table["Lines"]) == [56, 52]
    assert table["Right, version 1"][1].startswith("0.750 [") and table["Right, version 2"][1].startswith("0.500 [")
    assert list(table["Difference, points"]) == ["+0.0", "-25.0"], "what is not in use minus what is"


@pytest.mark.slow
def test_the_version_in_use_stands_beside_any_other(two: Two) -> None:
    page = draw("suite", two.found["challenger"])
    assert list(page.dataframe[0].value["Difference, points"]) == ["+0.0", "-25.0"]
    assert "108 lines that this project wrote itself" in words(page) and "more than 2 points" in words(page)


@pytest.mark.slow
def test_a_version_stands_alone_where_nobody_competes(home: Path, tmp_path: Path) -> None:
    bundled = registry().resolve("sentiment")
    page = draw("suite", replace(bundled, path=version_at(tmp_path / "own", 0, {}).path))
    assert list(page.dataframe[0].value.columns) == ["Slice", "Lines", "Right, bundled model"]


def test_a_version_that_was_never_measured_says_so(two: Two, tmp_path: Path) -> None:
    assert "not measured" in draw("suite", version_at(tmp_path / "three", 3)).info[0].value


@pytest.mark.slow
def test_the_baseline_stands_below_the_model_with_the_difference(tmp_path: Path) -> None:
    truth, noise, generator = latent(N)
    signal = 2 * truth - 1
    other = 1 / (1 + np.exp(-(signal + 2 * generator.normal(size=N))))
    found = evaluated(truth, 3 * signal + noise, **{"other.tfidf": other.astype(np.float32)})
    table = found.table
    found = replace(found, summary=classification_summary(table["truth"], table["prediction"], table["scores"]))
    page = draw("baseline", version_at(tmp_path, 1), found)
    shown = page.dataframe[0].value
    assert list(shown["Model"]) == ["N-grams · answers", "TF-IDF and logistic regression"]
    right = np.mean((other >= 0.5) == truth)
    assert shown["Accuracy"][1].startswith(f"{right:.3f} [")
    gain = found.summary["accuracy"].value - right
    assert shown.iloc[1, -1].startswith(f"{gain:+.3f} [") and shown.iloc[0, -1] == "–"


def test_without_a_baseline_the_page_says_so(tmp_path: Path) -> None:
    assert "baseline" in draw("baseline", version_at(tmp_path, 1)).info[0].value


def test_texts_have_both_views() -> None:
    from core.catalog import SECTORS

    offered = {entry.slug: set(views_of(entry)) for entry in SECTORS}
    assert {"suite", "baseline"} <= offered["sentiment"]
    assert not {"suite", "baseline"} & (offered["medical"] | offered["fraud"])


@pytest.mark.slow
@pytest.mark.parametrize("view", views_of(sector("sentiment")))
def test_every_view_of_the_bundled_model_can_be_drawn(open_page: Callable[..., AppTest], view: str) -> None:
    page = open_page("sentiment", view="quality")
    page.session_state["sentiment.quality_view"] = view
    page.run()
    assert not page.exception and not page.error
    assert "18,340" in words(page)


@pytest.mark.parametrize(("slug", "first", "said"), [("sentiment", "Row", True), ("fraud", "Transaction", False)])
def test_rows_of_texts_are_called_rows_and_a_sentence_says_why(
    tmp_path: Path, slug: str, first: str, said: bool
) -> None:
    def script(measured) -> None:
        from core.ui.examples import examples_of, show_examples

        ids = [str(name) for name in measured.evaluation.table["id"]]
        show_examples(measured, "cell", "0.1", examples_of(measured.evaluation, ids))

    found = evaluated(np.array([0, 1]), np.array([-1.0, 1.0]))
    measured = Measured(slug, replace(version_at(tmp_path, 1), sector=slug), found)
    page = AppTest.from_function(script, args=(measured,), default_timeout=60).run()
    assert not page.exception
    assert page.dataframe[0].value.columns[0] == first
    assert ("not the texts themselves" in words(page)) is said


@pytest.mark.parametrize(("fixed", "broke", "offered"), [([], [], []), (["0"], [], ["Fixed 1: see them"])])
def test_only_lists_that_hold_something_are_offered(
    tmp_path: Path, fixed: list[str], broke: list[str], offered: list[str]
) -> None:
    def script(measured, comparison) -> None:
        from core.ui.comparison import show_changed

        show_changed(measured, measured.evaluation, comparison)

    found = evaluated(np.array([0, 1]), np.array([-1.0, 1.0]))
    measured = Measured("sentiment", version_at(tmp_path, 1), found)
    changed = SimpleNamespace(fixed=fixed, broke=broke)
    page = AppTest.from_function(script, args=(measured, changed), default_timeout=60).run()
    assert not page.exception
    assert [option for group in page.button_group for option in group.options] == offered


@pytest.mark.slow
def test_versions_of_other_test_data_are_marked_and_n_stands_beside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    large, small = (evaluated(np.arange(n) % 2, np.linspace(-1, 1, n), f"of {n}") for n in (1200, 20))
    measured = {1: large, 2: small, 3: small}
    monkeypatch.setattr("core.ui.versions.stored_evaluation", lambda version: measured[version.number])

    def script(numbers, versions) -> None:
        from core.catalog import sector
        from core.ui.versions import show_table

        show_table(sector("sentiment"), [versions[number] for number in numbers])

    versions = {number: version_at(tmp_path, number) for number in measured}
    page = AppTest.from_function(script, args=([1, 2], versions), default_timeout=60).run()
    assert not page.exception
    assert list(page.dataframe[0].value["n"]) == ["1,200", "20"]
    assert "Not all were measured on the same test data" in words(page)
    alike = AppTest.from_function(script, args=([2, 3], versions), default_timeout=60).run()
    assert "Not all were measured" not in words(alike)
