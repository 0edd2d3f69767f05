"""Versions as one file, whole and tampered with."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile

import numpy as np
import pytest

from core.contracts import DataInfo, Evaluation
from core.errors import InputRefused, ModelRefused
from core.store import audit
from core.store.transfer import export_version, import_version
from core.training.metrics import classification_summary
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
