"""The verbs about versions, the audit log, jobs and corrections, as a script meets them."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text

from core.store.database import open_store
from core.store.registry import registry
from tests.test_cli import Run, document, here, run
from tests.ui.checkpoints import register_version

__all__ = ["here", "run"]


@pytest.fixture
def two(here: Path) -> Path:
    """Two versions of the medical sector, none promoted."""
    for seed in (1, 2):
        register_version(here.parent, seed, name=f"seed {seed}")
    return here


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["audit"], "verify"),
        (["audit", "list", "--limit", "0"], "--limit"),
        (["export-version", "medical"], "--out"),
        (["export-version", "medical", "--out", "v.tar"], ".zip"),
        (["export-version", "medical", "--out", "absent/v.zip"], "absent"),
        (["export-version", "medical", "--out", "v.zip", "--mlflow"], "--mlflow"),
        (["import-version", "medical", "absent.zip"], "does not exist"),
        (["import-version", "medical", "."], "folder"),
        (["import-version", "dental", "."], "no sector"),
        (["gate", "dental"], "no sector"),
        (["jobs", "--sector", "dental"], "no sector"),
        (["resume"], "JOB"),
        (["corrections", "list", "dental"], "no sector"),
        (["compress", "medical"], "--data"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_usage_is_exit_2_and_says_why(run: Run, words: list[str], says: str) -> None:
    assert says in run(*words, code=2).output


class TestAudit:
    def test_verify_and_list(self, run: Run, two: Path) -> None:
        found = document(run("audit", "verify", "--json"))
        assert (found["rows"], found["intact"], found["broken"], found["missing"]) == (2, True, [], [])
        rows = document(run("audit", "list", "--json"))
        assert [(row["seq"], row["action"], row["actor"]) for row in rows] == [
            (2, "register", "local"),
            (1, "register", "local"),
        ]
        assert "register" in run("audit", "list").stdout
        assert "intact" in run("audit", "verify").stdout
        assert len(document(run("audit", "list", "--after", "1", "--sector", "medical", "--json"))) == 1

    def test_an_edited_row_is_exit_1_and_named(self, run: Run, two: Path) -> None:
        head = document(run("audit", "verify", "--json"))["head"]
        with open_store().write() as connection:
            connection.execute(text("DROP TRIGGER audit_no_update"))
            connection.execute(text("DROP TRIGGER audit_no_delete"))
            connection.execute(text("UPDATE audit SET actor = 'nobody' WHERE seq = 1"))
        assert document(run("audit", "verify", "--json", code=1))["broken"] == [1]
        assert "changed: 1" in run("audit", "verify", code=1).stdout
        with open_store().write() as connection:
            connection.execute(text("DELETE FROM audit WHERE seq = 2"))
        (two.parent / "home" / "audit.head").unlink()
        assert document(run("audit", "verify", "--head", head, "--json", code=1))["missing"] == [2]


class TestTravel:
    @pytest.mark.slow
    def test_out_and_in_again_and_past_the_gate(self, run: Run, here: Path) -> None:
        made = document(run("export-version", "medical", "bundled", "--out", "v.zip", "--json"))
        assert (made["version"], made["out"]) == ("bundled", "v.zip")
        assert (here / "v.zip").stat().st_size == pytest.approx(made["size_mb"] * 1e6, abs=600)
        row = document(run("import-version", "medical", "v.zip", "--json"))
        assert (row["version"], row["name"], row["aliases"]) == ("1", "bundled", ["challenger"])
        found = document(run("gate", "medical", "--json", code=1))
        assert (found["version"], found["champion"], found["fixed"], found["broke"]) == ("1", "bundled", 0, 0)
        assert found["result"] in ("fail", "undecided"), "the same model again is no better"
        assert {"name", "result"} <= set(found["checks"][0])
        assert "registry.reason_needed" in run("promote", "medical", "1", "--gate", code=1).stderr
        assert registry().resolve("medical").number == 0
        run("promote", "medical", "1", "--gate", "--reason", "needed for the talk")
        (move,) = registry().history("medical")
        assert (move.number, move.reason, move.verdict["result"]) == (1, "needed for the talk", found["result"])

    def test_what_is_none_is_exit_1_with_the_reason(self, run: Run, here: Path) -> None:
        (here / "x.zip").write_bytes(b"nonsense")
        result = run("import-version", "medical", "x.zip", "--json", code=1)
        assert result.stdout == ""
        assert "archive.not_a_zip: x.zip" in result.stderr

    def test_a_version_that_does_not_load_is_not_written(self, run: Run, two: Path) -> None:
        assert "model.unreadable" in run("export-version", "medical", "1", "--out", "v.zip", code=1).stderr
        assert not (two / "v.zip").exists()

    @pytest.mark.slow
    def test_without_mlflow(self, run: Run, two: Path) -> None:
        assert "mlflow.absent" in run("export-version", "medical", "1", "--mlflow", code=1).stderr


class TestPromotion:
    def test_a_reason_is_kept(self, run: Run, two: Path) -> None:
        run("promote", "medical", "1", "--reason", "shown on Friday")
        assert registry().history("medical")[0].reason == "shown on Friday"

    def test_delete(self, run: Run, two: Path) -> None:
        run("delete-version", "medical", "1", "--yes")
        assert [row["version"] for row in document(run("models", "medical", "--json"))] == ["2", "bundled"]
        assert "registry.in_use" in run("delete-version", "medical", "bundled", "--yes", code=1).stderr
        run("delete-version", "medical", "2", code=1)  # nobody answered the question
        assert len(registry().versions("medical")) == 2


class TestJobs:
    def test_none(self, run: Run) -> None:
        assert document(run("jobs", "--json")) == []
        for verb in ("resume", "cancel"):
            assert "job.unknown" in run(verb, "absent", code=1).stderr


class TestCorrections:
    def test_none(self, run: Run) -> None:
        assert document(run("corrections", "list", "medical", "--json")) == []
        for verb in ("undo", "delete"):
            assert "unknown" in run("corrections", verb, "absent", code=1).stderr

    def test_kept_texts_are_written_as_a_table(self, run: Run, tmp_path: Path) -> None:
        out = tmp_path / "kept.csv"
        run("corrections", "export", "sentiment", "--out", str(out))
        assert out.read_text("utf-8-sig").split() == ["text,label,decision,reason,version,created"]
        assert "keeps no texts" in run("corrections", "export", "medical", "--out", str(out), code=2).stderr
