"""Training steps through our loop, beside a bare PyTorch loop with the same network, batches, optimizer and schedule.

What the loop adds to a step: the running mean of the weights, clipping, the look for a NaN, the report and the question
whether to stop. The bare loop has none of these; a third row adds the running mean alone, the dearest of them.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import timm
import torch
from timm.utils import ModelEmaV3
from torch import Tensor, nn

from core.device import pick_device, place
from core.training.loop import LoopOptions, build_optimizer, fit
from core.training.run import ListedRun
from core.training.seeding import seed_everything

CASES = {"linear layer, 64 features": (1, 64, 0), "resnet10t, 112 px": (3, 112, 112)}
STEPS = {"linear layer, 64 features": 300, "resnet10t, 112 px": 8}
BATCH = 32
ROUNDS = 7


def _network(case: str) -> nn.Module:
    seed_everything(0)
    if CASES[case][2]:
        return place(timm.create_model("resnet10t", num_classes=2), pick_device())  # type: ignore[no-any-return]
    return place(nn.Linear(CASES[case][1], 2), pick_device())  # type: ignore[no-any-return]


def _batches(case: str) -> list[tuple[Tensor, Tensor]]:
    channels, width, height = CASES[case]
    shape = (BATCH, channels, height, width) if height else (BATCH, width)
    device = pick_device()
    return [
        (torch.rand(shape, device=device), torch.randint(0, 2, (BATCH,), device=device)) for _ in range(STEPS[case])
    ]


def bare(network: nn.Module, batches: list[tuple[Tensor, Tensor]], options: LoopOptions, *, mean: bool) -> None:
    """The shortest loop that trains; with the running mean of the weights if `mean`."""
    optimizer, loss_of = build_optimizer(network, options), nn.CrossEntropyLoss()
    average = ModelEmaV3(network, decay=options.ema_decay, use_warmup=True) if mean else None
    network.train()
    for number, (inputs, targets) in enumerate(batches):
        optimizer.zero_grad(set_to_none=True)
        loss_of(network(inputs), targets).backward()
        optimizer.step()
        if average is not None:
            average.update(network, number + 1)


def ours(network: nn.Module, batches: list[tuple[Tensor, Tensor]], options: LoopOptions, folder: Path) -> None:
    """The loop of the product, one epoch, without validation images."""
    fit(network, lambda: batches, lambda _: {"validation_loss": 0.0}, nn.CrossEntropyLoss(), options, ListedRun(folder))


def measure(case: str, folder: Path) -> dict[str, float]:
    """Median milliseconds a step of the three, turn about, and their ratios to the bare one."""
    batches = _batches(case)
    options = LoopOptions(epochs=1, steps_per_epoch=len(batches), learning_rate=1e-3, early_stopping=0)
    rivals: dict[str, Callable[[], None]] = {
        "bare": lambda: bare(_network(case), batches, options, mean=False),
        "bare_with_mean": lambda: bare(_network(case), batches, options, mean=True),
        "ours": lambda: ours(_network(case), batches, options, folder),
    }
    times: dict[str, list[float]] = {name: [] for name in rivals}
    for number in range(ROUNDS + 1):  # the first round warms up
        for name, work in rivals.items():
            began = time.perf_counter()
            work()
            if number:
                times[name].append(1000 * (time.perf_counter() - began) / len(batches))
    middle = {name: statistics.median(found) for name, found in times.items()}
    return {f"{name}_ms": round(value, 3) for name, value in middle.items()} | {
        "ratio": round(middle["ours"] / middle["bare"], 2),
        "ratio_to_mean": round(middle["ours"] / middle["bare_with_mean"], 2),
    }


def main() -> dict[str, object]:
    """Measure, print and return every case."""
    figures: dict[str, object] = {"device": pick_device(), "batch": BATCH, "rounds": ROUNDS}
    with tempfile.TemporaryDirectory() as folder:
        for case in CASES:
            found = measure(case, Path(folder))
            figures[case] = found
            print(
                f"{case:28} bare {found['bare_ms']:8.3f} ms   with mean {found['bare_with_mean_ms']:8.3f} ms   "
                f"ours {found['ours_ms']:8.3f} ms   ratio {found['ratio']:.2f} ({found['ratio_to_mean']:.2f})"
            )
    return figures
