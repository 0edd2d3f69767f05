"""Parquet files: rows, columns, types and sizes are checked in the metadata before any value is read."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import parquet as arrow_parquet
from pyarrow import types as kinds

from core.contracts import N_, Message
from core.errors import InputRefused
from core.intake.labels import clean_text
from core.intake.table_refusals import check_cells, check_columns, check_names, named_columns, no_rows, too_many_rows
from core.settings import Limits

_WHOLE: dict[pa.DataType, object] = {
    pa.int8(): pd.Int8Dtype(),
    pa.int16(): pd.Int16Dtype(),
    pa.int32(): pd.Int32Dtype(),
    pa.int64(): pd.Int64Dtype(),
    pa.uint8(): pd.UInt8Dtype(),
    pa.uint16(): pd.UInt16Dtype(),
    pa.uint32(): pd.UInt32Dtype(),
    pa.uint64(): pd.UInt64Dtype(),
    pa.bool_(): pd.BooleanDtype(),
}
"""Types of columns with empty cells, where the usual ones would round large numbers or turn into objects."""


def read_parquet_table(data: bytes | Path, label: str, rows_max: int, bytes_max: int, limits: Limits) -> pd.DataFrame:
    """Read a parquet file of plain columns.

    Args:
        data: The bytes as sent, or a file on this machine.
        label: Its name, for messages.
        rows_max: Rows let through.
        bytes_max: Bytes that the columns may take unpacked.
        limits: For the number of columns.

    Returns:
        Typed columns under trimmed names; the index is the row number from 1.

    Raises:
        InputRefused: When it is damaged or encrypted, beyond a limit, or holds columns that are no plain values.
    """
    try:
        source = data if isinstance(data, Path) else io.BytesIO(data)
        with arrow_parquet.ParquetFile(source, page_checksum_verification=True) as file:
            _check_metadata(file, label, rows_max, bytes_max, limits)
            texts = [entry.name for entry in file.schema_arrow if _is_text(entry.type)]
        source = data if isinstance(data, Path) else io.BytesIO(data)
        # Every distinct text once: a file of a few bytes may repeat a long one in all its rows.
        with arrow_parquet.ParquetFile(source, read_dictionary=texts, page_checksum_verification=True) as file:
            table = file.read()
        return _as_frame(table, label, bytes_max)
    except (pa.ArrowException, OSError, ValueError, OverflowError, MemoryError):
        template = N_("{name}: the Parquet file is damaged, encrypted or of an unusual variant.")
        hint = Message(N_("Write it again, for instance with pandas or DuckDB, or send it as CSV."))
        raise InputRefused("table.damaged", Message(template, {"name": label}), hint) from None


def parquet_names(path: Path) -> list[str]:
    """Names of the columns of a file on this machine; empty when it cannot be read."""
    try:
        return named_columns(arrow_parquet.read_schema(path).names)
    except (pa.ArrowException, OSError, ValueError):
        return []


def _is_text(kind: pa.DataType) -> bool:
    return bool(kinds.is_string(kind) or kinds.is_large_string(kind) or kinds.is_string_view(kind))


def _check_metadata(file: arrow_parquet.ParquetFile, label: str, rows_max: int, bytes_max: int, limits: Limits) -> None:
    """Everything that can be refused without reading a value."""
    metadata, schema = file.metadata, file.schema_arrow
    check_columns(max(metadata.num_columns, len(schema)), label, limits)
    check_names(named_columns(schema.names), label)
    if metadata.num_rows > rows_max:
        raise too_many_rows(label, metadata.num_rows, rows_max)
    if metadata.num_rows == 0 or not schema.names:
        raise no_rows(label)
    for entry in schema:
        if not _is_plain(entry.type):
            found = {"name": label, "column": clean_text(entry.name), "kind": str(entry.type)[:40]}
            template = N_("{name}: the column {column} is of the type {kind}; a table holds plain values.")
            hint = Message(N_("Write numbers, texts, times or true and false, one value per cell."))
            raise InputRefused("table.column_type", Message(template, found), hint)
    groups = range(metadata.num_row_groups)
    unpacked = sum(metadata.row_group(group).total_byte_size for group in groups)
    check_cells(label, max(unpacked, 8 * metadata.num_rows * len(schema)), bytes_max)


def _is_plain(kind: pa.DataType) -> bool:
    if kinds.is_dictionary(kind):
        return _is_plain(kind.value_type)
    tests = (kinds.is_integer, kinds.is_floating, kinds.is_boolean, kinds.is_decimal, kinds.is_temporal, kinds.is_null)
    binary = kinds.is_binary(kind) or kinds.is_large_binary(kind)  # texts, in files of some older writers
    return binary or _is_text(kind) or any(test(kind) for test in tests)


def _as_frame(table: pa.Table, label: str, bytes_max: int) -> pd.DataFrame:
    """Plain pandas columns, each of a type that keeps its values."""
    columns: dict[str, pa.ChunkedArray] = {}
    texts = 0
    for name, column in zip(named_columns(table.column_names), table.columns, strict=True):
        kind = column.type.value_type if kinds.is_dictionary(column.type) else column.type
        if kinds.is_dictionary(column.type) and _is_text(kind):
            texts += _text_bytes(column)
            check_cells(label, texts, bytes_max)
        columns[name] = _plain(column, kind)
    frame: pd.DataFrame = pa.table(columns).to_pandas(
        ignore_metadata=True,
        date_as_object=False,
        types_mapper={
            kind: dtype
            for kind, dtype in _WHOLE.items()
            if any(column.type == kind and column.null_count for column in columns.values())
        }.get,
    )
    frame.index = pd.RangeIndex(1, len(frame) + 1, name="row")
    return frame


def _text_bytes(column: pa.ChunkedArray) -> int:
    """Bytes of a column of texts when every cell holds its own."""
    total = 0
    for chunk in column.chunks:
        lengths = pc.binary_length(chunk.dictionary).fill_null(0).to_numpy(zero_copy_only=False)
        total += int(lengths[chunk.indices.drop_null().to_numpy()].astype(np.int64).sum())
    return total


def _plain(column: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
    """Numbers, texts, truth values, or times to the microsecond."""
    if kinds.is_decimal(kind) or kinds.is_float16(kind):
        return column.cast(pa.float64())
    if kinds.is_duration(kind):  # as seconds, like the numbers that other files hold
        return pc.divide(column.cast(pa.duration("us")).cast(pa.int64()).cast(pa.float64()), 1e6)
    if kinds.is_date(kind):
        return column.cast(pa.timestamp("s"))
    if kinds.is_timestamp(kind):
        return column.cast(pa.timestamp("us", kind.tz), safe=False)
    plain = kinds.is_integer(kind) or kinds.is_floating(kind) or kinds.is_boolean(kind)
    return column.cast(kind if plain else pa.large_string())
