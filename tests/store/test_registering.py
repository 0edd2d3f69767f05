"""A version is registered whole or not at all."""

from __future__ import annotations

import json
import os

import pytest

from core.errors import ModelRefused, StoreError
from core.store import files
from tests.jobs.fake_sector import SLUG, Task
from tests.store.refusals import code_of


def _no_weights(folder):
    (folder / "model.safetensors").unlink()


def _flip(folder):
    (folder / "model.safetensors").write_bytes(b"weighty")


def _no_manifest(folder):
    (folder / "manifest.json").unlink()


def _bad_manifest(folder):
    (folder / "manifest.json").write_text("[1, 2")


def _list_manifest(folder):
    (folder / "manifest.json").write_text("[]")


def _huge_manifest(folder):
    (folder / "manifest.json").write_text(json.dumps({"x": "x" * files.MANIFEST_BYTES}))


def _no_checksum(folder):
    (folder / "manifest.json").write_text("{}")


def _link(folder):
    (folder / "evaluation.npz").symlink_to("/etc/hosts")


@pytest.mark.parametrize(
    ("damage", "code"),
    [
        (_no_weights, "model.missing"),
        (_flip, "model.changed"),
        (_no_manifest, "model.missing"),
        (_bad_manifest, "model.manifest"),
        (_list_manifest, "model.manifest"),
        (_huge_manifest, "model.manifest"),
        (_no_checksum, "model.manifest"),
        (_link, "model.link"),
    ],
)
def test_what_is_not_whole_is_not_registered(house, damage, code):
    staged = house.staged()
    damage(staged)
    assert code_of(lambda: house.registry.register(SLUG, staged)) == code
    nothing_left(house)


def test_empty_weights_are_refused(house):
    assert code_of(lambda: house.registry.register(SLUG, house.staged(b""))) == "model.empty"


def test_what_does_not_load_is_not_registered(house):
    staged = house.staged(b"broken")
    assert code_of(lambda: house.registry.register(SLUG, staged, verify=lambda f: Task().load(f, "cpu"))) == (
        "model.broken"
    )
    nothing_left(house)


def nothing_left(house):
    assert [version.number for version in house.registry.versions(SLUG)] == [0]
    assert list(house.registry.staging.iterdir()) == []
    assert list(house.registry.folder.glob("*/*")) == []


def test_a_missing_folder_is_refused(house):
    assert code_of(lambda: house.registry.register(SLUG, house.home / "nothing")) == "model.missing"


def test_a_failed_insert_leaves_no_folder(house, monkeypatch):
    def locked(*_):
        raise StoreError("store.locked", "busy")

    monkeypatch.setattr(house.registry, "_insert", locked)
    assert code_of(lambda: house.registry.register(SLUG, house.staged())) == "store.locked"
    nothing_left(house)


@pytest.mark.parametrize("call", ["open", "fsync", "rename", "mkdir"])
def test_every_failing_system_call_leaves_all_or_nothing(house, monkeypatch, call):
    """The n-th call fails with "no space left", for every n until one run passes."""
    house.registry.register(SLUG, house.staged(b"first"))
    real = {"open": os.open, "fsync": os.fsync, "rename": os.rename, "mkdir": os.mkdir}[call]
    for n in range(1, 60):
        staged = house.staged(f"weights {n}".encode())
        seen = 0

        def failing(*args, limit=n, **kwargs):
            nonlocal seen
            seen += 1
            if seen == limit:
                raise OSError(28, "No space left on device")
            return real(*args, **kwargs)

        before = len(house.registry.versions(SLUG))
        with monkeypatch.context() as patch:
            patch.setattr(os, call, failing)
            try:
                house.registry.register(SLUG, staged)
            except (OSError, ModelRefused):
                assert seen >= n
            else:
                break
        assert len(house.registry.versions(SLUG)) == before
        assert list(house.registry.staging.iterdir()) == []
    else:
        pytest.fail("no run passed")
    assert house.registry.resolve(SLUG, "challenger").number == 2
