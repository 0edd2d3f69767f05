"""One sent image -> one `ImageSample`: limits before decoding, everything converted is said, metadata dropped."""

from __future__ import annotations

import hashlib
import io
import re
import threading
import warnings

import numpy as np
from PIL import ExifTags, Image, ImageCms, UnidentifiedImageError

from core.contracts import N_, ImageSample, Message
from core.errors import InputRefused
from core.intake import raster, structure
from core.intake.labels import display_label
from core.intake.refusals import damaged, ends_early, wrong_kind
from core.intake.sniff import EXTENSIONS, READABLE, kind_of
from core.settings import Limits, settings

_DECODING = threading.RLock()
# One picture is decoded at a time: that bounds the memory of a burst of uploads, and the recording of the
# decoder's warnings, which Python keeps per process, needs it.

_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""EXIF orientation -> the turn that undoes it."""

_WIDE_MODES = {"I", "F", "I;16", "I;16B", "I;16L", "I;16N"}

_DEEP = N_("Values of 16 bit per channel were reduced to 8 bit.")

_METADATA = {
    "icc_profile": "ICC profile",
    "xmp": "XMP",
    "XML:com.adobe.xmp": "XMP",
    "comment": "Comment",
    "photoshop": "Photoshop",
    "mp": "MPF",
}
"""Key in Pillow's `info` -> name shown in the list of removed fields."""


def read_image(data: bytes, name: str, limits: Limits | None = None) -> ImageSample:
    """Read one image of a known format: PNG, JPEG, TIFF, WebP, GIF, BMP or DICOM.

    Args:
        data: The bytes as sent.
        name: The name they came with; used as a label and to warn of a wrong extension, never as a path.
        limits: What is let through; the settings' limits when omitted.

    Returns:
        Upright RGB pixels with the longest side at most `raster.LONGEST_SIDE`, and what was converted on the way.

    Raises:
        InputRefused: With a code, what came, what is allowed and what to do.
    """
    limits = limits or settings().limits
    label = display_label(name)
    kind = _check_bytes(data, label, limits)
    with _DECODING, warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        if kind == "DICOM":
            from core.intake import dicom  # pydicom takes a fifth of a second to import

            pixels, notices, removed = dicom.decode(data, label, limits)
        else:
            pixels, notices, removed = _decode(data, kind, label, limits)
    if heard and kind != "DICOM":
        notices.append(Message(N_("The file's metadata is damaged and was ignored.")))
    notices += _extension_notice(name, kind)
    notices += raster.blank_notice(pixels)
    return ImageSample(label, pixels, hashlib.sha256(data).hexdigest(), tuple(notices), tuple(removed))


def _check_bytes(data: bytes, label: str, limits: Limits) -> str:
    """The kind of an image that may be decoded; refuses everything else."""
    if not data:
        raise InputRefused(
            "image.empty",
            Message(N_("{name}: the file is empty."), {"name": label}),
            Message(N_("Export the image again and check that the file has a size.")),
        )
    if len(data) > limits.image_bytes:
        found = {"name": label, "found": f"{len(data) / 2**20:.1f}", "limit": f"{limits.image_bytes / 2**20:g}"}
        raise InputRefused(
            "image.too_many_bytes",
            Message(N_("{name}: {found} MB; the limit is {limit} MB per image."), found),
            Message(N_("Reduce the image, or save it as JPEG.")),
        )
    kind = kind_of(data)
    if kind == "unknown" and EXTENSIONS.get(label.rpartition(".")[2].lower()) == "DICOM":
        kind = "DICOM"
    if kind not in READABLE:
        raise wrong_kind(label, kind)
    return kind


def _decode(data: bytes, kind: str, label: str, limits: Limits) -> tuple[raster.Pixels, list[Message], list[str]]:
    """Open, check, load and convert with Pillow; every way in which a decoder can fail becomes a refusal."""
    notices = _check_structure(data, kind, label)
    try:
        with Image.open(io.BytesIO(data), formats=[kind]) as image:
            raster.check_size(label, *image.size, limits)
            removed = _metadata_names(image)
            orientation = _orientation(image)
            notices += _profile_notice(image)
            if kind == "JPEG":
                # Lets the decoder leave out detail that `shrink` would remove; never goes below the size asked.
                image.draft(None, (raster.LONGEST_SIDE, raster.LONGEST_SIDE))
            image.load()
            notices += _frame_notice(data, kind, image)
            plain = _to_rgb(image, label, notices)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        figure = re.search(r"\d+", str(error))
        raise raster.too_many_pixels(label, int(figure[0]) if figure else 0, limits) from None
    except UnidentifiedImageError:
        raise damaged(label, kind) from None
    except (InputRefused, KeyboardInterrupt):
        raise
    except Exception as error:  # noqa: BLE001 - hostile bytes make decoders raise anything, MemoryError included
        raise (ends_early if "truncated" in str(error).lower() else damaged)(label, kind) from None
    if orientation in _UPRIGHT:
        notices.append(Message(N_("Turned upright, as the file's orientation mark says.")))
        if kind != "TIFF":  # Pillow has turned TIFF while loading
            plain = plain.transpose(_UPRIGHT[orientation])
    return np.asarray(plain), notices, removed


def _check_structure(data: bytes, kind: str, label: str) -> list[Message]:
    """What the decoder would not notice: missing ends, wrong checksums, blanked data, something appended."""
    notices: list[Message] = []
    trailing = False
    if kind == "PNG":
        found = structure.walk_png(data)
        if found.damaged_chunk:
            raise damaged(label, kind)
        if not found.complete:
            raise ends_early(label, kind)
        trailing = found.trailing
        if found.bit_depth == 16 and found.colour:
            notices.append(Message(_DEEP))
    elif kind == "WEBP" and not structure.webp_is_complete(data):
        raise ends_early(label, kind)
    elif kind == "JPEG":
        trailing = structure.jpeg_has_trailing_data(data)
        if structure.jpeg_looks_damaged(data):
            notices.append(Message(N_("Part of the JPEG data is blank; the file may be damaged.")))
    if trailing:
        notices.append(Message(N_("The file holds other data after the image; it was ignored.")))
    return notices


def _to_rgb(image: Image.Image, label: str, notices: list[Message]) -> Image.Image:
    """A loaded picture of any mode as RGB of bounded size; appends what was done to `notices`."""
    if image.mode in _WIDE_MODES:
        values = np.asarray(image)
        scaled, note = raster.scale_to_bytes(label, values)
        notices.append(note)
        if _white_is_zero(image):
            scaled = 255 - scaled
            notices.append(Message(N_("Inverted, because the file counts from white to black.")))
        return raster.shrink(Image.fromarray(scaled)).convert("RGB")
    if _deep_tiff(image):
        notices.append(Message(_DEEP))
    if image.mode == "P" or image.has_transparency_data:
        if image.mode == "P":
            notices.append(Message(N_("Palette colours were turned into full colours.")))
        plain, transparent = raster.on_white(raster.shrink(image.convert("RGBA")))
        if transparent:
            notices.append(Message(N_("Transparent parts were put on white.")))
        return plain
    if image.mode not in {"1", "L", "RGB"}:
        notices.append(Message(N_("Converted from {mode} to RGB."), {"mode": image.mode}))
    return raster.shrink(image.convert("RGB"))


def _white_is_zero(image: Image.Image) -> bool:
    """TIFF may count from white; Pillow inverts only 1 and 8 bit."""
    tags = getattr(image, "tag_v2", None)
    return tags is not None and tags.get(262) == 0


def _deep_tiff(image: Image.Image) -> bool:
    """Whether Pillow has kept only the high byte of a TIFF's 16-bit channels."""
    tags = getattr(image, "tag_v2", None)
    return tags is not None and max(tags.get(258, (8,)), default=8) > 8


def _orientation(image: Image.Image) -> int:
    """EXIF orientation 1 to 8; 1 when the field is absent or unreadable."""
    try:
        return int(image.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:  # noqa: BLE001 - EXIF is a file format of its own, with as many ways to be broken
        return 1


def _profile_notice(image: Image.Image) -> list[Message]:
    """Colour profiles are not applied; say so when one is broken."""
    profile = image.info.get("icc_profile")
    if not profile:
        return []
    try:
        ImageCms.ImageCmsProfile(io.BytesIO(profile))
    except (OSError, TypeError, ValueError):
        return [Message(N_("The colour profile is broken and was ignored."))]
    return []


def _frame_notice(data: bytes, kind: str, image: Image.Image) -> list[Message]:
    """Say that only the first picture of several was used."""
    if kind == "GIF":
        frames = structure.count_gif_frames(data)
    elif kind == "TIFF":
        frames = structure.count_tiff_pages(data)
    else:
        frames = int(getattr(image, "n_frames", 1))  # PNG and WebP state it in their header
    if frames <= 1:
        return []
    if frames >= structure.FRAME_COUNT_CAP:
        return [Message(N_("Frame 1 of at least {count} was used."), {"count": frames})]
    return [Message(N_("Frame 1 of {count} was used."), {"count": frames})]


def _metadata_names(image: Image.Image) -> list[str]:
    """Names of the metadata fields that are left behind; names of unknown fields could carry content."""
    names = {shown for key, shown in _METADATA.items() if key in image.info}
    if getattr(image, "text", None) if image.format == "PNG" else None:
        names.add("Text")
    try:
        exif = image.getexif()
        if image.format == "TIFF":  # its own layout lies in the same directory
            layout = {"ImageWidth", "ImageLength", "BitsPerSample", "Compression", "PhotometricInterpretation"}
            layout |= {"StripOffsets", "SamplesPerPixel", "RowsPerStrip", "StripByteCounts", "PlanarConfiguration"}
        else:
            layout = set()
        names |= {ExifTags.TAGS[tag] for tag in exif if tag in ExifTags.TAGS} - layout
    except Exception:  # noqa: BLE001 - see _orientation
        names.add("EXIF")
    return sorted(names)


def _extension_notice(name: str, kind: str) -> list[Message]:
    """Warn when the name promises another format, or none we know."""
    extension = display_label(name).rpartition(".")[2].lower() if "." in name else ""
    if not extension or EXTENSIONS.get(extension) == kind:
        return []
    return [
        Message(
            N_("The name ends in .{extension}, but the content is {kind}."), {"extension": extension[:10], "kind": kind}
        )
    ]


def png_text(data: bytes, key: str) -> str:
    """A text chunk of a PNG that `read_image` has let through; empty when it has none of that name."""
    with Image.open(io.BytesIO(data), formats=["PNG"]) as image:
        return str(image.info.get(key, ""))
