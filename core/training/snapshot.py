"""The state of a gradient loop between two epochs, on disk, so that an interrupted run goes on as if nothing happened.

A folder holds `state.json`, which says where the run is and what it was given, and two safetensors files that it names
with their checksums: what every step changes, and the best weights so far. Each file is written aside, synced and
renamed, `state.json` last: whenever the process dies, the folder holds one whole snapshot. torch is imported on use.
"""

from __future__ import annotations

import json
import random
import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core.contracts import N_, Message
from core.errors import JobError
from core.log import log_event
from core.store.files import make_folder, sha256_of, sync_file, write_whole

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

FOLDER = "snapshot"
"""Folder of a run's directory in which its snapshots lie, each in a folder of its own."""
NETWORK = "network"
"""Snapshot of the run that makes the version, as opposed to those of the folds of a cross-validation."""
SCHEMA = 1
STATE = "state.json"
COST = 0.1
"""At most about this share of a run's time goes into writing; a short epoch is skipped, the last one never."""


@dataclass
class Learner:
    """What changes while a network learns."""

    model: nn.Module
    average: nn.Module
    best: nn.Module
    optimizer: torch.optim.Optimizer


class Snapshot:
    """The snapshots of one run, of which the last one is kept.

    Args:
        folder: Where they lie; nothing else may be in there.
        identity: What must be the same for the run to go on: the data's fingerprint, the options. Plain values.
        generators: Sources of chance besides the global ones, restored with them.
        cost: Largest share of the run's time that writing may take.
    """

    def __init__(
        self,
        folder: Path,
        identity: Mapping[str, Any],
        generators: Sequence[torch.Generator] = (),
        cost: float = COST,
    ) -> None:
        self.folder = folder
        self.identity = dict(identity)
        self.generators = tuple(generators)
        self.cost = cost
        self._rest_until = 0.0
        self._best: tuple[int, dict[str, str]] | None = None
        """Epoch of the best weights that lie in the folder, and their file."""

    def save(self, learner: Learner, history: Mapping[str, Any], *, last: bool = False) -> None:
        """Write the state after an epoch, unless that was done just now. A full disk costs no more than the snapshot.

        Args:
            learner: Networks and optimizer.
            history: Plain values; `epochs` (those done) and `best_epoch` are needed here.
            last: The run ends with this epoch, so that the state must be kept.
        """
        from safetensors import SafetensorError

        began = time.monotonic()
        if began < self._rest_until and not last:
            return
        try:
            self._write(learner, history)
        except (OSError, SafetensorError) as error:
            log_event("snapshot_failed", level="WARNING", kind=type(error).__qualname__)
            self._best = None  # its file may be half written, or about to be removed
            tidy(self.folder)
        ended = time.monotonic()
        self._rest_until = ended + (ended - began) / self.cost

    def load(self, learner: Learner) -> dict[str, Any] | None:
        """Put everything back as it was and return the `history` that was saved; None when there is no snapshot.

        Raises:
            JobError: The snapshot is damaged, holds what is no number, or belongs to another run.
        """
        state = read_state(self.folder)
        if state is None:
            return None
        _same_run(state["identity"], self.identity)
        tensors = {name: self._tensors(entry) for name, entry in state["files"].items()}
        try:
            _restore(learner, tensors["state"], tensors["best"])
            self._restore_chance(state["chance"], tensors["state"])
        except (KeyError, ValueError, RuntimeError, TypeError) as error:
            raise _damaged(N_("The last snapshot of the run does not fit the network.")) from error
        self._best = (int(state["history"]["best_epoch"]), state["files"]["best"])
        return dict(state["history"])

    def _write(self, learner: Learner, history: Mapping[str, Any]) -> None:
        tensors = dict(_changing(learner)) | self._chance_tensors()
        if not _finite(tensors):  # the next step will say so; what is kept must be worth going on from
            log_event("snapshot_not_finite", level="WARNING")
            return
        make_folder(self.folder)
        if self._best is None or self._best[0] != history["best_epoch"]:
            self._best = (int(history["best_epoch"]), self._put("best", _weights(learner.best, "best")))
        files = {"state": self._put("state", tensors), "best": self._best[1]}
        state = {"schema": SCHEMA, "identity": self.identity, "history": dict(history), "chance": _chance()}
        write_whole(self.folder / STATE, json.dumps(state | {"files": files}))
        tidy(self.folder)

    def _put(self, name: str, tensors: dict[str, Tensor]) -> dict[str, str]:
        from safetensors.torch import save_file

        path = self.folder / f"{name}-{secrets.token_hex(4)}.safetensors"
        aside = path.with_name(f".{path.name}")
        save_file(tensors, aside)
        sync_file(aside)
        sha256 = sha256_of(aside)
        aside.replace(path)
        return {"file": path.name, "sha256": sha256}

    def _tensors(self, entry: Mapping[str, str]) -> dict[str, Tensor]:
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        path = self.folder / Path(entry["file"]).name
        try:
            if sha256_of(path) != entry["sha256"]:
                raise _damaged(N_("The last snapshot of the run is damaged: a checksum differs."))
            tensors: dict[str, Tensor] = load_file(path)
        except (OSError, SafetensorError) as error:
            raise _damaged(N_("The last snapshot of the run is damaged: a file cannot be read.")) from error
        if not _finite(tensors):
            raise _damaged(N_("The last snapshot of the run holds values that are no numbers."))
        return tensors

    def _chance_tensors(self) -> dict[str, Tensor]:
        import torch

        found = {f"generator.{index}": entry.get_state() for index, entry in enumerate(self.generators)}
        cuda = torch.cuda.get_rng_state_all() if _cuda_used() else []
        found |= {f"cuda.{index}": entry for index, entry in enumerate(cuda)}
        return found | {"torch": torch.get_rng_state()}

    def _restore_chance(self, saved: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> None:
        import torch

        version, numbers, gauss = saved["python"]
        random.setstate((version, tuple(numbers), gauss))
        kind, keys, *rest = saved["numpy"]
        np.random.set_state((kind, np.array(keys, np.uint32), *rest))
        torch.set_rng_state(tensors["torch"])
        for index, generator in enumerate(self.generators):
            generator.set_state(tensors[f"generator.{index}"])
        for index in range(torch.cuda.device_count() if _cuda_used() else 0):
            if f"cuda.{index}" in tensors:
                torch.cuda.set_rng_state(tensors[f"cuda.{index}"], index)


def read_state(folder: Path) -> dict[str, Any] | None:
    """What `state.json` says, without torch; None when there is no snapshot.

    Raises:
        JobError: The file is damaged, or was written by a newer version of this program.
    """
    try:
        text = (folder / STATE).read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _damaged(N_("The last snapshot of the run is damaged: a file cannot be read.")) from error
    try:
        state: dict[str, Any] = json.loads(text)
        sound = state["schema"] <= SCHEMA and {"state", "best"} <= state["files"].keys()
        sound = sound and isinstance(state["identity"], dict) and {"epochs", "best_epoch"} <= state["history"].keys()
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _damaged(N_("The last snapshot of the run is damaged: a file cannot be read.")) from error
    if not sound:
        raise _damaged(N_("The last snapshot of the run was written by a newer version of this program."))
    return state


def tidy(folder: Path) -> bool:
    """Remove what a process left half written in a folder of snapshots; returns whether anything is kept there."""
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir():
            if not any(path.iterdir()):
                path.rmdir()
        elif path.name.startswith(".") or (path.suffix == ".safetensors" and path.name not in _named(path.parent)):
            path.unlink(missing_ok=True)
    return folder.is_dir() and any(folder.iterdir())


def _named(folder: Path) -> set[str]:
    """Files that the snapshot in `folder` consists of."""
    try:
        state = read_state(folder)
    except JobError:
        return set()
    return {str(entry["file"]) for entry in state["files"].values()} if state else set()


def _changing(learner: Learner) -> Iterator[tuple[str, Tensor]]:
    """Everything that a step changes, by name, on the CPU."""
    yield from _weights(learner.model, "model").items()
    yield from _weights(learner.average, "average").items()
    for index, entry in learner.optimizer.state_dict()["state"].items():
        yield from ((f"optimizer.{index}.{name}", _kept(tensor)) for name, tensor in entry.items())


def _weights(module: nn.Module, prefix: str) -> dict[str, Tensor]:
    return {f"{prefix}.{name}": _kept(tensor) for name, tensor in module.state_dict().items()}


def _kept(tensor: Tensor) -> Tensor:
    import torch

    # A copy: weights may share memory, which a file cannot.
    return tensor.detach().to("cpu", copy=True).contiguous(memory_format=torch.contiguous_format)


def _finite(tensors: Mapping[str, Tensor]) -> bool:
    return all(bool(tensor.isfinite().all()) for tensor in tensors.values() if tensor.is_floating_point())


def _restore(learner: Learner, state: Mapping[str, Tensor], best: Mapping[str, Tensor]) -> None:
    learner.model.load_state_dict(_below(state, "model"))
    learner.average.load_state_dict(_below(state, "average"))
    learner.best.load_state_dict(_below(best, "best"))
    moments: dict[int, dict[str, Tensor]] = {}
    for name, tensor in _below(state, "optimizer").items():
        index, _, moment = name.partition(".")
        moments.setdefault(int(index), {})[moment] = tensor
    groups = learner.optimizer.state_dict()["param_groups"]
    learner.optimizer.load_state_dict({"state": moments, "param_groups": groups})


def _below(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(f"{prefix}."): t for name, t in tensors.items() if name.startswith(f"{prefix}.")}


def _chance() -> dict[str, Any]:
    kind, keys, *rest = np.random.get_state(legacy=True)
    return {"python": random.getstate(), "numpy": [kind, np.asarray(keys).tolist(), *rest]}


def _cuda_used() -> bool:
    import torch

    return bool(torch.cuda.is_initialized())  # type: ignore[no-untyped-call]


def _same_run(saved: Mapping[str, Any], asked: Mapping[str, Any]) -> None:
    """Raise `JobError` unless both are the same as far as JSON can tell; the message names the first difference."""
    now = json.loads(json.dumps(dict(asked)))
    different = [name for name in sorted(saved.keys() | now.keys()) if saved.get(name) != now.get(name)]
    if not different:
        return
    name = different[0]
    if name == "data":
        raise JobError(
            "train.other_data",
            N_("The data are not those that the run began with."),
            N_("Give it the same data again, or start a new run with these."),
        )
    params = {"name": name, "before": str(saved.get(name)), "now": str(now.get(name))}
    raise JobError(
        "train.other_run",
        Message(N_("The run began with {name} = {before}; it cannot go on with {now}."), params),
        N_("Start a new run with these options."),
    )


def _damaged(sentence: str) -> JobError:
    return JobError("train.snapshot_damaged", sentence, N_("Start the run again from the beginning."))
