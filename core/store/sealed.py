"""Checkpoint folders that a task may load: the right format and task, and every file as it was written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.contracts import N_, Message
from core.errors import ModelRefused
from core.store.files import MANIFEST, WEIGHTS, check_files, sha256_of

SCHEMA = 1
FILES = "files"
"""Key of the manifest under which further files of the checkpoint stand, name -> sha256."""


def refused(code: str, template: str, **params: object) -> ModelRefused:
    """The error for a checkpoint that cannot be used."""
    return ModelRefused(code, Message(template, params), Message(N_("Roll back to another version, or train again.")))


def unreadable(error: BaseException) -> ModelRefused:
    """The error for a file of a checkpoint that a library could not read."""
    return refused("model.unreadable", N_("The checkpoint cannot be read: {reason}."), reason=type(error).__name__)


def not_finite(name: str) -> ModelRefused:
    """The error for weights that are no numbers."""
    return refused("model.not_finite", N_("The weight {name} holds values that are not numbers."), name=name)


def sealed_manifest(folder: Path, task: str) -> Mapping[str, Any]:
    """The manifest of a folder whose weights and other files are those that it names.

    Raises:
        ModelRefused: Anything is missing, damaged or made for another task.
    """
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        if manifest["schema"] != SCHEMA:
            raise refused(
                "model.schema",
                N_("The checkpoint has format {found}; this program reads {wanted}."),
                found=manifest["schema"],
                wanted=SCHEMA,
            )
        if manifest["task"] != task:
            raise refused(
                "model.task",
                N_("The checkpoint is for the task {found}, not {wanted}."),
                found=manifest["task"],
                wanted=task,
            )
        if sha256_of(folder / WEIGHTS) != manifest["sha256"]:
            raise refused(
                "model.checksum", N_("The weights do not match their checksum: the file was changed or damaged.")
            )
        check_files(folder, manifest.get(FILES, {}))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise unreadable(error) from error
    return dict(manifest)


def name_file(folder: Path, name: str) -> None:
    """Put a file's checksum into the manifest, so that loading the checkpoint covers it."""
    manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    manifest[FILES] = {**manifest.get(FILES, {}), name: sha256_of(folder / name)}
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
