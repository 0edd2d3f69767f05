"""Builders of valid and broken files, all in memory."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from typing import Any

import numpy as np
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian, generate_uid


def picture(width: int = 64, height: int = 48, seed: int = 0) -> np.ndarray:
    """A smooth grey picture (H, W) that uses the whole range and has no symmetry."""
    y, x = np.mgrid[0:height, 0:width].astype(float)
    values = 255 * (0.55 * x / max(width - 1, 1) + 0.45 * (y / max(height - 1, 1)) ** 2)
    values[: height // 3, : width // 4] = 255
    values[0, 0] = 0
    noisy = values + np.random.default_rng(seed).normal(0, 1, values.shape)
    return np.asarray(noisy.clip(0, 255), np.uint8)


def encode(image: Image.Image | np.ndarray, form: str = "PNG", **options: Any) -> bytes:
    if isinstance(image, np.ndarray):
        image = Image.fromarray(image)
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


def colour(width: int = 64, height: int = 48) -> Image.Image:
    grey = picture(width, height)
    return Image.fromarray(np.stack([grey, grey[::-1], grey[:, ::-1]], axis=2))


def png_chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png_of_size(width: int, height: int, colour_type: int = 0) -> bytes:
    """A PNG that states a size and holds next to nothing."""
    header = struct.pack(">IIBBBBB", width, height, 8, colour_type, 0, 0, 0)
    body = png_chunk(b"IHDR", header) + png_chunk(b"IDAT", zlib.compress(b"\0" * 100)) + png_chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def png_without(chunk: bytes, data: bytes) -> bytes:
    """The same PNG without one kind of chunk."""
    out, at = data[:8], 8
    while at < len(data):
        length = int.from_bytes(data[at : at + 4], "big") + 12
        if data[at + 4 : at + 8] != chunk:
            out += data[at : at + length]
        at += length
    return out


def gif_frames(count: int) -> bytes:
    frames = [Image.fromarray(picture(32, 24, seed)) for seed in range(count)]
    return encode(frames[0], "GIF", save_all=True, append_images=frames[1:])


def dicom(values: np.ndarray, syntax: UID = ExplicitVRLittleEndian, **fields: Any) -> bytes:
    """A DICOM file with a patient's name in it; `fields` replace or add elements."""
    header = Dataset()
    header.file_meta = FileMetaDataset()
    header.file_meta.TransferSyntaxUID = syntax
    header.file_meta.MediaStorageSOPClassUID = UID("1.2.840.10008.5.1.4.1.1.1")
    header.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    header.SOPClassUID = header.file_meta.MediaStorageSOPClassUID
    header.SOPInstanceUID = header.file_meta.MediaStorageSOPInstanceUID
    header.PatientName, header.PatientID = "CANARY^PATIENT", "CANARY-17"
    header.Rows, header.Columns = values.shape[-2:] if values.ndim == 2 or values.shape[-1] != 3 else values.shape[:2]
    header.SamplesPerPixel, header.PhotometricInterpretation = 1, "MONOCHROME2"
    header.BitsAllocated = header.BitsStored = values.dtype.itemsize * 8
    header.HighBit, header.PixelRepresentation = header.BitsStored - 1, int(values.dtype.kind == "i")
    header.PixelData = values.tobytes()
    for name, value in fields.items():
        setattr(header, name, value)
    out = io.BytesIO()
    header.save_as(out, enforce_file_format=True)
    return out.getvalue()


def pack(entries: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return out.getvalue()


def pack_infos(entries: list[tuple[zipfile.ZipInfo, bytes]]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for info, content in entries:
            archive.writestr(info, content)
    return out.getvalue()


def images(count: int, prefix: str = "", start: int = 0) -> dict[str, bytes]:
    """Distinct PNG files called `<prefix>0.png` and so on."""
    made = {}
    for number in range(start, start + count):
        values = np.random.default_rng(number).integers(0, 255, (6, 5), dtype=np.uint8)
        made[f"{prefix}{number}.png"] = encode(Image.fromarray(values).resize((40, 32), Image.Resampling.BICUBIC))
    return made
