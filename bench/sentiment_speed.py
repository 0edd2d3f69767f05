"""How many short texts a second: our model against scikit-learn's TF-IDF and logistic regression, in one process.

python -m bench.sentiment_speed [--checkpoint FOLDER] [--texts 100000]

Half English, half Chinese lines put together from our own cues; the pipelines take turns, and the median of the CPU
seconds counts. The baseline reads words one and two at a time in English and one to four characters in Chinese, as the
published baselines of these data do, fitted on 20,000 of the same lines; each reads only the lines of its language.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline

from core.data.cues import read_cues
from core.tasks.text_classification.checkpoint import bundled_folder
from core.tasks.text_classification.task import TASK

ROUNDS = 3
FITTED = 20_000
CUES_PER_LINE = {"en": 6, "zh": 5}


def lines(n: int, language: str, seed: int = 0) -> tuple[list[str], np.ndarray]:
    """Short texts of several cues of one polarity, about 90 English or 25 Chinese characters, and their labels."""
    texts, labels = read_cues()
    han = np.array([any("\u4e00" <= sign <= "\u9fff" for sign in text) for text in texts])
    generator = np.random.default_rng(seed)
    wanted = generator.integers(0, 2, n)
    pools = [np.flatnonzero((labels == label) & (han == (language == "zh"))) for label in (0, 1)]
    glue = "，" if language == "zh" else ", "
    count = CUES_PER_LINE[language]
    return [glue.join(texts[k] for k in generator.choice(pools[label], count)) for label in wanted], wanted


def baseline(language: str) -> Pipeline:
    """TF-IDF and logistic regression, fitted on made-up lines."""
    analyser = {"analyzer": "char", "ngram_range": (1, 4)} if language == "zh" else {"ngram_range": (1, 2)}
    return make_pipeline(TfidfVectorizer(sublinear_tf=True, **analyser), LogisticRegression(C=10)).fit(
        *lines(FITTED, language, seed=1)
    )


def seconds(work: Callable[[], object]) -> float:
    """CPU time of one call: what else the machine does at the time does not count."""
    begin = time.process_time()
    work()
    return time.process_time() - begin


def main() -> None:
    """Measure and print JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", type=Path, default=bundled_folder())
    parser.add_argument("--texts", type=int, default=100_000)
    options = parser.parse_args()
    predictor = TASK.load(options.checkpoint, "cpu")
    texts = {language: lines(options.texts // 2, language)[0] for language in ("en", "zh")}
    rivals = {language: baseline(language) for language in texts}
    predictor.answers(texts["en"][:100])
    found: dict[str, dict[str, list[float]]] = {language: {"ours": [], "sklearn": []} for language in texts}
    for _ in range(ROUNDS):
        for language, own in texts.items():
            found[language]["ours"].append(seconds(lambda own=own: predictor.answers(own)))  # type: ignore[misc]
            rival = rivals[language]
            found[language]["sklearn"].append(seconds(lambda own=own, rival=rival: rival.predict_proba(own)))  # type: ignore[misc]
    middle = {language: {k: statistics.median(v) for k, v in both.items()} for language, both in found.items()}
    total = {side: sum(middle[language][side] for language in middle) for side in ("ours", "sklearn")}
    result = {
        "texts": options.texts,
        "seconds": {language: {k: round(v, 3) for k, v in both.items()} for language, both in middle.items()},
        "ratio": {language: round(both["sklearn"] / both["ours"], 2) for language, both in middle.items()},
        "texts_per_second": {side: round(options.texts / value) for side, value in total.items()},
        "ratio_together": round(total["sklearn"] / total["ours"], 2),
    }
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
