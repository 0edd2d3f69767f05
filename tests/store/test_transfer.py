"""A version as one file: what is exported comes back as it was, and nothing else comes in."""

from __future__ import annotations

import hashlib
import io
import json
import stat
import struct
import zipfile
from dataclasses import replace

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from core.access import AccessRefused, Actor, acting_as
from core.contracts import DataInfo, Evaluation
from core.errors import AppError, InputRefused, ModelRefused, StoreError
from core.settings import settings
from core.store import audit
from core.store.database import close_stores
from core.store.registry import registry
from core.store.transfer import export_version, import_version
from core.training.evaluation import save_evaluation
from core.training.metrics import classification_summary
from tests.jobs import fake_sector
from tests.jobs.fake_sector import SLUG


def evaluation(n: int = 12, labels=("a", "b")) -> Evaluation:
    rng = np.random.default_rng(0)
    scores = rng.dirichlet([1] * len(labels), n).astype(np.float32)
    table = {
        "id": np.array([f"{i}.png" for i in range(n)]),
        "truth": np.arange(n) % len(labels),
        "prediction": scores.argmax(1),
        "scores": scores,
    }
    summary = classification_summary(table["truth"], table["prediction"], scores)
    return Evaluation(labels, table, summary, DataInfo("set", "test", n, "f" * 64), 0, "python -m core train")


@pytest.fixture
def exported(house):
    """The bytes of a version with an evaluation, and the version."""
    folder = house.staged(b"weights", labels=["a", "b"])
    save_evaluation(folder, evaluation())
    save_evaluation(folder / "validation", evaluation())
    (folder / "card.md").write_text("# Card\n")
    version = house.registry.register(SLUG, folder, name="mine")
    return to_bytes(version), version


def to_bytes(version) -> bytes:
    out = io.BytesIO()
    export_version(version, out)
    return out.getvalue()


def contents(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {info.filename: archive.read(info) for info in archive.infolist()}


def packed(files: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def resealed(files: dict[str, bytes], **header) -> bytes:
    """The zip that a liar would make: every checksum fits what is in it now."""
    files = dict(files)
    if "model.safetensors" in files and "manifest.json" in files:
        manifest = json.loads(files["manifest.json"])
        manifest["sha256"] = hashlib.sha256(files["model.safetensors"]).hexdigest()
        files["manifest.json"] = json.dumps(manifest).encode()
    named = {name: hashlib.sha256(data).hexdigest() for name, data in files.items() if name != "bundle.json"}
    known = json.loads(files["bundle.json"])
    files["bundle.json"] = json.dumps({**known, "files": named, **header}).encode()
    return packed(files)


def refused(house, data: bytes) -> str:
    """The code of the refusal; nothing of the file may be left, and one row must tell of it."""
    before = len(house.registry.versions(SLUG))
    with pytest.raises((InputRefused, ModelRefused)) as caught:
        import_version(SLUG, data, "version.zip")
    assert str(caught.value.message)
    assert str(caught.value.hint) or caught.value.code == "model.broken", "only the fake task gives no advice"
    assert str(house.home) not in str(caught.value)
    assert len(house.registry.versions(SLUG)) == before
    assert list(house.registry.staging.iterdir()) == []
    entry = audit.entries(1)[0]
    assert (entry.action, entry.code) == ("upload.refused", caught.value.code)
    return caught.value.code


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


def entry_named(name: str, mode: int = 0) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo("x")
    info.filename = info.orig_filename = name
    info.external_attr = (mode or stat.S_IFREG | 0o644) << 16
    return info


class TestTheZip:
    @pytest.mark.parametrize(
        ("data", "code"),
        [
            (b"", "archive.not_a_zip"),
            (b"\x80\x04\x95nonsense", "archive.not_a_zip"),
            (b"%PDF-1.4", "archive.not_a_zip"),
            (b"PK\x03\x04 nothing more", "archive.broken"),
        ],
    )
    def test_what_is_no_zip(self, house, exported, data, code):
        assert refused(house, data) == code

    @pytest.mark.parametrize("cut", [0.1, 0.5, 0.9, 0.999])
    def test_what_ends_early(self, house, exported, cut):
        assert refused(house, exported[0][: int(len(exported[0]) * cut)]) == "archive.broken"

    @pytest.mark.parametrize(
        "name",
        [
            "../manifest.json",
            "/etc/manifest.json",
            "..\\..\\manifest.json",
            "C:\\manifest.json",
            "%2e%2e%2fmanifest.json",
            "%252e%252e/manifest.json",
            "a/../../manifest.json",
            "manifest\0.json",
        ],
    )
    def test_names_that_lead_elsewhere(self, house, exported, name):
        files = contents(exported[0])
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            for known, content in files.items():
                archive.writestr(known, content)
            archive.writestr(entry_named(name), b"{}")
        assert refused(house, out.getvalue()) in ("archive.unsafe_name", "bundle.name")
        assert not (house.home / "manifest.json").exists()

    @pytest.mark.parametrize(
        ("name", "code"),
        [
            ("model.pt", "bundle.kind"),
            ("model.bin", "bundle.kind"),
            ("model.joblib", "bundle.kind"),
            ("weights.pickle", "bundle.kind"),
            ("run.py", "bundle.kind"),
            ("inner.zip", "archive.nested"),
            (".hidden.json", "bundle.name"),
            ("näme.json", "bundle.name"),
            ("a b.json", "bundle.name"),
            ("a/b/c/d/e.json", "bundle.name"),
            ("x" * 200 + ".json", "bundle.name"),
            ("<img src=x>.md", "bundle.name"),
            ("folder/", "archive.not_a_file"),
            ("MANIFEST.json", "bundle.twice"),
        ],
    )
    def test_files_that_we_would_not_write(self, house, exported, name, code):
        assert refused(house, packed({**contents(exported[0]), name: b"{}"})) == code

    def test_links_and_passwords(self, house, exported):
        files = contents(exported[0])
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            archive.writestr(entry_named("card.md", stat.S_IFLNK | 0o777), b"/etc/passwd")
            archive.writestr("bundle.json", files["bundle.json"])
        assert refused(house, out.getvalue()) == "archive.not_a_file"
        locked = bytearray(exported[0])
        at = locked.rfind(b"PK\x01\x02")
        locked[at + 8] |= 1
        assert refused(house, bytes(locked)) == "archive.encrypted"

    def test_limits(self, house, exported, monkeypatch):
        sizes = settings().limits
        for change, code in (
            ({"bundle_entries": 3}, "archive.too_many_entries"),
            ({"bundle_bytes": 900}, "bundle.too_large"),
        ):
            limited = settings().model_copy(update={"limits": sizes.model_copy(update=change)})
            with monkeypatch.context() as patch:
                patch.setattr("core.intake.bundles.settings", lambda limited=limited: limited)
                assert refused(house, exported[0]) == code

    def test_a_bomb(self, house, exported):
        files = contents(exported[0]) | {"evaluation.json": b" " * 30_000_000}
        assert refused(house, packed(files, zipfile.ZIP_DEFLATED)) == "archive.ratio"

    def test_a_lie_about_a_size(self, house, exported):
        data = bytearray(exported[0])
        at = data.find(b"PK\x01\x02", data.find(b"PK\x01\x02") + 4)
        stated = struct.unpack_from("<I", data, at + 24)[0]
        struct.pack_into("<I", data, at + 24, stated + 100)
        assert refused(house, bytes(data)) in ("archive.broken", "bundle.checksum")

    @pytest.mark.parametrize("where", [0.2, 0.4, 0.6])
    def test_a_flipped_byte(self, house, exported, where):
        files = contents(exported[0])
        name = "model.safetensors"
        data = bytearray(exported[0])
        at = data.find(files[name])
        data[at + int(len(files[name]) * where)] ^= 0xFF
        assert refused(house, bytes(data)) in ("archive.broken", "bundle.checksum")


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
