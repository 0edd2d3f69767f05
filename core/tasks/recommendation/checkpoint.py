"""Checkpoint folders: numbers and ids as safetensors, everything else in the manifest; loaded strictly."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

import core
from core.contracts import N_
from core.data.histories import Histories
from core.data.interaction_split import RankingSplit
from core.data.interactions import Catalogue, Interactions
from core.store.files import MANIFEST, WEIGHTS, sha256_of
from core.store.sealed import SCHEMA, not_finite, refused, sealed_manifest, unreadable
from core.tasks.recommendation.config import MODELS, RecommendationConfig
from core.tasks.recommendation.kinds import read_scorer
from core.tasks.recommendation.model import Recommender

TASK_NAME = "recommendation"
HALF = ("vectors", "scorer.weights")
"""Tensors that a file keeps in half precision; what is measured is what was read back."""
_SCORER = "scorer."
_TEXT = "text."


@dataclass(frozen=True)
class Trained:
    """A model and everything its manifest tells about how it came to be."""

    model: Recommender
    data: Interactions
    split: RankingSplit
    config: RecommendationConfig
    command: str
    chosen: Mapping[str, float]
    """Strengths that the run chose on validation, or was given."""
    tried: Sequence[Mapping[str, float]]
    """Every setting that was tried, with what it reached on validation."""
    rivals: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """Strengths that were chosen for the other models that the run compares with."""


def write_checkpoint(folder: Path, trained: Trained) -> None:
    """Write weights and manifest into `folder`, which is made when missing."""
    folder.mkdir(parents=True, exist_ok=True)
    model = trained.model
    tensors = {_SCORER + name: array for name, array in model.scorer.tensors().items()}
    tensors |= {"taken": model.taken, "vectors": model.vectors, "layout": model.layout}
    tensors |= {"histories.items": model.histories.items, "histories.starts": model.histories.starts}
    texts: dict[str, Sequence[str]] = {"users": model.users.tolist(), "ids": model.catalogue.ids.tolist()}
    texts |= {"titles": model.catalogue.titles}
    texts |= {f"attribute.{place}": cells for place, cells in enumerate(model.catalogue.attributes.values())}
    for name, lines in texts.items():
        tensors |= {f"{_TEXT}{name}.{part}": array for part, array in packed(lines).items()}
    for name in HALF:
        if name in tensors:
            tensors[name] = tensors[name].astype(np.float16)
    save_file({name: np.ascontiguousarray(array) for name, array in tensors.items()}, folder / WEIGHTS)
    manifest = _manifest(trained) | {"sha256": sha256_of(folder / WEIGHTS)}
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")


def _manifest(trained: Trained) -> dict[str, Any]:
    data, split, model = trained.data, trained.split, trained.model
    counts = {part: len(rows) for part, rows in zip(_PARTS, (split.train, split.validation, split.test), strict=True)}
    return {
        "schema": SCHEMA,
        "task": TASK_NAME,
        "architecture": model.scorer.kind,
        "labels": ["missed", "found"],
        "attributes": list(model.catalogue.attributes),
        "items": len(model.catalogue),
        "users": len(model.users),
        "chosen": dict(trained.chosen),
        "tried": [dict(one) for one in trained.tried],
        "rivals": {kind: dict(strengths) for kind, strengths in trained.rivals.items()},
        "split": {"kind": split.kind, "name": split.name},
        "data": {
            "name": data.name,
            "fingerprint": data.sha256,
            "counts": counts,
            "notices": [str(notice) for notice in (*data.notices, *split.notices)],
        },
        "config": asdict(trained.config),
        "seed": trained.config.seed,
        "command": trained.command,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "code_version": core.__version__,
        "numpy_version": np.__version__,
    }


_PARTS = ("train", "validation", "test")


def read_checkpoint(folder: Path, device: str = "cpu") -> tuple[Mapping[str, Any], Recommender]:
    """Read and verify a checkpoint folder: schema, task, checksum, shapes, places in range, finite numbers.

    Raises:
        ModelRefused: Anything is missing, damaged or made for another task.
    """
    manifest = sealed_manifest(folder, TASK_NAME)
    try:
        tensors = load_file(folder / WEIGHTS)
        kind, n_items = str(manifest["architecture"]), int(manifest["items"])
        if kind not in MODELS:
            raise refused("model.kind", N_("This program knows no recommender called {found}."), found=kind)
        _check_finite(tensors)
        catalogue = _catalogue(tensors, list(manifest["attributes"]))
        own = {name.removeprefix(_SCORER): array for name, array in tensors.items() if name.startswith(_SCORER)}
        model = Recommender(
            scorer=read_scorer(kind, own, tensors["taken"], manifest["config"], device),
            catalogue=catalogue,
            taken=tensors["taken"],
            vectors=tensors["vectors"].astype(np.float32),
            layout=tensors["layout"],
            users=np.array(unpacked(tensors, "users"), dtype=np.str_),
            histories=Histories(tensors["histories.items"], tensors["histories.starts"]),
        )
        _check_shapes(model, n_items)
    except (OSError, ValueError, KeyError, IndexError, TypeError, RuntimeError, SafetensorError) as error:
        raise unreadable(error) from error
    return manifest, model


def _check_finite(tensors: Mapping[str, NDArray[Any]]) -> None:
    for name, array in tensors.items():
        # Items that lie nowhere on the map have no place there.
        if array.dtype.kind == "f" and name != "layout" and not np.isfinite(array).all():
            raise not_finite(name)


def _check_shapes(model: Recommender, n_items: int) -> None:
    histories, starts = model.histories, model.histories.starts
    sound = len(model.catalogue) == len(model.taken) == len(model.vectors) == n_items == model.scorer.n_items
    sound &= model.layout.shape == (n_items, 2) and len(starts) == len(model.users) + 1
    sound &= int(starts[0]) == 0 and int(starts[-1]) == len(histories.items) and bool((np.diff(starts) >= 0).all())
    sound &= not len(histories.items) or bool(histories.items.min() >= 0 and histories.items.max() < n_items)
    if not sound:
        raise ValueError("parts of the checkpoint do not fit each other")


def _catalogue(tensors: Mapping[str, NDArray[Any]], columns: list[str]) -> Catalogue:
    attributes = {column: tuple(unpacked(tensors, f"attribute.{place}")) for place, column in enumerate(columns)}
    catalogue = Catalogue(
        np.array(unpacked(tensors, "ids"), dtype=np.str_), tuple(unpacked(tensors, "titles")), attributes
    )
    if any(len(cells) != len(catalogue) for cells in (catalogue.titles, *attributes.values())):
        raise ValueError("columns of the catalogue differ in length")
    return catalogue


def packed(lines: Sequence[str]) -> dict[str, NDArray[Any]]:
    """Texts as bytes and where each one ends: ids are data, with leading zeros and in any script."""
    encoded = [line.encode("utf-8", "replace") for line in lines]
    ends = np.cumsum([len(line) for line in encoded], dtype=np.int64)
    return {"bytes": np.frombuffer(b"".join(encoded), np.uint8), "ends": ends}


def unpacked(tensors: Mapping[str, NDArray[Any]], name: str) -> list[str]:
    """The texts that `packed` made; raises `KeyError` or `ValueError` when they are not whole."""
    data, ends = tensors[f"{_TEXT}{name}.bytes"].tobytes(), tensors[f"{_TEXT}{name}.ends"]
    if len(ends) and (int(ends[-1]) != len(data) or (np.diff(ends) < 0).any() or ends[0] < 0):
        raise ValueError("texts end elsewhere than said")
    starts = np.concatenate([[0], ends[:-1]]) if len(ends) else ends
    return [data[begin:end].decode("utf-8") for begin, end in zip(starts.tolist(), ends.tolist(), strict=True)]
