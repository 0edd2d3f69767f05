"""What a compression bench found: a version in several formats, side by side, as plain data and as a JSON file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Protocol

from core.contracts import DataInfo, Metric, RunContext

LOSS_POINTS = 0.5
"""Accuracy that a format may lose, in percentage points."""
SPEED_FACTOR = 1.3
SIZE_FACTOR = 3.5
"""Times as quick as, or times as small as, single precision: one of the two has to be reached."""


@dataclass(frozen=True)
class Flip:
    """A test example on which a format decides otherwise than the version itself; all three are labels."""

    id: str
    truth: str
    before: str
    after: str


@dataclass(frozen=True)
class Latency:
    """Wall-clock times on this machine, taken in turn with the other formats."""

    p50_ms: float
    p95_ms: float
    """One picture from its pixels to its answer."""
    items_per_s: float
    """In batches."""


@dataclass(frozen=True)
class Variant:
    """One format of the version."""

    format: str
    size_mb: float
    latency: Latency
    metrics: Mapping[str, Metric]
    """On the frozen test images; `declined` is the share of them that the domain guard turns away."""
    guard: Metric
    """Share of generated pictures of other kinds that the domain guard turns away."""
    accuracy_change: Metric
    """Accuracy minus that of the version itself, on the same images, in [-1, 1]."""
    flips: tuple[Flip, ...] = ()

    @property
    def fixed(self) -> int:
        """Flips towards the truth."""
        return sum(flip.after == flip.truth for flip in self.flips)

    @property
    def broke(self) -> int:
        """Flips away from the truth."""
        return sum(flip.before == flip.truth for flip in self.flips)


@dataclass(frozen=True)
class Bench:
    """A version in several formats. `variants` begins with the version as it is stored."""

    sector: str
    version: str
    sha256: str
    data: Mapping[str, Any]
    """Name, split, n and fingerprint of the test images."""
    machine: Mapping[str, Any]
    """Processor, device, threads, batch size, rounds, niceness, torch."""
    created: str
    command: str
    variants: tuple[Variant, ...] = ()
    left_out: Mapping[str, str] = field(default_factory=dict)
    """Formats that could not be made of this version, with the code of the reason."""

    def variant(self, name: str) -> Variant | None:
        """The row of a format."""
        return next((entry for entry in self.variants if entry.format == name), None)


@dataclass(frozen=True)
class Compressed:
    """What a task found for one checkpoint; `kept` is the complete folder of the format that was asked for."""

    variants: tuple[Variant, ...]
    left_out: Mapping[str, str]
    data: DataInfo
    machine: Mapping[str, object]
    kept: Path | None = None


class Compresses(Protocol):
    """Optional side of a task; the compression bench is offered only where it is present."""

    formats: ClassVar[tuple[str, ...]]

    def compress(self, checkpoint: Path, data: Path, run: RunContext, keep: str = "") -> Compressed:
        """Write a checkpoint in every format below `run.directory`, and measure them on the test split of `data`.

        The one named `keep` gets evaluation and card, so that it can be registered.
        """
        ...


AS_STORED = "stored"
"""Name of the row of the version as it is."""
SINGLE = "fp32"


def reaches_bar(bench: Bench, variant: Variant) -> bool | None:
    """Whether a format loses little and gains speed or space against single precision; None where that is missing."""
    single = bench.variant(SINGLE)
    if single is None:
        return None
    quick = variant.latency.p50_ms * SPEED_FACTOR <= single.latency.p50_ms
    small = variant.size_mb * SIZE_FACTOR <= single.size_mb
    return 100 * variant.accuracy_change.value >= -LOSS_POINTS and (quick or small)


def to_json(bench: Bench) -> str:
    """The whole bench as JSON text."""
    return json.dumps(asdict(bench), indent=1) + "\n"


def from_json(text: str) -> Bench:
    """What `to_json` wrote; raises `ValueError` for anything else."""
    try:
        saved = json.loads(text)
        return Bench(**{**saved, "variants": tuple(_variant(entry) for entry in saved["variants"])})
    except (KeyError, TypeError) as error:
        raise ValueError("not a compression bench") from error


def _variant(saved: dict[str, Any]) -> Variant:
    return Variant(
        **{
            **saved,
            "latency": Latency(**saved["latency"]),
            "metrics": {name: Metric(**metric) for name, metric in saved["metrics"].items()},
            "guard": Metric(**saved["guard"]),
            "accuracy_change": Metric(**saved["accuracy_change"]),
            "flips": tuple(Flip(**flip) for flip in saved["flips"]),
        }
    )


def read_bench(path: Path) -> Bench | None:
    """The bench in a file; None when there is none or it cannot be read."""
    try:
        return from_json(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
