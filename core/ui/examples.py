"""The examples behind a figure: small pictures with what they are and what the model made of them, one opened large."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from PIL import Image

from core import catalog
from core.contracts import Evaluation, Message
from core.errors import AppError
from core.store.versions import find_sector
from core.ui.i18n import t
from core.ui.labels import label_name
from core.ui.measured import Measured
from core.ui.part_overlay import legend, with_map
from core.ui.pictures import jpeg, show_picture
from core.ui.targets import decides_from
from core.ui.views import DISPLAY_SIDE, escape, for_display, say, show_error
from core.ui.wording import told

PER_PAGE = 12
_SMALL_SIDE = 220
_WITHOUT_PICTURES = 200


@dataclass(frozen=True)
class Example:
    """One row of an evaluation, in words; labels as the model names them."""

    id: str
    truth: str
    decided: str
    score: float
    """Of the decided label."""
    looked_for: float | None = None
    """Score of the second of two labels, whatever was decided; None where there are more."""
    before: str = ""
    """What the version in use decides; empty where nothing is compared."""
    amount: float | None = None
    """What is at stake, of a row of a table that says so."""
    day: str = ""
    """ISO date of the same."""
    kind: str = ""
    """Type of the defect, of an image of a part."""


def examples_of(evaluation: Evaluation, ids: Sequence[str], before: Evaluation | None = None) -> list[Example]:
    """The rows with these ids, in this order; `before` is another version's evaluation of the same examples."""
    labels, place, earlier = evaluation.labels, _places(evaluation), _places(before) if before else {}
    amount, day, kind = (evaluation.table.get(name) for name in ("amount", "day", "slice.defect"))
    found = []
    for name in ids:
        row = place[name]
        decided = int(evaluation.table["prediction"][row])
        found.append(
            Example(
                id=name,
                truth=labels[int(evaluation.table["truth"][row])],
                decided=labels[decided],
                score=float(evaluation.table["scores"][row, decided]),
                looked_for=float(evaluation.table["scores"][row, 1]) if len(labels) == 2 else None,
                before=before.labels[int(before.table["prediction"][earlier[name]])] if before else "",
                amount=None if amount is None else float(amount[row]),
                day="" if day is None else str(np.datetime64(int(day[row]), "D")),
                kind="" if kind is None else str(kind[row]),
            )
        )
    return found


def _places(evaluation: Evaluation) -> dict[str, int]:
    return {str(name): row for row, name in enumerate(evaluation.table["id"])}


def show_examples(measured: Measured, kind: str, part: str, examples: Sequence[Example]) -> None:
    """A page of pictures at a time; where there are none, a table and a sentence on how to get them.

    Rows of a table have no pictures: they stand in a table with their amount and day.

    Args:
        measured: Whose examples they are.
        kind: What they are examples of; one kind stands on a page once.
        part: Which of that kind, such as a cell.
        examples: In the order to show them.
    """
    if not examples:
        return
    if catalog.sector(measured.version.sector).pictured:
        st.fragment(_draw)(measured, kind, part, examples)
    else:
        _table(measured, examples)


@dataclass(frozen=True)
class _Page:
    """Small pictures as JPEG by id, and what is to say about them. Nothing larger stays in a session."""

    small: Mapping[str, bytes]
    hint: Message | None
    found: frozenset[str] = frozenset()
    """Ids whose pictures are here; of the others there may be a map."""
    mapped: bool = False
    """Whether the maps of parts are drawn over any of them."""


def _draw(measured: Measured, kind: str, part: str, examples: Sequence[Example]) -> None:
    key, pages = f"{measured.slug}.{kind}.{part}", -(-len(examples) // PER_PAGE)
    page = int(st.session_state.get(f"{key}.page", 1)) if pages > 1 else 1
    shown = examples[(page - 1) * PER_PAGE : page * PER_PAGE]
    try:
        found = _pictures(f"{measured.slug}.{kind}.pictures", measured, tuple(example.id for example in shown))
    except AppError as error:
        show_error(error)
        return
    if found.small:
        with st.grid(min_column_width=132, gap="small"):
            for place, example in enumerate(shown):
                _tile(f"{key}.{place}", measured, example, found.small.get(example.id))
        if pages > 1:
            st.pagination(pages, key=f"{key}.page")
    else:
        _table(measured, examples)
    if found.mapped:
        st.caption(legend())
    if found.hint is not None:
        st.caption(f":material/info: {say(found.hint)}")


def _pictures(slot: str, measured: Measured, ids: tuple[str, ...]) -> _Page:
    """The pictures of one page, kept until another page is asked for; none where examples are not images."""
    from core.data.examples import pictures

    if not find_sector(measured.version.sector).pictured:
        return _Page({}, None)
    wanted = (measured.version.sha256, ids)
    kept: tuple[object, _Page] | None = st.session_state.get(slot)
    page = kept[1] if kept is not None and kept[0] == wanted else None
    if page is not None and page.hint is None:
        return page
    found = pictures(measured.evaluation, ids, measured.version.path)
    if page is None or page.found != found.found.keys():  # what is missing may be fetched meanwhile
        plain = {name: for_display(one, _SMALL_SIDE) for name, one in found.found.items()}
        maps = {name: one for name in ids if (one := with_map(measured.version, name, plain.get(name))) is not None}
        small = {name: jpeg(Image.fromarray(one)) for name, one in (plain | maps).items()}
        page = _Page(small, found.hint, frozenset(plain), bool(maps))
        st.session_state[slot] = (wanted, page)
    return page


def _tile(key: str, measured: Measured, example: Example, picture: bytes | None) -> None:
    with st.container(gap="xsmall", border=True):
        if picture is None:
            st.caption(escape(example.id))
        else:
            show_picture(picture, t("Test example: {label}", label=label_name(example.truth)), width="stretch")
        st.caption(_words(measured, example))
        if picture is not None and st.button(t("Enlarge"), key=f"{key}.open", width="stretch"):
            _open(measured, example)


def _words(measured: Measured, example: Example) -> str:
    """Truth, decision and score in a line or two of Markdown."""
    truth, decided = escape(label_name(example.kind or example.truth)), escape(label_name(example.decided))
    words: dict[str, object] = {"truth": truth, "decided": decided, "score": round(100 * example.score)}
    if example.kind and not example.before:
        words |= {"score": example.looked_for, "limit": decides_from(measured)}
        return t("{truth}: called **{decided}**, score {score:.2f}, limit {limit:.2f}", **words)
    if not example.before:
        return t("{truth}: read as **{decided}** ({score} %)", **words)
    before = escape(label_name(example.before))
    return t("{truth}: read as {before} before, as **{decided}** now ({score} %)", before=before, **words)


def _open(measured: Measured, example: Example) -> None:
    @st.dialog(t("Test example"), width="large")
    def dialog() -> None:
        from core.data.examples import pictures

        st.markdown(_words(measured, example))
        found = pictures(measured.evaluation, [example.id], measured.version.path)
        pixels = found.found.get(example.id)
        own_size = find_sector(measured.version.sector).reads == "parts"  # what blows up looks like a defect there
        shown = None if pixels is None else for_display(pixels, _side(pixels) if own_size else DISPLAY_SIDE)
        mapped = with_map(measured.version, example.id, shown)
        with st.grid(2, min_column_width=240):
            for one in (shown, mapped):
                if one is not None:
                    picture, width = jpeg(Image.fromarray(one)), one.shape[1] if own_size else "stretch"
                    show_picture(picture, t("Test example: {label}", label=label_name(example.truth)), width=width)
        if mapped is not None:
            st.caption(legend())
        if pixels is not None:
            height, width = pixels.shape[:2]
            st.caption(t("{name}, {width} x {height} pixels", name=escape(example.id), width=width, height=height))
        if found.small:
            st.caption(t("Only this small picture was kept with the version."))

    dialog()


def _side(pixels: NDArray[np.uint8]) -> int:
    """Longest side of a picture that is opened: at most twice its own."""
    height, width = pixels.shape[:2]
    return int(min(DISPLAY_SIDE, 2 * max(height, width)))


def _table(measured: Measured, examples: Sequence[Example]) -> None:
    of_texts = catalog.sector(measured.version.sector).reads == "texts"
    rows = [
        {
            t("Row") if of_texts else told("Image", measured.slug): example.id,
            **({t("Day"): example.day} if example.day else {}),
            **({t("Amount"): round(example.amount, 2)} if example.amount is not None else {}),
            t("True label"): label_name(example.truth),
            **({t("Read before as"): label_name(example.before)} if example.before else {}),
            t("Decision"): label_name(example.decided),
            **_score(measured, example),
        }
        for example in examples[:_WITHOUT_PICTURES]
    ]
    st.dataframe(rows, hide_index=True, height=min(38 + 35 * len(rows), 388))
    if len(examples) > len(rows):
        st.caption(t("The first {shown:,} of {count:,}.", shown=len(rows), count=len(examples)))
    if of_texts:
        st.caption(
            t(
                "A version keeps the file and row of its test texts, not the texts themselves: those of public data "
                "sets belong to others, whose licences do not allow passing them on."
            )
        )


def _score(measured: Measured, example: Example) -> dict[str, float]:
    """The score as everywhere else: of the label that a threshold looks for, where there is one to look for."""
    if example.looked_for is None:
        return {t("Score, %"): round(100 * example.score, 1)}
    label = label_name(measured.evaluation.labels[1])
    return {t("Score for {label}, %", label=label): round(100 * example.looked_for, 1)}
