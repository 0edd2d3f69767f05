"""Checkpoint folders on disk: read and check them, and make what was written last through a power cut."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from core.contracts import N_, Message
from core.errors import ModelRefused
from core.store.owners import Owner, parse_owner, this_process

WEIGHTS = "model.safetensors"
MANIFEST = "manifest.json"
MANIFEST_BYTES = 4 * 2**20
"""A manifest larger than this is not one."""
_ANOTHER = N_("Choose another version, or train it again.")


def sha256_of(path: Path) -> str:
    """sha256 of a file, as lower-case hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a checkpoint folder; raises `ModelRefused` when it is missing or no JSON object."""
    path = folder / MANIFEST
    try:
        if path.stat().st_size > MANIFEST_BYTES:
            raise ValueError
        manifest = json.loads(path.read_bytes())
    except OSError as error:
        raise _missing(MANIFEST) from error
    except ValueError as error:
        raise ModelRefused("model.manifest", N_("The manifest of the model cannot be read."), _ANOTHER) from error
    if not isinstance(manifest, dict):
        raise ModelRefused("model.manifest", N_("The manifest of the model cannot be read."), _ANOTHER)
    return manifest


def check_weights(folder: Path, sha256: str) -> None:
    """Raise `ModelRefused` unless the weights in `folder` are the ones that were registered."""
    try:
        found = sha256_of(folder / WEIGHTS)
    except OSError as error:
        raise _missing(WEIGHTS) from error
    if found != sha256:
        raise ModelRefused(
            "model.changed",
            Message(
                N_("The file {file} of the model is not the one that was registered: its checksum differs."),
                {"file": WEIGHTS},
            ),
            _ANOTHER,
        )


def check_files(folder: Path, named: Mapping[str, str]) -> None:
    """Raise `ModelRefused` unless the files that a manifest names, name -> sha256, are in `folder` as written."""
    for name, checksum in dict(named).items():
        if Path(name).name != name or sha256_of(folder / name) != checksum:
            raise ModelRefused(
                "model.checksum",
                Message(
                    N_("The file {file} of the model is not the one that was registered: its checksum differs."),
                    {"file": name},
                ),
                _ANOTHER,
            )


def checked_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a folder whose weights are there, not empty, and the ones that the manifest names."""
    manifest = read_manifest(folder)
    expected = manifest.get("sha256")
    if not isinstance(expected, str) or len(expected) != 64:
        raise ModelRefused("model.manifest", N_("The manifest of the model names no checksum."), _ANOTHER)
    check_weights(folder, expected)
    if (folder / WEIGHTS).stat().st_size == 0:
        raise ModelRefused("model.empty", N_("The weights of the model are an empty file."), _ANOTHER)
    return manifest


def checksums(folder: Path) -> dict[str, str]:
    """sha256 of every file below `folder`, by its path inside it; raises `ModelRefused` for links and devices."""
    found: dict[str, str] = {}
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() or not (path.is_dir() or path.is_file()):
            raise ModelRefused("model.link", N_("A model folder must hold plain files only."), _ANOTHER)
        if path.is_file():
            found[path.relative_to(folder).as_posix()] = sha256_of(path)
    return found


def sync_file(path: Path) -> None:
    """Wait until the disk has a file's content, or a folder's list of names."""
    if os.name == "nt" and path.is_dir():  # Windows offers no way to sync a folder
        return
    handle = os.open(path, os.O_RDONLY if os.name != "nt" else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_tree(folder: Path) -> None:
    """`sync_file` for everything below `folder` and then for the folder itself."""
    for path in folder.rglob("*"):
        sync_file(path)
    sync_file(folder)


def make_folder(folder: Path) -> None:
    """Create `folder` with its parents, so that the names outlast a power cut."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    sync_file(folder.parent)


def write_whole(path: Path, text: str) -> None:
    """Replace a small file so that readers see the old content or the new, never a part."""
    make_folder(path.parent)
    aside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with aside.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
        sync_file(path.parent)
    finally:
        aside.unlink(missing_ok=True)


def staging_folder(root: Path) -> Path:
    """Name for a new folder below `root` that tells which process is filling it."""
    owner = this_process()
    return root / f"{owner.host}@{owner.pid}@{owner.token}@{secrets.token_hex(6)}"


def staging_owner(folder: Path) -> Owner | None:
    """The process that `staging_folder` made this name for."""
    return parse_owner("|".join(folder.name.split("@")[:3]))


def put_away(folder: Path, staging: Path) -> None:
    """Remove a folder so that it is gone at once; what a crash leaves of it lies in `staging`."""
    make_folder(staging)
    aside = staging_folder(staging)
    with suppress(FileNotFoundError):
        folder.rename(aside)
    shutil.rmtree(aside, ignore_errors=True)


def take(source: Path, destination: Path) -> None:
    """Move a folder; across file systems it is copied first and then removed. Links are kept as links."""
    try:
        source.rename(destination)
    except OSError as error:
        if not source.is_dir() or source.is_symlink():
            raise _missing(MANIFEST) from error
        shutil.copytree(source, destination, symlinks=True)
        shutil.rmtree(source, ignore_errors=True)


def place(folder: Path, final: Path, notes: Mapping[str, str], verify: Callable[[Path], object] | None) -> None:
    """Move a complete checkpoint folder to its place, through to the disk; after any error it is gone.

    Args:
        folder: The checkpoint, on the same file system as `final`.
        final: A new name; what has it is whole.
        notes: Small files to write beside the checkpoint: text by name.
        verify: Called with the folder before it gets its place; raises when it cannot be trusted.
    """
    try:
        checksums(folder)
        checked_manifest(folder)
        for name, text in notes.items():
            write_whole(folder / name, text)
        sync_tree(folder)
        if verify is not None:
            verify(folder)
        make_folder(final.parent)
        folder.rename(final)
        sync_file(final.parent)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _missing(name: str) -> ModelRefused:
    return ModelRefused("model.missing", Message(N_("The model has no file {file}."), {"file": name}), _ANOTHER)
