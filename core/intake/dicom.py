"""DICOM: first frame, rescaled, windowed, the right way round; no tag survives, their names are listed."""

from __future__ import annotations

import io
import logging
import struct
from typing import Any

import numpy as np
import pydicom
from numpy.typing import NDArray
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import get_frame
from pydicom.filereader import read_partial
from pydicom.pixels.decoders.base import get_decoder
from pydicom.pixels.processing import apply_color_lut, apply_modality_lut, apply_voi_lut
from pydicom.pixels.utils import pixel_array
from pydicom.uid import ImplicitVRLittleEndian, JPEG2000TransferSyntaxes, JPEGTransferSyntaxes

from core.contracts import N_, Message
from core.errors import InputRefused
from core.intake import raster
from core.intake.refusals import damaged, ends_early
from core.settings import Limits

# pydicom's log quotes values of the fields it stumbles over, which may be a patient's.
logging.getLogger("pydicom").setLevel(logging.CRITICAL + 1)

_DEFLATED = "1.2.840.10008.1.2.1.99"
_ELEMENTS_MAX = 5_000
"""Fields at the top level; real images hold a few hundred."""

_HEADER_BYTES_MAX = 4 * 2**20
"""Bytes before the pixel data."""

_PIXEL_TAGS = (b"\xe0\x7f\x10\x00", b"\x7f\xe0\x00\x10", b"\xe0\x7f\x08\x00", b"\xe0\x7f\x09\x00")
_TECHNICAL_GROUPS = {0x0002, 0x0028, 0x7FE0}
"""File meta, image description and pixel data: no person's fields."""


def decode(data: bytes, label: str, limits: Limits) -> tuple[raster.Pixels, list[Message], list[str]]:
    """Read the first frame of a DICOM file as it would be shown on a screen.

    Args:
        data: The bytes as sent.
        label: Name for messages.
        limits: Checked on the header, before any pixel is decoded.

    Returns:
        Pixels (H, W, 3), what was converted, and the names of the fields left behind.

    Raises:
        InputRefused: Never with a value of a field in it.
    """
    try:
        header = _read(data, label)
        raster.check_size(label, int(header.get("Columns", 0)), int(header.get("Rows", 0)), limits)
        _check_frame(header, label)
        notices: list[Message] = []
        pixels = _shown(header, label, notices)
    except InputRefused:
        raise
    except (EOFError, struct.error):
        raise ends_early(label, "DICOM") from None
    except Exception as error:  # noqa: BLE001 - hostile bytes make the parser raise anything
        short = "less than expected" in str(error) or "end of file" in str(error).lower()
        raise (ends_early if short else damaged)(label, "DICOM") from None
    return pixels, notices + _warnings(header), _field_names(header)


def _read(data: bytes, label: str) -> Dataset:
    """Parse the header and hold the pixel data undecoded."""
    first_pixels = min((at for tag in _PIXEL_TAGS if (at := data.find(tag)) >= 0), default=-1)
    if first_pixels < 0:
        raise InputRefused(
            "dicom.no_image",
            Message(N_("{name}: this DICOM file holds no image."), {"name": label}),
            Message(N_("Send the image object itself, not a report or a directory file.")),
        )
    if first_pixels > _HEADER_BYTES_MAX or _syntax_in_meta(data) == _DEFLATED:
        raise _unsupported(label, "Deflated" if first_pixels <= _HEADER_BYTES_MAX else "oversized header")
    seen = 0

    def too_many(tag: object, value_type: object, length: int) -> bool:
        nonlocal seen
        seen += 1
        if seen > _ELEMENTS_MAX:
            raise damaged(label, "DICOM")
        return False

    dataset = read_partial(io.BytesIO(data), stop_when=too_many, force=True)
    meta = getattr(dataset, "file_meta", None) or FileMetaDataset()
    if "TransferSyntaxUID" not in meta:
        meta.TransferSyntaxUID = ImplicitVRLittleEndian  # the standard's default, and what bare files use
    dataset.file_meta = meta
    return dataset


def _syntax_in_meta(data: bytes) -> str:
    """The transfer syntax, read before the parser, which would inflate a deflated file without a limit."""
    at = 132
    while at + 8 <= len(data) and data[at : at + 2] == b"\x02\0":
        element, kind = data[at + 2 : at + 4], data[at + 4 : at + 6]
        if kind in (b"OB", b"UN", b"OW", b"SQ", b"UT"):
            start, length = at + 12, int.from_bytes(data[at + 8 : at + 12], "little")
        else:
            start, length = at + 8, int.from_bytes(data[at + 6 : at + 8], "little")
        if element == b"\x10\0":
            return data[start : start + length].rstrip(b"\0 ").decode("ascii", "replace")
        at = start + length
    return ""


def _unsupported(label: str, what: str) -> InputRefused:
    return InputRefused(
        "dicom.unsupported",
        Message(N_("{name}: this kind of DICOM is not supported here ({what})."), {"name": label, "what": what}),
        Message(N_("Export it as uncompressed DICOM (Explicit VR Little Endian) or as PNG.")),
    )


def _check_frame(header: Dataset, label: str) -> None:
    """Refuse syntaxes without a decoder, and compressed frames of another size than the header states."""
    syntax = header.file_meta.TransferSyntaxUID
    if not syntax.is_transfer_syntax:
        raise _unsupported(label, "unknown transfer syntax")
    try:
        decoder = get_decoder(syntax) if syntax.is_compressed else None
    except NotImplementedError:
        raise _unsupported(label, syntax.name) from None
    if decoder is not None and not decoder.is_available:
        raise _unsupported(label, syntax.name)
    if syntax in JPEGTransferSyntaxes + JPEG2000TransferSyntaxes:
        frame = get_frame(header.PixelData, 0, number_of_frames=_frames(header))
        with Image.open(io.BytesIO(frame), formats=["JPEG", "JPEG2000"]) as inner:
            if inner.size != (header.Columns, header.Rows):
                raise damaged(label, "DICOM")


def _frames(header: Dataset) -> int:
    return max(1, int(header.get("NumberOfFrames", 1) or 1))


def _shown(header: Dataset, label: str, notices: list[Message]) -> raster.Pixels:
    """Pixels (H, W, 3) of the first frame."""
    frame: NDArray[Any] = pixel_array(header, index=0)
    if _frames(header) > 1:
        notices.append(Message(N_("Frame 1 of {count} was used."), {"count": _frames(header)}))
    photometric = str(header.get("PhotometricInterpretation", "MONOCHROME2"))
    if photometric == "PALETTE COLOR":
        frame = apply_color_lut(frame, header)
        notices.append(Message(N_("Palette colours were turned into full colours.")))
    if frame.ndim == 3:
        if frame.dtype != np.uint8:
            frame = (frame >> 8 * (frame.dtype.itemsize - 1)).astype(np.uint8)
        return np.asarray(raster.shrink(Image.fromarray(frame[..., :3])).convert("RGB"))
    inverted = photometric == "MONOCHROME1"
    grey = _windowed(_without_padding(frame, header, inverted), header, label, notices)
    if inverted:
        grey = 255 - grey
        notices.append(Message(N_("Inverted, because the file counts from white to black.")))
    return np.repeat(grey[..., None], 3, axis=2)


def _without_padding(frame: NDArray[Any], header: Dataset, inverted: bool) -> NDArray[Any]:
    """Give the filling outside the picture the value that shows as black, so that it does not stretch the range."""
    padding = header.get("PixelPaddingValue")
    if not isinstance(padding, int) or not (outside := frame == padding).any() or outside.all():
        return frame
    inside = frame[~outside]
    return np.where(outside, inside.max() if inverted else inside.min(), frame)


def _windowed(frame: NDArray[Any], header: Dataset, label: str, notices: list[Message]) -> NDArray[np.uint8]:
    """Modality rescale, then the window or look-up table of the file, else minimum to maximum."""
    small = np.asarray(raster.shrink(Image.fromarray(frame.astype(np.float32), "F")))
    if frame.dtype.kind in "iu":
        small = np.rint(small).astype(np.int32)  # look-up tables need whole numbers
    values: NDArray[Any] = apply_modality_lut(small, header)
    if not ("VOILUTSequence" in header or ("WindowCenter" in header and "WindowWidth" in header)):
        if frame.dtype == np.uint8 and np.array_equal(values, small):
            return small.astype(np.uint8)  # already what a screen shows
        scaled, note = raster.scale_to_bytes(label, values)
        notices.append(note)
        return scaled
    try:
        shown = apply_voi_lut(values, header, index=0)
        # The range of the result is known to the window alone, so it is asked with the two extremes.
        low, high = np.asarray(apply_voi_lut(np.array([-(2**30), 2**30]), header, index=0), np.float64)
    except (ValueError, TypeError, IndexError, AttributeError, NotImplementedError):
        scaled, note = raster.scale_to_bytes(label, values)
        notices += [Message(N_("The file's window is not valid and was ignored.")), note]
        return scaled
    notices.append(Message(N_("The window stored in the file was applied.")))
    if high == low:
        low, high = float(shown.min()), max(float(shown.max()), float(shown.min()) + 1)
    unit = (np.asarray(shown, np.float64) - low) / (high - low)
    return np.asarray(np.rint(unit.clip(0, 1) * 255), np.uint8)


def _warnings(header: Dataset) -> list[Message]:
    """Text drawn into the picture cannot be stripped; only NO in the header rules it out."""
    burned = str(header.get("BurnedInAnnotation", "")).upper()
    if burned == "NO":
        return []
    if burned == "YES":
        return [Message(N_("The file says that text is burned into the picture; it may identify a person."))]
    return [Message(N_("Text may be burned into the picture; check that it identifies nobody."))]


def _field_names(header: Dataset) -> list[str]:
    """Names of the fields that were left behind, private ones by their number."""
    names = set()
    for tag in header.keys():  # noqa: SIM118 - iterating the data set itself would decode every value
        if tag.group not in _TECHNICAL_GROUPS:
            known = pydicom.datadict.keyword_for_tag(tag)
            names.add(known or f"({tag.group:04x},{tag.element:04x})")
    return sorted(names)
