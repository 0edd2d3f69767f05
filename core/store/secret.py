"""The installation's own secret: 32 random bytes in `home/secret.key`, made on first use, its owner's alone."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from core.contracts import N_
from core.errors import StoreError
from core.settings import settings
from core.store import files

NAME = "secret.key"
_BYTES = 32


def subkey(purpose: str) -> bytes:
    """A key for one purpose, derived from the installation's secret: what leaks of one says nothing of another.

    Raises:
        StoreError: the secret cannot be read, or not be made.
    """
    return hmac.digest(_secret(settings().home), purpose.encode(), hashlib.sha256)


def keyed_hash(purpose: str, data: bytes | str) -> str:
    """HMAC-SHA256 of `data` as lower-case hex: equal data are recognised, but nobody without the key can guess them."""
    content = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
    return hmac.new(subkey(purpose), content, hashlib.sha256).hexdigest()


@lru_cache(maxsize=4)
def _secret(home: Path) -> bytes:
    path = home / NAME
    try:
        if not path.exists():
            _make(path)
        found = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except (OSError, ValueError) as error:
        raise _unusable() from error
    if len(found) != _BYTES:
        raise _unusable()
    return found


def _make(path: Path) -> None:
    """Write the key aside and link it into place: of two processes that start together one wins, none reads half."""
    files.make_folder(path.parent)
    aside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(_BYTES) + "\n")
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(aside, path)
        files.sync_file(path.parent)
    finally:
        aside.unlink(missing_ok=True)


def _unusable() -> StoreError:
    return StoreError(
        "secret.unusable",
        N_("The key file of this installation cannot be used."),
        N_("Check secret.key below VITRINE_HOME: 64 hexadecimal digits that only its owner can read."),
    )
