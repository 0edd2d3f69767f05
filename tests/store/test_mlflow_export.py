"""A version in the user's own MLflow, in a store on this machine. Needs the optional extra."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from core.access import AccessRefused, Actor, acting_as
from core.errors import AppError, NetworkUnavailable
from core.settings import ROOT, settings
from core.store import audit
from core.store.database import close_stores
from core.store.registry import registry


def connect(monkeypatch: pytest.MonkeyPatch, uri: str) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    settings.cache_clear()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("VITRINE_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    settings.cache_clear()
    yield tmp_path
    audit.flush(1)
    close_stores()


@pytest.mark.slow
def test_the_program_does_not_know_mlflow():
    modules = "core.cli, core.store.registry, core.store.transfer, core.ui.frame"
    program = f"import sys, {modules}; sys.exit('mlflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False).returncode == 0


@pytest.mark.slow
def test_without_an_address_it_says_what_is_missing(home):
    from core.store import mlflow_export

    with pytest.raises(AppError) as caught:
        mlflow_export.export("medical", 0)
    assert caught.value.code == "mlflow.absent"
    assert "MLFLOW_TRACKING_URI" in str(caught.value.hint)


def test_only_admins(home):
    from core.store import mlflow_export

    with acting_as(Actor("eve", "presenter")), pytest.raises(AccessRefused):
        mlflow_export.export("medical", 0)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # MLflow's own database code warns of what SQLAlchemy will drop
class TestAStore:
    @pytest.fixture(autouse=True)
    def _installed(self):
        pytest.importorskip("mlflow", reason="needs the optional extra: requirements/mlflow.in")

    @pytest.fixture
    def client(self, home, monkeypatch):
        from mlflow.tracking import MlflowClient

        uri = f"sqlite:///{home / 'mlflow.db'}"
        connect(monkeypatch, uri)
        monkeypatch.chdir(home)
        return MlflowClient(tracking_uri=uri, registry_uri=uri)

    def test_run_figures_files_and_model_are_there(self, client):
        from core.store import mlflow_export

        run_id = mlflow_export.export("medical", 0)
        run, version = client.get_run(run_id), registry().resolve("medical")
        assert run.info.status == "FINISHED"
        assert run.data.tags["vitrine.sha256"] == version.sha256
        assert run.data.tags["vitrine.aliases"] == "champion"
        assert run.data.params["architecture"] == version.manifest["config"]["architecture"]
        from core.training.evaluation import load_evaluation

        accuracy = load_evaluation(version.path).summary["accuracy"]
        assert run.data.metrics["accuracy"] == pytest.approx(accuracy.value)
        assert run.data.metrics["accuracy_low"] == pytest.approx(accuracy.low)
        names = {entry.path for entry in client.list_artifacts(run_id, "checkpoint")}
        assert {"checkpoint/model.safetensors", "checkpoint/manifest.json"} <= names
        assert "checkpoint/registration.json" not in names
        (model,) = client.search_model_versions("name='vitrine-medical'")
        assert model.run_id == run_id
        assert client.get_model_version_by_alias("vitrine-medical", "champion").version == model.version
        assert audit.entries(1)[0].details == {"to": "mlflow"}

    def test_a_second_export_writes_nothing(self, client):
        from core.store import mlflow_export

        assert mlflow_export.export("medical", 0) == mlflow_export.export("medical", 0)
        assert len(client.search_model_versions("name='vitrine-medical'")) == 1

    def test_an_mlflow_that_does_not_answer_is_named(self, home, monkeypatch):
        from core.store import mlflow_export
        from tests.load.server import free_port

        monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
        connect(monkeypatch, f"http://127.0.0.1:{free_port()}")
        with pytest.raises(NetworkUnavailable) as caught:
            mlflow_export.export("medical", 0)
        assert caught.value.code == "mlflow.failed"
        assert "127.0.0.1" not in str(caught.value)
