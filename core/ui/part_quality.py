"""Quality of models of parts where it hurts: by type of defect, by the rate of false alarms, and the worst mistakes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import streamlit as st

from core.contracts import N_, Evaluation, Metric
from core.ui.dots import show_dots
from core.ui.examples import examples_of, show_examples
from core.ui.figures import choose_figure, metric_meaning, metric_title
from core.ui.i18n import t
from core.ui.labels import label_name
from core.ui.measured import Measured, figure_of

_OF_TYPES: Final = ("pixel_f1", "pro", "image_auroc", "pixel_auroc", "escape_rate")
TYPE: Final = "slice.defect"
MISTAKES: Final = {"escapes": N_("Escaped defects"), "alarms": N_("False alarms")}
NO_DEFECTS: Final = N_(
    "No defect is among the test images of this version, so how well it finds any is not known. Send images of defects "
    "in a folder `test` beside the good ones, and teach the part again."
)


def show_types(measured: Measured) -> None:
    """Every type of defect with its figures, each beside all good parts; the one that escapes most stands first."""
    found = _by_type(measured.version.manifest)
    if not found:
        st.info(t(NO_DEFECTS))
        return
    names = [name for name in _OF_TYPES if any(name in figures for figures in found.values())]
    name = choose_figure(f"{measured.slug}.type_figure", names)
    rows = [(kind, figures[name]) for kind, figures in found.items() if name in figures]
    rows.sort(key=lambda row: row[1].value, reverse=name == "escape_rate")
    show_dots(
        f"{measured.slug}.types",
        [(label_name(kind), metric) for kind, metric in rows],
        metric_title(name),
        t("{figure} by type of defect", figure=metric_title(name)),
        measured.evaluation.summary[name].value if name in measured.evaluation.summary else None,
    )
    st.caption(metric_meaning(name) or "")
    others = [kind for kind in found if kind not in dict(rows)]
    _type_table(measured.evaluation, {kind: found[kind] for kind in (*dict(rows), *others)}, names)


def _by_type(manifest: Mapping[str, Any]) -> dict[str, dict[str, Metric]]:
    """Figures of every type of defect, as the training stored them."""
    stored: Mapping[str, Mapping[str, Any]] = manifest.get("by_type", {})
    return {
        kind: {name: Metric(**figure) for name, figure in figures.items()}
        for kind, figures in sorted(
            stored.items(), key=lambda pair: -float(pair[1].get("escape_rate", {}).get("value", 0.0))
        )
    }


def _type_table(evaluation: Evaluation, found: Mapping[str, Mapping[str, Metric]], names: list[str]) -> None:
    types, names = np.asarray(evaluation.table[TYPE]), sorted(names, key=lambda name: name != "escape_rate")
    st.dataframe(
        [
            {t("Type of defect"): label_name(kind)}
            | {metric_title(name): figure_of(name, figures[name], 2) if name in figures else "–" for name in names}
            | {"n": int((types == kind).sum())}
            for kind, figures in found.items()
        ],
        hide_index=True,
        height="content",
    )
    st.caption(
        t(
            "Each type is measured beside the {good:,} good test parts. In brackets 95 % intervals: Wilson for "
            "escapes, a bootstrap over images otherwise. Pixel F1 is that of the best limit, as published figures are.",
            good=int((np.asarray(evaluation.table["truth"]) == 0).sum()),
        )
    )


def show_mistakes(measured: Measured) -> None:
    """The defects that score lowest and the good parts that score highest, on the wrong side of the limit."""
    table = measured.evaluation.table
    truth, called, score = (np.asarray(table[name]) for name in ("truth", "prediction", "scores"))
    escapes, alarms = np.flatnonzero((truth == 1) & (called == 0)), np.flatnonzero((truth == 0) & (called == 1))
    rows = {
        "escapes": escapes[np.argsort(score[escapes, 1], kind="stable")],
        "alarms": alarms[np.argsort(-score[alarms, 1], kind="stable")],
    }
    chosen = st.segmented_control(
        t("Mistakes"),
        list(MISTAKES),
        default="escapes",
        required=True,
        format_func={name: f"{t(title)} ({len(rows[name]):,})" for name, title in MISTAKES.items()}.__getitem__,
        key=f"{measured.slug}.mistakes",
        label_visibility="collapsed",
    )
    name = str(chosen or "escapes")
    if not len(rows[name]):
        st.caption(_none_of(name, truth))
        return
    st.caption(
        t("Defects that the version calls good, the lowest score first.")
        if name == "escapes"
        else t("Good parts that the version calls defective, the highest score first.")
    )
    ids = [str(table["id"][row]) for row in rows[name]]
    show_examples(measured, "mistake", name, examples_of(measured.evaluation, ids))


def _none_of(name: str, truth: Any) -> str:
    defects = int((truth == 1).sum())
    if name == "escapes":
        return t("None of {count:,} test defects escapes at this limit.", count=defects) if defects else t(NO_DEFECTS)
    return t("None of {count:,} good test parts is called defective at this limit.", count=len(truth) - defects)
