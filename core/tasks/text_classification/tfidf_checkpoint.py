"""The TF-IDF baseline as a model of its own: one run, its checkpoint folder, its answers and exact contributions."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file
from scipy.special import expit

from core.contracts import N_, RunContext, TokenAttribution
from core.data.texts import LABELS, LabelledTexts
from core.errors import InputRefused
from core.store.files import MANIFEST, WEIGHTS, sha256_of
from core.store.sealed import not_finite, refused, sealed_manifest, unreadable
from core.tasks.text_classification.answers import Answers, answers_of
from core.tasks.text_classification.calibrate import limits_of
from core.tasks.text_classification.config import TextClassificationConfig
from core.tasks.text_classification.faithfulness import faithfulness
from core.tasks.text_classification.fitting import has_chinese
from core.tasks.text_classification.manifest import TASK_NAME, TFIDF, Origin, manifest_of
from core.tasks.text_classification.model import CALIBRATED, LengthCalibration, slopes_and_shifts
from core.tasks.text_classification.predictor import TextModelPredictor
from core.tasks.text_classification.signs import known_with_signs
from core.tasks.text_classification.tfidf import GROUPS, LONGEST, TfidfModel, TfidfPart, Token, fit_baseline, tokens_of

METHODS = ("contributions",)
ENTRY_BYTES = 120
"""What an entry of a vocabulary takes in memory besides its numbers, about."""

Floats = NDArray[np.float64]


def train_checkpoint(data: LabelledTexts, config: TextClassificationConfig, run: RunContext, command: str) -> Path:
    """Fit the baseline to texts in three parts and write the checkpoint folder, whose figures `measure` adds.

    Raises:
        InputRefused: No word stands in enough of the texts to learn from it.
    """
    run.stage("train")
    model = fit_baseline(data, config.class_weights, run)
    if model is None:
        raise InputRefused("texts.no_words", N_("No word or character stands in enough of the training texts."))
    run.stage("calibrate")
    validation = data.splits["validation"]
    reading = model.read(validation.texts)
    limits = limits_of(reading, model.log_odds(reading), validation.targets)
    folder = run.directory / "checkpoint"
    folder.mkdir(parents=True, exist_ok=True)
    save_file(_tensors(model, limits.conformal), folder / WEIGHTS)
    figures = {f"{GROUPS[number]} kept": len(part.terms) for number, part in model.parts.items()}
    manifest = manifest_of(TFIDF, Origin(data, config, command, figures)) | {
        "bias": {GROUPS[number]: part.bias for number, part in model.parts.items()},
        "calibration": {name: asdict(one) for name, one in model.calibrations.items()},
        "unknown_limit": limits.unknown,
        "sha256": sha256_of(folder / WEIGHTS),
    }
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
    return folder


def _tensors(model: TfidfModel, conformal: Floats) -> dict[str, NDArray[Any]]:
    found: dict[str, NDArray[Any]] = {"conformal.scores": conformal.astype(np.float32)}
    for number, part in model.parts.items():
        # No n-gram holds a line break: tokens are words, or characters other than blanks.
        listed = "\n".join(sorted(part.terms, key=part.terms.__getitem__)).encode("utf-8", "surrogatepass")
        found[f"{GROUPS[number]}.terms"] = np.frombuffer(listed, np.uint8)
        found[f"{GROUPS[number]}.idf"] = part.idf.astype(np.float32)
        found[f"{GROUPS[number]}.weights"] = part.weights.astype(np.float32)
    return found


def _read_part(number: int, tensors: Mapping[str, NDArray[Any]], bias: float) -> TfidfPart:
    """One group of a checkpoint; raises `ModelRefused` for shapes that do not fit, and numbers that are none."""
    name = GROUPS[number]
    listed = tensors[f"{name}.terms"].tobytes().decode("utf-8", "surrogatepass").split("\n")
    terms = {term: column for column, term in enumerate(listed)}
    idf, weights = (tensors[f"{name}.{kind}"].astype(np.float64) for kind in ("idf", "weights"))
    if not (len(terms),) == (len(listed),) == idf.shape == weights.shape:
        raise refused("model.terms", N_("The words of the model and their weights do not fit each other."))
    if not np.isfinite([*idf, *weights, bias]).all():
        raise not_finite(name)
    return TfidfPart(number, terms, idf, weights, bias)


class TfidfPredictor(TextModelPredictor):
    """Answers by the baseline."""

    methods: ClassVar[tuple[str, ...]] = METHODS

    def __init__(self, folder: Path, device: str = "cpu") -> None:
        """Read and verify a checkpoint folder; raises `ModelRefused`."""
        manifest = sealed_manifest(folder, TASK_NAME)
        try:
            tensors = load_file(folder / WEIGHTS)
            parts = {
                number: _read_part(number, tensors, float(manifest["bias"][name]))
                for number, name in enumerate(GROUPS)
                if name in manifest["bias"]
            }
            calibrations = {name: LengthCalibration(**manifest["calibration"][name]) for name in CALIBRATED}
            conformal = tensors["conformal.scores"].astype(np.float64)
            self.unknown_limit = float(manifest["unknown_limit"])
        except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
            raise unreadable(error) from error
        numbers = [self.unknown_limit, *(value for one in calibrations.values() for value in asdict(one).values())]
        if not np.isfinite([*numbers, *conformal]).all():
            raise not_finite("manifest")
        self.model = TfidfModel(parts, calibrations)
        size = sum(len(part.terms) * ENTRY_BYTES + part.idf.nbytes + part.weights.nbytes for part in parts.values())
        super().__init__(manifest, conformal, size, device)

    def answers(self, texts: Sequence[str]) -> Answers:
        """See `TextModelPredictor.answers`."""
        reading = self.model.read(texts)
        known = known_with_signs(texts, reading, reading.counts > 0)
        domain = (1.0 - known) / self.unknown_limit
        scores = expit(self.model.log_odds(reading))
        return answers_of(scores, domain, reading.languages, known, reading.sizes)

    def explain(self, text: str, target: str, method: str) -> TokenAttribution:
        """Exact: the model is a sum over n-grams; what one adds is shared equally by its tokens and places."""
        group = int(has_chinese([text])[0])
        part, tokens = self.model.parts.get(group), tokens_of(text, group)
        reading = self.model.read([text])
        slopes, shifts = slopes_and_shifts(self.model.calibrations, reading)
        sign = 1.0 if target == LABELS[1] else -1.0
        values = np.zeros(len(tokens)) if part is None else sign * float(slopes[0]) * _token_weights(part, text, tokens)
        spans = np.array([token.start for token in tokens], np.int64), np.array([t.end for t in tokens], np.int64)

        def score(texts: Sequence[str]) -> Floats:
            return np.asarray(expit(sign * self.model.log_odds(self.model.read(texts))))

        return TokenAttribution(
            text=text,
            starts=spans[0],
            ends=spans[1],
            contributions=values,
            base=sign * float((part.bias if part else 0.0) * slopes[0] + shifts[0]),
            total=sign * float(self.model.log_odds(reading)[0]),
            method=method,
            target=target,
            faithfulness=faithfulness(score, text, spans, values),
        )


def _token_weights(part: TfidfPart, text: str, tokens: Sequence[Token]) -> Floats:
    """What each token adds to the raw score of a text, (T,)."""
    row = part.vectors([text])
    added = dict(zip(row.indices.tolist(), (row.data * part.weights[row.indices]).tolist(), strict=True))
    places: dict[int, list[tuple[int, int]]] = {}
    glue = " " if part.group == 0 else ""
    for n in range(1, LONGEST[part.group] + 1):
        for first in range(len(tokens) - n + 1):
            column = part.terms.get(glue.join(token.form for token in tokens[first : first + n]))
            if column is not None:
                places.setdefault(column, []).append((first, n))
    found = np.zeros(len(tokens))
    for column, stretches in places.items():
        for first, n in stretches:
            found[first : first + n] += added[column] / len(stretches) / n
    return found
