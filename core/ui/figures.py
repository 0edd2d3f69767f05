"""A few measured values in a row, each with its interval, and the sentence on where they come from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final

import streamlit as st

from core.contracts import N_, Evaluation
from core.data.catalog import DATA_SETS
from core.errors import AppError
from core.log import log_event
from core.serving.service import evaluation_of
from core.store.versions import Version
from core.training.evaluation import METRIC_NAMES
from core.ui.i18n import t
from core.ui.labels import SPLIT_NAMES
from core.ui.views import escape

_MEANINGS: Final[dict[str, str]] = {
    "accuracy": N_("Share of the test examples that were answered right."),
    "balanced_accuracy": N_(
        "Mean over the classes of the share answered right: a rare class counts like a common one."
    ),
    "f1_macro": N_("Mean over the classes of the harmonic mean of precision and recall."),
    "auroc": N_("How well the scores put the classes in order: 1 is perfect, 0.5 is a coin."),
    "average_precision": N_("Area under the precision-recall curve."),
    "card_precision_at_100": N_(
        "Share of cards with a fraud among the 100 cards that score highest on a day, mean over the days; a card that "
        "was caught is left out later. With fewer than 100 bad cards a day nobody can reach 1."
    ),
    "pixel_f1": N_(
        "How well the map covers defects and nothing else, at its best limit: harmonic mean of precision and recall "
        "over all pixels."
    ),
    "pro": N_(
        "Per-region overlap: mean share of a defect that the map covers, over limits at which at most 30 % of good "
        "pixels are marked. A small defect counts as much as a large one."
    ),
    "image_auroc": N_("How often a defective part scores higher than a good one: 1 is always, 0.5 is a coin."),
    "pixel_auroc": N_(
        "How often a defective pixel scores higher than a good one. It looks good easily: most pixels are good."
    ),
    "false_alarm_rate": N_("Share of good parts called defective at the limit of the version. Lower is better."),
    "escape_rate": N_("Share of defects called good at the limit of the version. Lower is better."),
    "ece": N_("Mean gap between how sure the model is and how often it is right. Lower is better."),
    "ndcg_at_10": N_("How many of the first ten items were right, and how high they stand: 1 is a perfect list."),
    "hr_at_10": N_("Share of users with at least one right item among the first ten."),
    "recall_at_20": N_("Share of what a user took in the test that stands among the first twenty."),
    "coverage": N_("Share of the catalogue that stands among the first ten of any user."),
    "long_tail": N_("Share of listed items that are not among the fifth that is taken most."),
    "novelty": N_("How rarely listed items are taken, in bits: one more means half as often."),
    "diversity": N_("How little the items of a list are alike: 0 is ten of a kind."),
}


def metric_title(name: str) -> str:
    """Title of the metric `name`, in the visitor's language; the name itself when it has none."""
    return t(METRIC_NAMES[name]) if name in METRIC_NAMES else name


def metric_meaning(name: str) -> str | None:
    """What the metric `name` tells, in the visitor's language; None when there is nothing to say."""
    return t(_MEANINGS[name]) if name in _MEANINGS else None


def data_title(name: str) -> str:
    """Title of a data set of the catalogue; any other name as it is."""
    return next((t(entry.title) for entry in DATA_SETS if entry.name == name), name)


def data_name(evaluation: Evaluation, name: str = "") -> str:
    """Data set that was measured on, as plain text; an upload goes by the `name` it came with."""
    data = evaluation.data
    return name if name and data.name.startswith("data.") else data_title(data.name)


def data_line(evaluation: Evaluation, name: str = "") -> str:
    """The same with the number of examples."""
    return f"{data_name(evaluation, name)}, n = {evaluation.data.n:,}"


def stored_evaluation(version: Version) -> Evaluation | None:
    """The evaluation that came with `version`, read once; None when there is none or it is damaged."""
    return _read_evaluation(version.sha256, version)


@lru_cache(maxsize=64)
def _read_evaluation(_sha256: str, version: Version) -> Evaluation | None:
    try:
        return evaluation_of(version)
    except AppError as error:
        log_event("evaluation_unreadable", level="WARNING", code=error.code, sector=version.sector, version=version.ref)
        return None


def show_metrics(evaluation: Evaluation, names: Iterable[str]) -> None:
    """Those of the metrics `names` that were measured, and what they were measured on."""
    shown = [name for name in dict.fromkeys(names) if name in evaluation.summary]
    if not shown:
        return
    with st.grid(min_column_width=140):
        for name in shown:
            metric = evaluation.summary[name]
            st.metric(
                metric_title(name),
                f"{metric.value:.3f}",
                delta=f"{metric.low:.3f}–{metric.high:.3f}",
                delta_color="off",
                delta_arrow="off",
                help=metric_meaning(name),
            )
    data = evaluation.data
    st.caption(
        t(
            "Measured on {n:,} examples: {name}, {split} split. Below each value its 95 % interval.",
            n=data.n,
            name=escape(data_title(data.name)),
            split=t(SPLIT_NAMES.get(data.split, data.split)),
        )
    )


def choose_figure(key: str, names: Sequence[str]) -> str:
    """The metric, of these, that a visitor wants to see; the first one to begin with."""
    chosen = st.segmented_control(
        t("Figure"),
        names,
        default=names[0],
        required=True,
        format_func={name: metric_title(name) for name in names}.__getitem__,
        key=key,
        persist_state="session",
    )
    return str(chosen or names[0])
