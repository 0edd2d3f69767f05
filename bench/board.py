"""A hundred thousand texts from the bytes of a CSV to a board and back, beside pandas and scikit-learn, in one run.

Half English, half Chinese lines put together from our own cues, with dates and categories. The plain way reads the same
bytes by pandas, scores by TF-IDF and logistic regression (fitted before, words in English, characters in Chinese, as in
`sentiment_speed`), groups by week and category, counts words and pairs for terms, and writes a CSV. Ours does that and
declines what it cannot read, looks for quotes and aspects, and masks personal data. Seconds are of CPU, so that what
else the machine does at the time does not count; memory is the growth of the process within each call.
"""

from __future__ import annotations

import io
import statistics
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.pipeline import Pipeline

from bench.fraud_rows import peak_mb
from bench.sentiment_speed import FITTED, baseline
from core.data.board import NEGATIVE, POSITIVE, UNDECIDED, by_category, lines_with, over_time, shares_of
from core.data.cues import read_cues
from core.data.quotes import of_verdict, quotes
from core.data.telling_terms import telling_terms
from core.intake.text_tables import open_texts
from core.serving.board import ScoredTexts, read_aspects, start_reading
from core.serving.board_file import board_csv

ROWS = 100_000
ROUNDS = 3
SLUG = "sentiment"
CATEGORIES = ("books", "fruit", "hotels", "phones", "shirts", "tablets")
DAYS = 365
CUES_PER_LINE = {"en": 6, "zh": 5}
LEAST_TEXTS = 50
"""Of a term, in both ways."""


def lines(n: int, language: str, seed: int = 0) -> tuple[list[str], NDArray[np.int64]]:
    """Short texts of several cues of one polarity, about 90 English or 25 Chinese characters, and their labels."""
    texts, labels = read_cues()
    han = np.array([any("\u4e00" <= sign <= "\u9fff" for sign in text) for text in texts])
    generator = np.random.default_rng(seed)
    wanted = generator.integers(0, 2, n)
    pools = [np.flatnonzero((labels == label) & (han == (language == "zh"))) for label in (0, 1)]
    glue = "，" if language == "zh" else ", "
    count = CUES_PER_LINE[language]
    return [glue.join(texts[k] for k in generator.choice(pools[label], count)) for label in wanted], wanted


def table() -> bytes:
    """The CSV as a visitor would send it."""
    texts = np.array([*lines(ROWS // 2, "en")[0], *lines(ROWS - ROWS // 2, "zh")[0]], dtype=object)
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "review": texts[rng.permutation(ROWS)],
            "date": np.datetime64("2025-01-01") + np.sort(rng.integers(0, DAYS, ROWS)),
            "category": rng.choice(CATEGORIES, ROWS),
        }
    )
    return frame.to_csv(index=False).encode()


def read(content: bytes) -> ScoredTexts:
    """From bytes to scores, as the page does it."""
    reading = start_reading(SLUG, open_texts(content, "reviews.csv"))
    while not reading.finished:
        reading.step()
    return reading.result()


def measured(call: Callable[[], object]) -> tuple[float, float]:
    """CPU seconds and peak memory in MB of one call."""
    with peak_mb() as peak:
        began = time.process_time()
        call()
        seconds = time.process_time() - began
    return seconds, peak[0]


def views(scored: ScoredTexts) -> dict[str, Callable[[], object]]:
    """What the page reckons once for each view."""
    verdicts, category = scored.verdicts, scored.categories
    texts, time_of = scored.table.texts, scored.table.time
    assert time_of is not None
    return {
        "shares": lambda: shares_of(verdicts),
        "over time": lambda: over_time(verdicts, time_of),
        "by category": lambda: by_category(verdicts, *category),
        "quotes": lambda: [
            quotes(scored.words, texts, of_verdict(verdicts, scored.scores, one))
            for one in (NEGATIVE, UNDECIDED, POSITIVE)
        ],
        "terms": lambda: telling_terms(scored.words, verdicts),
        "aspects": lambda: read_aspects(SLUG, scored),
        "search": lambda: lines_with(scored.searchable, "battery good"),
        "file": lambda: board_csv(scored, masked=False),
        "file, masked": lambda: board_csv(scored),
    }


def plain(content: bytes, models: Mapping[str, Pipeline]) -> dict[str, Callable[[], Any]]:
    """The same by pandas and scikit-learn, in four steps that use what the ones before made."""
    kept: dict[str, Any] = {}

    def scored() -> None:
        frame = pd.read_csv(io.BytesIO(content), parse_dates=["date"])
        chinese = frame.review.str.contains("[\u4e00-\u9fff]", regex=True)
        for language, rows in (("zh", chinese), ("en", ~chinese)):
            frame.loc[rows, "score"] = models[language].predict_proba(frame.review[rows])[:, 1]
        frame["positive"] = frame.score >= 0.5
        kept.update(frame=frame, chinese=chinese)

    def grouped() -> None:
        frame = kept["frame"]
        frame.groupby(pd.Grouper(key="date", freq="W")).positive.agg(["mean", "size"])
        frame.groupby("category").positive.agg(["mean", "size"])

    def terms() -> None:
        frame, chinese = kept["frame"], kept["chinese"]
        for rows, analyser in (
            (~chinese, {"ngram_range": (1, 2)}),
            (chinese, {"analyzer": "char", "ngram_range": (2, 3)}),
        ):
            counter = CountVectorizer(binary=True, min_df=LEAST_TEXTS, **analyser)
            held = counter.fit_transform(frame.review[rows])
            positive = frame.positive[rows].to_numpy()
            counts = np.stack([np.asarray(held[side].sum(axis=0)).ravel() + 0.5 for side in (~positive, positive)])
            np.argsort(np.log(counts[1] / counts[1].sum()) - np.log(counts[0] / counts[0].sum()))

    return {"read": scored, "groups": grouped, "terms": terms, "file": lambda: kept["frame"].to_csv().encode()}


def main() -> dict[str, object]:
    """Measure, print and return the figures."""
    content = table()
    read(table_of_few(content))
    fitted = {
        language: baseline(*lines(FITTED, language, seed=1), chinese=language == "zh") for language in CUES_PER_LINE
    }
    rivals = plain(content, fitted)
    ours: dict[str, list[tuple[float, float]]] = {}
    theirs: dict[str, list[tuple[float, float]]] = {}
    for _ in range(ROUNDS):
        made: list[ScoredTexts] = []
        ours.setdefault("read", []).append(measured(lambda made=made: made.append(read(content))))  # type: ignore[misc]
        for name, call in views(made[0]).items():
            ours.setdefault(name, []).append(measured(call))
        for name, call in rivals.items():
            theirs.setdefault(name, []).append(measured(call))
    return _report(ours, theirs, len(content))


def table_of_few(content: bytes) -> bytes:
    """The first lines of a CSV: what is loaded on first use is no part of the measurement."""
    return b"\n".join(content.split(b"\n")[:300])


def _report(
    ours: Mapping[str, list[tuple[float, float]]], theirs: Mapping[str, list[tuple[float, float]]], size: int
) -> dict[str, object]:
    middle = {
        side: {name: statistics.median(seconds for seconds, _ in taken) for name, taken in found.items()}
        for side, found in (("ours", ours), ("plain", theirs))
    }
    same = {
        "read": ("read",),
        "groups": ("shares", "over time", "by category"),
        "terms": ("terms",),
        "file": ("file",),
    }
    ratios = {name: middle["plain"][name] / sum(middle["ours"][own] for own in parts) for name, parts in same.items()}
    together = sum(middle["plain"].values()) / sum(middle["ours"][own] for parts in same.values() for own in parts)
    peak = {name: max(mb for _, mb in taken) for name, taken in ours.items()}
    print(f"{ROWS:,} texts, {size / 2**20:.1f} MB of CSV, medians of {ROUNDS} rounds")
    for name, seconds in middle["ours"].items():
        print(f"  {name:14} {seconds:7.2f} s, memory +{peak[name]:.0f} MB")
    for name, seconds in middle["plain"].items():
        print(f"  plain {name:8} {seconds:7.2f} s, {ratios[name]:.1f} times ours")
    whole = sum(middle["ours"].values())
    print(f"  together {together:.1f} times ours; with quotes, aspects, search and masks {whole:.1f} s")
    return {
        "rows": ROWS,
        "csv_mb": size / 2**20,
        "rounds": ROUNDS,
        "seconds": middle,
        "peak_mb": peak,
        "plain_peak_mb": {name: max(mb for _, mb in taken) for name, taken in theirs.items()},
        "ratio": {**ratios, "together": together},
    }
