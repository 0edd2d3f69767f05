"""Choose the data to learn from, and look at them before anything is trained."""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import streamlit as st

from core.catalog import sector
from core.contracts import Sector
from core.data.catalog import DATA_SETS, DataSet, local_path, name_of, shares_source
from core.errors import AppError
from core.jobs.uploads import lent_upload
from core.settings import ROOT, settings
from core.store import audit
from core.store.versions import bundled_version
from core.ui import image_data, part_data, shop_data, shop_report, teach, text_data, transaction_data
from core.ui.i18n import t
from core.ui.quota import charge_upload, data_bytes, megabytes
from core.ui.views import say, show_error, show_refusals
from core.ui.wording import told

if TYPE_CHECKING:
    from core.data.check import DataReport
    from core.data.interaction_check import InteractionReport
    from core.data.surface_check import PartReport
    from core.data.text_check import TextReport
    from core.data.transaction_check import TransactionReport

    Report = DataReport | InteractionReport | PartReport | TransactionReport | TextReport

_UPLOAD = "upload"
_TABLES: Final = {"transactions": transaction_data, "texts": text_data}
"""What a sector reads -> how a table of it is opened and checked, where one file is all that is sent."""


@dataclass(frozen=True)
class TrainingData:
    """A data set on this machine, or an upload that is still in memory only."""

    name: str
    key: str
    """Changes with the content; two clicks on the same data are one job."""
    path: Path | None = None
    upload: Any = None
    columns: Mapping[str, str] = field(default_factory=dict)
    """Column of each role, of a table that was sent; empty where they are guessed."""
    loose: bool = False
    """An upload of several files, which lie in a folder of this name where the command is given."""

    @property
    def argument(self) -> str:
        """What stands after `--data` on the command line, quoted; it does not tell where a server keeps things."""
        if self.path is None:
            return shlex.quote(self.name + "/" * self.loose)
        if name := name_of(self.path):
            return shlex.quote(name)
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


def training_data_input(asked: Sector) -> TrainingData | None:
    """A data set that is here, or an upload; what could be fetched is named with the command that does it."""
    slug = asked.slug
    known = {entry.name: entry for entry in DATA_SETS if entry.kind == asked.data_kind}
    here = {name: path for name in known if (path := local_path(name)) is not None}
    titles = {name: t(known[name].title) for name in here}
    if asked.reads == "parts":  # mostly one of the visitor's own, from a handful of images
        titles = {_UPLOAD: t("My own images of a part"), **titles}
    else:
        titles |= {_UPLOAD: told("My own images (zip or npz)", slug)}
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
    if any(shares_source(here[chosen], name) for name in _learned_by_bundled(slug)):
        st.caption(
            told(
                "The bundled model has learned from images of the same source. To it only the test images are new; "
                "figures on training and validation images flatter whatever starts from it.",
                slug,
            )
        )
    return TrainingData(chosen, f"set:{chosen}", path=here[chosen])


def _learned_by_bundled(slug: str) -> list[str]:
    """Names of the data sets that the sector's bundled model was trained on, as far as they are known."""
    return str(bundled_version(slug).manifest.get("data", {}).get("name", "")).split("+")


def _offer_fetch(absent: Sequence[DataSet]) -> None:
    if not absent:
        return
    with st.expander(t("Public data sets that are not on this machine ({count})", count=len(absent))):
        for entry in absent:
            st.caption(f"**{t(entry.title)}**: {t(entry.summary)} {entry.licence}, {entry.size_mb:,.0f} MB.")
            st.code(f"python -m core fetch {entry.name}", language="bash")


def _upload_input(slug: str) -> TrainingData | None:
    if sector(slug).reads == "parts":
        sent = teach.parts_input(slug)
        return None if sent is None else TrainingData(sent.name, sent.key, upload=sent, loose=not sent.packed)
    if sector(slug).reads == "interactions":
        shop = shop_data.shop_input(slug)
        data = None if shop is None else TrainingData(shop.name, shop.key, upload=shop, loose=shop.loose)
        return None if data is None else shop_data.with_columns(slug, data)
    tables = _TABLES.get(sector(slug).reads)
    st.caption(
        told(
            "A zip with one folder per class, or with train, validation and test folders above them, or a MedMNIST "
            "npz; up to {zip_mb} MB. It is kept in memory, in a file while it is checked, and in the folder of the job "
            "while you train; after a run that was cancelled or failed for {hours:g} hours more, so that it can go on, "
            "unless you delete it. What stays with the new version: the name of the file, the names of its classes and "
            "test images, and what the network's last layer sees of the test and validation images.",
            slug,
            zip_mb=data_bytes(slug) // 2**20,
            hours=settings().job_keep_hours,
        )
    )
    st.code(tables.EXAMPLE if tables else image_data.EXAMPLE, language=None)
    file = st.file_uploader(
        told("Upload a zip or an npz", slug),
        key=f"{slug}.data_upload",
        max_upload_size=megabytes(data_bytes(slug)),
        label_visibility="collapsed",
    )
    if file is None:
        return None
    try:
        charge_upload(file.size)
    except AppError as error:
        show_error(error)
        return None
    digest = hashlib.sha256(file.getbuffer()).hexdigest()
    data = TrainingData(file.name, f"upload:{digest}", upload=file)
    return tables.with_columns(slug, data) if tables else data


def checked(slug: str, data: TrainingData) -> bool | None:
    """The data check, on demand; True when training may start, False when it may not, None before the check."""
    slot = f"{slug}.data_check"
    kept = st.session_state.get(slot)
    if kept is None or kept[0] != data.key:
        if data.upload is None and not st.button(
            t("Check the data"), icon=":material/fact_check:", key=f"{slug}.check"
        ):
            return None
        kept = (data.key, _read(slug, data))
        st.session_state[slot] = kept
        if isinstance(kept[1], AppError):
            audit.note_refused(slug, [kept[1].code])
    found = kept[1]
    if isinstance(found, AppError):
        show_error(found)
        return False
    show_report(slug, data, found)
    return not found.blocking


def _read(slug: str, data: TrainingData) -> Report | AppError:
    reads = sector(slug).reads
    tables = _TABLES.get(reads)
    try:
        if reads == "parts":
            return part_data.read_report(slug, data)
        if reads == "interactions":
            return shop_data.read_report(slug, data)
        return tables.read_report(slug, data) if tables else image_data.read_report(data)
    except AppError as error:
        return error


def show_report(slug: str, data: TrainingData, report: Report) -> None:
    """What stops a training and what speaks against it, what was counted, and what could not be read."""
    for message in report.blocking:
        st.error(say(message), icon=":material/block:")
    for message in report.warnings:
        st.warning(say(message), icon=":material/warning:")
    if not report.blocking and not report.warnings:
        st.success(t("The check found nothing to complain about."), icon=":material/check_circle:")
    _show_counts(slug, data, report)
    for notice in report.notices:
        st.caption(f":material/info: {say(notice)}")
    show_refusals(report.refused)


def _show_counts(slug: str, data: TrainingData, report: Report) -> None:
    from core.data.interaction_check import InteractionReport
    from core.data.surface_check import PartReport
    from core.data.text_check import TextReport
    from core.data.transaction_check import TransactionReport

    if isinstance(report, InteractionReport):
        shop_report.show_counts(report)
    elif isinstance(report, TransactionReport):
        transaction_data.show_counts(report)
    elif isinstance(report, TextReport):
        text_data.show_counts(report)
    elif isinstance(report, PartReport):
        part_data.show_counts(slug, data.key, report)
    else:
        image_data.show_counts(report)
