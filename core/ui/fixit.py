"""The quick fix on the page: fit a few weights to the corrections, see what it fixed and forgot, register it."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from core import access
from core.contracts import N_, Metric, Refit, Sector
from core.errors import AppError
from core.serving import fixit
from core.serving.fixit import Trial
from core.store import feedback
from core.training.p_value import p_said
from core.ui.beginnings import NOTHING, beginning
from core.ui.correct import attempt, show_trouble
from core.ui.figures import metric_title
from core.ui.i18n import t
from core.ui.labels import label_name
from core.ui.measured import interval, time_taken
from core.ui.moves import version_name
from core.ui.predict import wait_until_ready
from core.ui.views import say, show_error
from core.ui.wording import told

SURE = 0.05
"""Below this a McNemar test speaks of more than chance."""
LEFT_OUT = {
    "label": N_("{count:,} carry a label that the version in use does not know"),
    "measured": N_("{count:,} are among its test or validation images"),
    "unread": N_("{count:,} hold hardly a word that the version in use knows"),
}


def show_fixit(sector: Sector) -> None:
    """Offer the fix when there are kept corrections, and show the last trial beside the version in use.

    Nothing is drawn for a task whose models have no last layer to fit.
    """
    slug = sector.slug
    if "refit" not in sector.offers:
        return
    try:
        count, against = len(fixit.usable(slug)), fixit.reason_against(slug)
    except AppError as error:
        show_error(error)
        return
    st.subheader(t("Fix it in seconds"), anchor=False)
    show_trouble(slug)
    if against is not None:
        st.caption(say(against))
        return
    if not count:
        st.caption(
            told(
                "Correct some answers and agree to keep the images: the model can then learn from them in seconds.",
                slug,
            )
        )
        return
    _show_offer(sector, count)


def _show_offer(sector: Sector, count: int) -> None:
    """What the fix does with `count` corrections, the button that tries it, and what came of it."""
    slug = sector.slug
    st.caption(
        told(
            "Only the last layer is fitted to the {count:,} newest kept corrections, held near the one in use. Nothing "
            "else is trained, so this can mend single answers and not a weakness. Corrections that all point one way "
            "pull other answers the same way. How far it moves is chosen on the validation images; the test images "
            "only measure.",
            slug,
            count=count,
        )
    )
    if not access.allowed("presenter"):
        st.caption(t("Trying it needs the role presenter."))
        return
    tolerance = _tolerance_input(slug)
    if st.button(t("Try the fix"), icon=":material/healing:", key=f"{slug}.fixit"):
        _try(slug, tolerance)
    trial: Trial | None = st.session_state.get(f"{slug}.trial")
    if trial is not None:
        _show_trial(sector, trial)


def _tolerance_input(slug: str) -> float:
    """How much the fix may cost, as a share of the validation images."""
    percent = {100 * tolerance: t("{percent:g} %", percent=100 * tolerance) for tolerance in fixit.TOLERANCES}
    chosen = st.segmented_control(
        told("Validation images that it may cost at most", slug),
        list(percent),
        default=100 * fixit.TOLERANCES[1],
        required=True,
        format_func=percent.__getitem__,
        key=f"{slug}.tolerance",
        help=t("The more it may cost, the more corrections it learns and the more it forgets."),
    )
    return float(chosen or 100 * fixit.TOLERANCES[1]) / 100


def _try(slug: str, tolerance: float) -> None:
    wait_until_ready()
    try:
        with st.spinner(told("Fitting the last layer and measuring it", slug), show_time=True):
            st.session_state[f"{slug}.trial"] = fixit.try_out(slug, tolerance)
    except AppError as error:
        st.session_state.pop(f"{slug}.trial", None)
        show_error(error)


def _show_trial(sector: Sector, trial: Trial) -> None:
    slug, found = sector.slug, trial.refit
    st.dataframe(
        {
            t("Measured on"): _measured_on(sector, found),
            t("In use"): [_cell(before) for before, _ in _pairs(sector, found)],
            t("With the fix"): [_cell(after) for _, after in _pairs(sector, found)],
        },
        hide_index=True,
        key=f"{slug}.trial_table",
    )
    st.write(_verdict(slug, found))
    if _harms(found):
        st.warning(
            told(
                "On images it has not learned from, this fix breaks more than it mends, and more than by chance.", slug
            ),
            icon=":material/warning:",
        )
    _show_taught(slug, found)
    _show_facts(slug, trial)
    st.button(
        t("Register as challenger"),
        icon=":material/add_task:",
        key=f"{slug}.register_fix",
        on_click=attempt,
        args=(slug, lambda: _register(slug, trial)),
    )


def _show_taught(slug: str, found: Refit) -> None:
    """The corrections one by one; nothing where the task does not tell them apart."""
    if not found.taught:
        return
    kept = {Path(entry.stored).name: entry for entry in feedback.kept(slug)}
    st.caption(t("Score of the right answer of each correction that the fix learned from:"))
    rows = [
        {
            t("Text"): beginning(kept[each.name]) if each.name in kept else NOTHING,
            t("The right answer"): label_name(each.label),
            t("In use"): f"{100 * each.before:.1f} %",
            t("With the fix"): f"{100 * each.after:.1f} %",
        }
        for each in found.taught
    ]
    st.dataframe(rows, hide_index=True, height=min(38 + 35 * len(rows), 248), key=f"{slug}.taught_table")


def _show_facts(slug: str, trial: Trial) -> None:
    """What the fix was made from, and what it could not use."""
    found = trial.refit
    st.caption(
        told(
            "{used:,} corrections, {time}. Intervals are 95 %. The corrections taught the fix, so their row "
            "says what it learned, not how it does on other images. Strength of the pull towards the layer in use: "
            "{strength:.3g}.",
            slug,
            used=found.used,
            time=time_taken(trial.seconds),
            strength=found.strength,
        )
    )
    for reason, count in found.left_out.items():
        st.caption(f":material/info: {told(LEFT_OUT[reason], slug, count=count)}")
    if found.declined:
        st.caption(
            told(
                "{count:,} of the corrected images stay declined: a fix does not change that.",
                slug,
                count=found.declined,
            )
        )


def _pairs(sector: Sector, found: Refit) -> list[tuple[Metric, Metric]]:
    names = _names(sector, found)
    tests = [(found.test_before.summary[name], found.test.summary[name]) for name in names]
    return [(found.before, found.after), *tests, (found.validation_before, found.validation)]


def _names(sector: Sector, found: Refit) -> list[str]:
    wanted = dict.fromkeys(("accuracy", "balanced_accuracy", sector.headline_metric, "ece"))
    return [name for name in wanted if name in found.test.summary and name in found.test_before.summary]


def _measured_on(sector: Sector, found: Refit) -> list[str]:
    slug = sector.slug
    tests = [told("Test images: {metric}", slug, metric=metric_title(name)) for name in _names(sector, found)]
    choosing = told("Validation images: {metric}", slug, metric=metric_title("accuracy"))
    return [t("Corrections answered right"), *tests, choosing]


def _cell(metric: Metric) -> str:
    return f"{interval(metric)} · n = {metric.n:,}"


def _verdict(slug: str, found: Refit) -> str:
    from core.training import quality

    change = quality.compare(found.test_before, found.test)
    mended = t(
        "Corrections answered right: {before:,} of {used:,} before, {after:,} with the fix.",
        before=round(found.before.value * found.used),
        after=round(found.after.value * found.used),
        used=found.used,
    )
    if change is None:
        return mended
    tested = told(
        "On the {n:,} test images it fixed {fixed:,} and broke {broke:,} (exact McNemar test {p}).",
        slug,
        n=change.n,
        fixed=len(change.fixed),
        broke=len(change.broke),
        p=p_said(change.p_value),
    )
    return f"{mended} {tested}"


def _harms(found: Refit) -> bool:
    from core.training import quality

    change = quality.compare(found.test_before, found.test)
    return change is not None and len(change.broke) > len(change.fixed) and change.p_value < SURE


def _register(slug: str, trial: Trial) -> None:
    version = fixit.register(slug, trial)
    del st.session_state[f"{slug}.trial"]
    st.toast(t("Registered as challenger: {name}.", name=version_name(version)))
