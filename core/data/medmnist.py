"""The MedMNIST file layout: `train_images`, `train_labels` and the same for val and test, in one .npz."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.contracts import N_, Message
from core.errors import InputRefused
from core.intake.arrays import ArrayFile
from core.intake.labels import display_label
from core.settings import Limits

_SPLITS = {"train": "train", "val": "validation", "test": "test"}

LABEL_NAMES = {"pneumoniamnist": ("normal", "pneumonia")}
"""Beginning of the file name -> class names, which the file itself does not hold."""

_WANTED = N_("Wanted: train_images, train_labels, val_images, val_labels, test_images, test_labels.")

Add = Callable[[NDArray[np.uint8], str, int, str], None]
"""Takes pixels (H, W, 3), split, target and id."""


def read_arrays(
    path: Path, limits: Limits, add: Add, progress: Callable[[int, int], None] | None = None
) -> tuple[str, ...]:
    """Hand every image of the file to `add`.

    Args:
        path: The .npz file.
        limits: What is let through.
        add: Called once per image.
        progress: Told how far the reading is.

    Returns:
        The labels, in the order of the targets.

    Raises:
        InputRefused: For another layout (the keys found are named), several labels per image, or other than 8 bit.
    """
    file, name = ArrayFile(path, limits), display_label(path.name)
    present = [short for short in _SPLITS if {f"{short}_images", f"{short}_labels"} <= file.headers.keys()]
    if not present:
        keys = ", ".join(sorted(file.headers))[:200]
        raise _refused("array.keys", Message(N_("{name}: the arrays found are {keys}."), {"name": name, "keys": keys}))
    for short in present:
        _check_shapes(file, short, name, limits)
    targets = {short: file.read(f"{short}_labels").reshape(-1).astype(np.int64) for short in present}
    known = np.unique(np.concatenate(list(targets.values())))
    labels = _label_names(path, known)
    if len(labels) == len(known):
        targets = {short: np.searchsorted(known, values) for short, values in targets.items()}
    total, done = sum(map(len, targets.values())), 0
    for short in present:
        images = file.read(f"{short}_images")
        for at, target in enumerate(targets[short]):
            add(_as_rgb(images[at]), _SPLITS[short], int(target), f"{short}/{at:05d}")
            done += 1
            if progress:
                progress(done, total)
    return labels


def read_some(path: Path, limits: Limits, ids: Iterable[str]) -> dict[str, NDArray[np.uint8]]:
    """The images with these ids, (H, W, 3) each; ids that the file does not hold are left out.

    Raises:
        InputRefused: The file is damaged or too large.
    """
    file, places = ArrayFile(path, limits), [(image_id, *image_id.partition("/")[::2]) for image_id in ids]
    found = {}
    for short in {short for _, short, _ in places} & _SPLITS.keys():
        images = file.read(f"{short}_images") if f"{short}_images" in file.headers else np.empty((0,))
        for image_id, split, number in places:
            if split == short and number.isdecimal() and int(number) < len(images):
                found[image_id] = _as_rgb(images[int(number)])
    return found


def _check_shapes(file: ArrayFile, short: str, name: str, limits: Limits) -> None:
    """Refuse what is no stack of 8-bit pictures with one whole number each."""
    (shape, dtype), (label_shape, label_dtype) = file.headers[f"{short}_images"], file.headers[f"{short}_labels"]
    found: dict[str, object] = {"name": name, "key": f"{short}_images", "shape": str(shape), "type": str(dtype)}
    if dtype != np.uint8 or len(shape) not in {3, 4} or (len(shape) == 4 and shape[3] not in {1, 3}):
        template = N_(
            "{name}: {key} has shape {shape} and type {type}; wanted are 8-bit images (N, H, W) or (N, H, W, 3)."
        )
        raise _refused("array.images", Message(template, found))
    if min(shape[1:3]) < limits.image_side_min or max(shape[1:3]) > limits.image_side_max:
        template = N_("{name}: {key} has shape {shape}; sides may be {low} to {high} pixels.")
        sides = {"low": limits.image_side_min, "high": limits.image_side_max}
        raise _refused("array.side", Message(template, found | sides))
    if len(label_shape) == 2 and label_shape[1] > 1:
        template = N_("{name}: {count} labels per image; only one label per image can be learned here.")
        raise _refused("array.multi_label", Message(template, {"name": name, "count": label_shape[1]}))
    if label_dtype.kind not in "iub" or label_shape not in {(shape[0],), (shape[0], 1)} or not shape[0]:
        template = N_("{name}: {key} has shape {shape} and type {type}; wanted is one whole number per image.")
        found |= {"key": f"{short}_labels", "shape": str(label_shape), "type": str(label_dtype)}
        raise _refused("array.labels", Message(template, found))


def _label_names(path: Path, known: NDArray[np.int64]) -> tuple[str, ...]:
    for beginning, names in LABEL_NAMES.items():
        if path.name.lower().startswith(beginning) and known.min() >= 0 and known.max() < len(names):
            return names
    return tuple(str(value) for value in known)


def _as_rgb(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(H, W), (H, W, 1) or (H, W, 3) as (H, W, 3)."""
    plain = image[..., None] if image.ndim == 2 else image
    return plain if plain.shape[2] == 3 else np.repeat(plain, 3, axis=2)


def _refused(code: str, message: Message) -> InputRefused:
    return InputRefused(code, message, Message(_WANTED))
