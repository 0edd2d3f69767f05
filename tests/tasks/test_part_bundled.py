"""The bundled memory of simulated parts: complete, small, stated, and of use on the samples of its page."""

import json

import pytest

from core.intake.images import read_image
from core.settings import ROOT
from core.tasks.anomaly_detection.task import TASK
from core.training.evaluation import load_evaluation
from core.training.robustness import AS_TAKEN, DISTURBANCES, load_robustness

BUNDLED = ROOT / "assets" / "models" / "defects" / "bundled"
SAMPLES = ROOT / "assets" / "samples" / "defects"
KINDS = ("brushed_metal", "woven_cloth", "printed_board")


@pytest.fixture(scope="module")
def manifest():
    return json.loads((BUNDLED / "manifest.json").read_text(encoding="utf-8"))


def test_it_is_small_and_says_where_it_is_from(manifest):
    assert sum(path.stat().st_size for path in BUNDLED.rglob("*") if path.is_file()) < 8 * 2**20
    assert manifest["licence"] == "CC-BY-4.0"
    features = manifest["features"]
    assert "doi:10.17632/rscbjbr9sj" in features["attribution"] and "Apache-2.0" in features["teacher"]
    assert all(line.startswith("python -m bench.surface_backbone") for line in features["commands"])
    assert manifest["command"].startswith("python -m bench.surface_recipe")


def test_figures_stand_in_manifest_evaluation_and_card_alike(manifest):
    evaluation = load_evaluation(BUNDLED)
    stated = manifest["metrics"]["values"]
    assert stated["image_auroc"]["value"] == pytest.approx(evaluation.summary["image_auroc"].value)
    card = (BUNDLED / "card.md").read_text(encoding="utf-8")
    assert f"| image_auroc | {evaluation.summary['image_auroc'].value:.4f} |" in card
    assert set(manifest["by_kind"]) == set(KINDS)
    for kind, figures in manifest["by_kind"].items():
        assert f"| {kind} | {figures['image_auroc']['n']} | {figures['image_auroc']['value']:.3f} |" in card


def test_it_was_measured_on_images_taken_otherwise():
    found = load_robustness(BUNDLED)
    assert [row.name for row in found.rows] == [AS_TAKEN, *DISTURBANCES]
    assert {row.n for row in found.rows} == {60}


@pytest.mark.slow
def test_good_samples_pass_and_most_damaged_ones_do_not():
    predictor = TASK.load(BUNDLED, "cpu")
    called = {"good": [], "defect": []}
    for entry in json.loads((SAMPLES / "manifest.json").read_text(encoding="utf-8")):
        answer = predictor.predict([read_image((SAMPLES / entry["file"]).read_bytes(), entry["file"])])[0]
        assert answer.abstained is None
        called[entry["label"]].append(answer.decision == "defect")
    assert not any(called["good"])
    assert sum(called["defect"]) >= 9
