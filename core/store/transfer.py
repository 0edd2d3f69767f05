"""A version as one file: written by one installation, and taken in by another only after every check.

The file is a zip of the checkpoint folder (safetensors, LightGBM's text, JSON, npz without objects, Markdown, PNG;
never a pickle) and of `bundle.json`, which names every file with its sha256 and what the model scored on its task's
probe, so that the other side can tell whether it computes the same.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np

import core
from core import access
from core.contracts import N_, Evaluation, Message, Task
from core.errors import AppError, InputRefused, ModelRefused
from core.intake.arrays import ArrayFile
from core.intake.bundles import Bundle, pack
from core.log import log_event
from core.store import audit, files
from core.store.registry import registry
from core.store.versions import REGISTRATION, Version, find_sector
from core.tasks import load_task
from core.training.evaluation import SUMMARY, load_evaluation, same_labels
from core.training.metrics import STATISTICS, statistic_of, whole

FORMAT: Final = 1
HEADER: Final = "bundle.json"
ENDINGS: Final = (".json", ".safetensors", ".npz", ".md", ".png", ".txt")
TOLERANCE: Final = 1e-3
"""How far scores on the probe may lie apart on two machines."""
_AGAIN: Final = N_("Export it again, and send that file as it is.")
_SHAPES: Final[Mapping[str, type]] = {
    "architecture": str,
    "command": str,
    "config": dict,
    "created": str,
    "data": dict,
    "diagnosis": dict,
    "folds": dict,
    "labels": list,
    "model_args": dict,
    "preprocessing": dict,
    "seeds": dict,
    "threshold": dict,
    "validation": dict,
}
"""Entries of a manifest that pages read, with their kinds."""


def export_version(version: Version, out: Path | BinaryIO) -> None:
    """Write `version` to `out` as one zip; for admins only, and put on record before anything is written.

    Raises:
        AccessRefused: who asks is no admin.
        ModelRefused: the files of the version are not the registered ones.
        StoreError: its folder is gone, or the audit log cannot be written.
    """
    access.require("admin")
    version.present().check()
    sums = {name: sha256 for name, sha256 in files.checksums(version.path).items() if name != REGISTRATION}
    odd = [name for name in sums if not name.endswith(ENDINGS)]
    if odd:
        raise ModelRefused(
            "bundle.kind",
            Message(N_("{name}: a file like {file} is never opened."), {"name": version.ref, "file": odd[0]}),
            N_("Take it out of the version's folder, and export again."),
        )
    task = load_task(find_sector(version.sector).task)
    header = {
        "format": FORMAT,
        "program": "vitrine",
        "code_version": core.__version__,
        "sector": version.sector,
        "task": task.name,
        "version": version.ref,
        "name": version.name,
        "exported": datetime.now(UTC).isoformat(timespec="seconds"),
        "probe": _probed(task, version.path),
        "files": sums,
    }
    audit.record("export", sector=version.sector, version=version.ref, sha256=version.sha256)
    pack(out, {HEADER: json.dumps(header, indent=1)}, {name: version.path / name for name in sums})


def import_version(sector: str, data: bytes | Path, name: str) -> Version:
    """Take in what `export_version` wrote, as a challenger; for admins only.

    Args:
        sector: Slug of the sector that shall have it; its task must be the one that the version was made for.
        data: The zip as sent, or a file on this machine.
        name: The name it came with, for messages.

    Raises:
        AccessRefused: who asks is no admin.
        InputRefused: it is no such file, or damaged; nothing of it is kept.
        ModelRefused: the model in it cannot be trusted, or computes something else here.
        StoreError: no such sector, or the database or the audit log cannot take it.
    """
    access.require("admin")
    task = load_task(find_sector(sector).task)
    store = registry()
    files.make_folder(store.staging)
    folder = files.staging_folder(store.staging)
    folder.mkdir()
    try:
        header = _unpacked(data, name, folder, task)
        _check_manifest(folder)
        _check_evaluations(folder)
        return store.register_import(
            sector, folder, lambda staged: _check_probe(task, staged, header), str(header["name"])[:200]
        )
    except AppError as error:
        log_event("import_refused", level="WARNING", sector=sector, code=error.code)
        audit.note_refused(sector, [error.code])
        raise
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _unpacked(data: bytes | Path, name: str, folder: Path, task: Task) -> dict[str, Any]:
    """Write the files of a bundle into `folder`; returns its header."""
    with Bundle(data, name, ENDINGS) as bundle:
        header = _header(bundle.text(HEADER, files.MANIFEST_BYTES), task)
        named: dict[str, str] = header["files"]
        if set(bundle.names) != {*named, HEADER} or REGISTRATION in named or HEADER in named:
            odd = sorted(set(bundle.names) ^ {*named, HEADER} | ({REGISTRATION, HEADER} & set(named)))
            raise _refused("bundle.files", N_("The files are not those that it names; first: {file}."), file=odd[0])
        for entry, sha256 in named.items():
            target = folder / entry
            target.parent.mkdir(parents=True, exist_ok=True)
            if bundle.unpack(entry, target) != sha256:
                raise _refused("bundle.checksum", N_("The checksum of {file} differs."), file=entry)
    return header


def _header(text: str, task: Task) -> dict[str, Any]:
    try:
        header = json.loads(text)
        found, files_named = header["format"], header["files"]
        plain = all(isinstance(part, str) for pair in files_named.items() for part in pair)
        if not (isinstance(found, int) and plain and isinstance(header["name"], str)):
            raise TypeError
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _refused("bundle.header", N_("It does not say what is in it.")) from error
    if found > FORMAT:
        template = N_("It has format {found}; this program reads {known}.")
        raise InputRefused(
            "bundle.newer", Message(template, {"found": found, "known": FORMAT}), N_("Update this program.")
        )
    if header.get("task") != task.name:
        raise InputRefused(
            "bundle.task",
            Message(
                N_("It is a model for the task {found}, not {wanted}."),
                {"found": str(header.get("task"))[:40], "wanted": task.name},
            ),
            N_("Choose the sector that it was made for."),
        )
    return dict(header)


def _check_manifest(folder: Path) -> None:
    """Refuse a manifest that would break the pages which show it; the task checks what it needs when it loads."""
    manifest = files.checked_manifest(folder)
    wrong = [name for name, kind in _SHAPES.items() if name in manifest and not isinstance(manifest[name], kind)]
    labels = manifest.get("labels", [])
    if not wrong and not all(isinstance(label, str) and 0 < len(label) <= 200 for label in labels):
        wrong = ["labels"]
    if not wrong and not isinstance(manifest.get("threshold", {}).get("value", 0.0), int | float):
        wrong = ["threshold"]
    if not wrong and not isinstance(manifest.get("data", {}).get("corrections", 0), int):
        wrong = ["data"]
    wrong = wrong or [name for name in ("folds", "seeds") if not all(map(_figures, manifest.get(name, {}).values()))]
    if wrong:
        template = N_("The entry {entry} of the manifest is not of the kind that it has to be.")
        raise ModelRefused("bundle.manifest", Message(template, {"entry": wrong[0]}), _AGAIN)


def _figures(values: object) -> bool:
    """Whether this is a list of figures, as of the folds of a cross-validation."""
    return isinstance(values, list) and all(isinstance(value, int | float) for value in values)


def _check_evaluations(folder: Path) -> None:
    """Read every evaluation beside the model as a page would, and compare it with itself and with the manifest."""
    for table in folder.rglob("*.npz"):
        ArrayFile(table)
    labels = files.read_manifest(folder).get("labels")
    for summary in folder.rglob(SUMMARY):
        evaluation = load_evaluation(summary.parent)
        if evaluation is None:
            continue
        if summary.parent == folder and labels is not None and not same_labels(labels, evaluation.labels):
            raise _refused("bundle.labels", N_("The labels of the evaluation are not those of the model."))
        _check_figures(evaluation)


def _check_figures(evaluation: Evaluation) -> None:
    """Its columns have one row per example, and every figure that it names is that of its rows."""
    table, n = evaluation.table, evaluation.data.n
    if any(np.asarray(column).shape[:1] != (n,) for column in table.values()):
        raise _refused("bundle.evaluation", N_("The stored evaluation contradicts itself."))
    if not evaluation.summary or not {"truth", "prediction", "scores"} <= set(table):
        return
    truth, decided, scores = (np.asarray(table[name]) for name in ("truth", "prediction", "scores"))
    try:
        again = {
            name: float(whole(statistic_of(name, truth, decided, scores), n))
            for name in evaluation.summary.keys() & STATISTICS
        }
        agree = all(abs(value - evaluation.summary[name].value) <= 1e-6 for name, value in again.items())
    except (ValueError, IndexError, TypeError) as error:
        raise _refused("bundle.evaluation", N_("The stored evaluation contradicts itself.")) from error
    if n == 0 or not agree:
        raise _refused("bundle.evaluation", N_("The stored evaluation contradicts itself."))


def _probed(task: Task, folder: Path) -> list[float] | None:
    """What the model in `folder` scores on its task's probe; None for a task without one."""
    predictor = task.load(folder, "cpu")
    probe = getattr(task, "probe", None)
    if probe is None:
        return None
    (prediction,) = predictor.predict([probe()])
    return [float(score) for score in np.asarray(prediction.scores).ravel()]


def answers_as_now(task: Task, checkpoint: Path) -> Callable[[Path], None]:
    """For `Registry.register`: loads the model from where it was put, and has it answer as it does in `checkpoint`."""
    header = {"probe": _probed(task, checkpoint)}
    return lambda folder: _check_probe(task, folder, header)


def _check_probe(task: Task, folder: Path, header: Mapping[str, Any]) -> None:
    """Load the model and have it answer; raises `ModelRefused` when it cannot, or answers otherwise than it did."""
    try:
        here = _probed(task, folder)
    except AppError:
        raise
    except Exception as error:  # whatever a crafted manifest or tensor makes a library raise
        raise ModelRefused("bundle.unusable", N_("The model does not answer."), _AGAIN) from error
    if not _close(here, header.get("probe")):
        raise ModelRefused(
            "bundle.differs",
            N_("The model answers otherwise here than where it was exported."),
            N_("Compare the versions of both programs; or train it again here."),
        )


def _close(here: list[float] | None, there: object) -> bool:
    if here is None or not isinstance(there, list):
        return here is there
    plain = len(here) == len(there) and all(isinstance(score, int | float) for score in there)
    return plain and bool(np.allclose(here, there, rtol=0, atol=TOLERANCE))


def _refused(code: str, template: str, **found: object) -> InputRefused:
    return InputRefused(code, Message(template, found), _AGAIN)
