"""How many pictures that are no chest X-rays the bundled model declines, and how many real test X-rays.

python -m bench.domain [--seed 0] [--ref bundled] [--list]
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from bench.domain_pictures import non_xrays
from core.contracts import ImageSample
from core.intake.archives import open_zip
from core.serving.service import predict
from core.settings import settings
from core.training.metrics import share

SECTOR = "medical"
TEST_ZIP = Path("medical") / "chest_xray_224" / "test.zip"
_BATCH = 32


def declined(samples: Sequence[ImageSample], ref: str) -> list[bool]:
    """Whether the model abstains, for every sample in order."""
    answers = predict(SECTOR, samples, ref)
    return [answer.prediction.abstained is not None for answer in answers]


def measure_non_xrays(seed: int, ref: str) -> dict[str, list[tuple[str, bool]]]:
    """Name and verdict of every picture of the measuring set, by kind."""
    pictures = non_xrays(seed)
    samples = [ImageSample(name, pixels, hashlib.sha256(pixels.tobytes()).hexdigest()) for name, _, pixels in pictures]
    verdicts: dict[str, list[tuple[str, bool]]] = defaultdict(list)
    for picture, verdict in zip(pictures, declined(samples, ref), strict=True):
        verdicts[picture.kind].append((picture.name, verdict))
    return dict(verdicts)


def measure_xrays(path: Path, ref: str) -> dict[str, list[bool]]:
    """Verdicts on the images of a zip of class folders, by class."""
    verdicts: dict[str, list[bool]] = defaultdict(list)
    with open_zip(path, path.name) as source:
        for start in range(0, len(source.entries), _BATCH):
            entries = source.entries[start : start + _BATCH]
            samples = [source.read(entry) for entry in entries]
            for entry, verdict in zip(entries, declined(samples, ref), strict=True):
                verdicts[entry.folders[-1]].append(verdict)
    return dict(verdicts)


def row(name: str, verdicts: Sequence[bool]) -> str:
    """One line of the table: share declined, its 95 % interval, count."""
    metric = share(sum(verdicts), len(verdicts))
    return f"{name:<22}{metric.value:>9.1%}   {metric.low:.1%} to {metric.high:.1%}   ({sum(verdicts)} of {metric.n})"


def main(arguments: Sequence[str] = ()) -> dict[str, object]:
    """Measure, print and return the shares declined; the X-rays only where `VITRINE_DATA` has them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--ref", default="bundled")
    parser.add_argument("--list", action="store_true", help="name every picture that was let through")
    options = parser.parse_args(arguments)
    print(f"{'declined':<22}{'share':>9}   95 % interval (Wilson)")
    by_kind = measure_non_xrays(options.seed, options.ref)
    groups = {kind: [verdict for _, verdict in verdicts] for kind, verdicts in by_kind.items()}
    groups["all non-X-rays"] = [verdict for verdicts in groups.values() for verdict in verdicts]
    data = settings().data
    if data is None or not (data / TEST_ZIP).is_file():
        print("test X-rays: not measured, VITRINE_DATA is not set or lacks", TEST_ZIP)
    else:
        by_class = measure_xrays(data / TEST_ZIP, options.ref)
        groups |= {f"test X-rays {label}": verdicts for label, verdicts in by_class.items()}
        groups["all test X-rays"] = [verdict for verdicts in by_class.values() for verdict in verdicts]
    for name, verdicts in groups.items():
        print(row(name, verdicts))
    if options.list:
        print("let through:", ", ".join(name for v in by_kind.values() for name, verdict in v if not verdict) or "none")
    shares = {name: share(sum(verdicts), len(verdicts)).as_dict() for name, verdicts in groups.items()}
    return {"declined": shares, "model": options.ref, "seed": options.seed}


if __name__ == "__main__":
    main(sys.argv[1:])
