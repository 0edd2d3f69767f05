"""Texts to learn from: which column is what, what was masked before anything is written, and what is in them."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

import streamlit as st

from core.contracts import N_
from core.data.mapping import write_mapping
from core.errors import AppError
from core.intake.personal import NAMES
from core.serving import service
from core.store import audit
from core.ui.columns import Opened, confirmed_columns
from core.ui.i18n import t
from core.ui.labels import LANGUAGES, SPLIT_NAMES, label_name
from core.ui.views import show_error

if TYPE_CHECKING:
    from core.data.text_check import TextReport
    from core.ui.training_data import TrainingData

EXAMPLE = 'text,label\n"The room was clean and the staff friendly.",positive\n"快递太慢，包装也破了。",negative'
ROLES = {
    "text": N_("Text"),
    "label": N_("Label: positive or negative"),
    "category": N_("Category, for slices alone"),
}
REQUIRED = ("text", "label")


@dataclass(frozen=True)
class _Masked:
    """The columns of an upload that are used, without personal data: all of it that is ever written."""

    data: bytes
    found: Mapping[str, int]

    def getvalue(self) -> bytes:
        """The table, as an upload gives it."""
        return self.data


def with_columns(slug: str, data: TrainingData) -> TrainingData | None:
    """An upload with the columns that its visitor confirmed, masked; None before that."""
    opened = _once(slug, "opened", data.key, lambda: _open(data))
    if isinstance(opened, AppError):
        show_error(opened)
        return None
    columns = confirmed_columns(slug, data.key, opened, ROLES, REQUIRED)
    if columns is None:
        return None
    # A role that nothing was guessed for need not be said to have no column.
    columns = {role: column for role, column in columns.items() if column or role in opened.guess}
    key = f"{data.key}|{write_mapping(columns)}"
    masked = _once(slug, "masked", key, lambda: _mask(data, columns))
    if isinstance(masked, AppError):
        show_error(masked)
        return None
    _say_masked(masked.found)
    return replace(data, key=key, upload=masked, columns=columns)


def _once(slug: str, name: str, key: str, read: Any) -> Any:
    """What `read` made of an upload, or the error, kept until another one comes."""
    slot = f"{slug}.data_{name}"
    kept = st.session_state.get(slot)
    if kept is None or kept[0] != key:
        try:
            with st.spinner(t("Reading the file")):
                found = read()
        except AppError as error:
            audit.note_refused(slug, [error.code])
            found = error
        kept = (key, found)
        st.session_state[slot] = kept
    return kept[1]


def _open(data: TrainingData) -> Opened:
    from core.data.text_columns import guess_columns
    from core.intake.tables import read_table

    table = read_table(data.upload.getvalue(), data.name)
    guess = {role: column for role, column in guess_columns(table).items() if role in ROLES}
    return Opened(table.frame.head(5).astype("str"), guess, table.notices)


def _mask(data: TrainingData, columns: Mapping[str, str]) -> _Masked:
    """The chosen columns as Parquet, their cells without personal data."""
    from core.intake.personal import mask_all
    from core.intake.tables import read_table

    table = read_table(data.upload.getvalue(), data.name)
    used = table.frame[[column for column in columns.values() if column]].copy()
    found: Counter[str] = Counter()
    for column in used:
        # Categories and labels are words of the file too: whoever calls a column one may be wrong about its cells.
        used[column], here = mask_all(used[column].astype("str").where(used[column].notna(), ""))
        found.update(here)
    buffer = io.BytesIO()
    used.to_parquet(buffer, index=False)
    return _Masked(buffer.getvalue(), dict(found))


def _say_masked(found: Mapping[str, int]) -> None:
    if not found:
        st.caption(f":material/shield: {t('No personal data was found in the texts by its form.')}")
        return
    listed = ", ".join(f"{count:,} {t(NAMES[kind])}" for kind, count in found.items())
    st.caption(f":material/shield: {t('Masked before anything is written: {listed}.', listed=listed)}")


def read_report(slug: str, data: TrainingData) -> TextReport:
    """The data check; raises `InputRefused`."""
    from core.data.text_check import check_texts, spread
    from core.data.texts import read_labelled_texts
    from core.serving.texts import languages

    with st.spinner(t("Reading the texts"), show_time=True):
        with data.on_disk() as path:
            found = read_labelled_texts(path, data.columns)
        texts = [text for part in found.splits.values() for text in part.texts]
        spoken = languages([texts[place] for place in spread(len(texts))])
        shares = {part: float(_option(slug, f"{part}_share")) for part in ("validation", "test")}
        return check_texts(found, spoken, shares, int(_option(slug, "seed")))


def _option(slug: str, name: str) -> Any:
    """An option as it stands in the form below, else its default."""
    defaults = {entry.name: entry.default for entry in fields(service.config_type(slug))}
    return st.session_state.get(f"{slug}.train.{name}", defaults[name])


def show_counts(report: TextReport) -> None:
    """Texts of each label in each part, languages, lengths, and what repeats."""
    labels = list(next(iter(report.counts.values()), {}))
    st.dataframe(
        {t("Class"): [label_name(label) for label in labels]}
        | {
            t(SPLIT_NAMES.get(part, part)).capitalize(): [counts[label] for label in labels]
            for part, counts in report.counts.items()
        },
        hide_index=True,
    )
    spoken = ", ".join(f"{t(LANGUAGES[name])} {100 * share:.1f} %" for name, share in report.languages.items())
    shortest, middle, longest = report.lengths
    st.caption(
        t(
            "Languages: {spoken}. Length {shortest:,} to {longest:,} characters (median {middle:,}); very short: "
            "{short:,}. Texts that repeat another: {copies:,}; with another label: {contradictions:,}; across parts: "
            "{across:,}.",
            spoken=spoken,
            shortest=shortest,
            middle=middle,
            longest=longest,
            short=report.short,
            copies=report.copies,
            contradictions=report.contradictions,
            across=report.copies_across,
        )
    )
