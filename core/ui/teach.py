"""Teach a new part: images of good parts, those of defects if there are some, a name; and what came of it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import streamlit as st

from core.contracts import N_, Message
from core.data.surface_upload import pack_parts
from core.errors import AppError, InputRefused
from core.intake.archives import is_zip
from core.jobs import JobRecord
from core.settings import settings
from core.store import audit
from core.store.registry import registry
from core.store.versions import Version
from core.ui import part_data
from core.ui.answering import PARAMETER
from core.ui.i18n import t
from core.ui.inputs import forget_chosen
from core.ui.part_limit import promise_line
from core.ui.quota import charge_upload, data_bytes, megabytes
from core.ui.views import escape, show_error

if TYPE_CHECKING:
    from core.training.false_alarms import Promise

NAME_LENGTH: Final = 60
_HEAD: Final = 4096


@dataclass(frozen=True)
class SentParts:
    """What a visitor sent to teach a part: one zip, or images that become one when they are needed."""

    name: str
    key: str
    """Changes with the content."""
    good: tuple[Any, ...]
    defective: tuple[Any, ...] = ()

    def getvalue(self) -> bytes:
        """One zip; raises `InputRefused` when the images are too many or too large together."""
        if self.packed:
            content: bytes = self.good[0].getvalue()
            return content
        return pack_parts(_contents(self.good), _contents(self.defective))

    @property
    def packed(self) -> bool:
        """Whether it came as one zip."""
        return _sole_zip(self.good, self.defective)


def _contents(files: Sequence[Any]) -> list[tuple[str, bytes]]:
    return [(file.name, file.getvalue()) for file in files]


def parts_input(slug: str) -> SentParts | None:
    """Name and images of a part; None until there are images that can be used together."""
    st.markdown(f"**{t('Teach a new part from 10 to 50 images of good ones')}**")
    if st.session_state.pop(f"{slug}.part_started", False):
        st.session_state[f"{slug}.part_name"] = ""
    name = st.text_input(
        t("Name of the part"),
        max_chars=NAME_LENGTH,
        placeholder=t("Bracket 12"),
        key=f"{slug}.part_name",
        persist_state="session",
    )
    left, right = st.columns(2, gap="medium")
    with left:
        good = _files_input(slug, "good", t("Good parts: images, or one zip"))
        st.caption(t("Every image another part, all taken alike: same camera, light and position."))
    with right:
        defective = _files_input(slug, "defective", t("Defects, if you have some, with or without masks"))
        st.caption(
            t(
                "They measure the model and are never learned as good. A mask is white where the defect is and is "
                "called like its image: scratch1.png and scratch1_mask.png."
            )
        )
    _say_kept(slug)
    if not good and not defective:
        return None
    try:
        charge_upload(sum(file.size for file in (*good, *defective)))
        _refuse_mixture(good, defective)
    except AppError as error:
        audit.note_refused(slug, [error.code])
        show_error(error)
        return None
    fallback = good[0].name if _sole_zip(good, defective) else t("New part")
    return SentParts(name.strip() or fallback, _key(slug, good, defective), tuple(good), tuple(defective))


def _files_input(slug: str, role: str, label: str) -> list[Any]:
    files = st.file_uploader(
        label,
        accept_multiple_files=True,
        key=f"{slug}.part_{role}",
        max_upload_size=megabytes(data_bytes(slug)),
    )
    return list(files or [])


def _say_kept(slug: str) -> None:
    limits = settings().limits
    st.caption(
        t(
            "PNG, JPEG, TIFF, WebP, GIF or BMP, each image up to {image_mb} MB; a zip, or all images together, up to "
            "{zip_mb} MB. They are kept in memory, in a file while they are checked, and in the folder of the job "
            "while it learns; after a run that was cancelled or failed for {hours:g} hours more, unless you delete "
            "them. What stays with the new version: names of images, features of some places of the good parts, small "
            "maps of the test images it is worst at, and figures.",
            image_mb=limits.image_bytes // 2**20,
            zip_mb=data_bytes(slug) // 2**20,
            hours=settings().job_keep_hours,
        )
    )
    with st.expander(t("Or one zip that holds everything: it goes into the first box, laid out like this")):
        st.code(part_data.EXAMPLE, language=None)


def _refuse_mixture(good: Sequence[Any], defective: Sequence[Any]) -> None:
    """Raise `InputRefused` where it cannot be said what is what."""
    zips = [file for file in (*good, *defective) if is_zip(file.getvalue()[:_HEAD], file.name)]
    if zips and not _sole_zip(good, defective):
        raise InputRefused(
            "upload.zip_among_images",
            Message(N_("{name}: a zip beside other files."), {"name": zips[0].name}),
            Message(N_("Send one zip that holds everything, or images alone.")),
        )
    if not good:
        raise InputRefused(
            "upload.no_good_parts",
            N_("There are only images of defects."),
            N_("Add images of good parts: they are what is learned from."),
        )


def _sole_zip(good: Sequence[Any], defective: Sequence[Any]) -> bool:
    return len(good) == 1 and not defective and is_zip(good[0].getvalue()[:_HEAD], good[0].name)


def _key(slug: str, good: Sequence[Any], defective: Sequence[Any]) -> str:
    """A hash of all names and contents, taken once for a set of files."""
    ids = tuple((role, file.file_id) for role, files in (("good", good), ("defective", defective)) for file in files)
    slot = f"{slug}.part_key"
    kept: tuple[object, str] = st.session_state.get(slot, ((), ""))
    if kept[0] != ids:
        digest = hashlib.sha256()
        for (role, _), file in zip(ids, (*good, *defective), strict=True):
            content = hashlib.sha256(file.getbuffer()).hexdigest()
            digest.update(f"{role}\0{file.name}\0{content}\0".encode(errors="replace"))
        kept = (ids, f"upload:{digest.hexdigest()}")
        st.session_state[slot] = kept
    return kept[1]


def note_started(slug: str, job_id: str, key: str) -> None:
    """Remember which data a job of this session learns from, so that pictures of them can be shown at its end.

    The name goes with the files of this part: the next one has another.
    """
    st.session_state[f"{slug}.part_started"] = True
    st.session_state[f"{slug}.part_job"] = (job_id, key)


def show_taught(slug: str, record: JobRecord) -> None:
    """Of a job that has taught a part: a way to try it at once, and which good parts were left out."""
    try:
        version = registry().resolve(slug, str(record.result["version"]))
    except AppError as error:
        show_error(error)
        return
    st.caption(promise_line(_promise_of(version)))
    if st.button(
        t("Try version {version} now", version=escape(version.ref)),
        type="primary",
        icon=":material/search_insights:",
        key=f"{slug}.try",
    ):
        forget_chosen(slug)
        st.query_params.from_dict({"view": "answer", PARAMETER: version.ref})
        st.rerun(scope="app")
    data = version.manifest.get("data", {})
    job, key = st.session_state.get(f"{slug}.part_job", ("", ""))
    pictures = part_data.pictures_of(slug, key) if job == record.id else {}
    part_data.show_left_out(data.get("suspects", []), pictures, bool(data.get("suspects_left_out")))


def _promise_of(version: Version) -> Promise:
    """What a version says of false alarms, from its manifest: nothing is loaded for it."""
    from core.training.false_alarms import Promise

    limit = version.manifest["threshold"]
    value = float(limit["value"])
    return Promise(float(limit["rate"]), float(limit["promised"]), value, (value, value), int(limit["held_out"]))
