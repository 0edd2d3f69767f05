"""Tell what a file is from its first bytes; the name it came with proves nothing."""

from __future__ import annotations

READABLE = ("PNG", "JPEG", "GIF", "TIFF", "WEBP", "BMP", "DICOM")
"""Kinds that `read_image` opens."""

EXTENSIONS = {
    "png": "PNG",
    "apng": "PNG",
    "jpg": "JPEG",
    "jpeg": "JPEG",
    "jpe": "JPEG",
    "jfif": "JPEG",
    "gif": "GIF",
    "tif": "TIFF",
    "tiff": "TIFF",
    "webp": "WEBP",
    "bmp": "BMP",
    "dib": "BMP",
    "dcm": "DICOM",
    "dicom": "DICOM",
    "dic": "DICOM",
}
"""File name extension -> kind that it promises."""

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"II*\x00", "TIFF"),
    (b"MM\x00*", "TIFF"),
    (b"II+\x00", "TIFF"),
    (b"MM\x00+", "TIFF"),
    (b"%PDF", "PDF"),
    (b"%!PS", "PostScript"),
    (b"\xc5\xd0\xd3\xc6", "PostScript"),
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"PK\x07\x08", "zip"),
    (b"Rar!\x1a\x07", "RAR"),
    (b"7z\xbc\xaf\x27\x1c", "7-Zip"),
    (b"\x1f\x8b", "gzip"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"\x28\xb5\x2f\xfd", "Zstandard"),
    (b"8BPS", "Photoshop"),
    (b"\x00\x00\x01\x00", "ICO"),
    (b"\x00\x00\x00\x0cjP  \r\n\x87\n", "JPEG 2000"),
    (b"\xff\x4f\xff\x51", "JPEG 2000"),
    (b"\x00\x00\x00\x0cJXL \r\n\x87\n", "JPEG XL"),
    (b"\xff\x0a", "JPEG XL"),
    (b"\x93NUMPY", "NumPy array"),
    (b"\x89HDF\r\n\x1a\n", "HDF5"),
    (b"\x5c\x01\x00\x00", "NIfTI"),
    (b"\x7fELF", "program"),
    (b"MZ", "program"),
    (b"ID3", "audio"),
    (b"OggS", "audio"),
    (b"fLaC", "audio"),
    (b"\x1a\x45\xdf\xa3", "video"),
    (b"SQLite format 3\x00", "SQLite database"),
    (b"PAR1", "Parquet"),
    (b"PARE", "encrypted Parquet"),
    (b"ARROW1", "Arrow"),
    (b"ORC", "ORC"),
    (b"Obj\x01", "Avro"),
    (b"\x80\x02", "pickle"),
    (b"\x80\x03", "pickle"),
    (b"\x80\x04\x95", "pickle"),
    (b"\x80\x05\x95", "pickle"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "Office document"),
    (b"icns", "ICNS"),
    (b"qoif", "QOI"),
    (b"\x76\x2f\x31\x01", "OpenEXR"),
    (b"#?RADIANCE", "Radiance HDR"),
    (b"DDS ", "DDS"),
    (b"gimp xcf", "GIMP"),
    (b"\xd7\xcd\xc6\x9a", "WMF"),
)

_FTYP = dict.fromkeys((b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1"), "HEIC") | {
    b"avif": "AVIF",
    b"avis": "AVIF",
    b"jp2 ": "JPEG 2000",
    b"crx ": "camera raw",
}

_RIFF = {b"WEBP": "WEBP", b"WAVE": "audio", b"AVI ": "video"}

_PREAMBLE = 128
"""Free bytes before the letters DICM."""


def kind_of(data: bytes) -> str:
    """Name of the file type, `empty`, `text` or `unknown`.

    Args:
        data: The bytes as sent; only the beginning is looked at.
    """
    if not data:
        return "empty"
    if data[_PREAMBLE : _PREAMBLE + 4] == b"DICM":
        return "DICOM"
    return _magic_kind(data) or _container_kind(data) or _text_kind(data[:4096])


def _magic_kind(data: bytes) -> str:
    return next((kind for magic, kind in _MAGIC if data.startswith(magic)), "")


def _container_kind(data: bytes) -> str:
    """Kinds told by more than their first bytes, or empty."""
    if data[:4] == b"RIFF":
        return _RIFF.get(data[8:12], "RIFF")
    if data[4:8] == b"ftyp":
        return _FTYP.get(data[8:12], "video")
    # Only two letters: the reserved zero words that follow keep text beginning with BM out.
    if data[:2] == b"BM" and (data[6:10] == b"\0\0\0\0" or data[14:18] == b"\x28\0\0\0"):
        return "BMP"
    return "DICOM" if _is_bare_dicom(data) else ""


def _is_bare_dicom(data: bytes) -> bool:
    """Old files lack the preamble and begin with an element of group 2 or 8 and a known value type or small length."""
    if data[:2] not in (b"\x02\0", b"\x08\0") or len(data) < 8 or data[3] != 0:
        return False
    explicit = data[4:6] in (b"UI", b"CS", b"UL", b"OB", b"LO", b"DA", b"TM", b"SH", b"IS")
    return explicit or int.from_bytes(data[4:8], "little") in range(1, 65)


def _text_kind(head: bytes) -> str:
    """Sort readable text into SVG, HTML, XML, JSON and the rest; `unknown` for anything else."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "text"
    try:
        # The slice may have cut the last character in two.
        text = head[:-3].decode("utf-8", "ignore") if len(head) == 4096 else head.decode("utf-8")
    except UnicodeDecodeError:
        return "unknown"
    if any(ord(char) < 32 and char not in "\t\n\r\f\x1b" for char in text[:512]):
        return "unknown"
    start = text.lstrip("\ufeff \t\r\n").lower()
    if start.startswith("<svg") or (start.startswith(("<?xml", "<!--", "<!doctype svg")) and "<svg" in start):
        return "SVG"
    if start.startswith("<"):
        return "XML" if start.startswith("<?xml") else "HTML"
    return "JSON" if start.startswith(("{", "[")) else "text"
