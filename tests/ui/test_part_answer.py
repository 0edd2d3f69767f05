"""The answer about a part on the page: verdict, map, regions, the limit by its false alarms, versions and takt."""

from __future__ import annotations

import base64
import csv
import io
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from core.catalog import sector
from core.serving import parts
from core.store.registry import registry
from core.training.false_alarms import promise
from core.training.quality import take
from core.ui import batch, part_batch, part_limit, predict
from core.ui.figures import stored_evaluation
from core.ui.takt import slow_answer
from tests.ui import part_service
from tests.ui.checkpoints import write_checkpoint
from tests.ui.part_service import HELD_OUT, SIDE, Service, part
from tests.ui.test_highlight import Reader
from tests.ui.test_medical import png, zipped
from tests.ui.test_text_answer import drawn

pytestmark = pytest.mark.slow
Open = Callable[..., AppTest]
BEST = len(HELD_OUT) + 1
"""The lowest rate that so many held-out parts can promise is one in this."""
LIMIT = promise(HELD_OUT, part_service.OWN_RATE)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Service:
    return part_service.install(monkeypatch)


@pytest.fixture
def defects(open_page: Open, asked: Service) -> Open:
    return lambda **parameters: checked(open_page("defects", **parameters))


def checked(page: AppTest) -> AppTest:
    assert not page.exception, [entry.value for entry in page.exception]
    return page


def upload(page: AppTest, *files: tuple[str, bytes]) -> AppTest:
    uploader = next(box for box in page.file_uploader if box.key == "defects.upload")
    uploader.set_value([(name, data, "application/octet-stream") for name, data in files])
    return checked(page.run())


def one(page: AppTest, brightest: float, side: int = SIDE) -> AppTest:
    return upload(page, ("part.png", png(part(brightest, side))))


def said(page: AppTest) -> str:
    kinds = ("title", "markdown", "caption", "warning", "error", "info", "subheader")
    return "\n".join(str(element.value) for kind in kinds for element in getattr(page, kind))


def outcome(page: AppTest) -> str:
    """The one word below the title of the page."""
    (found,) = [title.value for title in page.title if ":material/" in title.value]
    return str(found).split(":material/")[1].split(":")[1].strip(" ]")


def one_in(page: AppTest, count: int) -> AppTest:
    slider = next(box for box in page.select_slider if "one_in" in str(box.key))
    return checked(slider.set_value(count).run())


def regions(page: AppTest) -> list[dict[Any, Any]]:
    found = [frame.value for frame in page.dataframe if "Region" in frame.value]
    return [row for frame in found for row in frame.to_dict("records")]


def scales(page: AppTest) -> list[Reader]:
    return [found for found in drawn(page) if any(a.get("class") == "vt-scale" for _, a in found.tags)]


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_first_look_offers_samples_of_parts_and_an_uploader(defects: Open, asked: Service, lang: str) -> None:
    page = defects(lang=lang)
    assert len([button for button in page.button if str(button.key).startswith("defects.sample.")]) == 4
    assert "defects.upload" in [box.key for box in page.file_uploader]
    assert asked.asked == [] and "patient" not in said(page)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_one_click_on_a_sample_gives_verdict_pictures_and_limit(defects: Open, lang: str) -> None:
    page = defects(lang=lang)
    checked(next(button for button in page.button if str(button.key).startswith("defects.sample.")).click().run())
    assert len([title for title in page.title if ":material/" in title.value]) == 1
    assert len(page.get("image")) == 4 + 2
    assert "brushed_metal" not in said(page)
    assert len(page.select_slider) == 1 and "12 ms" in said(page).replace("毫秒", "ms")


@pytest.mark.parametrize(
    ("brightest", "word"),
    [(0.25, "OK"), (sum(LIMIT.unsure) / 2, "UNSURE"), (0.95, "DEFECT")],
)
def test_each_side_of_the_limit_has_its_word_and_place_on_the_scale(defects: Open, brightest: float, word: str) -> None:
    page = one(defects(), brightest)
    assert outcome(page) == word
    (scale,) = scales(page)
    on = [attributes["class"] for tag, attributes in scale.tags if " on" in str(attributes.get("class"))]
    assert on == [{"OK": "up on", "UNSURE": "mid on", "DEFECT": "down on"}[word]]
    lower = int((round(255 * brightest) / 255 > HELD_OUT).sum())
    assert f"Of 60 held-out good parts, {lower} score lower" in said(page)
    assert ("Let a person look" in said(page)) == (word == "UNSURE")
    assert bool(regions(page)) == (word == "DEFECT" or round(255 * brightest) / 255 >= LIMIT.limit)


def test_of_another_part_is_said_why_there_is_no_answer(defects: Open) -> None:
    page = upload(defects(), ("cat.png", png(np.full((SIDE, SIDE), 90, np.uint8))))
    assert outcome(page) == "NO ANSWER"
    assert "This is another part." in said(page) and "2.50 times the limit" in said(page)
    assert not scales(page) and not regions(page)


def test_regions_are_measured_in_pixels_of_the_image_that_was_sent(defects: Open) -> None:
    page = one(defects(), 0.9, side=200)
    (region,) = regions(page)
    assert region["Region"] == 1
    assert region["Area, px"] == 100 * 100
    assert region["Share of the image, %"] == 25.0
    assert region["Map, of its limit"] == pytest.approx(0.9 / parts.OUTLINED, abs=0.02)


def test_fewer_false_alarms_move_the_limit_without_asking_the_model_again(defects: Open, asked: Service) -> None:
    between = (promise(HELD_OUT, 1 / 20).limit + 0.5) / 2
    page = one_in(one(defects(), between), 20)
    assert f"limit {promise(HELD_OUT, 1 / 20).limit:.2f}" in said(page)
    assert "On average at most 1 good part in 20 is called defective" in said(page)
    strict = one_in(page, BEST)
    assert "limit 0.50" in said(strict)
    assert "On average at most 1 good part in 61 is called defective" in said(strict)
    assert len(asked.asked) == 1


@pytest.mark.parametrize(
    ("held_out", "rates"),
    [(1, [2]), (16, [5, 10, 17]), (60, [20, 50, 61]), (99, [20, 50, 100]), (240, [20, 50, 100, 200, 241])],
)
def test_only_rates_that_the_held_out_parts_can_promise_are_offered(held_out: int, rates: list[int]) -> None:
    scores = np.linspace(0.2, 0.5, held_out)
    found = part_limit.offered(promise(scores, 0.01))
    assert found == rates
    assert all(promise(scores, 1 / count).kept for count in found)


def test_a_version_that_was_asked_for_more_than_it_can_promise_begins_at_the_best_and_says_so(
    defects: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = np.linspace(0.2, 0.5, 16)
    monkeypatch.setattr(parts, "promised", lambda slug, rate=None, ref="champion": promise(few, rate or 0.01))
    page = one(defects(), 0.25)
    (slider,) = page.select_slider
    assert (slider.options, slider.value) == (["1 in 5", "1 in 10", "1 in 17"], 17)
    assert ":material/warning: With 16 held-out good parts, 1 false alarm in 17 good parts" in said(page)
    assert "The model's own: 1 in 100 good parts." in said(page)
    assert ":material/verified: On average at most 1 good part in 10" in said(one_in(page, 10))


def test_the_price_of_a_limit_is_counted_on_the_test_defects_of_the_version_and_moves_with_it(defects: Open) -> None:
    version = registry().resolve("defects")
    table = stored_evaluation(version).table  # type: ignore[union-attr]
    scores = table["scores"][table["truth"] == 1, 1]
    page = one(defects(), 0.25)
    for count in (20, BEST):
        escaped = 100 * float((scores <= promise(HELD_OUT, 1 / count).limit).mean())
        expected = f"At this limit {escaped:.1f} % of the {len(scores)} test defects escape"
        assert expected in said(one_in(page, count))
    assert "photographed like the held-out ones" in said(page)


def test_without_test_defects_there_is_no_price() -> None:
    version = registry().resolve("defects")
    test = stored_evaluation(version)
    assert test is not None
    good = take(test, np.flatnonzero(test.table["truth"] == 0))
    assert part_limit.escapes(good, 0.5).n == 0
    assert part_limit.escapes(test, 2.0).value == 1.0 and part_limit.escapes(test, -1.0).value == 0.0


def test_only_what_is_called_defective_has_a_place_below_the_limit_of_the_map_outlined(defects: Open) -> None:
    odd = (promise(HELD_OUT, 1 / 20).limit + parts.OUTLINED) / 2
    page = one_in(one(defects(), odd), BEST)
    assert outcome(page) == "UNSURE" and not regions(page), "just below the limit"
    assert len(regions(one_in(page, 20))) == 1


def test_opacity_changes_the_picture_with_the_map_alone(defects: Open, asked: Service) -> None:
    def shown(found: AppTest) -> list[str]:
        return [found_image.proto.imgs[0].url for found_image in found.get("image")][-2:]

    page = one(defects(), 0.9)
    before = shown(page)
    page.slider(key="defects.opacity").set_value(0).run()
    after = shown(checked(page))
    assert before[0] == after[0] and before[1] != after[1]
    assert len(asked.asked) == 1


def test_many_parts_make_a_table_that_can_be_narrowed_and_hold_no_maps(defects: Open, asked: Service) -> None:
    files = {f"{name}.png": png(part(value)) for name, value in (("a", 0.2), ("b", 0.9), ("c", 0.95), ("d", 0.21))}
    page = upload(defects(), ("many.zip", zipped(**files, **{"cat.png": png(np.full((50, 50), 90, np.uint8))})))
    table = next(frame.value for frame in page.dataframe if "file" in frame.value)
    assert list(table["outcome"]) == ["✕ Defect", "✕ Defect", "– No answer", "✓ OK", "✓ OK"]
    assert list(table["file"]) == ["c.png", "b.png", "cat.png", "d.png", "a.png"]
    assert list(table["regions"].isna()) == list(table["area"].isna()) == [False, False, True, False, False]
    assert "Answered in 12 ms each on average" in said(page)
    assert all(str(image).startswith("data:image/jpeg;base64,") for image in table["image"])
    kept = page.session_state["defects.answered"][1].rows
    assert all(row.answer.prediction.anomaly_map.size == 0 for row in kept)
    checked(page.segmented_control(key="defects.batch_outcome").set_value("defect").run())
    table = next(frame.value for frame in page.dataframe if "file" in frame.value)
    assert list(table["file"]) == ["c.png", "b.png"]
    one_in(page, BEST)
    assert len(asked.asked) == 1


def test_a_small_picture_of_a_declined_image_has_no_map(defects: Open) -> None:
    plain = np.full((SIDE, SIDE), 230, np.uint8)
    page = upload(defects(), ("cat.png", png(plain)), ("a.png", png(part(0.2))))
    (row,) = [row for row in page.session_state["defects.answered"][1].rows if row.item.name == "cat.png"]
    picture = Image.open(io.BytesIO(base64.b64decode(row.thumbnail.partition(",")[2])))
    assert np.abs(np.asarray(picture, int) - 230).max() < 4


def test_a_filter_that_a_new_limit_has_emptied_shows_all(defects: Open) -> None:
    near = (LIMIT.unsure[0] + LIMIT.limit) / 2
    page = upload(defects(), ("a.png", png(part(0.2))), ("b.png", png(part(near))))
    checked(page.segmented_control(key="defects.batch_outcome").set_value("unsure").run())
    one_in(page, BEST)
    table = next(frame.value for frame in page.dataframe if "file" in frame.value)
    assert list(table["outcome"]) == ["✓ OK", "✓ OK"]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("empty.png", b""),
        ("letter.png", b"%PDF-1.4 not an image"),
        ("cut.png", png()[:-40]),
        ("thin.png", png(np.zeros((1, 2000), np.uint8))),
        ("broken.zip", b"PK\x03\x04 nothing more"),
    ],
)
def test_a_bad_file_is_refused_in_words(defects: Open, asked: Service, name: str, data: bytes) -> None:
    page = upload(defects(), (name, data))
    assert "Not taken: 1" in said(page) and asked.asked == []
    assert not [title for title in page.title if ":material/" in title.value]
    assert "/tmp" not in said(page) and "Traceback" not in said(page)


def test_names_of_files_are_shown_literally(defects: Open) -> None:
    page = upload(defects(), ("![x](http://evil.example/t.png) :material/home: $a$.png", png(part(0.9))))
    captions = "".join(image.proto.imgs[0].caption for image in page.get("image"))
    assert "](http" not in said(page) + captions and ":material/home:" not in captions


def registered(home: Path, seed: int) -> str:
    return registry().register("defects", write_checkpoint(home / f"staged-{seed}", seed), name="taught").ref


def test_there_is_no_choice_of_versions_while_there_is_one(defects: Open) -> None:
    assert not [box for box in defects().selectbox if box.key == "defects.answering"]


def test_a_version_that_nobody_promoted_can_be_tried_by_its_link(defects: Open, asked: Service, home: Path) -> None:
    ref = registered(home, 1)
    page = one(defects(model=ref), 0.9)
    box = page.selectbox(key="defects.answering")
    assert box.value == ref and "challenger" in box.options[0] and "in use" in box.options[1]
    assert asked.asked == [(ref, 1)]
    checked(box.set_value("bundled").run())
    assert asked.asked[1:] == [("champion", 1)], "the version in use is asked for by its alias"
    assert "model" not in page.query_params
    checked(page.selectbox(key="defects.answering").set_value(ref).run())
    assert page.query_params["model"] == ref


def test_of_a_version_taught_another_part_the_samples_are_said_to_be_those_of_the_bundled_one(
    defects: Open, asked: Service, home: Path
) -> None:
    ref = registered(home, 1)
    page = defects(model=ref)
    assert "These samples are parts of the bundled model." in said(page) and "Upload an image of taught." in said(page)
    checked(page.button(key="defects.ask_bundled").click().run())
    assert "model" not in page.query_params and "These samples" not in said(page)
    registry().promote("defects", int(ref))
    page = checked(defects())
    checked(page.button(key="defects.ask_bundled").click().run())
    assert page.query_params["model"] == "bundled"
    one(page, 0.9)
    assert asked.asked == [("bundled", 1)]


@pytest.mark.parametrize("link", ["99", "../../etc", "champion", "<b>"])
def test_a_link_to_a_version_that_is_not_there_asks_the_one_in_use(
    defects: Open, asked: Service, home: Path, link: str
) -> None:
    registered(home, 1)
    one(defects(model=link), 0.9)
    assert asked.asked == [("champion", 1)]


def takt(page: AppTest) -> AppTest:
    page.session_state["defects.takt_open"] = True
    return checked(page.run())


def test_takt_says_nothing_before_it_was_measured_and_then_what_was(defects: Open) -> None:
    page = takt(one(defects(), 0.9))
    assert "Not measured yet" in said(page) and not page.get("plotly_chart")
    checked(page.button(key="defects.measure_takt").click().run())
    assert "It keeps up: 48 ms of 1,000 ms" in said(page)
    assert "95 of 100 answers took at most 48.0 ms, half of them 29.5 ms: 40 answers" in said(page)
    assert len(page.get("plotly_chart")) == 1
    checked(page.number_input(key="defects.line_speed").set_value(2000.0).run())
    assert "Too slow for this line: 48 ms, and there are 30 ms" in said(page)


def test_a_measured_takt_is_of_one_version(defects: Open, home: Path) -> None:
    ref = registered(home, 1)
    page = takt(one(defects(), 0.9))
    checked(page.button(key="defects.measure_takt").click().run())
    checked(page.selectbox(key="defects.answering").set_value(ref).run())
    assert "Not measured yet" in said(page)


def test_the_slow_answer_is_one_that_was_measured() -> None:
    assert slow_answer(np.arange(1.0, 41.0)) == 39.0
    assert slow_answer(np.array([5.0])) == 5.0


def test_export_says_of_every_part_what_the_page_says(defects: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[predict.Answered] = []
    monkeypatch.setattr(part_batch, "download", lambda _, answered: taken.append(answered))
    files = (("a.png", png(part(0.2))), ("=b.png", png(part(0.9))), ("cat.png", png(np.full((50, 50), 90, np.uint8))))
    upload(defects(), *files, ("cut.png", png()[:-40]))
    rows = list(csv.DictReader(io.StringIO(batch.to_csv(sector("defects"), taken[-1]).decode("utf-8-sig"))))
    assert [row["input"] for row in rows] == ["a.png", "'=b.png", "cat.png", "cut.png"]
    assert [row["outcome"] for row in rows] == ["ok", "defect", "declined", ""]
    assert float(rows[1]["score"]) == pytest.approx(0.9, abs=0.01)
    assert float(rows[1]["threshold"]) == pytest.approx(LIMIT.limit, abs=1e-4)
    assert [row["regions"] for row in rows] == ["0", "1", "0", ""] and rows[1]["outlined_percent"] == "25.0"
    assert rows[0]["held_out_good_parts"] == "60" and rows[2]["abstained"] == "This is another part."
    assert rows[3]["refused"] and all("released or scrapped" in row["notice"] for row in rows)


def test_the_page_needs_no_heavy_import() -> None:
    code = (
        "import sys; import core.ui.part_answer;"
        "sys.exit(', '.join({'torch', 'timm', 'sklearn', 'scipy', 'captum'} & set(sys.modules)) or 0)"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (found.returncode, found.stderr) == (0, "")
