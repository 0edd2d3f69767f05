"""What is in a table of labelled texts, and what will go wrong if a model is trained on it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import rankdata

from core.contracts import N_, Message, Refusal
from core.data.texts import LABELS, LabelledTexts, divide, text_key
from core.errors import InputRefused

TEXTS_PER_CLASS_MIN = 10
"""Different texts of a class below which nothing can be learned."""
TEXTS_PER_CLASS_FEW = 100
"""Texts of a class below which figures say little."""
IMBALANCE_FACTOR = 10.0
SHORT_WORDS = 2
"""Texts of fewer words or Chinese characters say little."""
SHORT_MANY = 0.2
"""Share of texts above which it is a warning, here and below."""
OTHER_MANY = 0.05
LENGTH_AUC = 0.95
"""Area under the ROC curve of the length alone above which it is said to give the label away."""
_OFTEN, _SELDOM = 0.6, 0.02
"""A word in more than this share of the texts of one class, and in fewer than that of the other, gives it away."""
LOOKED_AT = 5_000
"""Texts in which such words are looked for, and whose language is told, evenly spread."""
_BEGINNING = 2_000
"""Characters of each that are looked at."""
_WORD = re.compile(r"[^\W\d_]{2,20}|[\u3400-\u9fff]{2,6}|[<\[【#][^<>\[\]【】\s]{1,20}[>\]】]?")
_PIECE = re.compile(r"[\u3400-\u9fff]|[^\W_]+")


@dataclass(frozen=True)
class TextReport:
    """The result of the data check."""

    counts: Mapping[str, Mapping[str, int]]
    """Part of the data -> label -> number of texts."""
    languages: Mapping[str, float]
    """Language -> share of the texts, by some of them evenly spread; the most common first."""
    lengths: tuple[int, int, int]
    """Characters of the shortest, the middle and the longest text."""
    short: int
    """Texts of fewer than `SHORT_WORDS` words or Chinese characters."""
    copies: int
    """Texts that repeat an earlier one with the same label within their part, up to case and punctuation."""
    contradictions: int
    """Texts that repeat an earlier one with another label."""
    copies_across: int
    """Texts of validation or test that stand among the training texts too."""
    warnings: tuple[Message, ...]
    blocking: tuple[Message, ...]
    """Why no model can be trained on this; empty when one can."""
    notices: tuple[Message, ...]
    refused: tuple[Refusal, ...] = ()


def check_texts(data: LabelledTexts, languages: Sequence[str], shares: Mapping[str, float], seed: int) -> TextReport:
    """Count, compare and judge.

    Args:
        data: As read.
        languages: Of texts evenly spread, see `spread`, as `core.tasks.text_classification.language` names them.
        shares: As for `divide`: it is tried whether the texts suffice for all parts.
        seed: Likewise.
    """
    texts = [text for part in data.splits.values() for text in part.texts]
    targets = np.concatenate([part.targets for part in data.splits.values()])
    keys = {part: [text_key(text) for text in found.texts] for part, found in data.splits.items()}
    copies, contradictions, across = _repeated(data, keys)
    short = sum(len(_PIECE.findall(text, 0, 200)) < SHORT_WORDS for text in texts)
    blocking = _blocking(data, keys)
    if not blocking:
        try:
            divide(data, seed, shares)
        except InputRefused as error:
            blocking.append(error.message)
    known = {name: count / max(len(languages), 1) for name, count in Counter(languages).most_common()}
    warnings = _class_warnings(data)
    warnings += _copy_warnings(copies, contradictions, across)
    warnings += _leak_warnings(texts, targets)
    warnings += _kind_warnings(len(texts), short, known)
    sizes = np.array([len(text) for text in texts] or [0])
    return TextReport(
        counts=data.counts(),
        languages=known,
        lengths=(int(sizes.min()), int(np.median(sizes)), int(sizes.max())),
        short=short,
        copies=copies,
        contradictions=contradictions,
        copies_across=across,
        warnings=tuple(warnings),
        blocking=tuple(blocking),
        notices=data.notices,
    )


def spread(n: int) -> NDArray[np.int64]:
    """Places of at most `LOOKED_AT` of n texts, evenly spread."""
    return np.linspace(0, n - 1, min(n, LOOKED_AT)).astype(np.int64)


def _blocking(data: LabelledTexts, keys: Mapping[str, Sequence[str]]) -> list[Message]:
    """Reasons for which nothing can be learned, whatever the split."""
    part = next((name for name in ("train", "all") if name in data.splits), None)
    if part is None:
        return [Message(N_("There are no training texts, only test or validation."))]
    targets = data.splits[part].targets
    present = [place for place in range(len(LABELS)) if (targets == place).any()]
    if len(present) < len(LABELS):
        named = {"label": LABELS[present[0]] if present else "-"}
        return [Message(N_("There is only one class ({label}); texts of both are needed."), named)]
    said = []
    for place, label in enumerate(LABELS):
        different = len({key for key, target in zip(keys[part], targets, strict=True) if target == place})
        if different < TEXTS_PER_CLASS_MIN:
            found = {"label": label, "count": different, "limit": TEXTS_PER_CLASS_MIN}
            said.append(Message(N_("Class {label} has {count} different texts; at least {limit} are needed."), found))
    return said


def _repeated(data: LabelledTexts, keys: Mapping[str, Sequence[str]]) -> tuple[int, int, int]:
    """Copies within a part, copies with another label, and copies of training texts in other parts."""
    copies = contradictions = across = 0
    learned = {key for part in ("train", "all") for key in keys.get(part, ())}
    for part, found in data.splits.items():
        frame = pd.DataFrame({"key": keys[part], "target": found.targets})
        again = frame.duplicated("key")
        first = frame.groupby("key")["target"].transform("first")
        contradictions += int((again & (first != frame["target"])).sum())
        copies += int((again & (first == frame["target"])).sum())
        if part not in ("train", "all"):
            across += int(frame["key"].isin(learned).sum())
    return copies, contradictions, across


def _class_warnings(data: LabelledTexts) -> list[Message]:
    said = []
    for part, counts in data.counts().items():
        low, high = min(counts.values()), max(counts.values())
        if low and high > IMBALANCE_FACTOR * low:
            found = {"part": part, "factor": f"{high / low:.0f}"}
            template = N_("Part {part}: one class has {factor} times the texts of the other; read balanced accuracy.")
            said.append(Message(template, found))
        if part in ("train", "all") and TEXTS_PER_CLASS_MIN <= low < TEXTS_PER_CLASS_FEW:
            template = N_("One class has {count} texts; below {limit} figures are uncertain.")
            said.append(Message(template, {"count": low, "limit": TEXTS_PER_CLASS_FEW}))
    return said


def _copy_warnings(copies: int, contradictions: int, across: int) -> list[Message]:
    said = []
    for count, template in (
        (
            across,
            N_("{count} texts of validation or test stand among the training texts too and are not learned from."),
        ),
        (contradictions, N_("{count} texts repeat an earlier one with another label. Which of them is right?")),
        (copies, N_("{count} texts repeat an earlier one; copies stay in one part and count once in training.")),
    ):
        if count:
            said.append(Message(template, {"count": f"{count:,}"}))
    return said


def _kind_warnings(total: int, short: int, languages: Mapping[str, float]) -> list[Message]:
    said = []
    if short > SHORT_MANY * total:
        template = N_(
            "{count} of {total} texts have fewer than {limit} words; their labels can hardly be told from them."
        )
        said.append(Message(template, {"count": f"{short:,}", "total": f"{total:,}", "limit": SHORT_WORDS}))
    if (share := languages.get("other", 0.0)) > OTHER_MANY:
        template = N_("{share:.0%} of the texts are in a language other than English or Chinese, which is not read.")
        said.append(Message(template, {"share": share}))
    return said


def _leak_warnings(texts: Sequence[str], targets: NDArray[np.int64]) -> list[Message]:
    """Words that give the label away, as where it was copied into the text; and length, if it does."""
    counts = np.bincount(targets, minlength=len(LABELS))
    if counts.min() < TEXTS_PER_CLASS_MIN:
        return []
    said = []
    if words := _telling(texts, targets, spread(len(texts))):
        template = N_(
            "Words that stand in most texts of one class and in hardly any other: {words}. If the label was written "
            "into the text, a model will learn that and nothing else."
        )
        said.append(Message(template, {"words": ", ".join(words)}))
    ranks = rankdata([len(text) for text in texts])
    positives = targets == 1
    auc = (ranks[positives].mean() - (counts[1] + 1) / 2) / counts[0]
    if max(auc, 1 - auc) > LENGTH_AUC:
        said.append(Message(N_("The length alone tells the classes apart; a model may learn that instead.")))
    return said


def _telling(texts: Sequence[str], targets: NDArray[np.int64], places: NDArray[np.int64]) -> list[str]:
    """The first few words that stand in texts of one class only, the most common first."""
    found = tuple(Counter[str]() for _ in LABELS)
    for place in places:
        found[targets[place]].update({word.casefold() for word in _WORD.findall(texts[place], 0, _BEGINNING)})
    sizes = np.maximum(np.bincount(targets[places], minlength=len(LABELS)), 1)
    telling = [
        (count / sizes[own], word)
        for own, other in ((0, 1), (1, 0))
        for word, count in found[own].items()
        if count > _OFTEN * sizes[own] and found[other][word] < _SELDOM * sizes[other]
    ]
    return [word for _, word in sorted(telling, reverse=True)[:5]]
