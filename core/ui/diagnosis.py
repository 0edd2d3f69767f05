"""Whether a version overfits and whether more data would help, in words, with the curve behind it; and seed spread."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from core.contracts import N_
from core.errors import ModelRefused
from core.store.versions import Version
from core.ui.i18n import t
from core.ui.measured import Measured
from core.ui.theme import mode, palette, show_chart
from core.ui.views import say

if TYPE_CHECKING:
    from core.training.diagnosis import Curve, Diagnosis


def diagnosis_of(version: Version) -> Diagnosis | None:
    """What was measured when the version was trained; None when nothing was. Raises `ModelRefused` when damaged."""
    from core.training.diagnosis import read_diagnosis

    stored = version.manifest.get("diagnosis")
    if not stored:
        return None
    try:
        return read_diagnosis(stored)
    except (KeyError, TypeError, ValueError) as error:
        raise ModelRefused(
            "model.diagnosis", N_("The stored diagnosis of this version cannot be read."), N_("Train it again.")
        ) from error


def show_diagnosis(measured: Measured) -> None:
    """The verdict, the learning curve, and what the next training has to switch on where there is none."""
    from core.training.diagnosis import verdict

    found = diagnosis_of(measured.version)
    if found is None:
        st.info(
            t("This version was trained without a diagnosis. Switch on “Diagnose overfitting” for the next training.")
        )
        return
    for message in verdict(found):
        st.markdown(f"- {say(message)}")
    st.caption(
        t(
            "Measured on {train} training and {validation} validation images, none of the test; intervals are 95 %.",
            train=found.train.n,
            validation=found.validation.n,
        )
    )
    if found.curve is not None:
        _chart(measured.slug, found.curve)


def _chart(slug: str, curve: Curve) -> None:
    import plotly.graph_objects as go

    values = [100 * point.accuracy.value for point in curve.points]
    figure = go.Figure(
        go.Scatter(
            x=[point.n for point in curve.points],
            y=values,
            error_y={
                "type": "data",
                "array": [100 * p.accuracy.high - value for p, value in zip(curve.points, values, strict=True)],
                "arrayminus": [value - 100 * p.accuracy.low for p, value in zip(curve.points, values, strict=True)],
            },
            mode="markers+lines",
            hovertemplate="n = %{x}: %{y:.1f} %<extra></extra>",
        )
    )
    figure.add_hline(y=100 * curve.chance, line={"dash": "dot", "color": palette(mode()).muted})
    figure.update_layout(showlegend=False)
    figure.update_xaxes(title=t("Training images"))
    figure.update_yaxes(title=t("Validation images right, %"))
    show_chart(figure, f"{slug}.learning_curve", height=320, alt=t("Learning curve over the number of training images"))
    st.caption(t("A linear head on frozen features; the dotted line is guessing."))
