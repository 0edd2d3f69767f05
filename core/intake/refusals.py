"""The refusals that several readers share, each saying what came, what is allowed and what to do."""

from __future__ import annotations

from core.contracts import N_, Message
from core.errors import InputRefused

REFUSED_SHARE_MAX = 0.2
"""Above this share of unusable entries or rows the whole is refused: it is not what it was taken for."""

_ACCEPTED = "PNG, JPEG, TIFF, WebP, GIF, BMP, DICOM"

_HINTS = {
    "PDF": N_("Export the page as PNG and send that."),
    "SVG": N_("Export the drawing as PNG and send that."),
    "HEIC": N_("Export the photo as JPEG (on an iPhone: Settings, Camera, Formats, Most Compatible)."),
    "zip": N_("Send a zip where a zip is asked for, or unpack it and send the images."),
    "text": N_("Check that the right file was chosen."),
    "HTML": N_("The download may have been a login page; fetch the image again."),
}
"""Kind of file -> what helps; other kinds get the general advice."""


def wrong_kind(label: str, kind: str) -> InputRefused:
    """The file is something else than an image we read; names what it is."""
    hint = Message(_HINTS.get(kind, N_("Export it as PNG or JPEG and send that.")))
    if kind == "unknown":
        found = N_("{name}: the content is no image that we know; accepted are {accepted}.")
    elif kind == "text":
        found = N_("{name}: the content is plain text; accepted are {accepted}.")
    else:
        found = N_("{name}: the content is {kind}; accepted are {accepted}.")
    return InputRefused("image.wrong_kind", Message(found, {"name": label, "kind": kind, "accepted": _ACCEPTED}), hint)


def ends_early(label: str, kind: str) -> InputRefused:
    """The file was cut."""
    return InputRefused(
        "image.truncated",
        Message(N_("{name}: the {kind} file ends early."), {"name": label, "kind": kind}),
        Message(N_("Export or copy the file again.")),
    )


def damaged(label: str, kind: str) -> InputRefused:
    """The file's content contradicts itself or uses a variant that the decoder lacks."""
    return InputRefused(
        "image.damaged",
        Message(N_("{name}: the {kind} data is damaged or of an unusual variant."), {"name": label, "kind": kind}),
        Message(N_("Open it in an image program and save it as PNG, or export it again.")),
    )


def mostly_refused(taken: int, refused: int) -> bool:
    """Whether nothing, or too little, of a collection or table can be used."""
    return refused > 0 and (not taken or refused > REFUSED_SHARE_MAX * (taken + refused))
