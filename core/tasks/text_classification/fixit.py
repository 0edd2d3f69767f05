"""From a few corrections to a complete checkpoint folder: only some weights of the table and the figures change.

Figures of the new version are those on the sample of test and validation texts that is kept with the old one; both are
measured on the same rows.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file
from scipy.special import expit

import core
from core.contracts import N_, Evaluation, Message, Refit, Taught, TextSample
from core.data.texts import LABELS
from core.errors import InputRefused
from core.store.files import MANIFEST, WEIGHTS, sha256_of
from core.store.sealed import name_file
from core.tasks.text_classification.answers import DECIDED, UNDECIDED, UNSURE
from core.tasks.text_classification.held_out import HeldOut, HeldPart, read_held_out, text_hash
from core.tasks.text_classification.measure import summary_of
from core.tasks.text_classification.model import TextModel
from core.tasks.text_classification.ngram_predictor import NgramPredictor
from core.tasks.text_classification.predictor import TextModelPredictor
from core.tasks.text_classification.refit import Pull, Seen, choose_strength, look, look_again, moved_log_odds
from core.training.calibration import conformal_scores
from core.training.evaluation import FEATURES, VALIDATION, load_evaluation, save_evaluation
from core.training.metrics import share
from core.training.quality import take

MOST = 50
"""Corrections that a table is fitted to at once; more are worth a training."""
AGREEMENT = 1e-3
"""Scores from what is kept and stored ones may differ by this, or the two do not belong together."""


@dataclass(frozen=True)
class _Kept:
    held: HeldOut
    test: Evaluation
    """Of the kept rows, as they were measured when the version was made."""
    validation: Evaluation
    """The same of the validation texts; of their figures, the accuracy alone."""


def refit(
    predictor: TextModelPredictor,
    checkpoint: Path,
    examples: Sequence[tuple[TextSample, str]],
    target: Path,
    tolerance: float,
) -> Refit:
    """Move the table to fit corrections, write the new checkpoint folder `target` and say what changed.

    The suite, the statement and the card of the new folder are left to whoever calls.

    Args:
        predictor: The version in use, loaded.
        checkpoint: Its folder.
        examples: Texts with their right labels, at most `MOST`.
        target: Folder to make.
        tolerance: Share of the validation texts by which right answers may become fewer; chooses how far to go.

    Raises:
        InputRefused: nothing to learn from, too many, a version that keeps nothing of its texts, or corrections that
            cost more than `tolerance` however little is moved.
    """
    if not isinstance(predictor, NgramPredictor):
        raise _nothing_kept()
    model, kept = predictor.model, _kept(predictor, checkpoint)
    taught, names, left_out = _usable(predictor, examples, kept.held)
    threshold = float(np.log(predictor.threshold / (1 - predictor.threshold)))
    truth = np.asarray(kept.validation.table["truth"], np.int64)
    held = look_again(model, kept.held.validation, truth)
    pull = Pull(model, taught, held)
    strength, moved = choose_strength(pull, held, kept.held.validation.languages, threshold, tolerance)
    new = replace(
        kept,
        test=_again(kept.test, kept.held.test, moved, threshold),
        validation=_again(kept.validation, kept.held.validation, moved, threshold),
    )
    after = moved_log_odds(taught, model, moved)
    found = Refit(
        used=len(taught.targets),
        left_out=left_out,
        declined=0,
        before=_right(taught.log_odds, taught, threshold),
        after=_right(after, taught, threshold),
        test_before=kept.test,
        test=new.test,
        validation_before=kept.validation.summary["accuracy"],
        validation=new.validation.summary["accuracy"],
        strength=strength,
        tolerance=tolerance,
        taught=_one_by_one(taught, names, after),
    )
    _write(target, checkpoint, moved, new, found)
    return found


def _kept(predictor: NgramPredictor, checkpoint: Path) -> _Kept:
    held = read_held_out(checkpoint)
    test, validation = load_evaluation(checkpoint), load_evaluation(checkpoint / VALIDATION)
    if held is None or test is None or validation is None:
        raise _nothing_kept()
    parts = [(held.test, test), (held.validation, validation)]
    if not all(_agrees(part, evaluation, predictor.model) for part, evaluation in parts):
        raise _nothing_kept()
    sampled, choosing = (_sampled(evaluation, part.rows) for part, evaluation in parts)
    return _Kept(held, replace(sampled, summary=summary_of(sampled.table)), choosing)


def _agrees(part: HeldPart, evaluation: Evaluation, model: TextModel) -> bool:
    """Whether a model says of the kept texts what the stored evaluation says of their rows."""
    if len(part.rows) and part.rows.max() >= len(evaluation.table["scores"]):
        return False
    stored = np.asarray(evaluation.table["scores"])[part.rows, 1]
    return bool(np.abs(expit(part.log_odds(model)) - stored).max(initial=0.0) <= AGREEMENT)


def _sampled(evaluation: Evaluation, rows: NDArray[np.int64]) -> Evaluation:
    """The evaluation on some of its rows alone, with the share of these that was right."""
    found = take(evaluation, rows)
    right = share(int((found.table["truth"] == found.table["prediction"]).sum()), len(rows))
    return replace(found, summary={"accuracy": right}, data=replace(found.data, n=len(rows)))


def _usable(
    predictor: NgramPredictor, examples: Sequence[tuple[TextSample, str]], held: HeldOut
) -> tuple[Seen, list[str], dict[str, int]]:
    """The corrections that can be learned from, as the table sees them, and their names; others by their reason."""
    left_out: Counter[str] = Counter()
    names, texts, targets = [], [], []
    answers = predictor.answers([sample.text for sample, _ in examples])
    for (sample, label), reason in zip(examples, answers.reasons, strict=True):
        known = label.strip().casefold()
        if known not in LABELS:
            left_out["label"] += 1
        elif np.isin(text_hash(sample.text), held.hashes):
            left_out["measured"] += 1
        elif reason not in (DECIDED, UNDECIDED):
            # What the table hardly knows would be learned at the expense of the few common words in it.
            left_out["unread"] += 1
        else:
            names.append(sample.name)
            texts.append(sample.text)
            targets.append(LABELS.index(known))
    _check_number(len(texts))
    return look(predictor.model, texts, np.array(targets, np.int64)), names, dict(left_out)


def _check_number(count: int) -> None:
    if not 1 <= count <= MOST:
        raise InputRefused(
            "refit.number",
            Message(N_("{count} corrections can be used; a fix takes 1 to {most}."), {"count": count, "most": MOST}),
            Message(N_("Correct answers and agree to keep the texts, or train a new version with all of them.")),
        )


def _nothing_kept() -> InputRefused:
    return InputRefused(
        "refit.no_features",
        Message(N_("This version keeps nothing of its test and validation texts, so a fix could not be measured.")),
        Message(N_("Train a version that adds to our own model or starts from nothing: those keep it.")),
    )


def _right(log_odds: NDArray[np.float64], taught: Seen, threshold: float) -> Any:
    return share(int(((log_odds >= threshold) == (taught.targets == 1)).sum()), len(taught.targets))


def _one_by_one(taught: Seen, names: Sequence[str], after: NDArray[np.float64]) -> tuple[Taught, ...]:
    """Each correction with the score of its right answer by the log odds in use and by those `after` the fix."""
    sign = np.where(taught.targets == 1, 1, -1)
    scores = zip(expit(sign * taught.log_odds).tolist(), expit(sign * after).tolist(), strict=True)
    labels = [LABELS[target] for target in taught.targets]
    return tuple(Taught(name, label, *pair) for name, label, pair in zip(names, labels, scores, strict=True))


def _again(evaluation: Evaluation, part: HeldPart, model: TextModel, threshold: float) -> Evaluation:
    """An evaluation on the same texts with the scores of another table; what is not read stays declined."""
    log_odds = part.log_odds(model)
    positive = expit(log_odds)
    table = dict(evaluation.table) | {
        "scores": np.stack([1 - positive, positive], axis=1).astype(np.float32),
        "prediction": (log_odds >= threshold).astype(np.int64),
        "abstained": part.unread | (np.abs(positive - 0.5) < UNSURE),
    }
    return replace(evaluation, table=table, summary=summary_of(table))


def _write(target: Path, checkpoint: Path, model: TextModel, new: _Kept, found: Refit) -> None:
    """The folder of the version in use with another table, and everything that follows from it."""
    target.mkdir(parents=True)
    scores, truth = (np.asarray(new.validation.table[name]) for name in ("scores", "truth"))
    tensors = load_file(checkpoint / WEIGHTS) | {
        "table.weights": model.table.weights,
        "conformal.scores": conformal_scores(scores, truth).astype(np.float32),
    }
    save_file(tensors, target / WEIGHTS)
    manifest = _manifest(checkpoint, found) | {"sha256": sha256_of(target / WEIGHTS)}
    (target / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
    _copy_held_out(target, checkpoint, new)
    save_evaluation(target, new.test)
    save_evaluation(target / VALIDATION, new.validation)


def _copy_held_out(target: Path, checkpoint: Path, new: _Kept) -> None:
    """What is kept of the texts is the same; its rows are now all rows of the evaluations."""
    tensors = load_file(checkpoint / FEATURES)
    rows = {"test": new.held.test.rows, "validation": new.held.validation.rows}
    tensors |= {f"{part}.rows": np.arange(len(places), dtype=np.int32) for part, places in rows.items()}
    save_file(tensors, target / FEATURES)
    name_file(target, FEATURES)


def _manifest(checkpoint: Path, found: Refit) -> dict[str, Any]:
    before: dict[str, Any] = json.loads((checkpoint / MANIFEST).read_text(encoding="utf-8"))
    return before | {
        "files": {},
        "data": {**before["data"], "corrections": before["data"].get("corrections", 0) + found.used},
        "parent": before["sha256"],
        "refit": {
            "corrections": found.used,
            "left_out": dict(found.left_out),
            "strength": found.strength,
            "tolerance": found.tolerance,
            "measured_on": {"test": found.test.data.n, "validation": found.validation.n},
        },
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "code_version": core.__version__,
        "numpy_version": np.__version__,
    }
