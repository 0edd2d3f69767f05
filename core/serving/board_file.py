"""Read texts as a file to take away: one line per text with what was made of it."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from core.data.texts import LABELS
from core.intake.exports import safe_cell
from core.intake.personal import mask_all
from core.intake.table_exports import safe_texts, write_batches
from core.serving.board import ScoredTexts

VERDICTS: Final = ("negative", "undecided", "positive", "unread")
"""Words of the column `reading`, in the order of `core.data.board`; scripts look for them."""
_AT_ONCE: Final = 20_000


def board_csv(scored: ScoredTexts, notice: str = "", *, masked: bool = True) -> bytes:
    """One line per text in UTF-8 with a byte order mark: the text, what the model made of it, and which model.

    Cells that a spreadsheet would run as formulas are escaped. Model, version and `notice` stand in every line, so that
    one cut out of the file still carries them.

    Args:
        scored: The texts.
        notice: Sentence of the sector; the column is left out without one.
        masked: Put marks in the place of personal data in texts, ids and categories.
    """
    buffer = io.BytesIO()
    write_batches(buffer, _batches(scored, notice, masked))
    return buffer.getvalue()


def _batches(scored: ScoredTexts, notice: str, masked: bool) -> Iterator[pa.RecordBatch]:
    for start in range(0, max(1, len(scored)), _AT_ONCE):
        part = slice(start, min(start + _AT_ONCE, len(scored)))
        columns = {**_sent(scored, part, masked), **_found(scored, part, notice)}
        yield pa.record_batch(list(columns.values()), list(columns))


def _sent(scored: ScoredTexts, part: slice, masked: bool) -> dict[str, pa.Array]:
    """What the table said of the texts."""
    table = scored.table
    # Numbers of rows are ours and nobody's.
    columns = {"id": _texts(table.ids[part], masked and "id" in table.columns)}
    columns["text"] = _texts(table.texts[part], masked)
    if table.time is not None:
        columns["time"] = pa.array(np.datetime_as_string(table.time[part], "s"), pa.large_string())
    if table.category is not None:
        names, places = np.unique(table.category[part], return_inverse=True)
        columns["category"] = _texts(names, masked).take(pa.array(places))
    if table.label is not None:
        columns["label"] = _named(table.label[part], (*LABELS, ""))
    return columns


def _found(scored: ScoredTexts, part: slice, notice: str) -> dict[str, pa.Array]:
    """What the model made of them."""
    said = {
        "model": scored.model.architecture,
        "version": scored.model.version,
        **({"notice": notice} if notice else {}),
    }
    rows = len(scored.scores[part])
    return {
        "language": pa.array(scored.languages[part], pa.large_string()),
        "score_positive": pa.array(scored.scores[part].astype(np.float64).round(6)),
        "reading": _named(scored.verdicts[part], VERDICTS),
        "reason": pa.array(scored.reasons[part], pa.large_string()),
        **{name: pa.array([safe_cell(value)] * rows, pa.large_string()) for name, value in said.items()},
    }


def _texts(values: Any, masked: bool) -> pa.Array:
    texts = [str(value) for value in values]
    return safe_texts(pa.array(mask_all(texts)[0] if masked else texts, pa.large_string()))


def _named(places: NDArray[np.integer], names: tuple[str, ...]) -> pa.Array:
    """The name of each place; -1 is the last one."""
    return pa.array(names, pa.large_string()).take(pa.array(places.astype(np.int64) % len(names)))
