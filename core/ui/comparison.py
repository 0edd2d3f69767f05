"""Two versions on the same examples: what the newer one fixed and broke, all figures side by side, the examples."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np
import streamlit as st

from core.contracts import Evaluation
from core.store.versions import find_sector
from core.training.evaluation import METRIC_NAMES
from core.training.p_value import p_said
from core.ui.examples import examples_of, show_examples
from core.ui.figures import data_line, metric_meaning, metric_title
from core.ui.i18n import t
from core.ui.measured import Measured, figure_of
from core.ui.views import say
from core.ui.wording import told

if TYPE_CHECKING:
    from core.training.quality import Comparison

_OF_DECISIONS: Final = ("false_alarm_rate", "escape_rate")


def show_comparison(slug: str, champion: Evaluation | None, challenger: Evaluation | None) -> Comparison | None:
    """What changed, or why that cannot be told, and all figures; returns what changed.

    Where a version of parts declines most of the images, its decisions are not compared, and None is returned.
    """
    if champion is None or challenger is None:
        st.info(t("One of the two versions has no stored evaluation, so they cannot be compared."))
        return None
    from core.training import quality

    reason = quality.why_incomparable(champion, challenger)
    if reason is not None:
        st.info(
            f"{told('The two cannot be compared image by image.', slug)} {say(reason)}", icon=":material/difference:"
        )
    comparison = quality.compare(champion, challenger)
    if comparison is not None and find_sector(slug).reads == "parts" and _declines(champion):
        _figures({t("In use"): _undecided(champion), t("Challenger"): challenger})
        return None
    headline = _headline(slug)
    if comparison is not None and headline is None:
        _show_change(slug, comparison)
    elif comparison is not None and headline is not None:
        _show_headline(slug, headline, champion, challenger, comparison)
    both = {t("In use"): champion, t("Challenger"): challenger}
    if comparison is not None and comparison.n == len(champion.table["id"]) == len(challenger.table["id"]):
        _figures(both)
    else:
        # Of different examples: beside one another they would be read as better and worse.
        for title, evaluation in both.items():
            _figures({title: evaluation})
    return comparison


def _declines(champion: Evaluation) -> bool:
    """Whether the version in use declines most of the images, which is said here."""
    from core.training.part_gate import declines_most

    if not declines_most(champion):
        return False
    declined = np.asarray(champion.table["abstained"])
    st.info(
        t(
            "The version in use declines {declined:,} of these {n:,} images, as unlike the parts that it knows. So its "
            "false alarms and escapes are left empty, and nothing is called fixed or broken.",
            declined=int(declined.sum()),
            n=len(declined),
        ),
        icon=":material/block:",
    )
    return True


def _undecided(evaluation: Evaluation) -> Evaluation:
    """The same without the figures of its decisions."""
    kept = {name: figure for name, figure in evaluation.summary.items() if name not in _OF_DECISIONS}
    return replace(evaluation, summary=kept)


def _headline(slug: str) -> str | None:
    """The metric that counts where accuracy says little, because the answer that is looked for is rare."""
    sector = find_sector(slug)
    return None if "accuracy" in sector.metrics else sector.headline_metric


def _show_headline(
    slug: str, metric: str, champion: Evaluation, challenger: Evaluation, comparison: Comparison
) -> None:
    """The change of `metric` on the shared examples, and how many decisions changed with it."""
    from core.training.paired import metric_change, shared

    change = metric_change(*shared(champion, challenger), metric)
    value, fixed, broke = st.columns([2, 1, 1])
    value.metric(
        t("Change of {metric}", metric=metric_title(metric)),
        "–" if math.isnan(change.value) else f"{change.value:+.3f}",
        delta=None if math.isnan(change.value) else f"{change.low:+.3f} – {change.high:+.3f}",
        delta_color="off",
        delta_arrow="off",
        border=True,
        help=metric_meaning(metric),
    )
    fixed.metric(t("Fixed"), len(comparison.fixed), border=True, help=t("Wrong before, right now"))
    broke.metric(t("Broke"), len(comparison.broke), border=True, help=t("Right before, wrong now"))
    if math.isfinite(change.low) and change.low <= 0 <= change.high:
        st.write(t("The difference could be chance."))
    st.caption(
        told(
            "On the {n:,} images that are in both tests ({old:,} and {new:,} images), drawn together for the 95 % "
            "interval. Fixed and broken are decisions at each version's own threshold.",
            slug,
            n=comparison.n,
            old=len(champion.table["id"]),
            new=len(challenger.table["id"]),
        )
    )


def show_changed(measured: Measured, champion: Evaluation, comparison: Comparison) -> None:
    """The examples that the newer version fixed or broke, when the visitor asks for them.

    Args:
        measured: The newer version with its evaluation.
        champion: The older one's evaluation on the same examples.
        comparison: Of the two.
    """
    titles = {}
    if comparison.broke:
        titles["broke"] = t("Broke {count:,}: see them", count=len(comparison.broke))
    if comparison.fixed:
        titles["fixed"] = t("Fixed {count:,}: see them", count=len(comparison.fixed))
    if not titles:  # nothing changed, which the figures above say
        return
    chosen = st.segmented_control(
        told("Images that changed sides", measured.slug),
        list(titles),
        format_func=titles.__getitem__,
        key=f"{measured.slug}.changed",
        label_visibility="collapsed",
    )
    if chosen:
        ids = comparison.fixed if chosen == "fixed" else comparison.broke
        part = f"{measured.version.ref}.{chosen}"
        show_examples(measured, "changed", part, examples_of(measured.evaluation, ids, champion))


def _show_change(slug: str, comparison: Comparison) -> None:
    difference = comparison.accuracy_difference
    fixed, broke, same = st.columns(3)
    fixed.metric(t("Fixed"), len(comparison.fixed), border=True, help=t("Wrong before, right now"))
    broke.metric(t("Broke"), len(comparison.broke), border=True, help=t("Right before, wrong now"))
    same.metric(t("Change in accuracy"), t("{value:+.1f} points", value=100 * difference.value), border=True)
    st.caption(
        told(
            "Same {n:,} images. Change in accuracy {value:+.1f} percentage points, 95 % interval {low:+.1f} to "
            "{high:+.1f}; exact McNemar test {p}.",
            slug,
            n=comparison.n,
            value=100 * difference.value,
            low=100 * difference.low,
            high=100 * difference.high,
            p=p_said(comparison.p_value),
        )
    )


def _figures(evaluations: Mapping[str, Evaluation]) -> None:
    """All figures of evaluations on the same examples, a column each by its title."""
    found = evaluations.values()
    names = [name for name in METRIC_NAMES if any(name in evaluation.summary for evaluation in found)]

    def column(evaluation: Evaluation) -> list[str]:
        found = evaluation.summary
        return [figure_of(name, found[name]) if name in found else "–" for name in names]

    columns = {title: [*column(evaluation), data_line(evaluation)] for title, evaluation in evaluations.items()}
    st.dataframe(
        {t("Figure"): [t(METRIC_NAMES[name]) for name in names] + [t("Measured on")], **columns}, hide_index=True
    )
