"""Draws answers, by `prediction.kind`, and writes what others said so that Markdown shows it literally."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping, Sequence
from numbers import Number
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from PIL import Image

from core.contracts import AnomalyPrediction, Classification, Decision, Message, Refusal, Sample
from core.errors import AppError
from core.serving.service import Answer
from core.ui.i18n import t
from core.ui.labels import label_name

DISPLAY_SIDE = 640
"""Longest side in pixels of an image sent to the browser."""
DEFAULT_COVERAGE = 0.9
_JOINER = "\u2060"
_MARKDOWN = set("\\`*_{}[]()#+-.!|<>$~&\"'=^")
_SHOWN_REFUSALS = 20


def escape(text: object) -> str:
    """`text` so that Markdown shows it literally: no links, images, icons, colours, formulas or HTML.

    An invisible word joiner breaks `:name:`, `www.` and `@`, which Streamlit looks for after Markdown has been parsed.
    """
    flat = " ".join(str(text).split())
    marked = "".join(f"\\{sign}" if sign in _MARKDOWN else sign for sign in flat)
    marked = marked.replace(":", f":{_JOINER}").replace("@", f"@{_JOINER}")
    return marked.replace("www\\.", f"www{_JOINER}\\.").replace("WWW\\.", f"WWW{_JOINER}\\.")


def chart_text(text: object, limit: int = 40) -> str:
    """`text` for a plotly label, which would otherwise read it as HTML; cut to `limit` characters."""
    flat = " ".join(str(text).split())
    return html.escape(flat if len(flat) <= limit else flat[: limit - 1] + "…", quote=False)


def say(message: Message) -> str:
    """A translated message as Markdown, with what came from a user escaped, in messages within it too."""
    return t(Message(message.template, {name: _said(value) for name, value in message.params.items()}))


def _said(value: object) -> object:
    """A value of a message: numbers stay as they are, since templates format them."""
    if isinstance(value, Message):
        return say(value)
    return value if isinstance(value, Number) else escape(value)


def plain(message: Message) -> str:
    """A translated message as plain text, for tables and files."""
    return t(message)


def show_error(error: AppError) -> None:
    """An expected error: what came, what to do, and its code."""
    hint = f" {say(error.hint)}" if error.hint.template else ""
    st.error(f"{say(error.message)}{hint} ({escape(error.code)})", icon=":material/error:")


def show_refusals(refused: Sequence[Refusal]) -> None:
    """Everything that was not taken, with what to do about it; nothing is left out silently."""
    if not refused:
        return
    st.warning(t("Not taken: {count:,}", count=len(refused)), icon=":material/block:")
    if len(refused) <= 3:
        for entry in refused:
            # Most messages name the file themselves.
            named = any(entry.name in str(value) for value in entry.message.params.values())
            name = "" if named else f"**{escape(entry.name)}**: "
            st.caption(f"{name}{say(entry.message)} {say(entry.hint)} ({escape(entry.code)})")
        return
    rows = [
        {t("File"): row.name, t("Reason"): plain(row.message), t("What to do"): plain(row.hint), t("Code"): row.code}
        for row in refused
    ]
    st.dataframe(rows, hide_index=True, height=min(38 + 35 * len(rows), 38 + 35 * _SHOWN_REFUSALS))


def for_display(pixels: NDArray[np.uint8], side: int = DISPLAY_SIDE) -> NDArray[np.uint8]:
    """`pixels` (H, W, 3) no larger than `side`; small images are enlarged so that their pixels can be seen."""
    height, width = pixels.shape[:2]
    scale = side / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    method = Image.Resampling.LANCZOS if scale < 1 else Image.Resampling.BICUBIC
    return np.asarray(Image.fromarray(pixels).resize(size, method))


def show_prediction(slug: str, answer: Answer, sample: Sample, options: Mapping[str, Any]) -> None:
    """The answer for one input, by kind, with what was converted and which model gave it."""
    _PREDICTION_VIEWS[answer.prediction.kind](slug, answer.prediction, options)
    show_origin(answer, sample)


def show_origin(answer: Answer, sample: Sample) -> None:
    """Which model answered and how fast, what was converted on the way, and metadata that was dropped."""
    model = answer.model
    st.caption(
        t(
            "Model {architecture}, version {version}. Answered in {latency:.0f} ms.",
            architecture=escape(model.architecture),
            version=escape(model.version),
            latency=answer.latency_ms,
        )
    )
    for notice in (*answer.notices, *sample.notices):
        st.caption(f":material/info: {say(notice)}")
    if sample.removed_tags:
        with st.expander(t("Metadata removed from the file: {count} fields", count=len(sample.removed_tags))):
            st.caption(t("Only the names are shown; the values were dropped when the file was read."))
            st.text(", ".join(sample.removed_tags))


def _show_classification(slug: str, prediction: Classification, options: Mapping[str, Any]) -> None:
    if prediction.abstained is not None:
        st.subheader(t("No answer"), anchor=False)
        st.warning(say(prediction.abstained.message), icon=":material/do_not_disturb_on:")
        st.caption(
            t(
                "Distance from the training images: {distance:.2f} times the limit.",
                distance=prediction.domain_score,
            )
        )
        return
    decided = prediction.decision or ""
    st.caption(t("The model reads this image as"))
    st.subheader(escape(label_name(decided)), anchor=False)
    show_scores(prediction)
    st.caption(t("Calibrated scores in percent: of 100 images scored 80, about 80 should carry that label."))
    show_prediction_set(prediction, options.get("coverage", DEFAULT_COVERAGE))


def show_prediction_set(prediction: Classification, coverage: float) -> None:
    """Which labels remain plausible at the coverage asked for, in (0, 1)."""
    percent = round(100 * coverage)
    names = ", ".join(f"**{escape(label_name(label))}**" for label in prediction.prediction_set)
    if not prediction.prediction_set:
        st.write(t("At {percent} % coverage no label is plausible enough.", percent=percent))
    elif len(prediction.prediction_set) == 1:
        st.write(t("At {percent} % coverage one label remains: {names}.", percent=percent, names=names))
    else:
        st.write(t("At {percent} % coverage the model cannot choose between: {names}.", percent=percent, names=names))


def show_scores(prediction: Classification, limit: int = 10) -> None:
    """A bar for each of the `limit` highest scores, the decided label in bold.

    Streamlit's own bars: a chart library would cost more than the rest of the page, here and in the browser.
    """
    for index in np.argsort(prediction.scores)[::-1][:limit]:
        label, score = prediction.labels[index], float(prediction.scores[index])
        line = f"{escape(label_name(label))} · {100 * score:.1f} %"
        st.progress(_share(score), f"**{line}**" if label == prediction.decision else line)


def _show_decision(slug: str, decision: Decision, options: Mapping[str, Any]) -> None:
    if decision.abstained is not None:
        st.subheader(t("No answer"), anchor=False)
        st.warning(say(decision.abstained.message), icon=":material/do_not_disturb_on:")
        return
    st.caption(t("At today's threshold the model says"))
    st.subheader(escape(label_name(decision.decision or "")), anchor=False)
    show_against_threshold(decision)


def _show_anomaly(slug: str, prediction: AnomalyPrediction, options: Mapping[str, Any]) -> None:
    from core.ui.part_verdict import show_part_verdict  # which writes with the functions above

    show_part_verdict(prediction)


def show_against_threshold(decision: Decision) -> None:
    """Score and threshold as bars over one another, on one scale."""
    label = escape(label_name(decision.labels[1]))
    score, threshold = 100 * decision.score, 100 * decision.threshold
    st.progress(_share(decision.score), f"**{t('Score for {label}: {score:.1f} %', label=label, score=score)}**")
    st.progress(_share(decision.threshold), t("Threshold: {label} from {score:.1f} % on", label=label, score=threshold))


def _share(value: float) -> float:
    return min(1.0, max(0.0, value))


_PREDICTION_VIEWS: dict[str, Callable[[str, Any, Mapping[str, Any]], None]] = {
    "classification": _show_classification,
    "decision": _show_decision,
    "anomaly": _show_anomaly,
}
