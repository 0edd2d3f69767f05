"""Inspection sets on disk for the measurements: the magnetic tiles on their split by session, in the MVTec layout."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from pathlib import Path

import torch
from safetensors.torch import save_file

from core.settings import settings

SPLITS = {"train": "train", "val": "validation", "test": "test"}
GOOD = "free"
REVISION = "0" * 40
IMAGENET = "hf-hub:local/mobilenetv2_100_tf"
"""Name under which `hub_cache` lays down the ImageNet network of the data folder."""


def data_folder() -> Path:
    """Where the public data lie."""
    folder = settings().data
    if folder is None or not folder.is_dir():
        raise SystemExit("Name the folder of the data sets by VITRINE_DATA.")
    return folder


def magnetic_tile(target: Path, validation: bool = True) -> Path:
    """Lay out the magnetic tiles below `target`, once: sessions stay on one side of the split.

    `train/good`, `train/<type>` and `test/<type>` with masks in `ground_truth/<type>`. The validation part is laid
    out as `validation/good`, and its defects beside those of the training part; without `validation` it is left out.
    """
    if target.is_dir():
        return target
    folder = data_folder() / "defects" / "magnetic_tile"
    archives = {name: zipfile.ZipFile(folder / name) for name in ("good.zip", "defect.zip")}
    rows = list(csv.DictReader(io.StringIO((folder / "labels.csv").read_text(encoding="utf-8"))))
    for row in rows:
        split, kind = SPLITS[row["split"]], "good" if row["class"] == GOOD else row["class"]
        if split == "validation" and not validation:
            continue
        if split == "validation" and kind != "good":
            split = "train"
        content = archives[row["archive"]]
        name = Path(row["image"]).name
        _write(target / split / kind / name, content.read(row["image"]))
        if row["mask"]:
            _write(target / "ground_truth" / kind / f"{Path(name).stem}_mask.png", content.read(row["mask"]))
    return target


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def imagenet_state() -> dict[str, torch.Tensor]:
    """The tensors of the ImageNet network of the data folder."""
    weights = data_folder() / "weights" / "mobilenetv2_100_tf" / "mobilenetv2_100_tf_in1k.pth"
    state = torch.load(weights, map_location="cpu", weights_only=True)
    return {name: tensor.float().contiguous() for name, tensor in state.items()}


def hub_cache(target: Path) -> Path:
    """The ImageNet network of the data folder as the hub's own cache would hold it, for `VITRINE_HUB_CACHE`."""
    root = target / "models--local--mobilenetv2_100_tf"
    if root.is_dir():
        return target
    stated = {
        "architecture": "mobilenetv2_100",
        "model_args": {"pad_type": "same"},
        "pretrained_cfg": {
            "input_size": [3, 224, 224],
            "mean": [0.5] * 3,
            "std": [0.5] * 3,
            "num_classes": 1000,
            "classifier": "classifier",
            "first_conv": "conv_stem",
        },
    }
    snapshot = root / "snapshots" / REVISION
    snapshot.mkdir(parents=True)
    (root / "refs").mkdir()
    (root / "refs" / "main").write_text(REVISION)
    (snapshot / "config.json").write_text(json.dumps(stated))
    save_file(imagenet_state(), snapshot / "model.safetensors")
    return target
