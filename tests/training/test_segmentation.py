"""Pixel metrics from counts against scikit-learn, and PRO against the definition written out."""

import numpy as np
import pytest
from scipy import ndimage
from sklearn.metrics import precision_recall_curve, roc_auc_score

from core.training import segmentation
from core.training.metrics import whole
from core.training.segmentation import (
    count_pixels,
    has_pixels,
    pixel_auroc_of,
    pixel_columns,
    pixel_f1_of,
    pro_of,
)

SIDE = 40


def pictures(n=14, seed=0):
    """Maps that find most of some square defects, and their masks; a third of the pictures has none."""
    rng = np.random.default_rng(seed)
    maps, masks = [], []
    for i in range(n):
        mask = np.zeros((SIDE, SIDE), bool)
        for _ in range(0 if i % 3 == 0 else int(rng.integers(1, 4))):
            y, x, size = rng.integers(0, SIDE - 8), rng.integers(0, SIDE - 8), rng.integers(2, 8)
            mask[y : y + size, x : x + size] = True
        values = rng.normal(0, 1, (SIDE, SIDE)) + mask * rng.normal(1.2, 0.8)
        maps.append(ndimage.gaussian_filter(values, 0.7).astype(np.float32))
        masks.append(mask)
    return maps, masks


def plain_pro(maps, masks, limit=0.3):
    """Every distinct score is a threshold: mean overlap of the regions over the false-positive rate of all pixels."""
    scores = np.concatenate([m.ravel() for m in maps])
    normal = np.sort(np.concatenate([m[~k] for m, k in zip(maps, masks, strict=True)]))
    regions = []
    for values, mask in zip(maps, masks, strict=True):
        labels, count = ndimage.label(mask, structure=np.ones((3, 3)))
        regions += [np.sort(values[labels == r]) for r in range(1, count + 1)]
    thresholds = np.concatenate([[np.inf], np.unique(scores)[::-1]])
    rate = np.array([len(normal) - np.searchsorted(normal, t) for t in thresholds]) / len(normal)
    overlap = np.array([np.mean([(len(r) - np.searchsorted(r, t)) / len(r) for r in regions]) for t in thresholds])
    inside = rate <= limit
    x, y = np.append(rate[inside], limit), np.append(overlap[inside], np.interp(limit, rate, overlap))
    return np.trapezoid(y, x) / limit


@pytest.fixture(scope="module")
def measured():
    maps, masks = pictures()
    return maps, masks, pixel_columns(maps, masks)


def flat(maps, masks):
    return np.concatenate([m.ravel() for m in masks]), np.concatenate([m.ravel() for m in maps])


def test_pixel_auroc_is_that_of_scikit_learn(measured):
    maps, masks, table = measured
    assert whole(pixel_auroc_of(table), len(maps)) == pytest.approx(roc_auc_score(*flat(maps, masks)), abs=1e-3)


def test_pixel_f1_is_the_best_of_the_precision_recall_curve(measured):
    maps, masks, table = measured
    precision, recall, _ = precision_recall_curve(*flat(maps, masks))
    best = np.nanmax(2 * precision * recall / np.maximum(precision + recall, 1e-12))
    assert whole(pixel_f1_of(table), len(maps)) == pytest.approx(best, abs=2e-3)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_pro_is_the_mean_overlap_of_regions_written_out(seed):
    maps, masks = pictures(seed=seed)
    found = whole(pro_of(pixel_columns(maps, masks)), len(maps))
    assert found == pytest.approx(plain_pro(maps, masks), abs=2e-3)


def test_weights_stand_for_repeated_images(measured):
    maps, _, table = measured
    weights = np.zeros((1, len(maps)))
    weights[0, [1, 2, 4]] = (2, 1, 1)
    twice = [1, 1, 2, 4]
    repeated = {name: column[twice] for name, column in table.items()}
    for of in (pixel_auroc_of, pixel_f1_of, pro_of):
        assert of(table)(weights)[0] == pytest.approx(float(whole(of(repeated), 4)))


def test_a_perfect_map_gets_one_and_an_upside_down_map_nothing():
    _, masks = pictures()
    perfect = [mask.astype(np.float32) for mask in masks]
    table = pixel_columns(perfect, masks)
    for of in (pixel_auroc_of, pixel_f1_of, pro_of):
        assert whole(of(table), len(masks)) == pytest.approx(1.0, abs=1e-6)
    turned = pixel_columns([1 - each for each in perfect], masks)
    assert whole(pixel_auroc_of(turned), len(masks)) == pytest.approx(0.0, abs=1e-6)
    assert whole(pro_of(turned), len(masks)) == pytest.approx(0.0, abs=1e-6)


def test_an_image_whose_defect_nobody_marked_counts_nowhere(measured):
    maps, masks, table = measured
    unknown = pixel_columns([*maps, maps[0]], [*masks, None])
    assert not unknown[segmentation.NORMAL][-1].any() and unknown[segmentation.REGIONS][-1] == 0
    found = whole(pixel_auroc_of(unknown), len(maps) + 1)
    assert found == pytest.approx(float(whole(pixel_auroc_of(table), len(maps))), abs=2e-3)


def test_without_defects_there_are_no_pixel_metrics():
    maps, masks = pictures(1)
    assert not has_pixels(pixel_columns(maps, masks))
    assert not has_pixels({})


def test_corners_connect_a_region():
    mask = np.eye(4, dtype=bool)
    *_, regions = count_pixels(np.zeros((4, 4)), mask, np.array([np.inf, 0, -np.inf], np.float32))
    assert regions == 1
