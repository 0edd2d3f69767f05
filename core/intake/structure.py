"""Checks of an image file's own structure that the decoder leaves out: checksums, missing ends, frame counts."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Literal

FRAME_COUNT_CAP = 1000
"""Frames are counted up to here; a file may hold a million tiny ones only to keep us busy."""

_ZERO_RUN = b"\0" * 16
# Counts per code length of the standard AC tables (ITU-T T.81, K.5 and K.6). With these tables no picture codes
# into sixteen zero bytes in a row; with tables made for one picture a flat area may.
_STANDARD_AC = (
    bytes((0, 2, 1, 3, 3, 2, 4, 3, 5, 5, 4, 4, 0, 0, 1, 0x7D)),
    bytes((0, 2, 1, 2, 4, 4, 3, 4, 7, 5, 4, 4, 0, 1, 2, 0x77)),
)


@dataclass(frozen=True)
class PngStructure:
    """What a walk over the chunks of a PNG found."""

    complete: bool
    """False when the file ends before its end chunk."""
    damaged_chunk: str
    """Type of the first chunk whose checksum is wrong, or empty."""
    bit_depth: int
    colour: bool
    """Whether there is more than one channel."""
    trailing: bool


def walk_png(data: bytes) -> PngStructure:
    """Check every chunk's CRC, which the decoder skips for the picture data.

    Args:
        data: Bytes that begin with the PNG signature.
    """
    view = memoryview(data)
    bit_depth, colour = (data[24], data[25] != 0) if len(data) > 25 else (8, False)
    offset = 8
    while offset + 12 <= len(data):
        length = int.from_bytes(view[offset : offset + 4], "big")
        end = offset + 12 + length
        if end > len(data):
            break
        kind = bytes(view[offset + 4 : offset + 8])
        if zlib.crc32(view[offset + 4 : end - 4]) != int.from_bytes(view[end - 4 : end], "big"):
            return PngStructure(True, kind.decode("ascii", "replace"), bit_depth, colour, False)
        if kind == b"IEND":
            return PngStructure(True, "", bit_depth, colour, end < len(data))
        offset = end
    return PngStructure(False, "", bit_depth, colour, False)


def webp_is_complete(data: bytes) -> bool:
    """Whether the file is as long as its own header says."""
    return int.from_bytes(data[4:8], "little") + 8 <= len(data) + 1  # the pad byte of an odd last chunk may be missing


def jpeg_looks_damaged(data: bytes) -> bool:
    """Notice blanked-out picture data, which JPEG decoders turn into grey stripes without a word.

    Args:
        data: A whole JPEG file.
    """
    start = data.find(b"\xff\xda")
    if start < 0 or not any(table in data[:start] for table in _STANDARD_AC):
        return False
    end = data.find(b"\xff\xd9", start)
    return data.find(_ZERO_RUN, start, end if end > 0 else len(data)) > 0


def jpeg_has_trailing_data(data: bytes) -> bool:
    """Whether something other than padding follows the last end-of-image mark (a zip, a page, another picture)."""
    return not data.rstrip(b"\0\r\n").endswith(b"\xff\xd9")


def count_gif_frames(data: bytes) -> int:
    """Pictures in a GIF, counted without decoding any, at most `FRAME_COUNT_CAP`."""
    if len(data) < 13:
        return 0
    offset, frames = 13 + _colour_table_bytes(data[10]), 0
    while offset < len(data) and frames < FRAME_COUNT_CAP:
        mark = data[offset]
        if mark == 0x21:
            offset = _skip_blocks(data, offset + 2)
        elif mark == 0x2C and offset + 10 <= len(data):
            frames += 1
            offset = _skip_blocks(data, offset + 11 + _colour_table_bytes(data[offset + 9]))
        else:
            break
    return frames


def _colour_table_bytes(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _skip_blocks(data: bytes, offset: int) -> int:
    """Offset behind a chain of length-prefixed blocks."""
    while offset < len(data) and data[offset]:
        offset += data[offset] + 1
    return offset + 1


def count_tiff_pages(data: bytes) -> int:
    """Pages of a classic TIFF, by following its directory chain, at most `FRAME_COUNT_CAP`; 1 for a BigTIFF."""
    order: Literal["little", "big"] = "little" if data[:2] == b"II" else "big"
    if int.from_bytes(data[2:4], order) != 42:
        return 1
    seen: set[int] = set()
    offset = int.from_bytes(data[4:8], order)
    while 8 <= offset <= len(data) - 2 and offset not in seen and len(seen) < FRAME_COUNT_CAP:
        seen.add(offset)
        entries = int.from_bytes(data[offset : offset + 2], order)
        following = offset + 2 + 12 * entries
        offset = int.from_bytes(data[following : following + 4], order)
    return len(seen)
