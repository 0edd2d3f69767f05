"""What a version keeps to choose thresholds by, and to show what it is worst at."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.data import examples
from core.data.kept_maps import KEPT_MAX, kept_maps
from core.tasks.anomaly_detection.card import CARD
from core.tasks.anomaly_detection.config import AnomalyDetectionConfig
from core.tasks.anomaly_detection.measure import AT_LIMIT, TYPE
from core.tasks.anomaly_detection.task import TASK
from core.tasks.anomaly_detection.train import read_data
from core.tasks.anomaly_detection.worst import worst_of
from core.training.evaluation import VALIDATION, load_evaluation
from core.training.false_alarms import HELD_OUT
from core.training.run import ListedRun
from tests.tasks.surfaces import SIDE, laid_out, mvtec_files, picture, png, tiny_backbone
from tests.training.part_tables import parts

pytestmark = pytest.mark.slow
CONFIG = AnomalyDetectionConfig(image_size=SIDE, bank_size=100, false_alarm_rate=0.1, seed=1, keep_examples=True)


def trained(folder, files, config=CONFIG):
    run = ListedRun(folder / "run", config.seed)
    data = read_data(laid_out(folder / "parts", files), config, run)
    return TASK.train_parts(config, data, tiny_backbone(), run, ("train", "evaluate"))


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    """Of data with two defects among the training images, besides those of the test."""
    rng = np.random.default_rng(5)
    files = mvtec_files(good=16, tested=4) | {f"train/blot/{i}.png": png(picture(rng, "blot")[0]) for i in range(2)}
    return trained(tmp_path_factory.mktemp("kept"), files)


def test_held_out_good_parts_stand_at_the_limit_with_defects_that_were_not_learned_from(checkpoint):
    found, predictor = load_evaluation(checkpoint / VALIDATION), TASK.load(checkpoint, "cpu")
    assert found is not None and found.data.split == "validation"
    types, score = found.table[TYPE], found.table["scores"][:, 1]
    assert types.tolist() == ["good"] * 16 + ["blot"] * 2
    assert found.table["id"][:16].tolist() == [f"train/good/{place:03}.png" for place in range(16)]
    assert set(found.summary) == {"image_auroc", "escape_rate", "declined"} and found.summary["declined"].n == 2
    assert np.sort(score[:16]) == pytest.approx(predictor.image_scaling.score(predictor.held_out), abs=1e-6)
    assert found.table["prediction"][:16].sum() <= 1, "at a rate of 0.1 one of sixteen passes the limit at most"
    assert (score[16:] > 0.5).all()


def test_maps_and_pictures_of_the_worst_are_kept(checkpoint):
    evaluation, kept = load_evaluation(checkpoint), kept_maps(checkpoint)
    assert evaluation is not None and kept is not None
    assert set(kept.of) == set(map(str, evaluation.table["id"])), "there are fewer than are kept"
    assert all((one.mask is not None) == ("/good/" not in name) for name, one in kept.of.items())
    found = examples.pictures(evaluation, list(kept.of), checkpoint)
    assert found.small == set(kept.of) and found.hint is None


def test_without_test_images_the_good_parts_are_all_that_is_known(tmp_path):
    files = {name: content for name, content in mvtec_files(good=10).items() if name.startswith("train")}
    folder = trained(tmp_path, files)
    chosen, tested = load_evaluation(folder / VALIDATION), load_evaluation(folder)
    assert chosen is not None and tested is not None
    assert chosen.data.split == tested.data.split == HELD_OUT
    assert not tested.summary and not TASK.summarise(tested), "what gave the limit measures no alarms and no refusals"
    assert "| none measured | - | - |" in (folder / CARD).read_text(encoding="utf-8")
    assert kept_maps(folder) is None


def test_versions_that_left_out_other_suspects_are_compared_on_the_same_parts(tmp_path):
    files = {name: content for name, content in mvtec_files(good=16, tested=4).items() if "test/good" not in name}
    files |= {f"validation/{name[6:]}": files.pop(name) for name in list(files) if name.startswith("train/good/01")}
    files["train/good/hidden.png"] = files["test/blot/000.png"]
    one = trained(tmp_path / "one", files)
    other = trained(tmp_path / "other", files, replace(CONFIG, suspects="keep"))
    used, new = load_evaluation(one), load_evaluation(other)
    assert set(new.table["id"]) - set(used.table["id"]) == {"train/good/hidden.png"}
    found = TASK.evaluate(TASK.load(one, "cpu"), tmp_path / "other" / "parts", like=new)
    assert set(found.table["id"]) == set(new.table["id"]) and len(found.table["id"]) == len(new.table["id"])
    good = found.table["truth"] == 0
    assert (found.table["seen"] == good).all() and good.sum() == 17, "of validation too"
    assert not found.table[AT_LIMIT][good].any(), "maps of held-out parts are measured for neither"
    for name in ("pixel_f1", "pro"):
        assert found.summary[name].value == pytest.approx(used.summary[name].value, abs=0.01)


def test_the_worst_are_the_lowest_defects_and_the_highest_good_parts():
    evaluation = parts(good=60, defects=60)
    rows = worst_of(evaluation)
    score = evaluation.table["scores"][:, 1]
    assert len(rows) == KEPT_MAX and (rows >= 60).sum() == KEPT_MAX // 2
    assert score[rows[rows >= 60]].max() <= np.sort(score[60:])[KEPT_MAX // 2 - 1]
    assert score[rows[rows < 60]].min() >= np.sort(score[:60])[-KEPT_MAX // 2]
