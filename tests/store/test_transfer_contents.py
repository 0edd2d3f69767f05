"""A version as one file: header, model and evaluation have to fit each other, whatever the checksums say."""

from __future__ import annotations

import io
import json
from dataclasses import replace

import numpy as np
import pytest

from core.contracts import DataInfo
from core.store.transfer import import_version
from core.training.evaluation import save_evaluation
from tests.jobs import fake_sector
from tests.jobs.fake_sector import SLUG
from tests.store.bundles import contents, evaluation, packed, refused, resealed, to_bytes


class TestTheHeader:
    @pytest.mark.parametrize(
        "header",
        [
            b"",
            b"[]",
            b"{}",
            b"null",
            b'{"format": "1"}',
            b"\xff",
            b'{"format": 1, "files": 3, "name": ""}',
            b"[" * 100_000,
        ],
    )
    def test_headers_that_say_nothing(self, house, exported, header):
        code = refused(house, packed({**contents(exported[0]), "bundle.json": header}))
        assert code in ("bundle.header", "archive.broken")

    def test_missing(self, house, exported):
        files = contents(exported[0])
        del files["bundle.json"]
        assert refused(house, packed(files)) == "bundle.incomplete"

    def test_a_newer_format_and_another_task(self, house, exported):
        files = contents(exported[0])
        assert refused(house, resealed(files, format=2)) == "bundle.newer"
        assert refused(house, resealed(files, task="translation")) == "bundle.task"

    def test_wrong_checksums(self, house, exported):
        files = contents(exported[0])
        header = json.loads(files["bundle.json"])
        header["files"]["card.md"] = "0" * 64
        assert refused(house, packed({**files, "bundle.json": json.dumps(header).encode()})) == "bundle.checksum"

    def test_files_that_it_does_not_name_or_lacks(self, house, exported):
        files = contents(exported[0])
        assert refused(house, packed({**files, "more.json": b"{}"})) == "bundle.files"
        del files["card.md"]
        assert refused(house, packed(files)) == "bundle.files"

    def test_no_registration_from_elsewhere(self, house, exported):
        files = contents(exported[0]) | {"registration.json": b'{"created": "2020-01-01", "job_id": "j"}'}
        assert refused(house, resealed(files)) == "bundle.files"


class TestTheModel:
    @pytest.mark.parametrize(
        ("entry", "value", "code"),
        [
            ("labels", "ab", "bundle.manifest"),
            ("labels", [1, 2], "bundle.manifest"),
            ("labels", ["a", ""], "bundle.manifest"),
            ("labels", ["a", "b", "c"], "bundle.labels"),
            ("labels", ["b", "a"], "bundle.labels"),
            ("config", [], "bundle.manifest"),
            ("threshold", {"value": "0.5"}, "bundle.manifest"),
            ("data", "text", "bundle.manifest"),
            ("data", {"corrections": "many"}, "bundle.manifest"),
            ("folds", {"auroc": 0.9}, "bundle.manifest"),
            ("seeds", [1], "bundle.manifest"),
            ("seeds", {"auroc": ["0.9"]}, "bundle.manifest"),
            ("diagnosis", "fine", "bundle.manifest"),
        ],
    )
    def test_manifests_that_break_pages(self, house, exported, entry, value, code):
        files = contents(exported[0])
        manifest = {**json.loads(files["manifest.json"]), entry: value}
        assert refused(house, resealed({**files, "manifest.json": json.dumps(manifest).encode()})) == code

    def test_missing_weights_and_manifest(self, house, exported):
        for name in ("model.safetensors", "manifest.json"):
            files = contents(exported[0])
            del files[name]
            assert refused(house, resealed(files)) == "model.missing"

    def test_weights_that_the_task_refuses(self, house, exported):
        assert refused(house, resealed({**contents(exported[0]), "model.safetensors": b"broken"})) == "model.broken"

    def test_a_model_that_answers_otherwise(self, house, exported, monkeypatch):
        monkeypatch.setattr(fake_sector.Task, "probe", lambda self: "probe", raising=False)
        data = to_bytes(exported[1])
        assert json.loads(contents(data)["bundle.json"])["probe"] == [0.25, 0.75]
        assert import_version(SLUG, data, "v.zip").number == 2
        for probe in ([0.25, 0.7], [0.25], [], None, ["a", "b"], {"a": 1}, [0.25, float("nan")]):
            assert refused(house, resealed(contents(data), probe=probe)) == "bundle.differs"

    def test_a_model_that_raises_anything(self, house, exported, monkeypatch):
        def load(self, checkpoint, device):
            raise RuntimeError("shape '[-1]' is invalid")

        monkeypatch.setattr(fake_sector.Task, "load", load)
        assert refused(house, exported[0]) == "bundle.unusable"


class TestTheEvaluation:
    def reread(self, house, exported, changed):
        folder = house.home / "changed"
        save_evaluation(folder, changed)
        files = contents(exported[0])
        for name in ("evaluation.json", "evaluation.npz"):
            files[name] = (folder / name).read_bytes()
        return refused(house, resealed(files))

    @pytest.mark.parametrize("name", ["accuracy", "auroc", "ece"])
    def test_a_flattering_summary(self, house, exported, name):
        true = evaluation()
        better = replace(true.summary[name], value=0.99)
        assert self.reread(house, exported, replace(true, summary={**true.summary, name: better})) == (
            "bundle.evaluation"
        )

    def test_rows_that_are_not_there(self, house, exported):
        assert self.reread(house, exported, replace(evaluation(), data=DataInfo("set", "test", 13, "f" * 64))) == (
            "bundle.evaluation"
        )

    def test_objects_in_an_array(self, house, exported):
        out = io.BytesIO()
        np.savez(out, truth=np.array([{"a": 1}], dtype=object), allow_pickle=True)
        assert refused(house, resealed({**contents(exported[0]), "evaluation.npz": out.getvalue()})) == "array.objects"

    def test_a_table_that_is_none(self, house, exported):
        assert refused(house, resealed({**contents(exported[0]), "evaluation.npz": b"PK\x03\x04"})).startswith("array.")

    def test_a_summary_that_is_none(self, house, exported):
        files = contents(exported[0]) | {"evaluation.json": b'{"labels": 3}'}
        assert refused(house, resealed(files)) == "model.evaluation_damaged"
