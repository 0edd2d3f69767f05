"""Neighbours, coresets, folds and regions of the memory of good parts, against plain references."""

import numpy as np
import pytest
import torch

from core.tasks.anomaly_detection.bank import make_bank, nearest
from core.tasks.anomaly_detection.coreset import METHODS, choose
from core.tasks.anomaly_detection.folds import FOLDS, folds_of, renumbered, runs_of, suspects_of
from core.tasks.anomaly_detection.memory import judge, judge_held_out, remember
from core.tasks.anomaly_detection.regions import regions_of


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def test_neighbours_are_those_of_scikit_learn():
    from sklearn.neighbors import NearestNeighbors

    points, patches = torch.randn(300, 12, generator=generator()), torch.randn(70, 12, generator=generator(1))
    distances, places = nearest(patches, points, 5)
    wanted, order = NearestNeighbors(n_neighbors=5).fit(points.numpy()).kneighbors(patches.numpy())
    np.testing.assert_allclose(distances.numpy(), wanted, rtol=1e-4)
    assert np.array_equal(places.numpy(), order)


def test_a_patch_is_as_odd_as_it_is_far_for_its_neighbourhood():
    """The same distance is odd among close patches and ordinary among sparse ones."""
    dense, sparse = torch.randn(400, 4, generator=generator()) * 0.1, torch.randn(400, 4, generator=generator(1)) + 20
    points = torch.cat([dense[:100], sparse[:100]])
    bank = make_bank(points, torch.cat([dense, sparse]))
    beside = torch.stack([dense.mean(0), sparse.mean(0)]) + 1.0
    distance, spacing = bank.search(beside)
    assert distance[0] / spacing[0] > 3 * distance[1] / spacing[1]


@pytest.mark.parametrize("method", METHODS)
def test_a_coreset_is_of_the_size_asked_for_and_repeats(method):
    points = torch.randn(500, 40, generator=generator())
    one, two = (choose(points, 60, method, generator(3)) for _ in range(2))
    assert one.shape == (60, 40) and torch.equal(one, two)
    assert torch.equal(choose(points[:50], 60, method, generator()), points[:50])


def test_greedy_covers_better_than_chance():
    points = torch.cat(
        [torch.randn(900, 8, generator=generator()) * 0.2, torch.randn(100, 8, generator=generator(1)) * 3]
    )
    reach = {
        method: nearest(points, choose(points, 50, method, generator(2)), 1)[0].max().item()
        for method in ("random", "greedy")
    }
    assert reach["greedy"] < 0.8 * reach["random"]


def test_an_unknown_method_is_an_error():
    with pytest.raises(ValueError, match="best"):
        choose(torch.zeros(5, 2), 3, "best", generator())


def test_folds_keep_repetitions_together_and_are_even():
    groups = np.repeat(np.arange(40), 2)
    folds = folds_of(groups, 0)
    assert len(np.unique(folds)) == FOLDS
    assert all(len(set(folds[groups == group])) == 1 for group in groups)
    assert set(np.bincount(folds)) == {8}
    assert np.array_equal(renumbered(np.array([-1, 4, 2, 4])), [-1, 1, 0, 1])


def test_runs_are_of_images_taken_one_after_the_other():
    """Three exposures of thirty parts: the last number in the name counts, not the order of the names."""
    ids = [f"train/good/exp{exposure}_num_{3 * part + exposure}.jpg" for exposure in (2, 0, 1) for part in range(30)]
    folds = runs_of(np.arange(90), ids)
    numbers = np.array([int(name.rpartition("_")[2].removesuffix(".jpg")) for name in ids])
    assert folds[np.argsort(numbers)].tolist() == [rank // 9 for rank in range(90)]
    together = np.where(np.isin(numbers, (0, 89)), 1000, np.arange(90))
    again = runs_of(together, ids)
    assert again[numbers == 0] == again[numbers == 89] and set(again) == set(range(FOLDS))
    assert runs_of(np.arange(3), ["a.png", "c.png", "b.png"]).tolist() == [0, 2, 1]


def test_suspects_are_the_far_ones_and_few():
    rng = np.random.default_rng(0)
    assert not len(suspects_of(rng.normal(0, 1, 60)))
    scores = rng.normal(0, 1, 60)
    scores[[7, 33]] = (12, 20)
    assert suspects_of(scores).tolist() == [33, 7]
    assert not len(suspects_of(np.array([0.0, 0.0, 50.0])))


def maps_of(n, seed, odd=()):
    """Feature maps of n pictures in two layers; `odd` ones hold a place like no other."""
    layers = [
        torch.randn(n, 6, 16, 16, generator=generator(seed)),
        torch.randn(n, 8, 8, 8, generator=generator(seed + 1)),
    ]
    for at in odd:
        layers[0][at, :, 8:12, 8:12] += 6
        layers[1][at, :, 4:6, 4:6] += 6
    return layers


def test_a_held_out_part_is_judged_without_itself():
    maps, folds = maps_of(12, 0, odd=(3,)), np.arange(12) % 4
    folded = remember(maps, folds, 300, "greedy", generator())
    held_out = judge_held_out(folded, maps, folds, 32)
    known = judge(folded.memory(), maps, 32).image
    assert int(held_out.scores.argmax()) == 3
    assert held_out.scores[3] > known[3] + 0.1, "knowing itself it finds nothing odd"
    for name, bank in folded.memory(without=(1,)).banks.items():
        kept = [points for fold, points in enumerate(folded.kept[name]) if fold != 1]
        assert torch.equal(bank.points, torch.cat(kept))


def test_the_map_points_at_what_is_odd():
    folded = remember(maps_of(16, 0), np.arange(16) % 4, 400, "random", generator())
    found = judge(folded.memory(), maps_of(4, 50, odd=(2,)), 64)
    assert int(found.image.argmax()) == 2
    row, column = divmod(int(found.maps[2].argmax()), 64)
    assert 28 <= row <= 52 and 28 <= column <= 52


def test_a_third_layer_tells_that_an_image_is_odd_but_not_where():
    maps, others = (
        [*maps_of(n, seed), torch.randn(n, 5, 4, 4, generator=generator(seed + 2))] for n, seed in ((16, 0), (4, 50))
    )
    others[2][1] += 9
    memory = remember(maps, np.arange(16) % 4, 400, "random", generator()).memory()
    found, plain = judge(memory, others, 64), judge(memory, [*others[:2], maps[2][:4]], 64)
    assert int(found.image.argmax()) == 1 and found.image[1] > plain.image[1] + 0.3
    assert torch.equal(found.maps, plain.maps)


def test_regions_have_edges_area_and_peak():
    values = np.zeros((20, 40), np.float32)
    values[2:4, 10:20] = 0.7
    values[15, 30] = 0.9
    high, wide = regions_of(values, 0.5)
    assert (high.left, high.top, high.right, high.bottom) == (0.75, 0.75, 0.775, 0.8)
    assert wide.area == pytest.approx(20 / 800) and wide.score == pytest.approx(0.7)
    assert regions_of(values, 0.95) == ()
