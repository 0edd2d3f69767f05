"""Versions as one file: out, in again, who may, and the model that ships with the program."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from core.access import AccessRefused, Actor, acting_as
from core.errors import AppError, ModelRefused, StoreError
from core.settings import settings
from core.store import audit
from core.store.database import close_stores
from core.store.registry import registry
from core.store.transfer import export_version, import_version
from tests.jobs.fake_sector import SLUG
from tests.store.bundles import contents, resealed, to_bytes


class TestThereAndBack:
    def test_a_version_comes_back_as_a_challenger_with_all_of_its_files(self, house, exported):
        data, version = exported
        house.registry.promote(SLUG, 1)
        again = import_version(SLUG, data, "version.zip")
        assert (again.number, again.name, again.aliases) == (2, "mine", ("challenger",))
        assert (again.sha256, again.manifest) == (version.sha256, version.manifest)

        def files(of):
            return {
                path.relative_to(of.path).as_posix(): path.read_bytes()
                for path in of.path.rglob("*")
                if path.is_file() and path.name != "registration.json"
            }

        assert files(again) == files(version)
        again.check()
        assert house.registry.resolve(SLUG).number == 1, "an import is never the champion"
        assert list(house.registry.staging.iterdir()) == []

    def test_both_ways_are_on_record(self, house, exported):
        data, version = exported
        import_version(SLUG, data, "version.zip")
        rows = [(entry.action, entry.version, entry.sha256) for entry in audit.entries(10)]
        assert rows == [
            ("import", "2", version.sha256),
            ("export", "1", version.sha256),
            ("register", "1", version.sha256),
        ]

    def test_from_and_to_a_file(self, house, exported, tmp_path):
        export_version(exported[1], tmp_path / "out.zip")
        assert import_version(SLUG, tmp_path / "out.zip", "out.zip").number == 2

    def test_the_bundled_version_can_be_exported(self, house):
        assert "manifest.json" in contents(to_bytes(house.registry.resolve(SLUG, "bundled")))

    def test_nothing_in_it_is_a_pickle_or_names_this_machine(self, house, exported):
        found = contents(exported[0])
        assert {name.rpartition(".")[2] for name in found} <= {"json", "safetensors", "npz", "md"}
        assert "registration.json" not in found
        header = json.loads(found["bundle.json"])
        assert (header["format"], header["task"], header["sector"], header["version"]) == (1, "fake_task", SLUG, "1")
        assert str(house.home).encode() not in exported[0]

    def test_damaged_versions_are_not_exported(self, house, exported):
        (exported[1].path / "model.safetensors").write_bytes(b"other")
        with pytest.raises(ModelRefused):
            to_bytes(exported[1])

    def test_files_of_other_kinds_are_not_exported(self, house):
        folder = house.staged()
        (folder / "optimizer.pt").write_bytes(b"")
        version = house.registry.register(SLUG, folder)
        with pytest.raises(ModelRefused) as caught:
            to_bytes(version)
        assert caught.value.code == "bundle.kind"


class TestWhoMay:
    @pytest.mark.parametrize("role", ["viewer", "presenter"])
    def test_only_admins(self, house, exported, role):
        data, version = exported
        with acting_as(Actor("eve", role)):
            with pytest.raises(AccessRefused):
                import_version(SLUG, data, "version.zip")
            out = io.BytesIO()
            with pytest.raises(AccessRefused):
                export_version(version, out)
            assert out.getvalue() == b""
        assert [version.number for version in house.registry.versions(SLUG)] == [1, 0]

    def test_unknown_sector(self, house, exported):
        with pytest.raises(StoreError):
            import_version("nowhere", exported[0], "version.zip")


@pytest.fixture
def medical(tmp_path, monkeypatch):
    """A fresh home with the real sector, and its bundled model as one file."""
    monkeypatch.setenv("VITRINE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("VITRINE_DEVICE", "cpu")
    settings.cache_clear()
    yield to_bytes(registry().resolve("medical", "bundled"))
    audit.flush(1)
    close_stores()


@pytest.mark.slow
class TestTheRealModel:
    def altered(self, data, tmp_path, change) -> bytes:
        files = contents(data)
        folder = tmp_path / "weights"
        folder.mkdir(exist_ok=True)
        (folder / "w.safetensors").write_bytes(files["model.safetensors"])
        tensors = load_file(folder / "w.safetensors")
        manifest = json.loads(files["manifest.json"])
        change(tensors, manifest)
        save_file(tensors, folder / "w.safetensors")
        files["model.safetensors"] = (folder / "w.safetensors").read_bytes()
        files["manifest.json"] = json.dumps(manifest).encode()
        return resealed(files)

    def refusal(self, data) -> str:
        try:
            import_version("medical", data, "v.zip")
        except AppError as error:
            assert [version.number for version in registry().versions("medical")] == [0]
            return error.code
        return "taken"

    def test_it_comes_in_and_answers_the_same(self, medical):
        version = import_version("medical", medical, "v.zip")
        assert version.number == 1
        assert version.sha256 == registry().resolve("medical", "bundled").sha256

    def test_what_cannot_be_trusted_is_refused(self, medical, tmp_path):
        def nan(tensors, manifest):
            tensors[next(name for name in tensors if name.endswith("weight"))].flat[0] = np.nan

        def third_label(tensors, manifest):
            manifest["labels"] = ["NORMAL", "PNEUMONIA", "OTHER"]

        def opens_a_file(tensors, manifest):
            manifest["model_args"] = {"checkpoint_path": "/etc/passwd"}

        def unknown_argument(tensors, manifest):
            manifest["model_args"] = {"no_such_argument": 1}

        def other(key, value):
            return lambda tensors, manifest: manifest.update({key: value})

        def less(tensors, manifest):
            del tensors[next(name for name in tensors if name.startswith("net.") and name.endswith("weight"))]

        cases = [
            (nan, "model.not_finite"),
            (third_label, "bundle.labels"),
            (opens_a_file, "model.arguments"),
            (unknown_argument, "model.arguments"),
            (other("schema", 2), "model.schema"),
            (other("task", "translation"), "model.task"),
            (other("architecture", "resnet18"), "model.keys"),
            (other("architecture", "no_such_network"), "model.architecture"),
            (other("temperature", 5.0), "bundle.differs"),
            (less, "model.keys"),
        ]
        found = [self.refusal(self.altered(medical, tmp_path, change)) for change, _ in cases]
        assert found == [code for _, code in cases]

    def test_wrong_label_count_without_an_evaluation(self, medical, tmp_path):
        def third_label(tensors, manifest):
            manifest["labels"] = ["NORMAL", "PNEUMONIA", "OTHER"]

        files = contents(self.altered(medical, tmp_path, third_label))
        bare = {name: data for name, data in files.items() if "evaluation" not in name}
        assert self.refusal(resealed(bare)) == "model.keys"
