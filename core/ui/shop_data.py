"""Interactions to learn from: what is sent, which column is what, what is in them, and how they will be split."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Final

import streamlit as st

from core.contracts import N_, Message
from core.data.items import MOVIELENS_COLONS, MOVIELENS_FILE
from core.data.mapping import write_mapping
from core.errors import AppError, InputRefused
from core.intake.archives import is_zip
from core.intake.packing import pack_files
from core.serving import service
from core.settings import settings
from core.store import audit
from core.ui.columns import columns_input, columns_problem
from core.ui.i18n import t
from core.ui.quota import charge_upload, data_bytes, megabytes
from core.ui.views import say, show_error

if TYPE_CHECKING:
    from core.data.interaction_check import InteractionReport
    from core.data.interaction_glance import Glance
    from core.ui.training_data import TrainingData

EXAMPLE: Final = "user_id,item_id,rating,timestamp\n007,B-114,4,2026-01-31 08:15:00\n007,B-20,5,2026-02-02 19:40:00"
ITEMS_EXAMPLE: Final = "item_id,title,category,price\nB-114,Oak teapot,Tea,24.90\nB-20,Plain mug,Tea,8.50"
ROLES: Final = {
    "user": N_("User"),
    "item": N_("Item"),
    "rating": N_("Rating"),
    "time": N_("Time"),
    "part": N_("Part: train, validation or test"),
}
REQUIRED: Final[tuple[str, ...]] = ("user", "item")
ITEM_ROLES: Final = {"items_id": N_("Item, in the table of items"), "title": N_("Title of the item")}
_INTERACTIONS, _ITEMS = "interactions", "items"
_HEAD: Final = 4096
_ENDING_MAX: Final = 8
_PACKED: Final = ".gz"


@dataclass(frozen=True)
class SentShop:
    """What a visitor sent: interactions or a zip, and perhaps a table of items, with which they become one zip."""

    name: str
    key: str
    """Changes with the content."""
    interactions: Any
    items: Any = None

    def getvalue(self) -> bytes:
        """The file as it came, or one zip of both; raises `InputRefused` when they are too large together."""
        sent: bytes = self.interactions.getvalue()
        if self.items is None:
            return sent
        named = ((_INTERACTIONS, self.interactions), (_ITEMS, self.items))
        return pack_files([(_plain(file.name, role), file.getvalue()) for role, file in named])

    @property
    def loose(self) -> bool:
        """Whether it came in two files."""
        return self.items is not None


def _plain(name: str, role: str) -> str:
    """A name by which the reader knows what a table is; that of a layout which it knows by name stays."""
    plain = name.lower().removesuffix(_PACKED)
    packed = _PACKED if plain != name.lower() else ""
    if plain in (MOVIELENS_FILE, MOVIELENS_COLONS):
        return plain + packed
    ending = PurePath(plain).suffix
    return role + (ending if ending[1:].isalnum() and len(ending) <= _ENDING_MAX else ".csv") + packed


def shop_input(slug: str) -> SentShop | None:
    """Two boxes, for interactions and for a table of items; None until there is something that can be used."""
    left, right = st.columns(2, gap="medium")
    with left:
        sent = _file_input(slug, _INTERACTIONS, t("Interactions: a table, or one zip with both tables"))
        st.caption(
            t("A row for each time that a user took an item. Rating and time are optional; columns are guessed.")
        )
        st.code(EXAMPLE, language=None)
    with right:
        items = _file_input(slug, _ITEMS, t("Items, if you have a table of them"))
        st.caption(t("Any columns: a title is shown, categories and prices are used, words make items alike."))
        st.code(ITEMS_EXAMPLE, language=None)
    _say_kept(slug)
    if sent is None:
        return None
    try:
        charge_upload(sent.size + (items.size if items is not None else 0))
        if items is not None and is_zip(sent.getvalue()[:_HEAD], sent.name):
            raise InputRefused(
                "upload.zip_and_items",
                Message(N_("{name}: a zip, and a table of items beside it."), {"name": sent.name}),
                Message(N_("Put both tables into the zip, or send both as tables.")),
            )
    except AppError as error:
        audit.note_refused(slug, [error.code])
        show_error(error)
        return None
    name = sent.name if items is None else PurePath(sent.name.removesuffix(_PACKED)).stem
    return SentShop(name, _key(slug, sent, items), sent, items)


def _file_input(slug: str, role: str, label: str) -> Any:
    return st.file_uploader(label, key=f"{slug}.data_{role}", max_upload_size=megabytes(data_bytes(slug)))


def _say_kept(slug: str) -> None:
    st.caption(
        t(
            "CSV, TSV or Parquet, up to {mb} MB each. They are kept in memory, in files while they are checked, and in "
            "the folder of the job while it learns; after a run that was cancelled or failed for {hours:g} hours more, "
            "unless you delete them. What stays with the new version: the name of the file, ids of users with the "
            "items that each took, and the table of items. Once the version is in use everybody sees its items; its "
            "users are for those alone who may train.",
            mb=data_bytes(slug) // 2**20,
            hours=settings().job_keep_hours,
        )
    )


def _key(slug: str, *files: Any) -> str:
    """A hash of names and contents, taken once for a set of files."""
    sent = [file for file in files if file is not None]
    ids, slot = tuple(file.file_id for file in sent), f"{slug}.data_key"
    kept: tuple[object, str] = st.session_state.get(slot, ((), ""))
    if kept[0] != ids:
        digest = hashlib.sha256()
        for file in sent:
            digest.update(f"{file.name}\0".encode(errors="replace") + hashlib.sha256(file.getbuffer()).digest())
        kept = (ids, f"upload:{digest.hexdigest()}")
        st.session_state[slot] = kept
    return kept[1]


def with_columns(slug: str, data: TrainingData) -> TrainingData | None:
    """An upload with the columns that its visitor confirmed; None before that."""
    seen = _glanced(slug, data)
    if isinstance(seen, AppError):
        show_error(seen)
        return None
    columns = _confirmed(slug, data.key, seen)
    if columns is None:
        return None
    guess = {**seen.interactions.guess, **(seen.items.guess if seen.items else {})}
    # A role that nothing was guessed for need not be said to have no column.
    columns = {role: column for role, column in columns.items() if column or role in guess}
    return replace(data, key=f"{data.key}|{write_mapping(columns)}", columns=columns)


def _glanced(slug: str, data: TrainingData) -> Glance | AppError:
    """First rows and guesses, read once per upload."""
    from core.data.interaction_glance import glance

    slot = f"{slug}.data_glance"
    kept = st.session_state.get(slot)
    if kept is None or kept[0] != data.key:
        found: Glance | AppError
        try:
            with st.spinner(t("Reading the file")), data.on_disk() as path:
                found = glance(path)
        except AppError as error:
            audit.note_refused(slug, [error.code])
            found = error
        kept = (data.key, found)
        st.session_state[slot] = kept
    seen: Glance | AppError = kept[1]
    return seen


def _confirmed(slug: str, key: str, seen: Glance) -> Mapping[str, str] | None:
    """The form for both tables, and the columns that the visitor sent last; None before that."""
    slot, tables = f"{slug}.data_columns", [(t("Interactions"), seen.interactions, ROLES, REQUIRED)]
    if seen.items is not None:
        tables.append((t("Items"), seen.items, ITEM_ROLES, ("items_id",)))
    chosen = []
    with st.form(f"{slug}.data_columns_form"):
        for number, (title, table, roles, required) in enumerate(tables):
            st.markdown(f"**{title}**")
            for notice in table.notices:
                st.caption(f":material/info: {say(notice)}")
            chosen.append(columns_input(f"{slug}.data.{number}", table.rows, table.guess, roles, required))
        if st.form_submit_button(t("Check the data"), icon=":material/fact_check:"):
            st.session_state[slot] = (key, chosen)
    confirmed = st.session_state.get(slot)
    if confirmed is None or confirmed[0] != key:
        return None
    for one, (_, _, roles, required) in zip(confirmed[1], tables, strict=True):
        if problem := columns_problem(one, roles, required):
            st.error(problem, icon=":material/error:")
            return None
    return {role: column for one in confirmed[1] for role, column in one.items()}


def read_report(slug: str, data: TrainingData) -> InteractionReport:
    """The data check; raises `InputRefused`."""
    from core.data.interaction_check import WantedSplit, check_interactions
    from core.data.read_interactions import read_interactions

    with st.spinner(t("Reading the interactions"), show_time=True):
        with data.on_disk() as path:
            interactions = replace(read_interactions(path, data.columns), name=data.name)
        wanted = WantedSplit(*(_option(slug, name) for name in ("split", "test_share", "validation_share", "seed")))
        return check_interactions(interactions, wanted, _option(slug, "least_rating"))


def _option(slug: str, name: str) -> Any:
    """An option as it stands in the form below, else its default."""
    defaults = {entry.name: entry.default for entry in fields(service.config_type(slug))}
    return st.session_state.get(f"{slug}.train.{name}", defaults[name])
