"""Parts from the command line: predict, explain, train, evaluate, and what is said of bad input."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from scipy.stats import binom
from typer.testing import CliRunner, Result

from core.cli import app
from core.data.surfaces_simulator import draw_part
from core.settings import settings
from core.store.database import close_stores
from tests.tasks.surfaces import laid_out, mvtec_files, picture, png, zipped

SLUG = "defects"
TINY = ("--set", "image_size=64", "--set", "bank_size=200", "--set", "false_alarm_rate=0.1", "--set", "epochs=2")
METRICS = ("image_auroc", "pixel_auroc", "pixel_f1", "pro", "false_alarm_rate", "escape_rate")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One home for the module, so that the bundled model is loaded once and a trained version is there for all."""
    folder = tmp_path_factory.mktemp("parts")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VITRINE_HOME", str(folder / "home"))
        patch.setenv("VITRINE_DEVICE", "cpu")
        settings.cache_clear()
        yield folder
        close_stores()


@pytest.fixture
def here(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def trained(home: Path) -> tuple[Path, Any]:
    """A folder in the MVTec layout and what `train` said of it."""
    data = laid_out(home / "discs", mvtec_files())
    return data, document(run("train", SLUG, "--data", str(data), *TINY, "--set", "image_size=128", "--json"))


def run(*words: str, code: int = 0) -> Result:
    result = CliRunner().invoke(app, list(words))
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    return result


def document(result: Result) -> Any:
    return json.loads(result.stdout, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))


def discs(count: int, seed: int = 5, defect: str = "good") -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [picture(rng, defect)[0] for _ in range(count)]


@pytest.mark.slow
def test_train_gives_a_challenger_with_every_measure(trained: tuple[Path, Any]) -> None:
    _, made = trained
    assert made["version"] == "1" and "challenger" in made["aliases"]
    for name in METRICS:
        figure = made["metrics"][name]
        assert set(figure) == {"value", "low", "high", "n"} and figure["low"] <= figure["value"] <= figure["high"], name
    assert (made["split"], made["n"]) == ("test", 18)
    assert made["metrics"]["false_alarm_rate"]["n"] == 6 and made["metrics"]["escape_rate"]["n"] == 12
    assert made["metrics"]["image_auroc"]["value"] > 0.8


@pytest.mark.slow
def test_evaluate_measures_the_same_again(trained: tuple[Path, Any], here: Path) -> None:
    data, made = trained
    again = document(run("evaluate", SLUG, "--data", str(data), "--model", "1", "--json"))
    for name in METRICS:
        assert again["metrics"][name]["value"] == pytest.approx(made["metrics"][name]["value"], abs=1e-6), name
    assert again["fingerprint"] == made["fingerprint"] and again["version"] == "1"
    zipped(here / "t.zip", mvtec_files())
    packed = document(run("evaluate", SLUG, "--data", "t.zip", "--model", "1", "--json"))
    assert packed["fingerprint"] == made["fingerprint"]
    bundled = document(run("evaluate", SLUG, "--data", "t.zip", "--json"))
    assert bundled["version"] == "bundled" and set(METRICS) <= set(bundled["metrics"])


@pytest.mark.slow
def test_predict_on_a_folder_a_zip_and_several(trained: tuple[Path, Any], here: Path) -> None:
    good, bad = discs(3), discs(3, defect="blot")
    laid_out(here / "parts", {f"good/{n}.png": png(one) for n, one in enumerate(good)})
    zipped(here / "bad.zip", {f"{n}.png": png(one) for n, one in enumerate(bad)})
    (here / "one.png").write_bytes(png(good[0]))
    body = document(run("predict", SLUG, "parts", "bad.zip", "one.png", "--model", "1", "--json"))
    assert [row["input"] for row in body["results"]] == [
        *(f"good/{n}.png" for n in range(3)),
        *(f"{n}.png" for n in range(3)),
        "one.png",
    ]
    scores = [row["score"] for row in body["results"]]
    assert max(scores[:3]) < min(scores[3:6]) and scores[6] == pytest.approx(scores[0], abs=1e-4)
    for row in body["results"][3:6]:
        assert (row["verdict"], row["label"]) in (("defect", "defect"), ("declined", None))
        assert bool(row["regions"]) is (row["label"] is not None) and row["latency_ms"] > 0
        assert all(0 <= one["left"] < one["right"] <= 96 for one in row["regions"])
    assert "defect" in [row["verdict"] for row in body["results"][3:6]], "not all of them are declined"
    assert body["promise"]["asked"] == body["false_alarm_rate"] == 0.1
    words = run("predict", SLUG, "bad.zip", "--model", "1").stdout.splitlines()
    assert any("png\tDEFECT\t" in line and line.endswith("regions") for line in words[:3])
    assert "held-out good parts" in words[3] and words[4].startswith("Research")


@pytest.mark.slow
def test_the_chosen_rate_holds_on_good_parts_never_used(trained: tuple[Path, Any], here: Path) -> None:
    """120 new good discs at a rate of 1 in 5: as many alarms as chance allows, with the doubt of few held-out parts."""
    laid_out(here / "new", {f"{n:03}.png": png(one) for n, one in enumerate(discs(120, seed=77))})
    body = document(run("predict", SLUG, "new", "--model", "1", "--false-alarm-rate", "0.2", "--json"))
    alarms = sum(row["label"] == "defect" for row in body["results"])
    low, high = body["promise"]["likely"]
    assert binom.ppf(0.005, 120, low) <= alarms <= binom.ppf(0.995, 120, high)


@pytest.mark.slow
def test_rates_and_thresholds(trained: tuple[Path, Any], here: Path) -> None:
    (here / "a.png").write_bytes(png(discs(1)[0]))
    ask = ("predict", SLUG, "a.png", "--model", "1", "--json")
    often, rare = (document(run(*ask, "--false-alarm-rate", rate)) for rate in ("0.4", "0.001"))
    assert often["threshold"] < rare["threshold"]
    assert often["promise"]["kept"] and not rare["promise"]["kept"]
    assert "lowest rate that can be promised" in rare["promise"]["words"]
    by_hand = document(run(*ask, "--threshold", "0"))
    assert by_hand["results"][0]["verdict"] == "defect" and by_hand["promise"] is None
    for words in (
        ["--false-alarm-rate", "0.1", "--threshold", "0.5"],
        ["--false-alarm-rate", "0"],
        ["--coverage", "0.9"],
    ):
        run(*ask, *words, code=2)
    run("predict", SLUG, "a.png", "--text", "x", code=2)
    run("predict", SLUG, "a.png", "--column", "amount=x", code=2)
    for other in ("medical", "fraud", "sentiment"):
        assert "--false-alarm-rate" in run("predict", other, "a.png", "--false-alarm-rate", "0.1", code=2).stderr


@pytest.mark.slow
def test_explain_draws_the_map_with_its_regions(trained: tuple[Path, Any], here: Path) -> None:
    laid_out(here / "blots", {f"{n}.png": png(one) for n, one in enumerate(discs(6, defect="blot"))})
    rows = document(run("predict", SLUG, "blots", "--model", "1", "--json"))["results"]
    found = next(row["input"] for row in rows if row["verdict"] == "defect")
    (here / "bad.png").write_bytes((here / "blots" / found).read_bytes())
    body = document(run("explain", SLUG, "bad.png", "--model", "1", "--out", "map.png", "--json"))
    assert (body["target"], body["method"], body["verdict"]) == ("defect", "anomaly_map", "defect")
    assert body["regions"] and body["score"] > body["threshold"]
    drawn = Image.open(here / "map.png")
    assert drawn.width == 640 and "person who looks" in drawn.text["Comment"]
    like = run("explain", SLUG, "bad.png", "--model", "1", "--out", "like.png", "--target", "good")
    assert like.stdout.startswith("like.png: anomaly_map, DEFECT")
    white = [
        int((np.asarray(Image.open(here / name).convert("RGB"))[:640] == 255).all(axis=2).sum())
        for name in ("map.png", "like.png")
    ]
    assert white[0] > white[1] + 100, "outlines are white, and only the map of defects has them"
    run("explain", SLUG, "bad.png", "--out", "map.html", code=2)
    run("explain", SLUG, "bad.png", "--out", "map.png", "--row", "3", code=2)
    assert "explain.choice" in run("explain", SLUG, "bad.png", "--out", "m.png", "--target", "dent", code=1).stderr
    unknown = run("explain", SLUG, "bad.png", "--out", "m.png", "--method", "grad_cam", code=1).stderr
    assert "anomaly_map" in unknown


@pytest.mark.slow
def test_good_images_alone_are_enough_and_the_command_repeats_them(here: Path) -> None:
    zipped(here / "good.zip", {f"{n}.png": png(one) for n, one in enumerate(discs(8))})
    made = document(run("train", SLUG, "--data", "good.zip", *TINY, "--json"))
    assert made["split"] == "held-out good parts" and made["n"] == 8
    assert made["metrics"] == {}, "the parts that gave the limit measure nothing"
    assert any("No defect is among these images" in said for said in made["notices"])
    again = run("evaluate", SLUG, "--data", "good.zip", "--model", made["version"], code=1)
    assert "data.nothing_to_measure" in again.stderr


@pytest.mark.parametrize(
    ("files", "code"),
    [
        ({"1.png": png(discs(1)[0])}, "one good image"),
        ({f"{n}.png": png(discs(1)[0]) for n in range(6)}, "the same image six times"),
        ({"test/blot/1.png": png(discs(1)[0])}, "no good image"),
        ({f"a/{n}.png": png(one) for n, one in enumerate(discs(4))} | {"b/9.png": png(discs(1)[0])}, "nobody says"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_nothing_can_be_learned_from_is_refused(here: Path, files: dict[str, bytes], code: str) -> None:
    laid_out(here / "data", files)
    said = run("train", SLUG, "--data", "data", *TINY, code=1).stderr
    assert "good" in said.splitlines()[-1] and len(said.splitlines()[-1]) < 700


def jpeg(pixels: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG")
    return buffer.getvalue()


@pytest.mark.slow
def test_what_is_odd_about_the_data_is_said_and_the_rest_is_used(here: Path) -> None:
    """Colour beside grey, upright beside lying, masks of another size and of no image, a defect among the good."""
    files = mvtec_files(good=12, tested=2)
    tinted = discs(2, seed=9)
    for one in tinted:
        one[..., 0] = one[..., 0] // 2
    files |= {f"train/good/tinted{n}.png": png(one) for n, one in enumerate(tinted)}
    files |= {f"train/good/tall{n}.jpg": jpeg(one[:, 20:70]) for n, one in enumerate(discs(2, seed=10))}
    files |= {f"train/good/wide{n}.png": png(one[20:70]) for n, one in enumerate(discs(2, seed=11))}
    files["train/good/spoilt.png"] = png(np.full((96, 96, 3), 250, np.uint8))
    files["ground_truth/blot/000_mask.png"] = png(np.pad(np.full((40, 40), 255, np.uint8), 20))
    files["ground_truth/blot/999_mask.png"] = png(np.full((96, 96), 255, np.uint8))
    laid_out(here / "odd", files)
    made = document(run("train", SLUG, "--data", "odd", *TINY, "--json"))
    said = " ".join(made["notices"])
    for words in ("are read as grey", "upright", "another size", "belong to no image", "spoilt.png"):
        assert words in said, f"{words}: {said}"


@pytest.mark.slow
def test_defects_in_the_training_split_are_said_and_never_learned(here: Path) -> None:
    files = mvtec_files(good=12, tested=2)
    files |= {f"train/blot/{n}.png": png(one) for n, one in enumerate(discs(2, defect="blot"))}
    laid_out(here / "mixed", files)
    made = document(run("train", SLUG, "--data", "mixed", *TINY, "--json"))
    assert any("2 training images show defects" in said for said in made["notices"])


@pytest.mark.slow
def test_a_picture_of_something_else_is_declined(here: Path) -> None:
    """Not a part at all: no verdict, no region, and the reason in words."""
    ramp = np.linspace(0, 255, 200)
    (here / "sky.png").write_bytes(png(np.stack([np.tile(ramp, (200, 1))] * 3, axis=2).astype(np.uint8)))
    (here / "board.png").write_bytes(png(draw_part("printed_board", seed=41).pixels))
    body = document(run("predict", SLUG, "sky.png", "board.png", "--json"))
    sky, board = body["results"]
    assert sky["verdict"] == "declined" and sky["label"] is None and sky["regions"] == []
    assert sky["abstained"]["code"].startswith("domain.") and board["abstained"] is None
    assert "\tdeclined: " in run("predict", SLUG, "sky.png").stdout


def test_files_that_are_no_images_are_named(here: Path) -> None:
    (here / "a.png").write_bytes(b"%PDF-1.4 hello")
    body = document(run("predict", SLUG, "a.png", "--json", code=1))
    assert body["results"] == [] and body["refused"][0]["code"].startswith("image.")
    assert body["threshold"] is None


def test_data_sets_of_the_sector_are_named(here: Path) -> None:
    said = " ".join(run("train", SLUG, "--data", "absent", code=2).stderr.replace("\n", " ").split())
    assert "simulated_boards" in said and "magnetic_tile" in said
