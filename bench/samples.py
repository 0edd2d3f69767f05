"""Make the synthetic sample radiographs of the medical page, and measure them.

    VITRINE_DATA=... python -m bench.samples [--seed 7] [--draws 100]
    python -m bench.samples --ask [--ref bundled]

The first fits one phantom model per class to the public training split, draws, compares the draws with the training
pictures and writes the ones named in CHOSEN with `manifest.json` and `provenance.json` to assets/samples/medical. The
fitted models are not kept; the draws are, below VITRINE_HOME. The second writes the chosen draws again and adds what
a model says about all draws; it takes seconds and is worth repeating when the bundled model changes.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.contracts import ImageSample
from core.data.phantoms import SIDE, PhantomModel, distances, draw_phantom, fit_phantoms, make_template
from core.data.pixels import squeeze
from core.intake.archives import open_zip
from core.serving.service import predict
from core.settings import settings
from core.training.metrics import share

Pixels = NDArray[np.uint8]

SECTOR = "medical"
LABELS = ("NORMAL", "PNEUMONIA")
CHOSEN = {"NORMAL": (11, 13, 21, 6, 5), "PNEUMONIA": (1, 3, 4, 12, 14)}
"""Draws shown on the page, chosen by looking at them."""
_FOLDER = Path("medical") / "chest_xray_224"
_FITTED = 700
"""Training pictures used per class at most."""
_KEEP = {"NORMAL": 0.75, "PNEUMONIA": 0.5}
"""Share of them that fits the template well enough; sick children are more often turned, cropped and wired."""
_TEMPLATE = 60
_SOURCE = (
    "Chest X-ray images (paediatric), D. S. Kermany, K. Zhang, M. Goldbaum, Mendeley Data, doi:10.17632/rscbjbr9sj, "
    "CC BY 4.0; Kermany et al., Cell 172(5), 2018, doi:10.1016/j.cell.2018.02.010. Training split only."
)


def read_split(path: Path) -> tuple[Pixels, NDArray[np.str_]]:
    """Pictures (N, SIDE, SIDE) and class names (N,) of a zip of class folders."""
    with open_zip(path, path.name) as source:
        labels = np.array([entry.folders[-1] for entry in source.entries])
        pixels = [squeeze(source.read(entry).pixels, SIDE)[..., 0] for entry in source.entries]
    return np.stack(pixels), labels


def fit_classes(pixels: Pixels, labels: NDArray[np.str_], seed: int) -> dict[str, PhantomModel]:
    """One model per class in the shape of a template made from healthy chests."""
    rng = np.random.default_rng(seed)
    template = make_template(pixels[labels == LABELS[0]][:_TEMPLATE])
    models = {}
    for label in LABELS:
        rows = np.flatnonzero(labels == label)
        rows = np.sort(rng.choice(rows, min(_FITTED, len(rows)), replace=False))
        models[label] = fit_phantoms(pixels[rows], template, _KEEP[label])
    return models


def draw(model: PhantomModel, label: str, seed: int, count: int) -> Pixels:
    """Draws number 0 to `count` - 1 of a class."""
    number = LABELS.index(label)
    return np.stack([draw_phantom(model, np.random.default_rng([seed, number, k])) for k in range(count)])


def ask_model(draws: Pixels, label: str, ref: str) -> dict[str, Any]:
    """Share of draws that the model decides as intended, and how many it declines."""
    samples = [
        ImageSample(f"{label} {k}", np.repeat(p[..., None], 3, axis=-1), hashlib.sha256(p.tobytes()).hexdigest())
        for k, p in enumerate(draws)
    ]
    answers = predict(SECTOR, samples, ref)
    hits = [str(answer.single.decision).upper() == label for answer in answers]
    declined = sum(answer.prediction.abstained is not None for answer in answers)
    wrong = [k for k, hit in enumerate(hits) if not hit]
    return {
        "version": f"{answers[0].model.version} {answers[0].model.architecture} {answers[0].model.sha256[:12]}",
        "as_intended": share(sum(hits), len(hits)).as_dict(),
        "not_as_intended": wrong,
        "declined": declined,
    }


def small(draws: Pixels) -> Pixels:
    """The same pictures at SIDE."""
    return np.stack([squeeze(np.repeat(p[..., None], 3, axis=-1), SIDE)[..., 0] for p in draws])


def quantiles(values: NDArray[np.float64]) -> dict[str, float]:
    """Least, 5 %, middle and 95 % of `values`."""
    least, low, middle, high = np.quantile(values, (0, 0.05, 0.5, 0.95))
    return {"least": round(least, 3), "5 %": round(low, 3), "median": round(middle, 3), "95 %": round(high, 3)}


def write(folder: Path, draws: dict[str, Pixels], origin: dict[str, Any]) -> None:
    """The chosen draws as PNG, and the list that the page reads."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.png"):
        old.unlink()
    entries = []
    for label in LABELS:
        for position, number in enumerate(CHOSEN[label], start=1):
            path = folder / f"{label.lower()}-{position}.png"
            Image.fromarray(draws[label][number]).save(path, optimize=True)
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            caption = f"{label.capitalize()} {position}"
            entries.append(
                {"file": path.name, "label": label, "caption": caption, "synthetic": True, **origin, "draw": number}
                | {"sha256": digest}
            )
    (folder / "manifest.json").write_text(json.dumps(entries, indent=1) + "\n", encoding="utf-8")


def make(data: Path, seed: int, count: int) -> None:
    """Fit, draw, compare, and keep the draws with what is known of them."""
    pixels, labels = read_split(data / _FOLDER / "train.zip")
    validation, _ = read_split(data / _FOLDER / "val.zip")
    models = fit_classes(pixels, labels, seed)
    draws = {label: draw(models[label], label, seed, count) for label in LABELS}
    facts = {
        "synthetic": True,
        "command": f"python -m bench.samples --seed {seed} --draws {count}",
        "seed": seed,
        "fitted_to": _SOURCE,
        "pictures_per_draw": {label: len(models[label].looks) for label in LABELS},
        "distance_to_nearest_training_picture": {
            "what": "root mean square difference at 56 pixels without brightness and contrast; 0 is a copy",
            "real validation pictures": quantiles(distances(validation, pixels)),
        },
    }
    nearest = {label: distances(small(draws[label]), pixels) for label in LABELS}
    _kept().mkdir(parents=True, exist_ok=True)
    for label in LABELS:
        np.savez(_kept() / f"{label}.npz", draws=draws[label], nearest=nearest[label])
    (_kept() / "facts.json").write_text(json.dumps(facts), encoding="utf-8")


def publish(ref: str | None) -> None:
    """Write the chosen draws and what is known of them; with `ref`, ask that version about all draws."""
    facts = json.loads((_kept() / "facts.json").read_text(encoding="utf-8"))
    draws, samples, asked = {}, {}, {}
    for label in LABELS:
        with np.load(_kept() / f"{label}.npz") as kept:
            draws[label], nearest = kept["draws"], kept["nearest"]
        facts["distance_to_nearest_training_picture"][f"draws {label}"] = quantiles(nearest)
        samples[label] = [round(float(nearest[k]), 3) for k in CHOSEN[label]]
        if ref:
            asked[label] = ask_model(draws[label], label, ref)
    facts["distance_to_nearest_training_picture"]["samples"] = samples
    write(_shown(), draws, {"command": facts["command"], "seed": facts["seed"]})
    text = json.dumps(facts | ({"asked_model": asked} if asked else {}), indent=1)
    (_shown() / "provenance.json").write_text(text + "\n", encoding="utf-8")
    print(text)


def _shown() -> Path:
    return settings().assets / "samples" / SECTOR


def _kept() -> Path:
    return settings().home / "bench" / "samples"


def main() -> None:
    """Make the samples, or ask a model about them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--draws", type=int, default=100, help="per class")
    parser.add_argument("--ask", action="store_true", help="ask a model about the draws made before")
    parser.add_argument("--ref", default="bundled", help="version to ask")
    arguments = parser.parse_args()
    data = settings().data
    if arguments.ask:
        publish(arguments.ref)
    elif data is None:
        parser.error("set VITRINE_DATA to the folder of the public data sets")
    else:
        make(data, arguments.seed, arguments.draws)
        publish(None)


if __name__ == "__main__":
    main()
