"""Where every version comes from, and how the headline metric went from one to the next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import streamlit as st

from core.contracts import N_, Evaluation, Sector
from core.store.versions import Version
from core.ui.figures import data_line, data_title, metric_title, stored_evaluation
from core.ui.i18n import t
from core.ui.theme import show_chart
from core.ui.views import chart_text

STARTS: Final = {
    "bundled": N_("bundled model"),
    "hub": N_("model hub"),
    "none": N_("random start"),
}
_SHORT: Final = 8


def show_lineage(sector: Sector, versions: Sequence[Version]) -> None:
    """Version <- job <- data <- parent as a table, and the headline metric over the versions."""
    st.dataframe([_row(version, versions) for version in versions], hide_index=True, key=f"{sector.slug}.lineage_table")
    st.caption(
        t("The data and the parent are named by the first characters of their checksums: equal ones are the same.")
    )
    _metric_over_versions(sector, versions)


def _row(version: Version, versions: Sequence[Version]) -> dict[str, Any]:
    data: Mapping[str, Any] = version.manifest.get("data", {})
    name = str(data.get("name", ""))
    trained_on = version.name if version.name and name.startswith("data.") else data_title(name)
    return {
        t("Version"): version.ref,
        t("Job"): version.job_id or "–",
        t("Training data"): f"{trained_on} ({str(data.get('fingerprint', ''))[:_SHORT]})" if data else "–",
        t("Corrections"): int(data.get("corrections", 0)),
        t("Parent"): _parent(version, versions),
        t("Seed"): str(version.manifest.get("seed", "–")),
        t("Program"): str(version.manifest.get("code_version", "–")),
        t("Weights"): version.sha256[:_SHORT],
        t("Created"): version.created.astimezone().strftime("%Y-%m-%d %H:%M") if version.number else "",
    }


def _parent(version: Version, versions: Sequence[Version]) -> str:
    """The version whose weights this one started from, or what else it started from."""
    sha256 = str(version.manifest.get("parent", ""))
    if sha256:
        found = next((other for other in versions if other.sha256 == sha256), None)
        return f"{found.ref} ({sha256[:_SHORT]})" if found else sha256[:_SHORT]
    start = str(version.manifest.get("config", {}).get("pretrained", ""))
    return t(STARTS[start]) if start in STARTS else "–"


def _metric_over_versions(sector: Sector, versions: Sequence[Version]) -> None:
    """One line per set of test examples: figures of different sets are not joined."""
    name = sector.headline_metric
    lines: dict[str, list[tuple[Version, Evaluation]]] = {}
    for version in reversed(versions):  # the bundled one is the last of the list and the first in time
        evaluation = stored_evaluation(version)
        if evaluation is not None and name in evaluation.summary:
            lines.setdefault(evaluation.data.fingerprint, []).append((version, evaluation))
    if not lines:
        return
    import plotly.graph_objects as go

    figure = go.Figure()
    for measured in lines.values():
        metrics = [evaluation.summary[name] for _, evaluation in measured]
        figure.add_scatter(
            x=[version.ref for version, _ in measured],
            y=[metric.value for metric in metrics],
            error_y={
                "type": "data",
                "symmetric": False,
                "array": [metric.high - metric.value for metric in metrics],
                "arrayminus": [metric.value - metric.low for metric in metrics],
            },
            mode="lines+markers",
            name=chart_text(data_line(measured[-1][1], measured[-1][0].name), 48),
        )
    order = [version.ref for version in reversed(versions)]
    figure.update_xaxes(title=t("Version"), type="category", categoryorder="array", categoryarray=order)
    figure.update_yaxes(title=metric_title(name))
    figure.update_layout(showlegend=True)
    st.markdown(f"**{t('{metric} over the versions', metric=metric_title(name))}**")
    show_chart(figure, f"{sector.slug}.metric_over_versions", height=320, alt=t("Headline metric of every version"))
    st.caption(
        t("Each line is one set of test examples, with 95 % intervals; figures of different sets are not joined.")
    )
