"""The frozen suite of hard lines: what a version reads right of each slice, beside the one that it competes with."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from core.contracts import Evaluation, Message
from core.errors import AppError
from core.serving import comparison
from core.store.registry import CHALLENGER, registry
from core.store.versions import Version
from core.training.evaluation import SUITE, load_evaluation
from core.ui.i18n import t
from core.ui.measured import Measured, interval

if TYPE_CHECKING:
    from core.training.slice_suite import SuiteSlice


def show_suite(measured: Measured) -> None:
    """A line for each slice with the share read right, of this version and of its rival where there is one."""
    from core.training.gate import RULES
    from core.training.slice_suite import by_slice

    own = _suite_at(measured.version.path / SUITE)
    if own is None:
        st.info(t("This version was not measured on the lines of our own."))
        return
    other = _rival(measured.version)
    against = {part.name: part for part in by_slice(other[1])} if other else {}
    st.dataframe(
        [
            {t("Slice"): _word(part.name), t("Lines"): part.n}
            | {_right(measured.version): interval(part.accuracy)}
            | (_beside(part, against.get(part.name), other[0], measured.version) if other else {})
            for part in by_slice(own)
        ],
        hide_index=True,
    )
    st.caption(
        t(
            "{n:,} lines that this project wrote itself, because they are hard to read. They are frozen, and every "
            "version is measured on the very same ones, those declined by their scores. In brackets 95 % intervals "
            "(Wilson). The gate stops a version that loses more than {limit:g} points on any slice.",
            n=own.data.n,
            limit=100 * RULES.suite_loss,
        )
    )
    st.code(own.command.replace("--model VERSION", f"--model {measured.version.ref}"), language="bash", wrap_lines=True)


def champion_suite(slug: str) -> Evaluation | None:
    """The lines as the version in use read them; None when it did not, or they cannot be read."""
    try:
        return _suite_at(registry().resolve(slug).path / SUITE)
    except AppError:
        return None


@lru_cache(maxsize=32)
def _suite_at(folder: Path) -> Evaluation | None:
    """Checkpoints do not change, and every run of a page asks. What `load_evaluation` raises is not kept."""
    return load_evaluation(folder)


def _rival(version: Version) -> tuple[Version, Evaluation] | None:
    """The version to set beside this one, measured on the same lines: the challenger, or the version in use."""
    try:
        champion = registry().resolve(version.sector)
        if version.number != champion.number:
            found, _ = comparison.suites_of(champion, version)
            return None if found is None else (champion, found)
        challenger = registry().resolve(version.sector, CHALLENGER)
        _, found = comparison.suites_of(champion, challenger)
        return None if found is None else (challenger, found)
    except AppError:  # nobody competes with it, or what the other was measured on cannot be read
        return None


def _beside(own: SuiteSlice, other: SuiteSlice | None, version: Version, shown: Version) -> dict[str, str]:
    """The rival's share and the difference, signed as the gate has it: what is not in use minus what is."""
    title = _right(version)
    if other is None or other.n != own.n:
        return {title: "–", t("Difference, points"): "–"}
    used, new = other.accuracy.value, own.accuracy.value
    if registry().resolve(shown.sector).number == shown.number:
        used, new = new, used
    return {title: interval(other.accuracy), t("Difference, points"): f"{100 * (new - used):+.1f}"}


def _right(version: Version) -> str:
    """Head of the column of a version; plain text, as all of a table is."""
    if not version.number:
        return t("Right, bundled model")
    return t("Right, version {number}", number=version.number)


def _word(name: str) -> str:
    from core.training.slices import title

    shown = title(name)
    return t(shown) if isinstance(shown, Message) else name
