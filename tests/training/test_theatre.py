"""Overfitting on a stage: what it shows of labels that say something, and of labels that say nothing."""

from dataclasses import replace

import numpy as np
import pytest

from core.errors import ModelRefused, RunCancelled
from core.training import theatre
from core.training.theatre import FILE, Rows, load_theatre, save_theatre, stage, verdict


def rows(n: int, seed: int, says: float = 1.5) -> Rows:
    """Ten columns, of which the first says something about a positive in ten."""
    random = np.random.default_rng(seed)
    truth = random.random(n) < 0.1
    values = random.normal(size=(n, 10)).astype(np.float32)
    values[:, 0] += says * truth
    return Rows(values, truth, random.integers(-1, 200, n))


@pytest.fixture(scope="module")
def found() -> theatre.Theatre:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(theatre, "RESAMPLES", 60)
        return stage(rows(1500, 0), rows(1500, 1))


@pytest.mark.slow
def test_the_tree_without_limits_learns_by_heart_and_is_worse_later(found):
    assert found.whole.unlimited.train.value == 1.0
    assert found.whole.limited.later.value > found.whole.unlimited.later.value + 0.05
    assert found.by_depth[-1] == (0, found.whole.unlimited)


def test_shuffled_labels_are_worth_nothing_later(found):
    assert found.shuffled.unlimited.train.value == 1.0
    assert abs(found.shuffled.unlimited.later.value - found.prevalence) < 0.05
    assert "Control: shuffled labels" in str(verdict(found)[-1])


def test_words_follow_the_figures(found):
    said = [str(message) for message in verdict(found)]
    assert "the tree overfits: average precision 100.0" in said[0]
    assert "and is better on later rows: " in said[1]
    worse = replace(found.whole, unlimited=found.whole.limited, limited=found.whole.unlimited)
    even = replace(found.whole, unlimited=found.whole.limited)
    for step, words in ((worse, "and is worse on later rows too"), (even, "too close to tell which of the two")):
        assert words in str(verdict(replace(found, by_size=(step,)))[1])
    leaking = theatre.Theatre(**{**vars(found), "shuffled": found.whole})
    assert "The control failed" in str(verdict(leaking)[-1])


def test_kept_and_read_again(found, tmp_path):
    assert load_theatre(tmp_path) is None
    save_theatre(tmp_path, found)
    assert load_theatre(tmp_path) == found
    (tmp_path / FILE).write_text("{}")
    with pytest.raises(ModelRefused):
        load_theatre(tmp_path)


def test_it_can_be_stopped():
    def stop() -> None:
        raise RunCancelled

    with pytest.raises(RunCancelled):
        stage(rows(200, 0), rows(200, 1), going_on=stop)
