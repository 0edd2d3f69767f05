"""The answer and the reasons for it, for one image or a batch."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core.contracts import N_, Heatmap, ImageSample, Sector
from core.errors import AppError
from core.ui import predict
from core.ui.batch import download, show_batch
from core.ui.correct import show_correction
from core.ui.explanations import show_explanation, show_faithfulness
from core.ui.i18n import t
from core.ui.inputs import Inputs, item_title
from core.ui.labels import label_name
from core.ui.operating import chosen_options
from core.ui.pictures import kept_picture, show_picture
from core.ui.predict import Answered, Row
from core.ui.views import for_display, say, show_error, show_prediction, show_refusals

METHODS = {
    "grad_cam": N_("Grad-CAM: coarse, from the last layers"),
    "integrated_gradients": N_("Integrated gradients: fine, pixel by pixel"),
}
DEFAULT_OPACITY = 0.55


def show_answers(sector: Sector, inputs: Inputs, options: dict[str, Any]) -> None:
    """Answers for everything that was chosen, with a map for the one that is looked at."""
    try:
        answered = predict.answered(sector.slug, inputs, options)
    except AppError as error:
        show_error(error)
        return
    for notice in inputs.notices:
        st.caption(f":material/info: {say(notice)}")
    show_refusals(answered.refused)
    if not answered.rows:
        return
    if len(inputs.items) == 1:
        _show_one(sector.slug, inputs, answered.rows[0], options)
        download(sector, answered)
        return
    place = show_batch(sector, answered)
    if place is not None:
        _show_one(sector.slug, inputs, answered.rows[place], options)


def _show_one(slug: str, inputs: Inputs, row: Row, options: dict[str, Any]) -> None:
    """Picture and map beside each other, also on a phone, and the words with them."""
    sample = predict.sample_of(slug, inputs, row.item)
    pictures, words = st.columns([2, 1.4], gap="medium")
    with pictures, st.grid(2, min_column_width=130):
        show_picture(
            kept_picture(slug, ("picture", sample.sha256), lambda: for_display(sample.pixels)),
            t("The image as the model gets it"),
            caption=item_title(inputs, row.item),
            width="stretch",
        )
        map_place = st.container()
    with words:
        show_prediction(slug, row.answer, sample, options)
    with map_place:
        target = row.answer.single.decision
        if target is None:
            st.caption(t("No map: the model gave no answer to explain."))
        else:
            _show_map(slug, sample, target, "grad_cam", DEFAULT_OPACITY)
    show_correction(slug, sample, row.answer)


def _show_map(slug: str, sample: ImageSample, target: str, method: str, opacity: float) -> None:
    try:
        explanation = predict.explanation(slug, sample, target, method, t("Drawing the map"))
    except AppError as error:
        show_error(error)
        return
    show_explanation(slug, explanation, sample, opacity)


def show_why(sector: Sector, inputs: Inputs) -> None:
    """Method, label, opacity, and how far to trust the map."""
    slug = sector.slug
    try:
        answered = predict.answered(slug, inputs, chosen_options(slug))
    except AppError as error:
        show_error(error)
        return
    if not answered.rows:
        show_refusals(answered.refused)
        return
    row = _row_input(slug, answered)
    sample = predict.sample_of(slug, inputs, row.item)
    controls, map_place = st.columns([1, 1.4], gap="large")
    with controls:
        method, target, opacity = _map_input(slug, row, sample)
        if row.answer.single.abstained is not None:
            st.caption(t("The model declined this image, so the map says little."))
    try:
        with controls:
            explanation = predict.explanation(slug, sample, target, method, t("Measuring the map"))
    except AppError as error:
        show_error(error)
        return
    with map_place:
        show_explanation(slug, explanation, sample, opacity)
    with controls:
        st.markdown(f"**{t('How far to trust this map')}**")
        show_faithfulness(explanation.faithfulness if isinstance(explanation, Heatmap) else None)


def _map_input(slug: str, row: Row, sample: ImageSample) -> tuple[str, str, float]:
    """Method, label and opacity in [0, 1]."""
    prediction = row.answer.single
    method = st.radio(
        t("Method"),
        list(METHODS),
        format_func={name: t(title) for name, title in METHODS.items()}.__getitem__,
        key=f"{slug}.method",
        persist_state="session",
    )
    labels = list(prediction.labels)
    target = st.selectbox(
        t("Why this score for"),
        labels,
        index=labels.index(prediction.decision) if prediction.decision else 0,
        format_func={label: label_name(label) for label in labels}.__getitem__,
        key=f"{slug}.why.{sample.sha256[:16]}.{row.answer.model.version}",
    )
    percent = st.slider(
        t("Opacity of the map, %"),
        0,
        100,
        round(100 * DEFAULT_OPACITY),
        key=f"{slug}.opacity",
        persist_state="session",
    )
    return method, target, percent / 100


def _row_input(slug: str, answered: Answered) -> Row:
    if len(answered.rows) == 1:
        return answered.rows[0]
    place = st.selectbox(
        t("Image"),
        range(len(answered.rows)),
        format_func=lambda index: answered.rows[index].item.name,
        key=f"{slug}.why_row",
    )
    return answered.rows[place]
