"""Versions by the command line: training, promotion, rollback, and what the doctor says of the house."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.store.database import close_stores
from tests.intake.pictures import images, pack
from tests.test_cli import LABELS, XRAY, Run, document, here, run, xrays

__all__ = ["here", "run"]

TINY = ["pretrained=none", "architecture=test_resnet", "image_size=32", "epochs=1"]


class TestVersions:
    @pytest.mark.slow
    def test_train_models_promote_rollback_doctor(self, run: Run, here: Path) -> None:
        (here / "mine.zip").write_bytes(pack(xrays(40)))
        options = [word for option in TINY for word in ("--set", option)]
        trained = run("train", "medical", "--data", "mine.zip", *options, "--json")
        body = document(trained)
        assert (body["version"], body["aliases"], body["architecture"]) == ("1", ["challenger"], "test_resnet")
        assert "train 1/1" in trained.stderr
        rows = document(run("models", "medical", "--json"))
        assert [(row["version"], row["aliases"]) for row in rows] == [("1", ["challenger"]), ("bundled", ["champion"])]
        assert document(run("predict", "medical", XRAY, "--model", "challenger", "--json"))["version"] == "1"
        assert "champion" in document(run("promote", "medical", "1", "--json"))["aliases"]
        assert document(run("predict", "medical", XRAY, "--json"))["version"] == "1"
        assert run("models", "medical").stdout.startswith("1 ")
        assert document(run("rollback", "medical", "--json"))["version"] == "bundled"
        findings = document(run("doctor", "--json"))
        assert {row["level"] for row in findings} <= {"ok", "warning"}

    @pytest.mark.slow
    def test_quick_training_from_the_bundled_network(self, run: Run, here: Path) -> None:
        (here / "mine.zip").write_bytes(pack(xrays(40)))
        result = run("train", "medical", "--data", "mine.zip", "--preset", "bundled", "--set", "mode=quick", "--json")
        body = document(result)
        assert (body["labels"], body["aliases"]) == (LABELS, ["challenger"])
        assert body["metrics"]["accuracy"]["n"] == body["n"]

    @pytest.mark.parametrize(
        ("data", "code"),
        [
            (pack(images(4, "only/")), "data."),
            (pack(images(2, "a/") | images(2, "b/", 2)), "data."),
            (b"PK\x03\x04 nothing more", "archive.broken"),
        ],
        ids=["one class", "too few", "broken"],
    )
    def test_training_data_that_cannot_be_learnt_from(self, run: Run, here: Path, data: bytes, code: str) -> None:
        (here / "mine.zip").write_bytes(data)
        result = run("train", "medical", "--data", "mine.zip", "--json", code=1)
        assert result.stdout == ""
        assert code in result.stderr
        assert [row["version"] for row in document(run("models", "medical", "--json"))] == ["bundled"]

    def test_unknown_architecture(self, run: Run, here: Path) -> None:
        (here / "mine.zip").write_bytes(pack(xrays(20)))
        options = ["--set", "pretrained=none", "--set", "architecture=../../x"]
        result = run("train", "medical", "--data", "mine.zip", *options, code=1)
        assert "unexpected" not in result.stderr

    @pytest.mark.parametrize("ref", ["1", "challenger", "-1", "1e3"])
    def test_promote_what_is_not_there(self, run: Run, ref: str) -> None:
        result = run("promote", "medical", "--", ref, code=1)
        assert "registry." in result.stderr

    def test_rollback_without_a_past(self, run: Run) -> None:
        assert "registry." in run("rollback", "medical", code=1).stderr

    @pytest.mark.slow
    def test_doctor_finds_a_healthy_house_and_a_damaged_one(self, run: Run, here: Path) -> None:
        assert all(row["level"] != "error" for row in document(run("doctor", "--json")))
        close_stores()
        database = here.parent / "home" / "vitrine.db"
        database.write_bytes(b"no database" * 500)
        result = run("doctor", "--json", code=1)
        assert "error" in {row["level"] for row in document(result)}
        assert any(row["repaired"] for row in document(run("doctor", "--repair", "--json")))
