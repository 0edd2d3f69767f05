"""PatchCore as anomalib has it, on the same images, backbone and size.

Run it with the Python of an environment that holds anomalib (`pip install anomalib`), which the product's own does not:

    ENVIRONMENT/bin/python bench/anomalib_reference.py --data MAGNETIC_TILE --weights mobilenetv2_100_tf_in1k.pth

It imports nothing of the product, and prints seconds for fit and predict, and image and pixel AUROC on the test split.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np
import timm
import torch
from anomalib.models.image.patchcore.torch_model import PatchcoreModel  # type: ignore[import-not-found]
from PIL import Image
from sklearn.metrics import roc_auc_score
from torch import Tensor, nn

LAYERS = ["blocks.2", "blocks.4"]
"""Strides 8 and 16 of MobileNetV2."""
BATCH = 16


class Backbone(nn.Module):
    """The ImageNet network with its own padding, giving the maps that anomalib asks for by name."""

    def __init__(self, weights: Path) -> None:
        super().__init__()
        self.network = timm.create_model(
            "mobilenetv2_100", pad_type="same", features_only=True, feature_cls="getter", out_indices=(2, 3)
        )
        state = torch.load(weights, map_location="cpu", weights_only=True)
        own = self.network.state_dict()
        self.network.load_state_dict({name: state[name.removeprefix("model.")].float() for name in own})

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        """Maps by layer."""
        with torch.inference_mode():
            return dict(zip(LAYERS, self.network(images), strict=True))


def pictures(files: list[Path], size: int) -> Tensor:
    """Files squeezed to (N, 3, size, size) in -1 to 1."""
    opened = [Image.open(file).convert("RGB").resize((size, size), Image.Resampling.BILINEAR) for file in files]
    return torch.from_numpy(np.stack([np.asarray(each) for each in opened])).permute(0, 3, 1, 2).float() / 127.5 - 1


def mask_of(file: Path, data: Path, size: int) -> np.ndarray | None:
    """Where the defect of a test image is; None when nobody says."""
    if file.parent.name == "good":
        return np.zeros((size, size), bool)
    path = data / "ground_truth" / file.parent.name / f"{file.stem}_mask.png"
    if not path.exists():
        return None
    shrunk = Image.open(path).convert("L").resize((size, size), Image.Resampling.BILINEAR)
    return np.asarray(shrunk) > 127


def pixel_auroc(test: list[Path], maps: list[np.ndarray], data: Path, size: int) -> float:
    """Of all pixels of the test images whose defect is marked."""
    masks = [mask_of(file, data, size) for file in test]
    known = [at for at, mask in enumerate(masks) if mask is not None]
    marked = np.concatenate([np.asarray(masks[at]).ravel() for at in known])
    return float(roc_auc_score(marked, np.concatenate([maps[at].ravel() for at in known])))


def asked() -> argparse.Namespace:
    """The options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--ratio", type=float, default=0.1, help="share of the patches that the coreset keeps")
    parser.add_argument("--good", type=int, default=0, help="good images to learn from, evenly drawn; 0 for all")
    return parser.parse_args()


def main() -> None:
    """Fit and predict once."""
    options = asked()
    torch.manual_seed(0)
    train = sorted((options.data / "train" / "good").iterdir())
    if options.good:
        train = [train[at] for at in np.linspace(0, len(train) - 1, options.good).astype(int)]
    test = sorted(file for file in (options.data / "test").rglob("*") if file.is_file())
    model = PatchcoreModel(layers=LAYERS, backbone="mobilenetv2_100", pre_trained=False)
    model.feature_extractor = Backbone(options.weights).eval()
    began = time.perf_counter()
    model.train()
    for at in range(0, len(train), BATCH):
        model(pictures(train[at : at + BATCH], options.size))
    seen = time.perf_counter()
    model.subsample_embedding(options.ratio)
    fitted = time.perf_counter()
    model.eval()
    scores, maps = [], []
    for at in range(0, len(test), BATCH):
        found = model(pictures(test[at : at + BATCH], options.size))
        scores += found.pred_score.flatten().tolist()
        maps += list(found.anomaly_map[:, 0].numpy())
    predicted = time.perf_counter()
    figures = {
        "image_auroc": float(roc_auc_score([file.parent.name != "good" for file in test], scores)),
        "pixel_auroc": pixel_auroc(test, maps, options.data, options.size),
        "good": len(train),
        "tested": len(test),
        "ratio": options.ratio,
        "patches": len(model.memory_bank),
        "seconds": {"features": seen - began, "coreset": fitted - seen, "predict": predicted - fitted},
        "threads": torch.get_num_threads(),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
