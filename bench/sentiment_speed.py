"""How many texts a second: our model against scikit-learn's TF-IDF and logistic regression, in one process.

python -m bench.sentiment_speed [--checkpoint FOLDER] [--rounds 5]

The test texts of the public sets below VITRINE_DATA, repeated or cut to so many that each takes some seconds. The
baseline reads words one and two at a time in English and one to four characters in Chinese, as the published baselines
of these data do, fitted on training texts of the same set. Both take turns on one thread; of the CPU seconds of each
round the ratio is taken, and the median of the rounds counts.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline

from bench.sentiment_recipe import read_sets
from core.device import limit_threads
from core.tasks.text_classification.checkpoint import bundled_folder
from core.tasks.text_classification.predictor import TextModelPredictor
from core.tasks.text_classification.task import TASK

FITTED = 20_000
TEXTS = {"sst2": 50_000, "imdb": 5_000, "chnsenticorp": 10_000, "online_shopping_10_cats": 50_000}
"""Texts of each set in one round."""
CHINESE = ("chnsenticorp", "online_shopping_10_cats")


def baseline(texts: Sequence[str], targets: NDArray[np.int64], chinese: bool) -> Pipeline:
    """TF-IDF and logistic regression, fitted on the first texts; their number changes nothing of its speed."""
    analyser = {"analyzer": "char", "ngram_range": (1, 4)} if chinese else {"ngram_range": (1, 2)}
    pipeline = make_pipeline(TfidfVectorizer(sublinear_tf=True, **analyser), LogisticRegression(C=10))
    return pipeline.fit(texts[:FITTED], targets[:FITTED])


def seconds(work: Callable[[], object]) -> float:
    """CPU time of one call: what else the machine does at the time does not count."""
    begin = time.process_time()
    work()
    return time.process_time() - begin


def rounds_of(
    predictor: TextModelPredictor, rival: Pipeline, texts: Sequence[str], n: int
) -> list[tuple[float, float]]:
    """CPU seconds of both in `n` rounds."""
    predictor.answers(texts[:100])
    return [(seconds(lambda: predictor.answers(texts)), seconds(lambda: rival.predict_proba(texts))) for _ in range(n)]


def main() -> None:
    """Measure and print JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", type=Path, default=bundled_folder())
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    limit_threads()
    predictor = TASK.load(options.checkpoint, "cpu")
    found = {}
    for name, data in read_sets().items():
        train, own = data.splits["train"], data.splits["test"].texts
        rival = baseline(train.texts, train.targets, name in CHINESE)
        texts = (own * (TEXTS[name] // len(own) + 1))[: TEXTS[name]]
        rounds = rounds_of(predictor, rival, texts, options.rounds)
        ratios = sorted(theirs / ours for ours, theirs in rounds)
        found[name] = {
            "texts": len(texts),
            "characters": round(statistics.mean(map(len, texts))),
            "texts_per_second": round(len(texts) / statistics.median(ours for ours, _ in rounds)),
            "ratio": round(statistics.median(ratios), 2),
            "least": round(ratios[0], 2),
            "most": round(ratios[-1], 2),
        }
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
