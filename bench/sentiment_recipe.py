"""Train the bundled sentiment model on the public sets and measure it: `python -m bench.sentiment_recipe --out FOLDER`.

Four sets: IMDb and SST-2 (phrases) in English, ChnSentiCorp and online_shopping_10_cats in Chinese. Their official
tests are read by `--measure test` alone; everything was chosen on validation texts: a tenth of IMDb's training texts,
the official validation parts of the others, of ChnSentiCorp those rows that do not stand in its training part.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from core.contracts import Evaluation
from core.data.sentiment_slices import HALVES, read_neutral, read_slices
from core.data.texts import LabelledTexts, TextSet, fingerprint_of, read_labelled_texts, text_key
from core.settings import settings
from core.tasks.text_classification.architectures import train_checkpoint
from core.tasks.text_classification.config import TextClassificationConfig
from core.tasks.text_classification.manifest import TFIDF
from core.tasks.text_classification.measure import evaluate_part, summary_of
from core.tasks.text_classification.predictor import TextModelPredictor
from core.tasks.text_classification.statement import figures_of_other
from core.tasks.text_classification.task import TASK
from core.tasks.text_classification.tfidf import fit_baseline
from core.training.evaluation import load_evaluation
from core.training.joined import parts_of
from core.training.run import ListedRun
from core.training.slice_suite import by_slice

SETS = ("imdb", "sst2", "chnsenticorp", "online_shopping_10_cats")
NAME = "imdb+sst2+chnsenticorp+online_shopping_10_cats"
IMDB_VALIDATION = 0.1
OVERLAPPING = "chnsenticorp"
"""Of its official test rows, 335 of 1,200 stand in its training part."""
LANGUAGES = (("imdb", "sst2"), ("chnsenticorp", "online_shopping_10_cats"))
"""Sets of the same language."""
SURE = 0.8
"""Score of a label from which on an answer counts as sure."""
COMMAND = "python -m bench.sentiment_recipe --out FOLDER --measure test"
CONFIG = TextClassificationConfig(
    pretrained="none", scaling="both", regularisation=0.15, steps=60, early_stopping=0, cues=1.0, seed=0
)


def read_sets(names: tuple[str, ...] = SETS, seed: int = 0) -> dict[str, LabelledTexts]:
    """Every set in three parts; no training text stands twice, nor in a validation or test part of any set.

    One exception: ChnSentiCorp's training texts that stand in its own test stay, as in the official split; its figure
    on unseen rows is the one without them.
    """
    folder = settings().data
    if folder is None:
        raise SystemExit("Name the folder of the data sets by VITRINE_DATA.")
    found = {name: _with_validation(read_labelled_texts(folder / "sentiment" / name), seed) for name in names}
    for name, data in list(found.items()):
        parts = [other.splits["validation"] for other in found.values()]
        parts += [other.splits["test"] for other in found.values() if not other.name == name == OVERLAPPING]
        held = {text_key(text) for part in parts for text in part.texts}
        keys = pd.Series([text_key(text) for text in data.splits["train"].texts])
        kept = np.flatnonzero(~keys.isin(held) & ~keys.duplicated())
        sources = {part: replace(texts, sources=np.full(len(texts), name)) for part, texts in data.splits.items()}
        splits = sources | {"train": sources["train"].take(kept)}
        found[name] = LabelledTexts(name, splits, data.fingerprint)
    return found


def _with_validation(data: LabelledTexts, seed: int) -> LabelledTexts:
    train = data.splits["train"]
    if "validation" in data.splits:
        known = {text_key(text) for text in train.texts}
        validation = data.splits["validation"]
        fresh = np.flatnonzero([text_key(text) not in known for text in validation.texts])
        return replace(data, splits={**data.splits, "validation": validation.take(fresh)})
    keys = np.unique([text_key(text) for text in train.texts], return_inverse=True)[1]
    chosen = np.random.default_rng(seed).random(keys.max() + 1)[keys] < IMDB_VALIDATION
    parts = {"train": train.take(np.flatnonzero(~chosen)), "validation": train.take(np.flatnonzero(chosen))}
    return replace(data, splits={**data.splits, **parts})


def joined(sets: dict[str, LabelledTexts], train: tuple[str, ...]) -> LabelledTexts:
    """One data set of all; only the named ones are trained and calibrated on."""

    def together(part: str, names: tuple[str, ...]) -> TextSet:
        parts = [sets[name].splits[part] for name in names]
        return TextSet(
            np.concatenate([f"{texts.sources[0]}/" + texts.ids for texts in parts]),
            tuple(text for texts in parts for text in texts.texts),
            np.concatenate([texts.targets for texts in parts]),
            np.concatenate([texts.sources for texts in parts]),
        )

    splits = {"train": together("train", train), "validation": together("validation", train)}
    splits["test"] = together("test", tuple(sets))
    return LabelledTexts("+".join(train), splits, fingerprint_of(splits))


def figures(evaluation: Evaluation) -> dict[str, dict[str, float | int]]:
    """Metrics with intervals, as plain JSON."""
    return {name: metric.as_dict() for name, metric in evaluation.summary.items()}


def measure(predictor: TextModelPredictor, sets: dict[str, LabelledTexts], part: str) -> dict[str, object]:
    """Figures on a part of every set; of ChnSentiCorp's test also on the rows that stand in no other part."""
    found: dict[str, object] = {}
    for name, data in sets.items():
        evaluation = evaluate_part(predictor, data, part, COMMAND)
        found[name] = figures(evaluation)
        if name == "chnsenticorp" and part == "test":
            path = Path(str(settings().data)) / "sentiment" / name / "test.parquet"
            rows = pd.read_parquet(path, columns=["seen_in_train"])["seen_in_train"].to_numpy()
            table = {column: values[~rows] for column, values in evaluation.table.items()}
            found[f"{name}, unseen"] = {key: metric.as_dict() for key, metric in summary_of(table).items()}
    return found


def measure_slices(predictor: TextModelPredictor) -> dict[str, dict[str, list[float]]]:
    """Half -> slice and language -> share right, and number of lines."""
    data, found = read_slices(), {}
    for half in HALVES:
        table = evaluate_part(predictor, data, half, COMMAND).table
        right = table["truth"] == table["prediction"]
        names = data.splits[half].sources
        found[half] = {
            str(name): [round(float(right[names == name].mean()), 4), int((names == name).sum())]
            for name in np.unique(names)
        }
    return found


def measure_suite(predictor: TextModelPredictor) -> dict[str, dict[str, float | int]]:
    """Slice -> share of its lines right, both halves."""
    return {part.name: part.accuracy.as_dict() for part in by_slice(TASK.suite(predictor))}


def measure_neutral(predictor: TextModelPredictor) -> dict[str, dict[str, int]]:
    """Of our lines that judge nothing, by language: how many are decided all the same, and how many of them surely."""
    found = predictor.answers(read_neutral())
    sure, positive = np.abs(found.scores - 0.5) >= SURE - 0.5, found.scores >= 0.5
    counts = {}
    for language in np.unique(found.languages):
        chosen = found.languages == language
        decided = chosen & (found.reasons == "")
        counts[str(language)] = {
            "lines": int(chosen.sum()),
            "positive": int((decided & positive).sum()),
            "negative": int((decided & ~positive).sum()),
            "sure": int((decided & sure).sum()),
        }
    return counts


def beside(folder: Path) -> dict[str, dict[str, object]]:
    """Set -> figures of the baseline that was fitted to the same texts, on its rows of the stored evaluation."""
    stored = load_evaluation(folder)
    if stored is None:
        raise SystemExit(f"There is no evaluation in {folder}.")
    return {name: dict(figures_of_other(part, TFIDF)) for name, part in parts_of(stored).items()}


def across(folder: Path, seed: int) -> dict[str, dict[str, object]]:
    """What a model learns from one set and says of another in the same language, on its validation part."""
    sets, config = read_sets(seed=seed), replace(CONFIG, seed=seed)
    found: dict[str, dict[str, object]] = {}
    for language in LANGUAGES:
        for learned, read in (language, language[::-1]):
            run = ListedRun(folder / f"from_{learned}", seed)
            texts = joined(sets, (learned,))
            predictor = TASK.load(train_checkpoint(texts, config, run, COMMAND), "cpu")
            baseline = fit_baseline(texts, config.class_weights, run)
            evaluation = evaluate_part(predictor, sets[read], "validation", COMMAND, baseline)
            own = {name: metric for name, metric in figures(evaluation).items() if name in ("accuracy", "auroc")}
            found[f"{learned} -> {read}"] = {"ngrams": own, "tfidf": figures_of_other(evaluation, TFIDF)}
    return found


def train(names: tuple[str, ...], folder: Path, seed: int) -> Path:
    """Train on some of the sets; returns the checkpoint below `folder`, with its evaluation on the joined tests."""
    run = ListedRun(folder, seed, echo=lambda line: print(line, file=sys.stderr, flush=True))
    return TASK.train_texts(replace(CONFIG, seed=seed), joined(read_sets(seed=seed), names), run, (COMMAND, COMMAND))


def measure_again(folder: Path, names: tuple[str, ...], seed: int) -> None:
    """Write evaluations, figures and card of weights that are kept as they are."""
    run = ListedRun(folder, seed, echo=lambda line: print(line, file=sys.stderr, flush=True))
    TASK.measure_checkpoint(folder, replace(CONFIG, seed=seed), joined(read_sets(seed=seed), names), run, COMMAND)


def main() -> None:
    """Train where no checkpoint is given, and print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder of the checkpoint, or with --again itself one")
    parser.add_argument("--measure", choices=("validation", "test"), default="validation", help="which parts")
    parser.add_argument("--train", nargs="+", choices=SETS, default=list(SETS), help="the sets to train on")
    parser.add_argument("--seed", type=int, default=CONFIG.seed)
    parser.add_argument("--across", action="store_true", help="only train on each set alone and read its neighbour")
    parser.add_argument("--again", action="store_true", help="only write anew what is said of the weights in --out")
    options = parser.parse_args()
    folder: Path = options.out / "checkpoint"
    if options.across:
        print(json.dumps({"across, validation": across(options.out, options.seed)}, indent=1))
        return
    if options.again:
        measure_again(options.out, tuple(options.train), options.seed)
        return
    if not folder.is_dir():
        options.out.mkdir(parents=True, exist_ok=True)
        train(tuple(options.train), options.out, options.seed)
    predictor = TASK.load(folder, "cpu")
    sets = read_sets(seed=options.seed)
    found = {**measure(predictor, sets, options.measure), "slices": measure_slices(predictor)}
    found["neutral"] = measure_neutral(predictor)
    print(json.dumps({**found, "suite": measure_suite(predictor), "tfidf": beside(folder)}, indent=1))


if __name__ == "__main__":
    main()
