"""Images of parts that were sent one by one, laid out as the reader of inspection images expects them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from core.data.surface_layout import DEFECT, GOOD, mask_of
from core.intake.labels import display_label
from core.intake.packing import pack_files


def pack_parts(good: Sequence[tuple[str, bytes]], defective: Sequence[tuple[str, bytes]] = ()) -> bytes:
    """One zip of all images: `train/good`, `test/defect`, and `ground_truth/defect` for masks among the defective.

    A mask is called like its image with `_mask`, `_gt` or `_label` behind it.

    Args:
        good: Names and contents of images of good parts.
        defective: Names and contents of images of defects, and of their masks.

    Raises:
        InputRefused: They are too many, or too large together.
    """
    return pack_files([*_placed(good, "train", GOOD), *_placed(defective, "test", DEFECT)])


def _placed(files: Sequence[tuple[str, bytes]], split: str, kind: str) -> Iterator[tuple[str, bytes]]:
    labels = [display_label(name).replace("%", "_") for name, _ in files]  # a zip reads %2F as a folder
    stems = {label.rpartition(".")[0].lower() for label in labels}
    for label, (_, content) in zip(labels, files, strict=True):
        base = mask_of(label)
        # One without its image is still a mask among defects; a good part may be called so for reasons of its own.
        is_mask = base and (base in stems or kind == DEFECT)
        yield f"{f'ground_truth/{kind}' if is_mask else f'{split}/{kind}'}/{label}", content
