"""From a few corrections to a complete checkpoint folder: only the head, its calibration and the figures change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.contracts import N_, Evaluation, ImageSample, Message, Refit
from core.errors import InputRefused
from core.tasks.image_classification.domain import domain_reason, pixel_reason
from core.tasks.image_classification.features import (
    Features,
    Floats,
    head_of,
    read_features,
    watched,
)
from core.tasks.image_classification.predictor import ImagePredictor
from core.tasks.image_classification.refit import Head, Held, Pull, choose_strength
from core.tasks.image_classification.refitted import Measured, Moved, write_refitted
from core.training.calibration import fit_temperature, scores_of
from core.training.evaluation import VALIDATION, load_evaluation
from core.training.metrics import classification_summary, share

MOST = 50
"""Corrections that a head is fitted to at once; more are worth a training."""
SAME = 0.03
"""Distance of two pictures' features, over their size, below which they are taken for the same picture.

Measured on the bundled model: a test image reduced and compressed again lies within .023 of itself, different images at
least .05 apart.
"""
BATCH = 16


@dataclass(frozen=True)
class _Seen:
    """Corrections as the network sees them."""

    features: Floats
    targets: NDArray[np.int64]
    scores: Floats
    declined: int


def refit(
    predictor: ImagePredictor,
    checkpoint: Path,
    examples: Sequence[tuple[ImageSample, str]],
    target: Path,
    tolerance: float,
) -> Refit:
    """Fit the head to corrections, write the new checkpoint folder `target` and say what changed.

    Args:
        predictor: The version in use, loaded.
        checkpoint: Its folder.
        examples: Pictures with their right labels, at most `MOST`.
        target: Folder to make.
        tolerance: Share of the validation images by which right answers may become fewer; chooses how far to go.

    Raises:
        InputRefused: nothing to learn from, too many, or a version without kept features.
    """
    kept = _kept(checkpoint)
    seen, left_out = _look(predictor, examples, kept.features)
    head = Head(*head_of(predictor.network))
    pull = Pull(head, predictor.temperature, kept.features.spread, seen.features, seen.targets)
    truth = np.asarray(kept.validation.table["truth"], np.int64)
    strength, moved = choose_strength(pull, _held_out(predictor, kept.features, truth), tolerance)
    temperature = fit_temperature(moved.logits(kept.features.validation), truth)
    after = scores_of(moved.logits(seen.features), temperature)
    new = Measured(
        kept.features,
        _again(kept.test, moved.logits(kept.features.test), temperature, predictor),
        _again(kept.validation, moved.logits(kept.features.validation), temperature, predictor),
    )
    found = Refit(
        used=len(seen.targets),
        left_out=left_out,
        declined=seen.declined,
        before=_right(predictor, seen.scores, seen.targets),
        after=_right(predictor, after, seen.targets),
        test_before=kept.test,
        test=new.test,
        validation_before=kept.validation.summary["accuracy"],
        validation=new.validation.summary["accuracy"],
        strength=strength,
        tolerance=tolerance,
    )
    write_refitted(target, checkpoint, predictor.network, Moved(moved, temperature, new, found))
    return found


def _held_out(predictor: ImagePredictor, kept: Features, truth: NDArray[np.int64]) -> tuple[Held, Held]:
    """The validation images, and changed copies of some of them."""
    scale = predictor.temperature, predictor.threshold
    return Held(kept.validation, truth, *scale), Held(kept.stressed, truth[kept.stressed_rows], *scale)


def _kept(checkpoint: Path) -> Measured:
    features = read_features(checkpoint)
    test, validation = load_evaluation(checkpoint), load_evaluation(checkpoint / VALIDATION)
    whole = features is not None and test is not None and validation is not None
    if not whole or len(features.test) != test.data.n or len(features.validation) != validation.data.n:  # type: ignore[union-attr]
        raise InputRefused(
            "refit.no_features",
            Message(
                N_("This version keeps no features of its test and validation images, so a fix could not be measured.")
            ),
            Message(N_("Train a version: new ones keep them, if their last layer is linear.")),
        )
    return Measured(features, test, validation)  # type: ignore[arg-type]


def _look(
    predictor: ImagePredictor, examples: Sequence[tuple[ImageSample, str]], kept: Features
) -> tuple[_Seen, dict[str, int]]:
    """The network's view of the corrections that can be used; the others are counted by their reason."""
    target_of = {label.strip().casefold(): number for number, label in enumerate(predictor.labels)}
    targets = np.array([target_of.get(label.strip().casefold(), -1) for _, label in examples], np.int64)
    known = np.flatnonzero(targets >= 0)
    samples = [examples[int(row)][0] for row in known]
    left_out = Counter({"label": len(examples) - len(known)})
    rows: list[Floats] = []
    scores: list[Floats] = []
    declined: list[bool] = []
    for begin in range(0, len(samples), BATCH):
        batch = samples[begin : begin + BATCH]
        with watched(predictor.network) as seen:
            found, domain = predictor.outputs(predictor.prepare([sample.pixels for sample in batch]))
        rows += [array.astype(np.float64) for array in seen]
        scores.append(found.astype(np.float64))
        reasons = [pixel_reason(sample.pixels, predictor.guard.grey) for sample in batch]
        declined += [bool(why or domain_reason(float(far))) for why, far in zip(reasons, domain, strict=True)]
    fresh = np.array([], np.int64)
    if rows:
        fresh = np.flatnonzero(~_among(np.concatenate(rows), np.concatenate([kept.test, kept.validation])))
    left_out["measured"] = len(known) - len(fresh)
    _check_number(len(fresh))
    looked = _Seen(
        np.concatenate(rows)[fresh],
        targets[known][fresh],
        np.concatenate(scores)[fresh],
        int(np.array(declined)[fresh].sum()),
    )
    return looked, {reason: count for reason, count in left_out.items() if count}


def _check_number(count: int) -> None:
    if not 1 <= count <= MOST:
        raise InputRefused(
            "refit.number",
            Message(N_("{count} corrections can be used; a fix takes 1 to {most}."), {"count": count, "most": MOST}),
            Message(N_("Correct answers and agree to keep the images, or train a new version with all of them.")),
        )


def _among(features: Floats, known: Floats) -> NDArray[np.bool_]:
    """Which rows are, up to rounding, one of `known`."""
    squares = (features**2).sum(axis=1)[:, None] + (known**2).sum(axis=1) - 2 * features @ known.T
    size = np.linalg.norm(features, axis=1) + 1e-9
    return np.asarray(np.sqrt(np.maximum(squares.min(axis=1), 0.0)) / size < SAME)


def _right(predictor: ImagePredictor, scores: NDArray[Any], targets: NDArray[np.int64]) -> Any:
    return share(int((predictor.decide(np.asarray(scores, np.float32)) == targets).sum()), len(targets))


def _again(evaluation: Evaluation, logits: Floats, temperature: float, predictor: ImagePredictor) -> Evaluation:
    """An evaluation on the same images with other scores; what the domain guard says of them stays."""
    truth, scores = evaluation.table["truth"], scores_of(logits, temperature)
    prediction = predictor.decide(scores)
    summary = {**classification_summary(truth, prediction, scores), "declined": evaluation.summary["declined"]}
    return replace(evaluation, table={**evaluation.table, "scores": scores, "prediction": prediction}, summary=summary)
