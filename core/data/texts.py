"""Labelled texts: a table, or a folder with tables for training, validation and test, as texts with a sentiment."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.contracts import N_, Message
from core.data.sentiment_columns import Columns, find_columns, read_labels
from core.errors import InputRefused
from core.intake.labels import clean_text, display_label
from core.intake.personal import mask, mask_all
from core.intake.tables import EXTENSIONS, read_table

LABELS = ("negative", "positive")
PARTS = {"train": "train", "validation": "validation", "valid": "validation", "dev": "validation", "test": "test"}
"""How the name of a file begins -> the part that it holds."""
CATEGORY_MAX = 60
"""Characters of a category that are kept."""
_LETTERS = re.compile(r"[\W_]+")


@dataclass(frozen=True)
class TextSet:
    """Texts of one part, row by row."""

    ids: NDArray[np.str_]
    texts: tuple[str, ...]
    targets: NDArray[np.int64]
    """Places in `LABELS`."""
    sources: NDArray[np.str_]
    """What kind of text each is by its table (a category), or the name of the data set."""

    def __len__(self) -> int:
        return len(self.texts)

    def take(self, rows: NDArray[Any]) -> TextSet:
        """Some of the rows, by their places."""
        texts = tuple(self.texts[row] for row in rows)
        return TextSet(self.ids[rows], texts, self.targets[rows], self.sources[rows])


@dataclass(frozen=True)
class LabelledTexts:
    """A whole data set in memory."""

    name: str
    splits: Mapping[str, TextSet]
    """`train`, `validation` and `test` as far as given, or only `all`."""
    fingerprint: str
    """sha256 over parts, texts and targets, in order."""
    notices: tuple[Message, ...] = ()

    def counts(self) -> dict[str, dict[str, int]]:
        """Texts of each label in each part."""
        return {
            part: {label: int((texts.targets == number).sum()) for number, label in enumerate(LABELS)}
            for part, texts in self.splits.items()
        }


def text_key(text: str) -> str:
    """What two copies of a text have in common: its letters and digits, without case."""
    return _LETTERS.sub("", text).casefold() or text


def read_labelled_texts(path: Path, columns: Mapping[str, str] | None = None) -> LabelledTexts:
    """Read a data set from a CSV, TSV or Parquet file, or from a folder with one for each part.

    Args:
        path: Where it lies on this machine. In a folder, files that begin with `train`, `validation` (or `valid`,
            `dev`) or `test` hold that part; several of a part are read one after the other.
        columns: Columns by role, `text`, `label` and `category`, where they cannot be guessed.

    Raises:
        InputRefused: When there is no table, or one without texts and labels.
    """
    label = display_label(path.name)
    found: dict[str, list[TextSet]] = {}
    notices: list[Message] = []
    for part, file in _files(path):
        texts, said = _read_file(file, part, columns or {})
        found.setdefault(part, []).append(texts)
        notices += [message for message in said if message not in notices]
    if not found:
        raise InputRefused(
            "texts.none",
            Message(N_("{name}: there is no table of texts here."), {"name": label}),
            Message(N_("Send a CSV, TSV or Parquet file with a column of texts and one of labels.")),
        )
    splits: dict[str, TextSet] = {
        part: join_texts(found[part]) for part in ("train", "validation", "test", "all") if part in found
    }
    return LabelledTexts(path.stem, splits, fingerprint_of(splits), tuple(notices))


def read_masked_texts(path: Path, columns: Mapping[str, str] | None = None) -> LabelledTexts:
    """`read_labelled_texts` without personal data in texts and categories: what is learned, measured and stored.

    The fingerprint is of the texts as they lie in the file. Arguments and errors as there.
    """
    data = read_labelled_texts(path, columns)
    masked = {part: _masked(texts) for part, texts in data.splits.items()}
    count = sum(found for _, found in masked.values())
    template = N_("Personal data that were masked in the texts and their categories: {count}.")
    said = (Message(template, {"count": count}),) if count else ()
    splits = {part: texts for part, (texts, _) in masked.items()}
    return replace(data, splits=splits, notices=(*data.notices, *said))


def _masked(texts: TextSet) -> tuple[TextSet, int]:
    """Texts without personal data, and how much of it there was."""
    clean, found = mask_all(texts.texts)
    names = {str(name): mask(str(name)) for name in np.unique(texts.sources)}
    sources = np.array([_category(names[name].text) for name in texts.sources], dtype=np.str_)
    in_names = sum(sum(names[name].found.values()) for name in texts.sources)
    return replace(texts, texts=tuple(clean), sources=sources), sum(found.values()) + in_names


def _category(cell: str) -> str:
    """A category as it is stored and shown: in one line, and a name rather than another text."""
    name = clean_text(" ".join(cell.split()))
    return name if len(name) <= CATEGORY_MAX else f"{name[: CATEGORY_MAX - 1]}…"


def fingerprint_of(splits: Mapping[str, TextSet]) -> str:
    """sha256 over parts, texts and targets, in order."""
    digest = hashlib.sha256()
    for part, texts in splits.items():
        for text, target in zip(texts.texts, texts.targets, strict=True):
            digest.update(f"{part}\0{target}\0{text}\0".encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


def divide(data: LabelledTexts, seed: int, shares: Mapping[str, float]) -> LabelledTexts:
    """Give a data set the parts that it lacks, taken from its training texts; copies of a text stay together.

    Training texts that also stand in validation or test are dropped, and so are second copies with the same label.

    Args:
        data: As it was read.
        seed: Of the draw.
        shares: Share of all texts for `validation` and `test`, where the data bring none.

    Raises:
        InputRefused: There is nothing to train on, or a class is missing.
    """
    splits = dict(data.splits)
    rest = splits.pop("all", None) or splits.pop("train", None)
    if rest is None:
        raise InputRefused("texts.no_training", N_("There are no training texts, only test or validation."))
    wanted = {part: share for part, share in shares.items() if part not in splits}
    taken = {text_key(text) for part in splits.values() for text in part.texts}
    keys = np.array([text_key(text) for text in rest.texts], dtype=object)
    free = np.array([key not in taken for key in keys], bool)
    once = ~pd.DataFrame({"key": keys, "target": rest.targets}).duplicated().to_numpy()
    rows = np.flatnonzero(free & once)
    groups = pd.factorize(keys[rows], sort=True)[0]
    draw = np.random.default_rng(seed).random(int(groups.max(initial=0)) + 1)[groups]
    edge = 0.0
    for part, share in wanted.items():
        splits[part] = rest.take(rows[(draw >= edge) & (draw < edge + share)])
        edge += share
    splits["train"] = rest.take(rows[draw >= edge])
    ordered = {part: splits[part] for part in ("train", "validation", "test")}
    _check_classes(ordered)
    dropped = len(rest) - len(rows)
    said = (Message(N_("Texts left out of the training as copies: {count}."), {"count": dropped}),) if dropped else ()
    return replace(data, splits=ordered, notices=(*data.notices, *said))


def _check_classes(splits: Mapping[str, TextSet]) -> None:
    for part, texts in splits.items():
        present = np.unique(texts.targets)
        if len(present) < len(LABELS):
            raise InputRefused(
                "texts.one_class",
                Message(
                    N_("The part {part} has {count} texts and not both classes; found: {found}."),
                    {"part": part, "count": len(texts), "found": ", ".join(LABELS[k] for k in present) or "-"},
                ),
                Message(N_("Send texts of both classes, some dozens of each.")),
            )


def _files(path: Path) -> Iterator[tuple[str, Path]]:
    if path.is_file():
        yield "all", path
        return
    for file in sorted(path.iterdir()) if path.is_dir() else ():
        part = next((part for start, part in PARTS.items() if file.name.lower().startswith(start)), None)
        if part and file.suffix.lower() in EXTENSIONS:
            yield part, file


def _read_file(file: Path, part: str, columns: Mapping[str, str]) -> tuple[TextSet, tuple[Message, ...]]:
    table = read_table(file, file.name)
    chosen: Columns = find_columns(table.frame, columns, table.name)
    targets, said = read_labels(table.frame[chosen.label], table.name)
    texts = table.frame[chosen.text].fillna("").astype(str)
    empty = (texts.str.strip() == "").to_numpy()
    usable = np.flatnonzero((targets >= 0) & ~empty)
    source = table.frame[chosen.source].astype("str").fillna("") if chosen.source else pd.Series([""] * len(texts))
    prefix = "" if part == "all" else f"{part}/"
    return TextSet(
        ids=np.array([f"{prefix}{file.stem}/{row}" for row in table.frame.index[usable]], dtype=np.str_),
        texts=tuple(texts.iloc[usable]),
        targets=targets[usable],
        sources=np.array(source.iloc[usable].tolist(), dtype=np.str_),
    ), (*table.notices, *said, *_left_out(int(empty.sum()), int(((targets < 0) & ~empty).sum())))


def _left_out(empty: int, unlabelled: int) -> Iterator[Message]:
    if empty:
        yield Message(N_("Rows without a text, which were left out: {count}."), {"count": empty})
    if unlabelled:
        template = N_("Rows that are neutral or carry no label, which were left out: {count}.")
        yield Message(template, {"count": unlabelled})


def join_texts(parts: Sequence[TextSet]) -> TextSet:
    """All texts of several parts, one part after the other."""
    if len(parts) == 1:
        return parts[0]
    return TextSet(
        ids=np.concatenate([part.ids for part in parts]),
        texts=tuple(text for part in parts for text in part.texts),
        targets=np.concatenate([part.targets for part in parts]),
        sources=np.concatenate([part.sources for part in parts]),
    )
