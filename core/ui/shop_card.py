"""What the card of a recommender says besides what all cards do: its facts, other models, a replay, parts, limits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import streamlit as st

from core.contracts import N_, Evaluation, Metric
from core.data.catalog import DATA_SETS
from core.errors import AppError
from core.store.versions import Version
from core.training.evaluation import OTHER
from core.ui.figures import data_title
from core.ui.i18n import t
from core.ui.labels import SPLIT_NAMES
from core.ui.measured import interval, once
from core.ui.rivals import model_title, why_bundled
from core.ui.shop_options import split_title
from core.ui.shop_quality import models_verdict, show_command
from core.ui.views import escape, show_error

LIMITS: Final = (
    N_("What a user did not take counts as wrong, though he may never have seen it: figures favour what was shown."),
    N_("Past data cannot say what another list would have sold; only a trial with users can."),
    N_("Items that nobody took are never in the main list; offering them by their attributes is not measured."),
    N_("Groups of people (age, sex, origin) are not measured: the data do not name them."),
)
_STRENGTHS: Final = {
    "regularisation": N_("Regularisation"),
    "penalty": N_("Penalty"),
    "user_power": N_("Weigh users"),
    "item_power": N_("Penalise the popular"),
    "half_life": N_("Half-life in items"),
}
_MOST_NOTICES: Final = 5


def shop_facts(version: Version) -> Iterator[tuple[str, str]]:
    """Rows of the card, those that the manifest knows; names to be translated, values as Markdown."""
    manifest = version.manifest
    yield N_("Task"), t("A list of items for a user, from what users took")
    if "items" in manifest and "users" in manifest:
        yield (
            N_("Model"),
            t(
                "{kind}; {items:,} items, {users:,} users",
                kind=escape(model_title(str(manifest.get("architecture", "")))),
                items=int(manifest["items"]),
                users=int(manifest["users"]),
            ),
        )
    yield N_("Intended use"), t("Demonstrations and teaching with catalogues of goods, films or texts")
    yield (
        N_("Out of scope"),
        t("Jobs, loans, housing, partners, news without editors; anything where a list decides about people"),
    )
    if data := manifest.get("data"):
        yield from _data(version, data)
    if split := manifest.get("split"):
        yield N_("Split"), split_title(str(split.get("name", "")))
    yield N_("Chosen on validation"), _chosen(manifest)
    yield from _made(manifest)
    if reason := why_bundled(version):
        yield N_("Why this model"), t(reason)


def _data(version: Version, data: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    name = str(data.get("name", ""))
    shown = data_title(name) if name in {entry.name for entry in DATA_SETS} else version.name or name
    counts = (f"{t(SPLIT_NAMES.get(part, part))} {int(rows):,}" for part, rows in data.get("counts", {}).items())
    yield N_("Training data"), "; ".join([escape(shown), *counts])
    # Stored as they were said when the version was made, in English.
    notices = [escape(str(notice)) for notice in data.get("notices", ())][:_MOST_NOTICES]
    yield N_("Data check"), " ".join(notices) or t("no warnings")


def _chosen(manifest: Mapping[str, Any]) -> str:
    strengths = manifest.get("chosen", {})
    if not strengths:
        return t("nothing")
    said = ", ".join(f"{t(_STRENGTHS.get(name, name))} {value:g}" for name, value in strengths.items())
    return t("{strengths} ({tried} settings tried)", strengths=said, tried=len(manifest.get("tried", ())))


def _made(manifest: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if config := manifest.get("config"):
        yield N_("Settings"), escape(", ".join(f"{name} {value}" for name, value in config.items() if value != ""))
    if command := manifest.get("command"):
        yield N_("Command"), escape(command)
    if created := manifest.get("created"):
        versions = {"Vitrine": "code_version", "numpy": "numpy_version"}
        with_what = [f"{name} {manifest[key]}" for name, key in versions.items() if key in manifest]
        yield N_("Made"), escape(", ".join([str(created), *with_what, f"seed {manifest.get('seed', 0)}"]))


def show_shop_parts(evaluation: Evaluation, version: Version) -> None:
    """Other models, the replay, and users by what is known of them, a table each, as far as they were measured."""
    from core.training.list_replay import read_replays
    from core.training.ranking_views import by_slice, compared, slice_names

    names = sorted(name.removeprefix(OTHER) for name in evaluation.table if name.startswith(OTHER))
    if names:
        st.markdown(f"**{t('Other models on the same users')}**")
        found = {name: once(compared, evaluation, name) for name in names}
        rows = [(model_title(name), interval(other), _signed(ahead, 4)) for name, (other, ahead) in found.items()]
        st.markdown(_table((t("Model"), "NDCG@10", t("The version is ahead by")), rows))
        st.markdown(models_verdict([model_title(name) for name, (_, ahead) in found.items() if ahead.low <= 0]))
    try:
        replays = read_replays(version.path)
    except AppError as error:
        show_error(error)
        replays = {}
    if replays:
        st.markdown(f"**{t('Replayed over what users took: no uplift')}**")
        rows = [(model_title(kind), f"{one.events:,}", _signed(one.difference)) for kind, one in replays.items()]
        st.markdown(_table((t("Set against"), t("Events"), t("More hits per event")), rows))
    if "activity" in slice_names(evaluation):
        st.markdown(f"**{t('By items known of the user')}**")
        parts = once(by_slice, evaluation, "activity")
        rows = [(part.name, f"{part.headline.n:,}", interval(part.headline)) for part in parts]
        st.markdown(_table((t("Items known"), t("Users"), "NDCG@10"), rows))
    show_command(evaluation, version)


def _table(titles: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [" | ".join(escape(cell) for cell in row) for row in rows]
    return "\n".join(f"| {line} |" for line in (" | ".join(titles), "|".join(["---"] * len(titles)), *lines))


def _signed(metric: Metric, digits: int = 3) -> str:
    return f"{metric.value:+.{digits}f} [{metric.low:+.{digits}f}, {metric.high:+.{digits}f}]"
