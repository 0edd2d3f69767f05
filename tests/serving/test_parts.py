"""Limits laid over answers that were given before, and times that were taken one by one."""

from __future__ import annotations

import threading
from dataclasses import replace

import numpy as np
import pytest

from core.contracts import ImageSample
from core.data.surfaces_simulator import KINDS, draw_part
from core.serving import timing
from core.serving.parts import judged, promised
from core.settings import settings
from core.tasks.anomaly_detection.predictor import AnomalyPredictor

ODD = {"brushed_metal": "stain", "woven_cloth": "stain", "printed_board": "missing_print"}


@pytest.fixture(scope="module")
def predictor() -> AnomalyPredictor:
    return AnomalyPredictor(settings().assets / "models" / "defects" / "bundled")


@pytest.fixture(scope="module")
def samples() -> list[ImageSample]:
    parts = [draw_part(kind, defect, 31) for kind in KINDS for defect in ("good", ODD[kind])]
    return [ImageSample(part.defect, part.pixels, part.kind + part.defect) for part in parts]


@pytest.mark.slow
@pytest.mark.parametrize("rate", [0.45, 0.05, 0.01, 0.0001])
def test_a_limit_laid_over_an_answer_is_the_answer_at_that_limit(
    predictor: AnomalyPredictor, samples: list[ImageSample], rate: float
) -> None:
    asked = predictor.predict(samples, false_alarm_rate=rate)
    laid = [judged(found, predictor.promise(rate)) for found in predictor.predict(samples, threshold=0.0)]
    for one, other in zip(laid, asked, strict=True):
        assert np.array_equal(one.anomaly_map, other.anomaly_map)
        assert replace(one, anomaly_map=other.anomaly_map) == other
        assert one.outcome == other.outcome


@pytest.mark.slow
def test_at_a_high_rate_good_parts_are_defective_with_their_most_unlike_place(
    predictor: AnomalyPredictor, samples: list[ImageSample]
) -> None:
    found = [judged(one, predictor.promise(0.45)) for one in predictor.predict(samples, threshold=0.0)]
    lowered = [one for one in found if one.map_threshold < 0.5]
    assert lowered, "no part of this test is called defective for a place below the limit of the map"
    assert all(one.decision == "defect" and one.regions for one in lowered)


@pytest.mark.slow
def test_the_service_promises_what_the_predictor_does(predictor: AnomalyPredictor) -> None:
    assert promised("defects", 0.05, "bundled") == predictor.promise(0.05)
    assert promised("defects", None, "bundled") == predictor.promise()


class Counting:
    """Counts its answers, and whether its turn was held."""

    def __init__(self, lock: threading.Lock) -> None:
        self.lock = lock
        self.held: list[bool] = []

    def predict(self, inputs: list[object]) -> list[object]:
        self.held.append(self.lock.locked())
        return inputs


def test_repeated_answers_are_timed_one_by_one_each_in_its_turn() -> None:
    lock = threading.Lock()
    model = Counting(lock)
    taken = timing.repeated(model, "probe", 7, lock)  # type: ignore[arg-type]
    assert taken.shape == (7,) and (taken >= 0).all()
    assert model.held == [True] * (7 + timing.WARM_UP) and not lock.locked()
