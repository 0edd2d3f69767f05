"""Which device models run on, how, and how much memory is in use. torch is imported only when a model needs it."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import psutil

from core.contracts import N_, Message
from core.errors import AppError
from core.settings import settings


@dataclass(frozen=True)
class DeviceMemory:
    """Memory of the device that models run on. `process_mb` is what this process holds of the machine's own."""

    device: str
    name: str
    used_mb: float
    total_mb: float
    process_mb: float


@lru_cache(maxsize=1)
def pick_device() -> str:
    """The device of the settings; `auto` is the first GPU if there is one. Imports torch.

    Raises:
        AppError: a GPU is asked for that is not there.
    """
    import torch

    wanted = settings().device
    count = torch.cuda.device_count()
    if wanted == "auto":
        return "cuda:0" if count and torch.cuda.is_available() else "cpu"
    if wanted == "cpu":
        return wanted
    kind, _, index = wanted.partition(":")
    if kind != "cuda" or not (index or "0").isdigit() or int(index or "0") >= count:
        raise AppError(
            "device.unknown",
            Message(N_("There is no device {device} here; GPUs found: {count}."), {"device": wanted, "count": count}),
            N_("Set VITRINE_DEVICE to auto, cpu or one of them."),
        )
    return f"cuda:{index or 0}"


@lru_cache(maxsize=1)
def limit_threads() -> None:
    """Give torch the number of threads of the settings, once per process."""
    if settings().torch_threads > 0:
        import torch

        torch.set_num_threads(settings().torch_threads)


@contextmanager
def autocast(device: str) -> Iterator[None]:
    """Run the block in half precision on a GPU (bfloat16 where it has it), and as it is on a CPU."""
    import torch

    if not device.startswith("cuda"):
        yield
        return
    dtype = torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
    with torch.autocast("cuda", dtype=dtype):
        yield


def place(module: Any, device: str) -> Any:
    """Move a torch module to `device`, on a GPU in the memory layout that convolutions are fastest with."""
    import torch

    if device.startswith("cuda"):
        return module.to(device, memory_format=torch.channels_last)
    return module.to(device)


def device_slots() -> tuple[str, ...]:
    """Devices that one job each can have, best first. Counts GPUs by the driver: neither torch nor CUDA is started."""
    wanted = settings().device
    if wanted == "cpu":
        return ("cpu",)
    if wanted != "auto":
        return (wanted if ":" in wanted else f"{wanted}:0", "cpu")
    return (*(f"cuda:{index}" for index in range(_gpu_count())), "cpu")


def memory() -> DeviceMemory:
    """What the device has and uses, by the driver's or the system's own figures; cheap, and without torch."""
    process_mb = psutil.Process().memory_info().rss / 2**20
    slot = device_slots()[0]
    gpu = _gpu_memory(int(slot.partition(":")[2])) if slot.startswith("cuda") else None
    if gpu is not None:
        name, used_mb, total_mb = gpu
        return DeviceMemory(slot, name, used_mb, total_mb, process_mb)
    ram = psutil.virtual_memory()
    return DeviceMemory("cpu", _cpu_name(), (ram.total - ram.available) / 2**20, ram.total / 2**20, process_mb)


def _gpu_count() -> int:
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    count = _nvml_count()
    if visible is None or count == 0:
        return count
    return len([entry for entry in visible.split(",") if entry.strip() and not entry.strip().startswith("-")])


@lru_cache(maxsize=1)
def _nvml_count() -> int:
    import pynvml

    try:
        pynvml.nvmlInit()
        return int(pynvml.nvmlDeviceGetCount())
    except pynvml.NVMLError:
        return 0


def _gpu_memory(index: int) -> tuple[str, float, float] | None:
    """Name, used and total megabytes of the GPU that this process calls `index`."""
    import pynvml

    if _nvml_count() == 0:
        return None
    visible = [entry.strip() for entry in os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",") if entry.strip()]
    try:
        if visible and not visible[index].isdigit():
            handle = pynvml.nvmlDeviceGetHandleByUUID(visible[index])
        else:
            handle = pynvml.nvmlDeviceGetHandleByIndex(int(visible[index]) if visible else index)
        figures = pynvml.nvmlDeviceGetMemoryInfo(handle)
        return str(pynvml.nvmlDeviceGetName(handle)), figures.used / 2**20, figures.total / 2**20
    except (pynvml.NVMLError, IndexError):
        return None


@lru_cache(maxsize=1)
def _cpu_name() -> str:
    path = Path("/proc/cpuinfo")
    if path.exists():
        for line in path.read_text(errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
