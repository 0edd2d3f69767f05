"""A copy of a version in the user's own MLflow: run, figures, files, registered model. One way; nothing is read back.

Needs the package mlflow-skinny (`requirements/mlflow.in`) and an address in `MLFLOW_TRACKING_URI`; without both this
module is not imported, and the program does not know MLflow.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from core import access
from core.contracts import N_, Evaluation, Message
from core.errors import AppError, NetworkUnavailable
from core.log import log_event
from core.settings import settings
from core.store import audit
from core.store.registry import CHAMPION, registry
from core.store.versions import REGISTRATION, Version
from core.training.evaluation import load_evaluation

if TYPE_CHECKING:
    from mlflow.tracking import MlflowClient

_VALUE_MAX: Final = 500
"""Characters of a parameter that every MLflow store takes."""


def export(sector: str, number: int) -> str:
    """Write a version into the MLflow of `MLFLOW_TRACKING_URI` and return the id of its run.

    A version that is there already is not written again; its run is returned.

    Args:
        sector: Slug of the sector; the experiment and the model are called `vitrine-<sector>`.
        number: The version, 0 for the bundled one.

    Raises:
        AccessRefused: who asks is no admin.
        AppError: `mlflow.absent`, the package or the address is missing.
        NetworkUnavailable: MLflow does not answer, or refuses.
        ModelRefused, StoreError: the version cannot be read, or the audit log cannot be written.
    """
    access.require("admin")
    version = registry().resolve(sector, str(number))
    if not number and registry().resolve(sector).number == 0:
        version = replace(version, aliases=(CHAMPION,))
    version.check()
    client = _client()
    audit.record("export", sector=sector, version=version.ref, sha256=version.sha256, details={"to": "mlflow"})
    from mlflow.exceptions import MlflowException

    try:
        run_id = _written(client, version)
    except (MlflowException, OSError) as error:
        log_event("mlflow_export_failed", level="ERROR", sector=sector, kind=type(error).__qualname__)
        raise NetworkUnavailable(
            "mlflow.failed",
            N_("MLflow does not answer, or does not take the version."),
            N_("Check MLFLOW_TRACKING_URI and what its server logs; then export again."),
        ) from error
    log_event("mlflow_exported", sector=sector, version=version.ref, run=run_id)
    return run_id


def _client() -> MlflowClient:
    uri = settings().mlflow_tracking_uri
    try:
        from mlflow.tracking import MlflowClient
    except ImportError:
        uri = ""
    if not uri:
        raise AppError(
            "mlflow.absent",
            N_("No MLflow is set up."),
            Message(
                N_("Install {file} and set MLFLOW_TRACKING_URI to the address of your MLflow."),
                {"file": "requirements/mlflow.in"},
            ),
        )
    return MlflowClient(tracking_uri=uri, registry_uri=uri)


def _written(client: MlflowClient, version: Version) -> str:
    name = f"vitrine-{version.sector}"
    found = client.get_experiment_by_name(name)
    experiment = found.experiment_id if found else client.create_experiment(name)
    same = f"tags.`vitrine.version` = '{version.ref}' and tags.`vitrine.sha256` = '{version.sha256}'"
    known = client.search_runs([experiment], f"{same} and attributes.status = 'FINISHED'", max_results=1)
    if known:
        return str(known[0].info.run_id)
    started = int(version.created.timestamp() * 1000)
    run = client.create_run(experiment, start_time=started, tags=_tags(version), run_name=f"{name}-{version.ref}")
    run_id = str(run.info.run_id)
    _log(client, run_id, version)
    for folder, files in _files(version.path).items():
        for file in files:
            client.log_artifact(run_id, str(file), f"checkpoint/{folder}".rstrip("/."))
    _register(client, name, version, run)
    client.set_terminated(run_id)
    return run_id


def _log(client: MlflowClient, run_id: str, version: Version) -> None:
    from mlflow.entities import Metric, Param

    moment = int(version.created.timestamp() * 1000)
    config: Mapping[str, Any] = version.manifest.get("config", {})
    params = [Param(key, str(value)[:_VALUE_MAX]) for key, value in config.items()]
    evaluation = load_evaluation(version.path)
    metrics = [Metric(key, value, moment, 0) for key, value in _figures(evaluation)] if evaluation else []
    client.log_batch(run_id, metrics=metrics, params=params)


def _figures(evaluation: Evaluation) -> Iterator[tuple[str, float]]:
    """Every figure of the test set with the ends of its interval."""
    yield "n", float(evaluation.data.n)
    for name, metric in evaluation.summary.items():
        yield name, float(metric.value)
        yield f"{name}_low", float(metric.low)
        yield f"{name}_high", float(metric.high)


def _tags(version: Version) -> dict[str, str]:
    manifest = version.manifest
    return {
        "vitrine.sector": version.sector,
        "vitrine.version": version.ref,
        "vitrine.name": version.name,
        "vitrine.sha256": version.sha256,
        "vitrine.job": version.job_id,
        "vitrine.aliases": ",".join(version.aliases),
        "vitrine.architecture": str(manifest.get("architecture", "")),
        "vitrine.data": str(manifest.get("data", {}).get("fingerprint", "")),
        "vitrine.seed": str(manifest.get("seed", "")),
        "vitrine.code_version": str(manifest.get("code_version", "")),
    }


def _files(root: Path) -> dict[str, list[Path]]:
    """Files of the checkpoint by their folder inside of it."""
    found: dict[str, list[Path]] = {}
    for path in sorted(root.rglob("*")):
        if path.is_file() and path.name != REGISTRATION:
            found.setdefault(path.parent.relative_to(root).as_posix(), []).append(path)
    return found


def _register(client: MlflowClient, name: str, version: Version, run: Any) -> None:
    from mlflow.exceptions import MlflowException

    try:
        client.get_registered_model(name)
    except MlflowException:
        client.create_registered_model(name, tags={"vitrine.sector": version.sector})
    source = f"{run.info.artifact_uri}/checkpoint"
    made = client.create_model_version(name, source, run.info.run_id, tags={"vitrine.version": version.ref})
    for alias in version.aliases:
        client.set_registered_model_alias(name, alias, made.version)
