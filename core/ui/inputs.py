"""What a visitor gives to a page: one of our samples, one or many files of his own, or a zip of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import streamlit as st

from core.contracts import N_, ImageSample, Message, Refusal, Sector
from core.errors import AppError
from core.intake.archives import ImageSource, is_zip, open_zip
from core.intake.images import read_image
from core.settings import settings
from core.ui.i18n import t
from core.ui.labels import label_name
from core.ui.pictures import show_picture, thumbnail
from core.ui.quota import charge_upload, megabytes
from core.ui.views import escape
from core.ui.wording import told

_STRIP = 4
_COLUMN_WIDTH, _SMALL_WIDTH = 110, 104
"""Of a sample, in pixels: two of the strip stand beside each other on a phone and never three, which would leave one
alone; of the small ones behind the button three do."""


@dataclass(frozen=True)
class Item:
    """One image that is read again whenever a view needs its pixels, so that a session holds files and no pixels."""

    name: str
    read: Callable[[], ImageSample]
    source: ImageSource | None = None
    """The zip it lies in."""


@dataclass(frozen=True)
class Inputs:
    """What the page works on now. `key` changes with the content."""

    key: str
    items: tuple[Item, ...]
    refused: tuple[Refusal, ...] = ()
    caption: str = ""
    sources: tuple[tuple[str, ImageSource], ...] = ()
    """Opened zips by the names of their files."""
    notices: tuple[Message, ...] = ()
    """What was left out of zips, or guessed when they were read."""

    def close(self) -> None:
        """Let go of opened archives."""
        for _, source in self.sources:
            source.close()


def image_input(sector: Sector) -> Inputs | None:
    """The sample strip with an uploader beside it; returns what was chosen last, or None."""
    slug = sector.slug
    samples = _samples(slug)
    strip, own = st.columns([5, 3], gap="medium")
    with strip:
        _sample_strip(slug, samples)
    with own:
        files = _uploader(slug)
    chosen = st.session_state.get(f"{slug}.chosen", "")
    if chosen == "upload":
        return _uploaded(slug, files)
    for sample in samples:
        if sample["file"] == chosen:
            return _from_sample(slug, sample)
    return None


@lru_cache(maxsize=16)
def _samples(slug: str) -> list[dict[str, Any]]:
    """What the manifest of a sector's samples lists; they ship with the program and do not change while it runs."""
    manifest = settings().assets / "samples" / slug / "manifest.json"
    if not manifest.is_file():
        return []
    entries: list[dict[str, Any]] = json.loads(manifest.read_text(encoding="utf-8"))
    return entries


def _choose(slug: str, what: str) -> None:
    st.session_state[f"{slug}.chosen"] = what


def forget_chosen(slug: str) -> None:
    """Nothing is chosen any more; what was uploaded stays."""
    _choose(slug, "")


def _sample_strip(slug: str, samples: Sequence[dict[str, Any]]) -> None:
    """A row of the first samples, one of each class in turn, and the rest behind a button."""
    st.caption(told("Try a sample. All of them are synthetic: drawn by this project, no patient is shown.", slug))
    in_turn = sorted(samples, key=lambda sample: _place_in_class(samples, sample))
    _sample_grid(slug, in_turn[:_STRIP], _STRIP, _COLUMN_WIDTH)
    if len(samples) > _STRIP:
        more = st.popover(t("More samples"), icon=":material/grid_view:", key=f"{slug}.more_samples", on_change="rerun")
        if more.open:
            with more:
                _sample_grid(slug, in_turn[_STRIP:], 3, _SMALL_WIDTH)


def _place_in_class(samples: Sequence[dict[str, Any]], sample: dict[str, Any]) -> int:
    return [other["file"] for other in samples if other["label"] == sample["label"]].index(sample["file"])


def _sample_grid(slug: str, samples: Sequence[dict[str, Any]], columns: int, width: int) -> None:
    with st.grid(columns, min_column_width=width, gap="small"):
        for sample in samples:
            chosen = st.session_state.get(f"{slug}.chosen") == sample["file"]
            with st.container(gap="xsmall"):
                name = label_name(_drawn_as(sample))
                picture = thumbnail(_sample_path(slug, sample["file"]))
                show_picture(picture, t("Sample: {label}", label=name), width="stretch")
                st.button(
                    escape(name),
                    key=f"{slug}.sample.{sample['file']}",
                    on_click=_choose,
                    args=(slug, sample["file"]),
                    width="stretch",
                    type="primary" if chosen else "secondary",
                )


def _sample_path(slug: str, file: str) -> Path:
    return settings().assets / "samples" / slug / file


def _from_sample(slug: str, sample: dict[str, Any]) -> Inputs:
    path = _sample_path(slug, sample["file"])
    item = Item(path.name, lambda: read_image(path.read_bytes(), path.name))
    return Inputs(f"sample:{path.name}", (item,), caption=label_name(_drawn_as(sample)))


def _drawn_as(sample: dict[str, Any]) -> str:
    """Its label; of a part the kind, and what is wrong with it."""
    return f"{sample['kind']}.{sample['defect']}" if "defect" in sample else str(sample["label"])


def _uploader(slug: str) -> list[Any]:
    limits = settings().limits
    st.caption(t("Or use your own images: one, several, or a zip."))
    files = st.file_uploader(
        t("Upload images or a zip"),
        accept_multiple_files=True,
        key=f"{slug}.upload",
        on_change=_choose,
        args=(slug, "upload"),
        max_upload_size=megabytes(limits.archive_bytes),
        label_visibility="collapsed",
    )
    st.caption(
        t(
            "PNG, JPEG, TIFF, WebP, GIF, BMP or DICOM, each up to {image_mb} MB and {pixels} megapixels; a zip up to "
            "{zip_mb} MB. Files stay in the memory of this session and are gone when you leave.",
            image_mb=limits.image_bytes // 2**20,
            pixels=limits.image_pixels // 10**6,
            zip_mb=limits.archive_bytes // 2**20,
        )
    )
    return list(files or [])


def _uploaded(slug: str, files: Sequence[Any]) -> Inputs | None:
    """The uploaded files, opened once per set of files."""
    slot = f"{slug}.opened"
    before: Inputs | None = st.session_state.get(slot)
    key = "upload:" + ",".join(file.file_id for file in files)
    if before is not None and before.key == key:
        return before
    if before is not None:
        before.close()
        del st.session_state[slot]
    if not files:
        return None
    opened = _open(key, files)
    st.session_state[slot] = opened
    return opened


def _open(key: str, files: Sequence[Any]) -> Inputs:
    items: list[Item] = []
    refused: list[Refusal] = []
    sources: list[tuple[str, ImageSource]] = []
    for file in files:
        try:
            charge_upload(sum(each.size for each in files))
            if is_zip(file.getvalue(), file.name):
                source = open_zip(file.getvalue(), file.name)
                sources.append((file.name, source))
                refused += source.refused
                items += [Item(entry.label, _entry_reader(source, entry), source) for entry in source.entries]
            else:
                items.append(Item(file.name, _file_reader(file)))
        except AppError as error:
            refused.append(error.refusal(file.name))
    items, left = _first_batch(_distinct(items))
    notices = tuple(notice for _, source in sources for notice in source.notices)
    return Inputs(key, tuple(items), (*refused, *left), sources=tuple(sources), notices=notices)


def _distinct(items: list[Item]) -> list[Item]:
    """Items whose names differ, so that a row of the table is the image that is shown for it."""
    taken: set[str] = set()
    named = []
    for item in items:
        name = item.name
        number = 1
        while name in taken:
            number += 1
            name = f"{item.name} ({number})"
        taken.add(name)
        named.append(replace(item, name=name))
    return named


def _entry_reader(source: ImageSource, entry: Any) -> Callable[[], ImageSample]:
    return lambda: source.read(entry)


def _file_reader(file: Any) -> Callable[[], ImageSample]:
    return lambda: read_image(file.getvalue(), file.name)


def _first_batch(items: list[Item]) -> tuple[list[Item], list[Refusal]]:
    """At most as many images as a page answers at once; the rest is named, not dropped."""
    limit = settings().limits.batch_images
    message = Message(
        N_("The page answers {limit:,} images at once; {count:,} were sent."), {"limit": limit, "count": len(items)}
    )
    hint = Message(N_("Send it in a second batch, or use the command line, which has no such limit."))
    return items[:limit], [Refusal(item.name, "batch.too_many", message, hint) for item in items[limit:]]


def item_title(inputs: Inputs, item: Item) -> str:
    """A line that names an image, as Markdown; a sample is always called synthetic."""
    if inputs.caption:
        return t("Synthetic sample, drawn as: {caption}", caption=escape(inputs.caption))
    return escape(item.name)
