"""Make the synthetic stream of the medical page, and measure it.

    python -m bench.phantoms [--seed 7] [--ask]

Without `--ask` one phantom per class is fitted to the public training split (VITRINE_DATA), its leading components are
written to assets/samples/medical/phantoms.npz, and draws are compared with the training pictures. With `--ask` a model
is asked about draws of the file as it lies there. Figures go to assets/samples/medical/phantoms.json.
"""

from __future__ import annotations

import argparse
import json
import time
from typing import Any

import numpy as np

from bench.samples import LABELS, SECTOR, Pixels, ask_model, fit_classes, quantiles, read_split, small
from core.data.phantoms import compact, distances
from core.data.streams import PHANTOMS, save_phantoms, stream_of
from core.settings import settings

_DATA = "medical/chest_xray_224"
_DRAWS = 400


def make(seed: int, components: int) -> dict[str, Any]:
    """Fit, keep the leading components, and say how near draws come to training pictures."""
    data = settings().data
    if data is None:
        raise SystemExit("set VITRINE_DATA to the folder of the public data sets")
    pixels, labels = read_split(data / _DATA / "train.zip")
    validation, _ = read_split(data / _DATA / "val.zip")
    models = fit_classes(pixels, labels, seed)
    path = settings().assets / "samples" / SECTOR / PHANTOMS
    save_phantoms(path, {label: compact(model, components) for label, model in models.items()})
    draws = _draws(seed)
    return {
        "command": f"python -m bench.phantoms --seed {seed} --components {components}",
        "fitted_to": f"{_DATA}, training split only, CC BY 4.0",
        "pictures": {label: len(model.looks) for label, model in models.items()},
        "megabytes": round(path.stat().st_size / 2**20, 2),
        "distance_to_nearest_training_picture": {
            "real validation pictures": quantiles(distances(validation, pixels)),
            **{f"draws {label}": quantiles(distances(small(draws[label]), pixels)) for label in LABELS},
        },
    }


def ask(seed: int, ref: str) -> dict[str, Any]:
    """What a model says about draws, and what a draw costs."""
    began = time.perf_counter()
    draws = _draws(seed)
    took_ms = 1000 * (time.perf_counter() - began) / sum(map(len, draws.values()))
    return {
        "asked_model": {label: ask_model(draws[label], label, ref) for label in LABELS},
        "draw_ms": round(took_ms, 1),
    }


def _draws(seed: int) -> dict[str, Pixels]:
    """Greys of the first draws of each class, (N, S, S)."""
    stream = stream_of(SECTOR)
    if stream is None:
        raise SystemExit("there is no stream yet: run this without --ask")
    found: dict[str, list[Any]] = {label: [] for label in LABELS}
    for shot in stream.shots(seed, 0, _DRAWS):
        found[shot.label].append(shot.sample.pixels[..., 0])
    return {label: np.stack(pictures) for label, pictures in found.items()}


def main() -> None:
    """Make the phantoms, or ask a model about them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--components", type=int, default=40)
    parser.add_argument("--ask", action="store_true", help="ask a model about the draws")
    parser.add_argument("--ref", default="bundled", help="version to ask")
    options = parser.parse_args()
    target = settings().assets / "samples" / SECTOR / "phantoms.json"
    facts = json.loads(target.read_text("utf-8")) if target.is_file() else {}
    facts |= ask(options.seed, options.ref) if options.ask else make(options.seed, options.components)
    target.write_text(json.dumps(facts, indent=1) + "\n", "utf-8")
    print(json.dumps(facts, indent=1))


if __name__ == "__main__":
    main()
