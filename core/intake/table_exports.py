"""Large tables as CSV that goes back to a visitor: the rules of `core.intake.exports`, column by column."""

from __future__ import annotations

from collections.abc import Iterable
from typing import IO, Final

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from core.intake.exports import FORMULA_STARTS, NEGATIVE

_MARK: Final = b"\xef\xbb\xbf"


def safe_texts(texts: pa.Array) -> pa.Array:
    """What `core.intake.exports.safe_cell` makes of each of the texts, (N,)."""
    formula = pc.is_in(pc.utf8_slice_codeunits(texts, 0, 1), value_set=pa.array(FORMULA_STARTS, texts.type))
    if not pc.any(formula).as_py():
        return texts
    formula = pc.and_not(formula, pc.match_substring_regex(texts, f"^({NEGATIVE.pattern})$"))
    quote, nothing = (pa.scalar(text, texts.type) for text in ("'", ""))
    return pc.if_else(formula, pc.binary_join_element_wise(quote, texts, nothing), texts)


def write_batches(file: IO[bytes], batches: Iterable[pa.RecordBatch]) -> None:
    """Write batches of one schema in UTF-8 with a byte order mark, so that spreadsheets read Chinese.

    Texts and names of columns have to be safe already.
    """
    file.write(_MARK)
    writer: csv.CSVWriter | None = None
    for batch in batches:
        writer = writer or csv.CSVWriter(file, batch.schema)
        writer.write(batch)
    if writer is not None:
        writer.close()
