"""Quality of models of parts as a visitor looks at it, and versions of parts against each other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.catalog import sector
from core.contracts import Metric
from core.data import examples
from core.data.kept_maps import MAPS
from core.serving import comparison
from core.serving.timing import save_costs
from core.store.registry import registry
from core.store.versions import Version
from core.training import money
from core.training.evaluation import save_evaluation
from core.training.robustness import ROBUSTNESS
from core.ui.quality import views_of
from core.ui.versions import shown_metrics
from tests.training.part_tables import held_out, parts
from tests.training.tables import SAME_COSTS
from tests.ui.part_versions import register, write_checkpoint
from tests.ui.test_house import words

pytestmark = pytest.mark.slow
OpenPage = Callable[..., AppTest]


@pytest.fixture
def champion(home: Path) -> Version:
    version = register(home, "champion")
    registry().promote("defects", version.number)
    return version


def view(open_page: OpenPage, name: str, lang: str = "en") -> AppTest:
    page = open_page("defects", view="quality", lang=lang)
    page.session_state["defects.quality_view"] = name
    page.run()
    assert not page.exception and not page.error
    return page


def text(page: AppTest) -> str:
    return " ".join([words(page), *(str(table.value.to_dict()) for table in page.dataframe)])


@pytest.mark.parametrize("name", views_of(sector("defects")))
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_view_can_be_drawn(open_page: OpenPage, champion: Version, name: str, lang: str) -> None:
    said = text(view(open_page, name, lang))
    assert "60" in said or "120" in said
    assert not any(word in said for word in ("patient", "nobody", "everybody", "X-ray"))


def test_figures_of_pixels_stand_in_front(open_page: OpenPage, champion: Version) -> None:
    page = view(open_page, "types")
    shown = [metric.label for metric in page.metric]
    assert shown[:6] == ["Pixel F1", "PRO", "Image AUROC", "Pixel AUROC", "False alarms", "Escapes"]
    assert all(metric.help for metric in page.metric)
    assert all(metric.value.endswith(" %") for metric in page.metric[4:6])
    assert "**Escapes:** Share of defects called good" in words(page)
    order = [type(one).__name__ for one in page.main]
    assert order.index("Code") > order.index("Dataframe"), "what repeats the figures stands below them"
    rows = page.dataframe[0].value
    assert list(rows)[1] == "Escapes" and all(" % [" in cell for cell in rows["Escapes"])
    figures = [float(cell.split()[0]) for cell in rows["Pixel F1"]]
    assert figures == sorted(figures), "as in the chart above"
    assert set(rows["Type of defect"]) == {"Scratch", "Stain"} and set(rows["n"]) == {30}
    assert shown_metrics(sector("defects")) == ("pixel_f1", "pro", "image_auroc")


def test_a_rate_gives_a_limit_and_what_it_costs(open_page: OpenPage, champion: Version) -> None:
    page = view(open_page, "alarms")
    assert page.select_slider[0].value == 20, "the offered rate that is closest to 1 in 10"
    assert "On average at most 1 good part in 20 is called defective, by 99 held-out good parts" in words(page)
    limits = page.dataframe[0].value
    assert list(limits["Limit"]) == sorted(limits["Limit"]), "fewer false alarms, higher limit"
    escapes = [float(cell.split()[0]) for cell in limits["Escapes, %"]]
    assert escapes == sorted(escapes)
    page.select_slider(key="defects.quality_one_in").set_value(1000).run()
    assert "1 false alarm in 100 good parts on average is the lowest rate that can be promised" in words(page)


@pytest.mark.parametrize(("limit", "cell"), [(0.99, (1, 0)), (0.01, (0, 1))], ids=["misses", "alarms"])
def test_confusion_opens_on_most_mistakes(open_page: OpenPage, home: Path, limit: float, cell: tuple[int, int]) -> None:
    version = register(home, "one-sided", evaluation=parts(good=60, defects=60, limit=limit))
    registry().promote("defects", version.number)
    page = view(open_page, "confusion")
    assert tuple(page.selectbox(key=f"defects.cell_{name}").value for name in ("truth", "decided")) == cell


def test_mistakes_are_shown_with_map_and_score(open_page: OpenPage, champion: Version) -> None:
    page = view(open_page, "mistakes")
    assert page.get("image") or page.get("imgs")
    said = [caption.value for caption in page.caption if "called **" in caption.value]
    assert said and all("called **Good**, score 0." in one and "limit 0.80" in one for one in said)
    scores = [float(one.split("score ")[1].split(",")[0]) for one in said]
    assert scores == sorted(scores), "the lowest score first"
    assert "White line: what the model outlines" in words(page)
    page.session_state["defects.mistakes"] = "alarms"
    page.run()
    assert any("Good: called **Defect**" in caption.value for caption in page.caption)


def test_a_small_picture_is_opened_at_twice_its_size_at_most(
    open_page: OpenPage, champion: Version, monkeypatch: pytest.MonkeyPatch
) -> None:
    widths: list[object] = []
    monkeypatch.setattr("core.ui.examples.show_picture", lambda data, alt, width: widths.append(width))
    page = view(open_page, "mistakes")
    next(button for button in page.button if button.label == "Enlarge").click().run()
    assert not page.exception
    assert [width for width in widths if width != "stretch"] == [96, 96], "the picture, and its map"


def test_without_pictures_the_maps_stay_and_it_is_said_why(open_page: OpenPage, champion: Version) -> None:
    (champion.path / examples.EXAMPLES).unlink()
    page = view(open_page, "mistakes")
    assert page.get("image") or page.get("imgs")
    assert "Pictures that somebody sent are not kept" in words(page)


def test_what_was_not_kept_is_said_not_to_be(open_page: OpenPage, home: Path) -> None:
    version = register(home, "bare", pictures=False)
    registry().promote("defects", version.number)
    assert not (version.path / MAPS).exists() and not (version.path / ROBUSTNESS).exists()
    page = view(open_page, "mistakes")
    assert page.dataframe and "Pictures that somebody sent are not kept" in words(page)
    assert "was not measured" in words(view(open_page, "robustness"))


def test_scrap_and_escapes_choose_a_limit_on_other_defects(open_page: OpenPage, champion: Version) -> None:
    page = view(open_page, "money")
    assert "30 of the test defects choose the limit" in words(page) and "the other 30 measure it" in words(page)
    low = shown_limit(page)
    page.select_slider(key="defects.escape_times").set_value(1000).run()
    assert shown_limit(page) < low, "dearer escapes, lower limit"
    page.select_slider(key="defects.escape_times").set_value(1).run()
    assert not page.exception and ("cheapest to let every part pass" in words(page) or shown_limit(page) > low)


@pytest.mark.parametrize(
    ("low", "high", "words_of_it"),
    [(100.0, 900.0, "pays"), (-900.0, -100.0, "Keep today's limit, 0.80"), (-100.0, 100.0, "could be chance")],
    ids=["cheaper", "dearer", "chance"],
)
def test_the_conclusion_comes_before_the_figures(
    open_page: OpenPage, champion: Version, monkeypatch: pytest.MonkeyPatch, low: float, high: float, words_of_it: str
) -> None:
    worth = money.worth

    def turned(*args: object, **options: object) -> money.Worth:
        return replace(worth(*args, **options), against_today=Metric((low + high) / 2, low, high, 90))  # type: ignore[arg-type]

    monkeypatch.setattr(money, "worth", turned)
    page = view(open_page, "money")
    said = [entry.value for entry in page.info]
    assert len(said) == 1 and words_of_it in said[0]
    assert "hundredths" not in words(page)
    order = [getattr(one, "value", "") for one in page.main]
    assert order.index(said[0]) < order.index("**A month**")


def shown_limit(page: AppTest) -> float:
    said = next(entry.value for entry in page.markdown if "is the cheapest limit" in entry.value)
    return float(said.split("**")[1])


def test_defects_of_the_training_data_choose_the_limit_where_there_are_any(open_page: OpenPage, home: Path) -> None:
    registry().promote("defects", register(home, "rich", choosing=held_out(99, 20)).number)
    assert "choose the limit together" not in words(view(open_page, "money"))


def test_without_defects_nothing_is_everything_a_defect(open_page: OpenPage, home: Path) -> None:
    version = register(home, "good", evaluation=parts(good=40, defects=0), pictures=False)
    registry().promote("defects", version.number)
    for name in ("types", "money", "mistakes"):
        assert "No defect is among the test images" in words(view(open_page, name)), name
    assert view(open_page, "alarms").dataframe, "limits are known all the same"
    few = register(home, "few", evaluation=parts(good=40, defects=4), pictures=False)
    registry().promote("defects", few.number)
    assert "Only 4 defects are known. At least 6 are needed" in words(view(open_page, "money"))


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_gate_and_comparison_of_parts(open_page: OpenPage, home: Path, champion: Version, lang: str) -> None:
    better = parts(good=60, defects=60, strength=4.0)
    folder = write_checkpoint(home / "better", better, held_out())
    save_costs(comparison.baseline_folder(folder, champion.sha256), SAME_COSTS)
    registry().register("defects", folder)
    page = open_page("defects", view="improve", lang=lang)
    assert not page.exception
    if lang == "zh":
        return
    said = words(page)
    for title in ("Pixel F1", "PRO", "Promise about good parts", "Headline metric"):
        assert f"**{title}:**" in said
    assert "**Calibration:**" not in said
    assert "Image AUROC changes by +0." in said
    assert any(metric.label == "Change of Image AUROC" for metric in page.metric)


def test_a_version_for_another_part_is_undecided_and_said_to_replace(home: Path, champion: Version) -> None:
    other = parts(good=60, defects=60, strength=3.0, seed=5, fingerprint="other")
    other = replace(other, data=replace(other.data, name="screws"))
    folder = write_checkpoint(home / "other", other, held_out())
    rival = registry().register("defects", folder)
    verdict = comparison.verdict("defects", rival)
    home_check = next(check for check in verdict.checks if check.name == "home")
    assert verdict.result == home_check.result == "undecided"
    assert "It learned from screws, the version in use from made parts." in str(home_check.message)


def test_a_better_version_for_another_part_is_for_a_person_to_decide(
    open_page: OpenPage, home: Path, champion: Version
) -> None:
    other = parts(good=60, defects=60, strength=4.0, seed=5, fingerprint="other")
    folder = write_checkpoint(home / "other", replace(other, data=replace(other.data, name="screws")), held_out())
    beside = comparison.baseline_folder(folder, champion.sha256)
    save_costs(beside, SAME_COSTS)
    unlike = parts(good=60, defects=60, strength=1.0, seed=5, fingerprint="other", limit=0.0)
    unlike.table["abstained"][:100] = True
    save_evaluation(beside, unlike)
    rival = registry().register("defects", folder)
    page = open_page("defects", view="improve")
    assert not page.exception
    verdict = comparison.verdict("defects", rival)
    assert [check.name for check in verdict.checks if check.result != "pass"] == ["home"]
    said = words(page)
    assert "it learned from other parts than the version in use" in said and "The gate cannot decide" not in said
    assert "declines 100 of these 120 images" in said and "declines 100 of 120 images: nothing is called fixed" in said
    assert "It fixed" not in said and "**Compared alike:**" not in said
    assert not any(metric.label in ("Fixed", "Broke") for metric in page.metric)
    listed = page.table[0].value
    assert list(listed["Role"]) == ["challenger", "in use", ""] and "Created" in listed
    figures = page.dataframe[0].value.set_index("Figure")
    assert set(figures.loc[["False alarms", "Escapes"], "In use"]) == {"–"}
    assert figures.loc["Escapes", "Challenger"] != "–"


def test_what_both_find_is_compared_at_equal_false_alarms(open_page: OpenPage, home: Path) -> None:
    everything = register(home, "all", evaluation=parts(good=60, defects=60, strength=0.0, limit=0.0))
    registry().promote("defects", everything.number)
    rival = register(home, "finds", evaluation=parts(good=60, defects=60, strength=4.0))
    page = open_page("defects", view="improve")
    assert not page.exception
    fixed, broke = (int(metric.value) for metric in page.metric if metric.label in ("Fixed", "Broke"))
    own, theirs = comparison.alike(everything, rival)
    assert own is not None and theirs is not None and fixed > 40 > broke
    good = theirs.table["truth"] == 0
    assert own.table["prediction"][good].sum() == theirs.table["prediction"][good].sum()
    assert "as many false alarms as the challenger has" in words(page)
