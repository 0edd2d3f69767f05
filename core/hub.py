"""The model hub: whether it can be reached, asked once so that nobody waits for it, and the files of its models."""

from __future__ import annotations

import errno
import io
import socket
import threading
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from core.contracts import N_, Message
from core.errors import AppError, NetworkUnavailable
from core.settings import settings

PREFIX = "hf-hub:"
"""What the name of a repository begins with, where no timm name is meant."""
WEIGHT_FILES = ("config.json", "*.safetensors")
"""Of an architecture of timm."""
LIMIT_S = 1.0
"""For everything: looking up the name can take longer than connecting."""
MAIN = "main"
"""The revision that is asked for where none is named."""
Watch = Callable[[int, int], None]
"""Told bytes so far and bytes of all; what it raises ends the download."""
_NO_HUB = (ValueError, TypeError, KeyError, AttributeError, AssertionError, RecursionError)
"""What the library raises when the address answers, but not as a hub does, as where a network asks to sign in first."""
_answers: dict[str, bool] = {}


def reachable(limit_s: float = LIMIT_S) -> bool:
    """Whether the hub's address takes connections; False when nothing is to be asked. Remembered from then on."""
    if settings().offline:
        return False
    endpoint = settings().hub_endpoint
    if endpoint not in _answers:
        _answers[endpoint] = _probe(endpoint, limit_s)
    return _answers[endpoint]


def known() -> bool | None:
    """What `reachable` found; None while nobody needed to know. Asks nothing."""
    return _answers.get(settings().hub_endpoint)


def forget() -> None:
    """Ask again at the next opportunity."""
    _answers.clear()


def model_folder(repository: str, files: Sequence[str], revision: str = MAIN, watch: Watch | None = None) -> Path:
    """The folder of a model in the hub's cache, fetched when the hub can be reached.

    Args:
        repository: `owner/name`.
        files: Patterns of the files to ask for; nothing else is ever fetched, because older files can carry code.
        revision: A commit, or a branch whose newest commit is taken; the folder is called by its commit.
        watch: Told how far the download is.

    Raises:
        NetworkUnavailable: Neither cached nor reachable, or the hub does not give it to everybody.
        AppError: The disk is full.
    """
    from httpx2 import HTTPError
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, RepositoryNotFoundError, RevisionNotFoundError

    ask = partial(
        snapshot_download,
        repository,
        revision=revision,
        allow_patterns=list(files),
        cache_dir=settings().hub_cache,
        endpoint=settings().hub_endpoint,
        etag_timeout=5,
        tqdm_class=_bar_class(watch) if watch is not None else None,
    )
    try:
        try:
            folder = ask(local_files_only=not reachable())
        except _NO_HUB:
            folder = ask(local_files_only=True)
    except (RepositoryNotFoundError, RevisionNotFoundError) as error:
        raise _refused(repository, revision) from error
    except (HTTPError, HFValidationError, OSError) as error:
        raise _unreachable(repository, error) from error
    return Path(folder)


def weights_folder(architecture: str) -> Path:
    """The folder of an architecture's weights in the hub's cache, fetched when the hub can be reached.

    Args:
        architecture: A timm name such as `resnet18` or `mobilenetv2_100.ra_in1k`, or `hf-hub:owner/repository`.

    Raises:
        NetworkUnavailable: Neither cached nor reachable.
    """
    import timm

    if architecture.startswith(PREFIX):
        return model_folder(architecture.removeprefix(PREFIX), WEIGHT_FILES)
    known = timm.get_pretrained_cfg(architecture)
    return model_folder((known.hf_hub_id if known else None) or f"timm/{architecture}", WEIGHT_FILES)


def _bar_class(watch: Watch) -> type:
    """A progress bar that draws nothing and tells `watch` of the bytes."""
    from tqdm.auto import tqdm

    class Bar(tqdm):  # type: ignore[misc]  # it has no types of its own
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options | {"file": io.StringIO(), "disable": False})

        def update(self, n: float | None = 1) -> bool | None:
            shown: bool | None = super().update(n)
            if self.unit == "B" and self.total:
                watch(int(self.n), int(self.total))
            return shown

    return Bar


def _refused(repository: str, revision: str) -> NetworkUnavailable:
    return NetworkUnavailable(
        "hub.refused",
        Message(
            N_("The hub has no {name} at {revision}, or does not give it to everybody."),
            {"name": repository, "revision": revision},
        ),
        Message(N_("Check the name, as owner/name, and the revision.")),
    )


def _unreachable(repository: str, error: Exception) -> AppError:
    if getattr(error, "errno", None) == errno.ENOSPC:
        return AppError(
            "hub.disk",
            Message(N_("There is no room on the disk for the weights of {name}."), {"name": repository}),
            Message(N_("Free some and start again.")),
        )
    return NetworkUnavailable(
        "hub.unreachable",
        Message(
            N_("The weights of {name} are neither in the hub's cache folder nor can they be fetched."),
            {"name": repository},
        ),
        Message(
            N_(
                "Connect to the network, name a folder in the hub's layout by VITRINE_HUB_CACHE, "
                "or start from our own model."
            )
        ),
    )


def _probe(endpoint: str, limit_s: float) -> bool:
    address = urlsplit(endpoint)
    target = (address.hostname or "", address.port or (443 if address.scheme == "https" else 80))
    answered = threading.Event()

    def connect() -> None:
        try:
            with socket.create_connection(target, timeout=limit_s):
                answered.set()
        except OSError:
            pass  # no answer is the answer

    # A resolver that does not answer cannot be interrupted, only left behind.
    thread = threading.Thread(target=connect, name="hub-probe", daemon=True)
    thread.start()
    thread.join(limit_s)
    return answered.is_set()
