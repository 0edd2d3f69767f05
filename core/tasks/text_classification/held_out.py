"""What the table of n-grams sees of test and validation texts, kept with a version so that a moved table is measured.

Licences do not allow the texts themselves to be kept. Of a sample, drawn by the seed of the run and balanced over the
sources, the buckets of the n-grams are kept that the table knows: exactly what scores follow from, as long as the table
knows no others. Of all texts a short hash is kept, which tells a correction that is among them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from core.contracts import N_, Message
from core.data.texts import LabelledTexts, TextSet, text_key
from core.errors import ModelRefused
from core.intake.personal import mask
from core.store.sealed import name_file
from core.tasks.text_classification.answers import DECIDED, UNDECIDED
from core.tasks.text_classification.language import LANGUAGES
from core.tasks.text_classification.model import NgramTable, Reading, TextModel, batches
from core.tasks.text_classification.ngram_predictor import NgramPredictor
from core.tasks.text_classification.ngrams import distinct, read_ngrams
from core.tasks.text_classification.predictor import TextModelPredictor
from core.tasks.text_classification.units import read_units
from core.training.evaluation import FEATURES

PER_SOURCE = 400
MOST = 1600
"""Texts of a part that are kept at most; the bundled model has to stay small."""
PARTS = ("test", "validation")
_BYTES = 4
"""Of a packed number at most, seven bits in each; buckets have 24 bits at most."""

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Occurrences:
    """Buckets of the known n-grams of some texts, those of the first text first."""

    buckets: Ints
    """Ascending within a text, (G,)."""
    counts: Ints
    """How many of them each text has, (N,)."""

    @property
    def owners(self) -> Ints:
        """Number of the text of each bucket, (G,)."""
        return np.repeat(np.arange(len(self.counts)), self.counts)


@dataclass(frozen=True)
class HeldPart:
    """The kept texts of one part; arrays (N,)."""

    rows: Ints
    """Places in the stored evaluation."""
    found: Occurrences
    sizes: NDArray[np.float64]
    """Units of each text."""
    languages: NDArray[np.str_]
    unread: NDArray[np.bool_]
    """Declined whatever the score is."""

    def reading(self, table: NgramTable, bias: float) -> Reading:
        """What a table with these weights says of the texts; it has to know the n-grams that it knew then."""
        counts, n = self.found.counts, len(self.rows)
        sums = np.bincount(self.found.owners, table.weights[self.found.buckets].astype(np.float64), minlength=n)
        raw = sums / np.sqrt(np.maximum(counts, 1)) + bias
        return Reading(raw, counts, self.sizes, np.asarray(~self.unread, np.float64), self.languages)

    def log_odds(self, model: TextModel) -> NDArray[np.float64]:
        """Calibrated log odds (N,) of the second label."""
        return model.log_odds(self.reading(model.table, model.bias))


@dataclass(frozen=True)
class HeldOut:
    """Everything that is kept of test and validation texts."""

    test: HeldPart
    validation: HeldPart
    hashes: Ints
    """`text_hash` of every test and validation text, ascending."""


def text_hash(text: str) -> int:
    """32 bits that two copies of a text have in common, also where one of them is masked."""
    key = text_key(mask(text).text).encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.sha256(key).digest()[:4], "big")


def occurrences(model: TextModel, texts: Sequence[str]) -> Occurrences:
    """Buckets of the distinct n-grams of texts that the table knows."""
    buckets, counts = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for begin, end in batches(texts):
        grams = read_ngrams(read_units(texts[begin:end]))
        once = distinct(grams.texts, grams.keys)
        places, known = model.table.places(grams.keys[once])
        owners, places = grams.texts[once][known], places[known]
        buckets.append(places[np.lexsort((places, owners))])
        counts.append(np.bincount(owners, minlength=end - begin))
    return Occurrences(np.concatenate(buckets), np.concatenate(counts))


def keep_held_out(folder: Path, predictor: TextModelPredictor, data: LabelledTexts) -> None:
    """Write the file beside the evaluations of a checkpoint and name it in the manifest.

    Nothing is written for a model without a table of n-grams.

    Args:
        folder: A checkpoint folder with its manifest.
        predictor: The model in it.
        data: What its evaluations were measured on, row by row.
    """
    if not isinstance(predictor, NgramPredictor):
        return
    tensors: dict[str, NDArray[Any]] = {}
    for part in PARTS:
        held = _held(predictor, data.splits[part], sample_rows(data.splits[part].sources, predictor.seed))
        tensors |= {f"{part}.{name}": array for name, array in _tensors(held).items()}
    hashes = {text_hash(text) for part in PARTS for text in data.splits[part].texts}
    save_file(tensors | {"hashes": np.array(sorted(hashes), np.uint32)}, folder / FEATURES)
    name_file(folder, FEATURES)


def sample_rows(sources: NDArray[np.str_], seed: int) -> Ints:
    """Places of the texts that are kept, ascending: as many of every source, as far as it has them."""
    generator = np.random.default_rng(seed)
    names, number, counts = np.unique(sources, return_inverse=True, return_counts=True)
    order = generator.permutation(len(sources))
    order = order[np.argsort(number[order], kind="stable")]
    rank = np.arange(len(order)) - np.repeat(np.cumsum(counts) - counts, counts)
    each = min(PER_SOURCE, max(MOST // len(names), 1)) if len(names) > 1 else MOST
    return np.sort(generator.permutation(order[rank < each])[:MOST])


def read_held_out(folder: Path) -> HeldOut | None:
    """What was kept with a checkpoint; None when it has none.

    Raises:
        ModelRefused: The file is damaged.
    """
    if not (folder / FEATURES).is_file():
        return None
    try:
        tensors = load_file(folder / FEATURES)
        test, validation = (_part(tensors, part) for part in PARTS)
        return HeldOut(test, validation, tensors["hashes"].astype(np.int64))
    except (OSError, ValueError, KeyError, IndexError, SafetensorError) as error:
        raise ModelRefused(
            "model.features",
            Message(N_("The file {file} of the model cannot be read."), {"file": FEATURES}),
            Message(N_("Choose another version, or train it again.")),
        ) from error


def _held(predictor: NgramPredictor, texts: TextSet, rows: Ints) -> HeldPart:
    chosen = texts.take(rows)
    answers = predictor.answers(chosen.texts)
    return HeldPart(
        rows=rows,
        found=occurrences(predictor.model, chosen.texts),
        sizes=answers.sizes.astype(np.float64),
        languages=answers.languages,
        unread=~np.isin(answers.reasons, (DECIDED, UNDECIDED)),
    )


def _tensors(held: HeldPart) -> dict[str, NDArray[Any]]:
    return {
        "rows": held.rows.astype(np.int32),
        "counts": held.found.counts.astype(np.int32),
        "steps": _packed(_steps(held.found)),
        "sizes": held.sizes.astype(np.int32),
        "languages": np.array([LANGUAGES.index(name) for name in held.languages], np.uint8),
        "unread": held.unread.astype(np.uint8),
    }


def _part(tensors: dict[str, NDArray[Any]], part: str) -> HeldPart:
    rows, counts, sizes, languages, unread = (
        np.asarray(tensors[f"{part}.{name}"], np.int64) for name in ("rows", "counts", "sizes", "languages", "unread")
    )
    steps = _unpacked(np.asarray(tensors[f"{part}.steps"], np.uint8))
    whole = len(rows) == len(counts) == len(sizes) == len(languages) == len(unread)
    if not whole or len(steps) != counts.sum() or (counts < 0).any() or (rows < 0).any():
        raise ValueError("lengths")
    found = Occurrences(_from_steps(steps, counts), counts)
    return HeldPart(rows, found, sizes.astype(np.float64), np.array(LANGUAGES)[languages], unread.astype(bool))


def _steps(found: Occurrences) -> Ints:
    """Buckets as steps from the one before in the same text: small numbers, which take few bytes."""
    steps = np.diff(found.buckets, prepend=0)
    first = _first(found.counts)
    steps[first] = found.buckets[first]
    return np.asarray(steps, np.int64)


def _from_steps(steps: Ints, counts: Ints) -> Ints:
    total, first = np.cumsum(steps), _first(counts)
    before = np.repeat(total[first] - steps[first], counts[counts > 0])
    return np.asarray(total - before, np.int64)


def _first(counts: Ints) -> Ints:
    """Place of the first entry of every text that has any."""
    return np.asarray((np.cumsum(counts) - counts)[counts > 0])


def _packed(values: Ints) -> NDArray[np.uint8]:
    """Numbers in bytes of seven bits, the lowest first; the top bit says that more follow."""
    place = np.arange(_BYTES)
    length = 1 + (values[:, None] >= 1 << 7 * place[1:]).sum(axis=1, keepdims=True)
    groups = (values[:, None] >> 7 * place & 127) | ((place < length - 1) << 7)
    return np.asarray(groups[place < length], np.uint8)


def _unpacked(data: NDArray[np.uint8]) -> Ints:
    last = data < 128
    number: Ints = np.cumsum(last) - last.astype(np.int64)
    begin = np.flatnonzero(np.append(True, last[:-1]))[: int(last.sum())]
    place = np.arange(len(data)) - begin[number]
    return np.bincount(number, (data & 127).astype(np.int64) << 7 * place, minlength=len(begin)).astype(np.int64)
