"""Quality as a visitor looks at it: cells that open their examples, parts, money, a diagnosis; in both languages."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from core.catalog import SECTORS, sector
from core.contracts import Metric
from core.data import examples
from core.store.registry import registry
from core.store.versions import Version
from core.training import money
from core.training.diagnosis import Rows, diagnose, learning_curve
from core.training.evaluation import VALIDATION, save_evaluation
from core.ui import card, confusion, quality
from core.ui.quality import VIEWS, views_of
from tests.training.tables import evaluated, latent
from tests.ui.checkpoints import LABELS, write_checkpoint
from tests.ui.test_house import words

OpenPage = Callable[..., AppTest]
N = 120


def table(seed: int, **columns: np.ndarray):
    truth, noise, _ = latent(N, seed)
    found = evaluated(truth, ((2 * truth - 1) + noise) * 2, **columns)
    return replace(found, labels=LABELS)


def diagnosis() -> dict[str, object]:
    draw = np.random.default_rng(0)
    rows = [Rows(draw.normal(size=(80, 5)) + np.arange(80)[:, None] % 2, np.arange(80) % 2) for _ in range(2)]
    right = np.arange(80) > 8
    return diagnose(right, right, learning_curve(rows[0], rows[1], "resnet10t")).as_dict()


@pytest.fixture
def champion(home: Path) -> Version:
    """A version in use with slices, a validation table, kept pictures of its test and a diagnosis."""
    folder = write_checkpoint(home / "staged", 1)
    test = table(1, **{"slice.brightness": np.array(["low", "middle", "high"])[np.arange(N) % 3]})
    save_evaluation(folder, test)
    save_evaluation(folder / VALIDATION, table(2))
    examples.keep(folder, list(test.table["id"]), np.full((N, 48, 48, 1), 90, np.uint8))
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest |= {"threshold": {"label": "pneumonia", "value": 0.4}, "temperature": 1.3, "diagnosis": diagnosis()}
    manifest |= {"seeds": {"auroc": [0.8, 0.9, 0.85]}}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    version = registry().register("medical", folder)
    registry().promote("medical", version.number)
    return version


def view(open_page: OpenPage, name: str, lang: str = "en") -> AppTest:
    page = open_page("medical", view="quality", lang=lang)
    page.session_state["medical.quality_view"] = name
    page.run()
    assert not page.exception
    return page


def text(page: AppTest) -> str:
    return " ".join([words(page), *(str(table.value.to_dict()) for table in page.dataframe)])


@pytest.mark.slow
@pytest.mark.parametrize("name", views_of(sector("medical")))
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_view_can_be_drawn(open_page: OpenPage, champion: Version, name: str, lang: str) -> None:
    page = view(open_page, name, lang)
    assert not page.error
    assert str(N) in text(page)


def test_every_view_is_offered_by_a_sector_and_the_others_have_a_name() -> None:
    offered = {name for entry in SECTORS for name in views_of(entry)}
    assert offered <= set(VIEWS) == set(quality._VIEWS)


@pytest.mark.slow
def test_cell_shows_its_pictures_with_truth_decision_and_score(open_page: OpenPage, champion: Version) -> None:
    page = view(open_page, "confusion")
    assert page.get("image") or page.get("imgs")
    assert "Normal: read as **Pneumonia**" in words(page)
    before = words(page)
    page.selectbox(key="medical.cell_truth").select(1).run()
    assert not page.exception
    assert "Pneumonia: read as **Pneumonia**" in words(page) != before


@pytest.mark.slow
def test_pages_of_a_cell_hold_every_example_once(open_page: OpenPage, champion: Version) -> None:
    page = view(open_page, "confusion")
    page.selectbox(key="medical.cell_decided").select(0).run()
    seen = []
    for number in (1, 2):
        page.session_state["medical.cell.0.0.page"] = number
        page.run()
        assert not page.exception
        seen += [caption.value for caption in page.caption if "read as" in caption.value and "%" in caption.value]
    assert len(seen) == 24


def test_a_click_on_the_chart_moves_the_boxes(monkeypatch: pytest.MonkeyPatch) -> None:
    state = {"chart": {"selection": {"points": [{"point_index": 5}]}}}
    monkeypatch.setattr(st, "session_state", state)
    confusion.choose_cell("medical", 3, "chart")
    assert (state["medical.cell_truth"], state["medical.cell_decided"]) == (1, 2)
    state["chart"] = {"selection": {"points": []}}
    confusion.choose_cell("medical", 3, "chart")
    assert (state["medical.cell_truth"], state["medical.cell_decided"]) == (1, 2), "letting go changes nothing"


@pytest.mark.slow
def test_the_boxes_make_the_chart_forget_its_click(open_page: OpenPage, champion: Version) -> None:
    page = view(open_page, "confusion")
    page.selectbox(key="medical.cell_truth").select(1).run()
    assert page.session_state["medical.confusion_resets"] == 1


@pytest.mark.slow
def test_without_pictures_there_is_a_table_and_a_way_to_get_them(open_page: OpenPage, champion: Version) -> None:
    (champion.path / examples.EXAMPLES).unlink()
    page = view(open_page, "confusion")
    assert "Keep small pictures" in words(page)
    assert any("Score for Pneumonia, %" in frame.value for frame in page.dataframe)


@pytest.mark.slow
def test_threshold_moves_all_figures(open_page: OpenPage, champion: Version) -> None:
    page = view(open_page, "threshold")
    names = {"Sensitivity", "Specificity", "Precision", "F1", "Accuracy"}
    before = {metric.label: metric.value for metric in page.metric if metric.label in names}
    assert page.slider(key="medical.threshold").value == 40, "begins where the version decides"
    page.slider(key="medical.threshold").set_value(90).run()
    after = {metric.label: metric.value for metric in page.metric if metric.label in names}
    assert before.keys() == after.keys() == names
    assert sum(before[name] != after[name] for name in names) >= 4
    assert "rightly and" in words(page)


@pytest.mark.slow
def test_slices_name_the_worst_part_and_the_correction(open_page: OpenPage, champion: Version) -> None:
    page = view(open_page, "slices")
    assert "Holm" in words(page)
    rows = next(frame.value for frame in page.dataframe if "Gap, points" in frame.value)
    assert set(rows["Part"]) >= {"brightness: low", "brightness: high", "true label: Normal"}
    assert "few images" in set(rows["Note"]), "40 of 120 images are few"


@pytest.mark.slow
def test_prices_move_threshold_and_saving(open_page: OpenPage, champion: Version) -> None:
    page = view(open_page, "money")
    saved = {metric.label: metric.value for metric in page.metric}
    assert "Saved against today's threshold" in saved
    assert "Cheapest is to look at everybody from a score of" in words(page)
    page.number_input(key="medical.money_review").set_value(100_000.0).run()
    assert "cheapest to look at nobody" in words(page)
    page.number_input(key="medical.money_capacity").set_value(5).run()
    assert not page.exception
    assert "Saved against looking at all" not in {metric.label for metric in page.metric}


@pytest.mark.slow
def test_a_threshold_that_does_not_hold_on_the_test_is_said_to(
    open_page: OpenPage, champion: Version, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dearer(*args: object, **options: object) -> money.Worth:
        return replace(worth(*args, **options), against_today=Metric(-6000.0, -8000.0, -4000.0, N))  # type: ignore[arg-type]

    worth = money.worth
    monkeypatch.setattr(money, "worth", dearer)
    assert any("costs more than today's" in warning.value for warning in view(open_page, "money").warning)


@pytest.mark.slow
def test_figures_are_explained_and_the_command_names_the_version(
    open_page: OpenPage, champion: Version, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = replace(table(1), command="python -m core evaluate medical --data mine.zip --model VERSION --json")
    monkeypatch.setattr(quality, "_read_once", lambda *_: found)
    page = view(open_page, "classes")
    assert all(metric.help for metric in page.metric if metric.label in ("AUROC", "Accuracy", "Calibration (ECE)"))
    assert f"--model {champion.ref} --json" in page.code[0].value


@pytest.mark.slow
def test_diagnosis_speaks_and_its_absence_says_what_to_do(open_page: OpenPage, champion: Version) -> None:
    said = words(view(open_page, "overfitting"))
    assert "overfit" in said and "shuffled labels" in said and "training examples brought" in said
    registry().promote("medical", 0)
    assert "Switch on" in words(view(open_page, "overfitting"))


def test_names_on_the_card_are_not_broken_between_characters() -> None:
    assert card._unbroken("Licence of the weights") == "Licence of the weights"
    assert card._unbroken("类别").replace("\u2060", "") == "类别" != card._unbroken("类别")


@pytest.mark.slow
def test_card_and_versions_tell_seeds_and_diagnosis(open_page: OpenPage, champion: Version) -> None:
    said = words(open_page("medical", view="card"))
    assert "mean 0.850, from 0.800 to 0.900 over 3 seeds" in said
    assert "Overfitting" in said and "shuffled labels" in said
    page = open_page("medical", view="improve")
    rows = next(frame.value for frame in page.dataframe if "Range over seeds" in frame.value)
    assert "0.800 – 0.900 (3)" in set(rows["Range over seeds"])


@pytest.mark.slow
def test_range_over_seeds_has_no_column_when_no_version_has_one(
    open_page: OpenPage, champion: Version, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Version, "seed_spread", {})
    page = open_page("medical", view="improve")
    tables = [frame.value for frame in page.dataframe if "Role" in frame.value]
    assert tables and not any("Range over seeds" in table for table in tables)


def test_a_threshold_and_a_share_stay_exact_until_somebody_moves_them() -> None:
    def script(start: float) -> None:
        import streamlit as st

        from core.ui.operating import percent_input

        st.text(repr(percent_input("share", start, "share")))

    page = AppTest.from_function(script, args=(0.0033523,)).run()
    assert page.slider[0].value == 0.34 and page.text[0].value == "0.0033523"
    page.slider[0].set_value(0.5).run()
    assert float(page.text[0].value) == 0.005


@pytest.mark.slow
def test_the_value_of_a_positive_answer_starts_at_the_share_that_was_measured(
    open_page: OpenPage, champion: Version
) -> None:
    page = view(open_page, "threshold")
    share = float(np.mean(table(1).table["truth"] == 1))
    assert page.slider(key="medical.prevalence_of_use").value == pytest.approx(100 * share, abs=0.01)
    precision = next(metric.value for metric in page.metric if metric.label == "Precision")
    assert f"about **{round(float(precision.split()[0]))}** are" in words(page)


@pytest.mark.slow
def test_calibration_is_of_the_label_that_is_looked_for(open_page: OpenPage, champion: Version) -> None:
    page = view(open_page, "calibration")
    (shown,) = [frame.value for frame in page.dataframe if "Mean score, %" in frame.value]
    assert sum(shown["Images"]) == N and all(shown["Images"] >= 30)
    assert shown["Mean score, %"].iloc[0] < 50, "scores below one half are looked at too"
    assert "Expected calibration error" not in words(page), "that is of the decided label"
