"""From images to a checkpoint and back: training, answers, evaluation, bad input, damaged files."""

import json
from dataclasses import replace

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from core.contracts import ImageSample
from core.data.surfaces import PartSet
from core.errors import InputRefused, ModelRefused, RunCancelled
from core.store.files import sha256_of
from core.tasks.anomaly_detection.config import AnomalyDetectionConfig
from core.tasks.anomaly_detection.measure import AT_LIMIT, TYPE, by_type
from core.tasks.anomaly_detection.robustness import IMAGES, chosen_of
from core.tasks.anomaly_detection.task import TASK
from core.tasks.anomaly_detection.train import learn, read_data
from core.training.evaluation import load_evaluation
from core.training.false_alarms import STAND_IN, in_words
from core.training.robustness import AS_TAKEN, DISTURBANCES, load_robustness
from core.training.run import ListedRun
from tests.tasks.surfaces import TINY, mvtec_files, picture, png, tiny_backbone, zipped


def trained_on(path, folder, config=TINY, stop=False):
    run = ListedRun(folder, config.seed)
    if stop:
        run.stop.set()
    return TASK.train_parts(config, read_data(path, config, run), tiny_backbone(), run, ("train", "evaluate"))


@pytest.fixture(scope="module")
def parts_zip(tmp_path_factory):
    return zipped(tmp_path_factory.mktemp("parts") / "parts.zip", mvtec_files(good=24, tested=8))


@pytest.fixture(scope="module")
def checkpoint(parts_zip, tmp_path_factory):
    return trained_on(parts_zip, tmp_path_factory.mktemp("run"))


@pytest.fixture(scope="module")
def predictor(checkpoint):
    return TASK.load(checkpoint, "cpu")


def sample(defect, seed):
    pixels, mask = picture(np.random.default_rng(seed), defect)
    return ImageSample("part.png", pixels, ""), mask


@pytest.mark.slow
def test_defects_are_found_outlined_and_measured(predictor, checkpoint):
    evaluation = load_evaluation(checkpoint)
    summary = evaluation.summary
    assert summary["image_auroc"].value > 0.95
    assert summary["pixel_auroc"].value > 0.85 and summary["pro"].value > 0.6
    assert set(by_type(evaluation)) == {"blot", "scratch"}
    assert evaluation.table[TYPE].tolist().count("good") == 8
    for defect in ("blot", "scratch"):
        part, mask = sample(defect, 77)
        answer = predictor.predict([part])[0]
        assert answer.decision == "defect" and answer.regions
        assert answer.exceeded == answer.held_out == 24
        best = answer.regions[0]
        rows, columns = np.nonzero(mask)
        assert best.left - 0.1 < columns.mean() / 96 < best.right + 0.1
        assert best.top - 0.1 < rows.mean() / 96 < best.bottom + 0.1
    good = predictor.predict([sample("good", 500 + i)[0] for i in range(20)])
    assert sum(answer.decision == "defect" for answer in good) <= 5


@pytest.mark.slow
def test_summaries_of_rows_are_those_of_a_table(checkpoint):
    evaluation = load_evaluation(checkpoint)
    again = TASK.summarise(evaluation)
    assert {name: metric.value for name, metric in again.items()} == pytest.approx(
        {name: metric.value for name, metric in evaluation.summary.items()}
    )
    found, missed, wrong = evaluation.table[AT_LIMIT].sum(axis=0)
    assert again["pixel_f1_at_limit"].value == pytest.approx(2 * found / (2 * found + missed + wrong))


@pytest.mark.slow
def test_the_same_images_taken_otherwise_are_measured(checkpoint, predictor):
    found = load_robustness(checkpoint)
    assert [row.name for row in found.rows] == [AS_TAKEN, *DISTURBANCES]
    whole = load_evaluation(checkpoint).summary
    first = found.rows[0]
    assert first.n == found.data.n == 24 and found.data.split == "test"
    assert first.metrics["image_auroc"].value == pytest.approx(whole["image_auroc"].value)
    assert set(first.metrics) == {"image_auroc", "false_alarm_rate", "escape_rate", "declined"}
    (checkpoint / "robustness.json").write_bytes((checkpoint / "robustness.json").read_bytes() + b" ")
    with pytest.raises(ModelRefused):
        TASK.load(checkpoint, "cpu")
    (checkpoint / "robustness.json").write_bytes((checkpoint / "robustness.json").read_bytes()[:-1])


def test_images_to_disturb_are_bounded_and_spread():
    types = np.array(["good"] * 100 + ["a"] * 50 + ["b"] * 50)
    empty = np.zeros((200, 1, 1, 1), np.uint8)
    ids = tuple(map(str, range(200)))
    parts = PartSet(empty, types, empty[..., 0] > 0, np.ones(200, bool), ids, np.arange(200))
    chosen = parts.take(chosen_of(parts))
    assert len(chosen) == IMAGES and len(set(chosen.ids)) == IMAGES
    assert {kind: int((chosen.types == kind).sum()) for kind in "ab"} == {"a": 15, "b": 15}
    few = parts.take(np.arange(90, 103))
    assert not len(chosen_of(few)), "three defects are no measurement"
    assert len(chosen_of(parts.take(np.arange(96, 200)))) == IMAGES, "defects make up for good parts that lack"


@pytest.mark.slow
def test_a_higher_rate_lowers_the_limit_and_is_told(predictor):
    strict, loose = predictor.promise(0.0001), predictor.promise(0.2)
    assert not strict.kept and strict.rate == pytest.approx(1 / 25)
    assert loose.kept and loose.limit < strict.limit
    part = sample("good", 1)[0]
    by_rate = predictor.predict([part], false_alarm_rate=0.2)[0]
    assert by_rate.verdict.threshold == pytest.approx(loose.limit)
    assert by_rate.verdict.score == predictor.predict([part])[0].verdict.score
    assert predictor.predict([part], threshold=0.0)[0].decision in ("defect", None)


@pytest.mark.slow
def test_something_else_is_declined(predictor):
    rng = np.random.default_rng(0)
    other = ImageSample("cat.png", rng.integers(0, 256, (80, 120, 3), dtype=np.uint8), "")
    answer = predictor.predict([other])[0]
    assert answer.abstained is not None and answer.decision is None and not answer.regions


@pytest.mark.slow
def test_evaluation_on_the_same_images_as_another(predictor, parts_zip):
    whole = TASK.evaluate(predictor, parts_zip)
    half = replace(whole, table={name: column[::2] for name, column in whole.table.items()})
    again = TASK.evaluate(predictor, parts_zip, like=half)
    assert set(again.table["id"]) == set(half.table["id"]) and "seen" not in again.table
    own = replace(whole, table={**whole.table, "id": np.array(["train/good/000.png"])})
    assert TASK.evaluate(predictor, parts_zip, like=own).table["seen"].tolist() == [True]
    with pytest.raises(InputRefused):
        TASK.evaluate(predictor, parts_zip, columns={"label": "x"})


@pytest.mark.slow
def test_good_parts_alone_are_measured_by_themselves(tmp_path):
    rng = np.random.default_rng(0)
    path = zipped(tmp_path / "good.zip", {f"{i}.png": png(picture(rng)[0]) for i in range(12)})
    folder = trained_on(path, tmp_path / "run")
    evaluation = load_evaluation(folder)
    assert not evaluation.summary, "good parts that gave the limit measure nothing"
    assert evaluation.data.n == 12 and evaluation.table["prediction"].sum() <= 1
    with pytest.raises(InputRefused) as refused:
        TASK.evaluate(TASK.load(folder, "cpu"), path)
    assert refused.value.code == "data.nothing_to_measure"


@pytest.mark.slow
@pytest.mark.parametrize("kept", [False, True])
def test_defects_among_the_good_parts_are_named(tmp_path, kept):
    files = mvtec_files(good=24, tested=2)
    files["train/good/hidden.png"] = files["test/blot/000.png"]
    config = replace(TINY, suspects="keep" if kept else "leave_out")
    folder = trained_on(zipped(tmp_path / "dirty.zip", files), tmp_path / "run", config)
    data = json.loads((folder / "manifest.json").read_text())["data"]
    assert "train/good/hidden.png" in data["suspects"] and len(data["suspects"]) <= 2
    assert data["suspects_left_out"] == (0 if kept else len(data["suspects"]))
    manifest, asked = json.loads((folder / "manifest.json").read_text()), TASK.load(folder, "cpu").promise()
    for words in (manifest["threshold"]["words"], str(in_words(asked)), (folder / "card.md").read_text()):
        assert kept == ("That holds if the images that were left out as suspicious" not in words)
    assert "hidden.png" in (folder / "card.md").read_text()


@pytest.mark.slow
def test_known_defects_teach_the_second_network_and_are_not_measured(parts_zip, tmp_path, checkpoint):
    config = replace(TINY, supervised=True, epochs=30)
    folder = trained_on(parts_zip, tmp_path, config)
    manifest = json.loads((folder / "manifest.json").read_text())
    learned = set(manifest["data"]["supervised_ids"])
    evaluation = load_evaluation(folder)
    assert len(learned) == 12 and not learned & set(evaluation.table["id"])
    rows = np.isin(load_evaluation(checkpoint).table["id"], evaluation.table["id"])
    plain = load_evaluation(checkpoint)
    before = TASK.summarise(replace(plain, table={name: column[rows] for name, column in plain.table.items()}))
    assert evaluation.summary["pixel_f1"].value > before["pixel_f1"].value + 0.1
    assert evaluation.summary["image_auroc"].value == pytest.approx(before["image_auroc"].value, abs=1e-6)


@pytest.mark.slow
def test_too_few_masks_are_refused(tmp_path):
    path = zipped(tmp_path / "few.zip", mvtec_files(good=8, tested=2))
    with pytest.raises(InputRefused) as refused:
        trained_on(path, tmp_path / "run", replace(TINY, supervised=True))
    assert refused.value.code == "data.few_masks"


def test_a_cancelled_run_leaves_nothing(parts_zip, tmp_path):
    with pytest.raises(RunCancelled):
        trained_on(parts_zip, tmp_path / "run", stop=True)
    assert not (tmp_path / "run" / "checkpoint").exists()


@pytest.mark.slow
def test_the_map_is_the_explanation(predictor):
    part, _ = sample("blot", 3)
    found = TASK.explain(predictor, part, "defect", "anomaly_map")
    assert np.array_equal(found.values, predictor.predict([part])[0].anomaly_map)
    with pytest.raises(InputRefused):
        TASK.explain(predictor, part, "broken", "anomaly_map")


@pytest.mark.slow
@pytest.mark.parametrize("damage", ["missing", "shape", "nan", "manifest"])
def test_a_checkpoint_that_does_not_fit_is_refused(checkpoint, tmp_path, damage):
    tensors = load_file(checkpoint / "model.safetensors")
    manifest = json.loads((checkpoint / "manifest.json").read_text())
    if damage == "missing":
        del tensors["memory.fine.spacing"]
    elif damage == "shape":
        name = next(name for name in tensors if name.startswith("backbone.") and tensors[name].ndim == 4)
        tensors[name] = tensors[name][:1]
    elif damage == "nan":
        tensors["held_out.scores"][0] = np.nan
    else:
        del manifest["scaling"]
    save_file(tensors, tmp_path / "model.safetensors")
    manifest["sha256"] = sha256_of(tmp_path / "model.safetensors")
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(ModelRefused):
        TASK.load(tmp_path, "cpu")


@pytest.mark.parametrize(
    "wrong", [{"image_size": 100}, {"pretrained": "hub"}, {"architecture": "resnet18"}, {"false_alarm_rate": 0.0}]
)
def test_options_are_checked(wrong):
    with pytest.raises(InputRefused):
        AnomalyDetectionConfig(**wrong)


@pytest.mark.slow
def test_defects_without_good_parts_are_ranked_among_the_held_out_ones(tmp_path):
    files = {name: content for name, content in mvtec_files(good=12, tested=4).items() if "test/good" not in name}
    folder = trained_on(zipped(tmp_path / "parts.zip", files), tmp_path)
    evaluation = load_evaluation(folder)
    assert evaluation.table[TYPE].tolist().count("good") == 12 and evaluation.data.n == 12 + 8
    assert evaluation.summary["image_auroc"].value > 0.9
    assert evaluation.table[AT_LIMIT][8:].sum() == 0, "pixel figures stay those of the defects' own images"
    assert evaluation.data.split == STAND_IN and TASK.summarise(evaluation) == evaluation.summary
    assert "false_alarm_rate" not in evaluation.summary and evaluation.summary["declined"].n == 8
    by_kind = json.loads((folder / "manifest.json").read_text())["by_type"]
    assert all("false_alarm_rate" not in figures and figures["declined"]["n"] == 4 for figures in by_kind.values())


@pytest.mark.slow
def test_every_stage_says_how_far_it_is(tmp_path):
    config = replace(TINY, supervised=True, epochs=1)
    run = ListedRun(tmp_path, 1)
    path = zipped(tmp_path / "parts.zip", mvtec_files(good=10, tested=12))
    TASK.train_parts(config, read_data(path, config, run), tiny_backbone(), run, ("train", "evaluate"))
    last = {stage: (step, total) for stage, step, total, _ in run.reports}
    assert set(last) == set(run.stages)
    assert {"read", "look", "suspects", "remember", "hold_out", "outline", "evaluate", "robustness"} == set(last)
    assert all(step == total > 0 for step, total in last.values()), last


@pytest.mark.parametrize(("alike", "others"), [(20, 0), (11, 1)])
def test_parts_that_all_look_alike_are_each_held_out(tmp_path, alike, others):
    """Before one camera aligned parts repeat each other; likeness must not put all of them into one fold."""
    rng = np.random.default_rng(5)
    still = picture(rng)[0].astype(float)
    shown = [np.clip(still + rng.normal(0, 1, still.shape), 0, 255).astype(np.uint8) for _ in range(alike)]
    shown += [picture(rng)[0] for _ in range(others)]
    path = zipped(tmp_path / "alike.zip", {f"{place}.png": png(pixels) for place, pixels in enumerate(shown)})
    run = ListedRun(tmp_path, 1)
    data = read_data(path, TINY, run)
    assert len(set(data.splits["train"].groups)) == 1 + others
    learned = learn(tiny_backbone(), data, TINY, run)
    assert len(learned.held_out.scores) + learned.left_out == alike + others


def test_copies_of_a_part_are_one_held_out_part(tmp_path):
    rng = np.random.default_rng(1)
    files = {f"{place}{copy}.png": content for place in range(5) for content in [png(picture(rng)[0])] for copy in "ab"}
    run = ListedRun(tmp_path, 1)
    data = read_data(zipped(tmp_path / "copies.zip", files), TINY, run)
    assert len(data.splits["train"]) == 10
    learned = learn(tiny_backbone(), data, TINY, run)
    assert sorted(learned.held_out_ids) == [f"{place}a.png" for place in range(5)]
    assert len(learned.held_out.scores) == 5 and learned.left_out == 0
    assert float(learned.held_out.scores.min()) > -5, "a copy in the memory would be at no distance at all"
    one = replace(data, splits={"train": data.splits["train"].take(np.array([0, 1]))})
    with pytest.raises(InputRefused) as refused:
        learn(tiny_backbone(), one, TINY, run)
    assert refused.value.code == "data.same_part"


@pytest.mark.parametrize("tested", [True, False])
def test_good_parts_of_validation_are_learned_from_unless_they_serve_as_the_test(tmp_path, tested):
    files = mvtec_files(good=9, tested=4)
    moved = {name.replace("test/good", "validation/good"): content for name, content in files.items()}
    if not tested:
        moved = {name: content for name, content in moved.items() if "/good/" in name}
    run = ListedRun(tmp_path, 1)
    learned = learn(tiny_backbone(), read_data(zipped(tmp_path / "v.zip", moved), TINY, run), TINY, run)
    assert len(learned.held_out.scores) + learned.left_out == (13 if tested else 9)
