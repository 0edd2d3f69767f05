"""A sector whose task learns nothing, quickly, and misbehaves as its configuration says."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from core import catalog
from core.contracts import Classification, Preset, Sector
from core.errors import ModelRefused

SLUG = "fake"


@dataclass(frozen=True)
class Config:
    mode: str = "ok"
    steps: int = 3
    sleep_s: float = 0.0
    batch_size: int = 8
    seed: int = 0
    epochs: int = 0
    """Above 0: that many steps, with a snapshot after each of them."""


class Predictor:
    size_bytes = 1000

    def __init__(self, bias: float) -> None:
        self.bias = bias

    def predict(self, inputs, bias: float = 0.0):
        import numpy as np

        scores = np.array([self.bias, 1 - self.bias], dtype=np.float32)
        return [Classification(("a", "b"), scores, "a", ("a",), domain_score=bias) for _ in inputs]


def write_checkpoint(folder: Path, content: bytes = b"weights", **extra) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.safetensors").write_bytes(content)
    manifest = {"schema": 1, "architecture": "tiny", "sha256": hashlib.sha256(content).hexdigest(), **extra}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


class Task:
    name = "fake_task"
    config_type = Config
    headline_metric = "accuracy"

    def load(self, checkpoint: Path, device: str) -> Predictor:
        content = (checkpoint / "model.safetensors").read_bytes()
        if content.startswith(b"broken"):
            raise ModelRefused("model.broken", "The weights are broken.")
        return Predictor(0.25)

    def train(self, config: Config, data: Path, run) -> Path:
        run.stage("read")
        if config.mode == "read":
            assert data.read_bytes() == b"uploaded"
        run.stage("train")
        if config.mode == "memory":
            fill_memory(config.batch_size)
        if config.mode == "oom" or (config.mode == "oom_once" and config.batch_size > 4):
            raise MemoryError
        if config.mode == "crash":
            os._exit(7)
        if config.mode == "secret":
            raise ValueError("patient Zhang San")
        if config.mode == "disk":
            raise OSError(28, "No space left on device")
        if config.mode == "fill":
            fill_disk(run.directory)
        if config.mode == "fill_tmpfs":
            with (run.directory / "large").open("wb") as file:
                while file.write(bytes(2**16)):
                    file.flush()
        steps = config.epochs or config.steps
        for step in range(epochs_done(run), steps):
            if run.should_stop() and config.mode != "deaf":
                break
            if config.mode == "stop_self" and step == 1:
                os.killpg(0, signal.SIGSTOP)
            time.sleep(config.sleep_s)
            run.report(step + 1, steps, loss=float("nan") if config.mode == "nan" else 1 / (step + 1))
            if config.epochs:
                keep_epoch(run, step + 1, config.batch_size)
        return write_checkpoint(run.directory / "checkpoint", b"broken" if config.mode == "broken" else os.urandom(64))

    def summarise(self, evaluation):
        return dict(evaluation.summary)


def snapshot_file(run) -> Path:
    return run.directory / "snapshot" / "network" / "state.json"


def epochs_done(run) -> int:
    path = snapshot_file(run)
    return json.loads(path.read_text())["history"]["epochs"] if path.exists() else 0


def keep_epoch(run, done: int, batch_size: int) -> None:
    """A snapshot as far as jobs look into it."""
    folder = snapshot_file(run).parent
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "one.safetensors").write_bytes(b"tensors")
    (folder / ".tmp12345").write_bytes(b"half a file")
    files = {name: {"file": "one.safetensors", "sha256": ""} for name in ("state", "best")}
    history = {"epochs": done, "best_epoch": done}
    state = {"schema": 1, "identity": {"batch_size": batch_size}, "history": history, "files": files}
    aside = folder / ".state"
    aside.write_text(json.dumps(state))
    aside.replace(folder / "state.json")


def fill_memory(batch_size: int) -> None:
    """Ask torch for memory in proportion to the batch, where only so much is left."""
    import resource

    import torch

    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + 600 * 2**20, resource.RLIM_INFINITY))
    torch.empty(batch_size * 100 * 2**20, dtype=torch.uint8)


def fill_disk(folder: Path) -> None:
    """Write weights the way a task does, where files may not grow that large."""
    import resource

    import torch
    from safetensors.torch import save_file

    resource.setrlimit(resource.RLIMIT_FSIZE, (2 * 2**20, resource.RLIM_INFINITY))
    save_file({"weights": torch.zeros(2**20)}, folder / "half.safetensors")


def modules() -> dict[str, ModuleType]:
    package, module = ModuleType("core.tasks.fake_task"), ModuleType("core.tasks.fake_task.task")
    module.TASK = Task()
    return {package.__name__: package, module.__name__: module}


def sector() -> Sector:
    preset = Preset("bundled", "bundled", "fake/bundled", "MIT", "")
    return Sector(SLUG, "Fake", "", "Sectors", Task.name, "", (preset,), "accuracy")


def install() -> None:
    catalog.SECTORS = (*catalog.SECTORS, sector())
    sys.modules |= modules()
