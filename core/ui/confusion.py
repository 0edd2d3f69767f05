"""The confusion matrix. A click on a cell opens its examples; two boxes below do the same by keyboard."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from core.store.versions import find_sector
from core.ui.examples import examples_of, show_examples
from core.ui.i18n import t
from core.ui.labels import label_name
from core.ui.measured import Measured
from core.ui.theme import mode, palette, show_chart
from core.ui.views import chart_text
from core.ui.wording import told

if TYPE_CHECKING:
    import plotly.graph_objects as go
    from numpy.typing import NDArray

_NUMBERS_UP_TO = 12


def show_confusion(measured: Measured) -> None:
    """Counts of true against decided labels, and the examples of one cell."""
    from core.training import quality

    slug, k = measured.slug, len(measured.evaluation.labels)
    counts = quality.confusion(measured.evaluation)
    truth, decided = _cell(slug, counts, find_sector(measured.version.sector).reads == "parts")
    resets = st.session_state.setdefault(f"{slug}.confusion_resets", 0)
    key = f"{slug}.confusion.{resets}"
    show_chart(
        _matrix(measured, counts, (truth, decided)),
        key,
        height=min(760, 180 + 70 * k),
        alt=t("Confusion matrix: true label in rows, decision in columns"),
        on_select=lambda: choose_cell(slug, k, key),
        selection_mode="points",
    )
    st.caption(
        told("Number of images; the colour is the share of each true label. Click a cell to see its images.", slug)
    )
    _boxes(measured)
    ids = quality.confusion_ids(measured.evaluation, truth, decided)
    st.caption(told("{count:,} images, the most confident first", slug, count=len(ids)))
    show_examples(measured, "cell", f"{truth}.{decided}", examples_of(measured.evaluation, ids))


def choose_cell(slug: str, k: int, key: str) -> None:
    """Callback of a click on the matrix with `k` labels: put its cell into the boxes."""
    points: Any = st.session_state[key]["selection"]["points"]
    if points:
        place = int(points[0]["point_index"])
        st.session_state[f"{slug}.cell_truth"], st.session_state[f"{slug}.cell_decided"] = divmod(place, k)


def _cell(slug: str, counts: NDArray[Any], largest: bool) -> tuple[int, int]:
    """The cell that is open; at first the second label among those that are the first, or the `largest` wrong one."""
    k, opened = len(counts), (0, min(1, len(counts) - 1))
    wrong = counts * (1 - np.eye(k, dtype=counts.dtype))
    if largest and wrong.any():
        opened = divmod(int(wrong.argmax()), k)
    for name, first in zip(("cell_truth", "cell_decided"), opened, strict=True):
        if st.session_state.setdefault(f"{slug}.{name}", first) >= k:  # the version before had more labels
            st.session_state[f"{slug}.{name}"] = first
    return st.session_state[f"{slug}.cell_truth"], st.session_state[f"{slug}.cell_decided"]


def _boxes(measured: Measured) -> None:
    slug, labels = measured.slug, [label_name(label) for label in measured.evaluation.labels]
    left, right = st.columns(2)
    for column, title, name in (
        (left, told("Images that are", slug), "cell_truth"),
        (right, t("and were read as"), "cell_decided"),
    ):
        column.selectbox(
            title,
            range(len(labels)),
            format_func=labels.__getitem__,
            key=f"{slug}.{name}",
            on_change=_forget_click,
            args=(slug,),
        )


def _forget_click(slug: str) -> None:
    """A new chart in place of the one that remembers a cell as clicked: a click there would only let go of it."""
    st.session_state[f"{slug}.confusion_resets"] += 1


def _matrix(measured: Measured, counts: NDArray[Any], chosen: tuple[int, int]) -> go.Figure:
    """Cells are drawn as bars, because a browser reports clicks on bars but not on the cells of a heat map."""
    import plotly.graph_objects as go

    look, k = palette(mode()), len(counts)
    labels = [chart_text(label_name(label), 24) for label in measured.evaluation.labels]
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    steps = len(look.sequence) - 1
    truth, decided = (places.ravel() for places in np.indices((k, k)))
    picked = (truth == chosen[0]) & (decided == chosen[1])
    figure = go.Figure(
        go.Bar(
            x=decided,
            y=np.full(k * k, 0.96),
            base=truth - 0.48,
            width=0.96,
            marker={
                "color": [look.sequence[round(float(value) * steps)] for value in share.ravel()],
                "line": {"color": look.text, "width": [3 if one else 0 for one in picked]},
            },
            text=counts.ravel() if k <= _NUMBERS_UP_TO else None,
            textposition="inside",
            insidetextanchor="middle",
            textangle=0,
            textfont={"size": 16},
            customdata=[[labels[row], labels[column]] for row, column in zip(truth, decided, strict=True)],
            hovertext=counts.ravel(),
            hovertemplate="%{customdata[0]} → %{customdata[1]}: %{hovertext}<extra></extra>",
            selected={"marker": {"opacity": 1}},
            unselected={"marker": {"opacity": 1}},
        )
    )
    ticks: dict[str, Any] = {"tickvals": list(range(k)), "ticktext": labels, "showgrid": False, "zeroline": False}
    figure.update_layout(showlegend=False, bargap=0)
    figure.update_xaxes(title=t("Decision of the model"), range=[-0.5, k - 0.5], **ticks)
    figure.update_yaxes(title=t("True label"), range=[k - 0.5, -0.5], **ticks)
    return figure
