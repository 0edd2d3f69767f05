"""Choose the images to learn from, and look at them before anything is trained."""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from core.contracts import N_, Sector
from core.data.catalog import DATA_SETS, DataSet, local_path, shares_source
from core.errors import AppError
from core.jobs.uploads import lent_upload
from core.settings import ROOT, settings
from core.store import audit
from core.store.versions import bundled_version
from core.ui.i18n import t
from core.ui.labels import SPLIT_NAMES
from core.ui.quota import charge_upload
from core.ui.views import say, show_error, show_refusals

if TYPE_CHECKING:
    from core.data.check import DataReport

CHECK_SIDE = 64
"""Images are looked at in this size: enough for counts and duplicates, and quick."""
_UPLOAD = "upload"


@dataclass(frozen=True)
class TrainingData:
    """A data set on this machine, or an upload that is still in memory only."""

    name: str
    key: str
    """Changes with the content; two clicks on the same data are one job."""
    path: Path | None = None
    upload: Any = None

    @property
    def argument(self) -> str:
        """What stands after `--data` on the command line, quoted; it does not tell where a server keeps things."""
        if self.path is None:
            return shlex.quote(self.name)
        data = settings().data
        if data is not None and self.path.is_relative_to(data):
            return f'"$VITRINE_DATA"/{shlex.quote(self.path.relative_to(data).as_posix())}'
        return shlex.quote(self.path.relative_to(ROOT).as_posix() if self.path.is_relative_to(ROOT) else self.path.name)

    @contextmanager
    def on_disk(self) -> Iterator[Path]:
        """A path to read from; an upload is written to a file that is removed at the end."""
        if self.path is not None:
            yield self.path
            return
        with lent_upload(self.upload.getvalue(), self.name) as path:
            yield path


def training_data_input(sector: Sector) -> TrainingData | None:
    """A data set that is here, or an upload; what could be fetched is named with the command that does it."""
    slug = sector.slug
    known = {entry.name: entry for entry in DATA_SETS if entry.kind == slug}
    here = {name: path for name in known if (path := local_path(name)) is not None}
    titles = {name: t(known[name].title) for name in here} | {_UPLOAD: t("My own images (zip or npz)")}
    chosen = st.radio(
        t("Learn from"),
        list(titles),
        format_func=titles.__getitem__,
        key=f"{slug}.data",
        persist_state="session",
    )
    _offer_fetch([entry for name, entry in known.items() if name not in here and entry.files])
    if chosen == _UPLOAD:
        return _upload_input(slug)
    st.caption(f"{t(known[chosen].summary)} {known[chosen].licence}. {known[chosen].attribution}")
    if shares_source(here[chosen], _learned_by_bundled(slug)):
        st.caption(
            t(
                "The bundled model has learned from images of the same source. To it only the test images are new; "
                "figures on training and validation images flatter whatever starts from it."
            )
        )
    return TrainingData(chosen, f"set:{chosen}", path=here[chosen])


def _learned_by_bundled(slug: str) -> str:
    """Name of the data set that the sector's bundled model was trained on; empty when that is not known."""
    return str(bundled_version(slug).manifest.get("data", {}).get("name", ""))


def _offer_fetch(absent: Sequence[DataSet]) -> None:
    if not absent:
        return
    with st.expander(t("Public data sets that are not on this machine ({count})", count=len(absent))):
        for entry in absent:
            st.caption(f"**{t(entry.title)}**: {t(entry.summary)} {entry.licence}, {entry.size_mb:,.0f} MB.")
            st.code(f"python -m core fetch {entry.name}", language="bash")


def _upload_input(slug: str) -> TrainingData | None:
    limits = settings().limits
    st.caption(
        t(
            "A zip with one folder per class, or with train, validation and test folders above them, or a MedMNIST "
            "npz; up to {zip_mb} MB. It is kept in memory, in a file while it is checked, and in the folder of the job "
            "while you train; after a run that was cancelled or failed for {hours:g} hours more, so that it can go on, "
            "unless you delete it. What stays with the new version: the name of the file, the names of its classes and "
            "test images, and what the network's last layer sees of the test and validation images.",
            zip_mb=limits.archive_bytes // 2**20,
            hours=settings().job_keep_hours,
        )
    )
    st.code("images.zip\n├── cats\n│   ├── 1.png\n│   └── 2.png\n└── dogs\n    ├── 1.png\n    └── 2.png", language=None)
    file = st.file_uploader(t("Upload a zip or an npz"), key=f"{slug}.data_upload", label_visibility="collapsed")
    if file is None:
        return None
    try:
        charge_upload(file.size)
    except AppError as error:
        show_error(error)
        return None
    digest = hashlib.sha256(file.getbuffer()).hexdigest()
    return TrainingData(file.name, f"upload:{digest}", upload=file)


def checked(slug: str, data: TrainingData) -> bool | None:
    """The data check, on demand; True when training may start, False when it may not, None before the check."""
    slot = f"{slug}.data_check"
    kept = st.session_state.get(slot)
    if kept is None or kept[0] != data.key:
        if data.upload is None and not st.button(
            t("Check the data"), icon=":material/fact_check:", key=f"{slug}.check"
        ):
            return None
        kept = (data.key, _read(data))
        st.session_state[slot] = kept
        if isinstance(kept[1], AppError):
            audit.note_refused(slug, [kept[1].code])
    found = kept[1]
    if isinstance(found, AppError):
        show_error(found)
        return False
    show_report(found)
    return not found.blocking


def _read(data: TrainingData) -> DataReport | AppError:
    from core.data.images import read_labelled_images

    bar = st.progress(0.0, t("Reading the images"))

    def progress(done: int, total: int) -> None:
        if total and (done == total or done % 25 == 0):
            bar.progress(min(done / total, 1.0), t("{done} of {total} images", done=done, total=total))

    try:
        with data.on_disk() as path:
            return read_labelled_images(path, CHECK_SIDE, progress=progress).report
    except AppError as error:
        return error
    finally:
        bar.empty()


def show_report(report: DataReport) -> None:
    """Counts per class and split, duplicates, what could not be read, and what that means."""
    for message in report.blocking:
        st.error(say(message), icon=":material/block:")
    for message in report.warnings:
        st.warning(say(message), icon=":material/warning:")
    if not report.blocking and not report.warnings:
        st.success(t("The check found nothing to complain about."), icon=":material/check_circle:")
    labels = sorted({label for counts in report.counts.values() for label in counts})
    st.dataframe(
        {t("Class"): labels}
        | {
            t(SPLIT_NAMES.get(split, split)).capitalize(): [counts.get(label, 0) for label in labels]
            for split, counts in report.counts.items()
        },
        hide_index=True,
        height=min(38 + 35 * len(labels), 388),
    )
    sizes = report.sizes
    st.caption(
        t(
            "Width {w_low} to {w_high} pixels (median {w_mid}), height {h_low} to {h_high} (median {h_mid}). Largest "
            "class over smallest: {balance:.1f}. Duplicates: {within} within a class, {classes} in two classes, "
            "{splits} in two splits.",
            w_low=sizes.width[0],
            w_mid=sizes.width[1],
            w_high=sizes.width[2],
            h_low=sizes.height[0],
            h_mid=sizes.height[1],
            h_high=sizes.height[2],
            balance=report.balance,
            within=report.duplicates_within.total,
            classes=report.duplicates_across_classes.total,
            splits=report.duplicates_across_splits.total,
        )
    )
    _show_pairs(report)
    for notice in report.notices:
        st.caption(f":material/info: {say(notice)}")
    show_refusals(report.unreadable)


def _show_pairs(report: DataReport) -> None:
    """Pairs that harm: the same picture in two classes or in two splits."""
    found = ((N_("two splits"), report.duplicates_across_splits), (N_("two classes"), report.duplicates_across_classes))
    rows = [
        {t("Same picture in"): t(where), t("Image"): one, t("Again as"): other}
        for where, duplicates in found
        for one, other in duplicates.pairs
    ]
    if rows:
        st.dataframe(rows, hide_index=True, height=min(38 + 35 * len(rows), 248))
