"""Made-up evaluation tables of parts: good ones, and defects of two types with masks, found as well as is asked for."""

from __future__ import annotations

import numpy as np

from core.contracts import DataInfo, Evaluation
from core.tasks.anomaly_detection.measure import AT_LIMIT, TYPE, columns_of, summary_of
from core.training.segmentation import pixel_columns

SIDE = 16
KINDS = ("good", "scratch", "stain")


def parts(good: int = 40, defects: int = 40, strength: float = 2.0, seed: int = 0, **options: object) -> Evaluation:
    """A test of `good` good parts and as many defects of two types by turns.

    Args:
        good: Number of good parts.
        defects: Number of defects.
        strength: How far defects stand out, in standard deviations of what is usual; of pixels as of images.
        seed: Of what is usual in an image; the same images are made whatever the strength.
        options: `limit`, the lowest score called defective (0.8); `fingerprint` of the data; `masks`, whether known.
    """
    draw = np.random.default_rng(seed)
    types = np.array(["good"] * good + [KINDS[1 + place % 2] for place in range(defects)])
    truth = types != "good"
    masks = [np.zeros((SIDE, SIDE), bool) for _ in types]
    for place in np.flatnonzero(truth):
        row, column = draw.integers(2, SIDE - 5, 2)
        masks[place][row : row + 3, column : column + 3] = True
    noise, ground = draw.normal(size=len(types)), draw.normal(size=(len(types), SIDE, SIDE))
    scores = squeezed(noise + strength * truth)
    ids = tuple(f"test/{kind}/{place:03}.png" for place, kind in enumerate(types))
    table = columns_of(ids, types, scores, float(options.get("limit", 0.8)))  # type: ignore[arg-type]
    if options.get("masks", True) and defects:
        maps = [squeezed(one + strength * mask) for one, mask in zip(ground, masks, strict=True)]
        table |= pixel_columns(maps, list(masks))
        called = [values >= 0.8 for values in maps]
        table[AT_LIMIT] = np.array(
            [((c & m).sum(), (~c & m).sum(), (c & ~m).sum()) for c, m in zip(called, masks, strict=True)]
        )
    data = DataInfo("made parts", "test", len(types), str(options.get("fingerprint", "f")))
    return Evaluation(("good", "defect"), table, summary_of(table), data, 0, "python -m core evaluate defects")


def held_out(good: int = 99, defects: int = 0, seed: int = 7) -> Evaluation:
    """What thresholds are chosen on: held-out good parts, and defects where a data set brings any."""
    draw = np.random.default_rng(seed)
    types = np.array(["good"] * good + ["scratch"] * defects)
    scores = squeezed(draw.normal(size=len(types)) + 2.0 * (types != "good"))
    table = columns_of(tuple(f"held out {place}" for place in range(len(types))), types, scores, 0.8)
    assert TYPE in table
    data = DataInfo("made parts", "validation" if defects else "held-out good parts", len(types), "f")
    return Evaluation(("good", "defect"), table, summary_of(table), data, 0, "")


def squeezed(values: np.ndarray) -> np.ndarray:
    """Standard deviations above what is usual as scores in (0, 1)."""
    return np.asarray(1 / (1 + np.exp(-values)))
