"""What a model of parts is measured on: never on what it learned from, whatever that is called."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from core.data.surfaces import read_parts
from core.errors import InputRefused
from core.tasks.anomaly_detection import measure, task
from core.tasks.anomaly_detection.predictor import AnomalyPredictor
from core.tasks.anomaly_detection.task import TASK, AnomalyDetection
from core.tasks.anomaly_detection.train import read_data
from core.training.run import ListedRun
from tests.tasks.surfaces import TINY, mvtec_files, picture, png, tiny_backbone, zipped

pytestmark = pytest.mark.slow
FILES = mvtec_files(good=12, tested=12)


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    """Of a model whose second network learned from half of the test images."""
    folder = tmp_path_factory.mktemp("supervised")
    config, run = replace(TINY, supervised=True), ListedRun(folder / "run", TINY.seed)
    data = read_data(zipped(folder / "parts.zip", FILES), config, run)
    return TASK.train_parts(config, data, tiny_backbone(), run, ("train", "evaluate"))


@pytest.fixture(scope="module")
def predictor(checkpoint):
    return TASK.load(checkpoint, "cpu")


def one_more(path, renamed=False):
    """The same data with another good part; `renamed`: every image under another name."""
    files = {(name.replace("/0", "/1") if renamed else name): content for name, content in FILES.items()}
    return zipped(path, {**files, "test/good/999.png": png(picture(np.random.default_rng(99))[0])})


@pytest.mark.parametrize("renamed", [False, True])
def test_what_the_second_network_learned_from_is_not_measured_in_other_data_either(predictor, tmp_path, renamed):
    found = TASK.evaluate(predictor, one_more(tmp_path / "more.zip", renamed))
    own = TASK.evaluate(predictor, zipped(tmp_path / "own.zip", FILES))
    assert own.data.n == 18 and found.data.n == 19
    names = {str(image_id).replace("/1", "/0") for image_id in found.table["id"]} if renamed else found.table["id"]
    assert not predictor.learned_ids & set(names)


def test_what_the_second_network_learned_from_is_told_where_another_version_was_measured_on_it(predictor, tmp_path):
    own = TASK.evaluate(predictor, zipped(tmp_path / "own.zip", FILES))
    ids = np.array([name for name in FILES if name.startswith("test/")])
    found = TASK.evaluate(predictor, one_more(tmp_path / "more.zip"), like=replace(own, table={**own.table, "id": ids}))
    assert found.data.n == 36 and set(found.table["id"][found.table["seen"]]) == predictor.learned_ids


def test_versions_that_know_their_lessons_by_name_go_by_name(checkpoint, tmp_path):
    manifest = json.loads((checkpoint / "manifest.json").read_text())
    assert len(manifest["data"].pop("supervised_hashes")) == 18
    older = tmp_path / "older"
    older.mkdir()
    for file in checkpoint.iterdir():
        if file.is_file():
            (older / file.name).write_bytes(file.read_bytes())
    (older / "manifest.json").write_text(json.dumps(manifest))
    assert TASK.evaluate(TASK.load(older, "cpu"), one_more(tmp_path / "more.zip")).data.n == 19


def test_lessons_alone_leave_nothing_to_measure(predictor, tmp_path):
    learned = {name: FILES[name] for name in predictor.learned_ids}
    with pytest.raises(InputRefused) as refused:
        TASK.evaluate(predictor, zipped(tmp_path / "learned.zip", learned))
    assert refused.value.code == "data.nothing_to_measure"


def test_a_run_is_measured_where_it_was_learned(tmp_path, monkeypatch):
    chosen = []

    def load(self, folder, device):
        chosen.append(device)
        return AnomalyPredictor(folder, device)

    monkeypatch.setattr(AnomalyDetection, "load", load)
    monkeypatch.setattr(task, "pick_device", lambda: "cpu:0")
    config, run = replace(TINY, supervised=True), ListedRun(tmp_path / "run", TINY.seed)
    data = read_data(zipped(tmp_path / "parts.zip", mvtec_files(good=8, tested=6)), config, run)
    TASK.train_parts(config, data, tiny_backbone(), run, ("train", "evaluate"))
    assert chosen == ["cpu:0", "cpu:0"], "once for the second network, once for the evaluation"


def test_maps_are_counted_and_let_go(predictor, tmp_path, monkeypatch):
    parts = read_parts(zipped(tmp_path / "parts.zip", FILES), TINY.image_size).splits["test"]
    whole, told, sizes = measure.measure_parts(predictor, parts), [], []
    outputs_of = measure.outputs_of

    def counted(predictor, some, progress):
        sizes.append(len(some))
        return outputs_of(predictor, some, progress)

    monkeypatch.setattr(measure, "outputs_of", counted)
    monkeypatch.setattr(measure, "MAPS_MAX", 10)
    found = measure.measure_parts(predictor, parts, lambda done, total: told.append((done, total)))
    assert sizes == [10, 10, 10, 6] and told[-1] == (36, 36) and told == sorted(told)
    for name in ("id", "truth", measure.TYPE, measure.AT_LIMIT):
        assert np.array_equal(found[name], whole[name])
    assert found["scores"] == pytest.approx(whole["scores"], abs=1e-5)
    for name, metric in measure.summary_of(whole).items():
        assert measure.summary_of(found)[name].value == pytest.approx(metric.value, abs=0.02), name
