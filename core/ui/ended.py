"""A job that has ended: how, in words; what is kept of it; and the ways to go on from there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from core import access, jobs
from core.catalog import sector
from core.errors import AppError
from core.jobs import JobRecord
from core.jobs.uploads import discard
from core.serving import service
from core.store.registry import registry
from core.ui.i18n import t
from core.ui.quota import charge_upload, data_bytes, megabytes
from core.ui.shop_download import lists_download
from core.ui.teach import show_taught
from core.ui.views import escape, say, show_error

DIVERGED = ("train.not_finite", "job.loss_not_finite")
NO_MEMORY = ("job.out_of_memory", "job.killed")
GENTLER = 0.1
"""A run that diverged is offered to go on with this share of its learning rate."""
UNUSABLE = ("train.snapshot_damaged", "train.other_run", "train.other_data")
"""Going on from the same snapshot again would end the same way."""


def show_ended(slug: str, record: JobRecord) -> None:
    """How the job ended, and what can be done now."""
    _outcome(record)
    if record.status == "completed" and sector(slug).reads == "parts" and "version" in record.result:
        show_taught(slug, record)
    if record.status == "completed" and sector(slug).reads == "interactions" and "version" in record.result:
        _show_lists(slug, str(record.result["version"]))
    if record.kind == "compress":  # measures a version and trains nothing
        return
    if record.status == "completed":
        _train_longer(slug, record)
    else:
        _try_again(slug, record)
    if record.kept_until is not None:
        _kept(slug, record)


def _outcome(record: JobRecord) -> None:
    version = record.result.get("version")
    if record.status == "completed" and version is None:
        st.success(t("Measured. The table is in the model room."), icon=":material/check_circle:")
    elif record.status == "completed":
        st.success(
            t("Version {version} is registered as challenger. Compare it below.", version=escape(version)),
            icon=":material/check_circle:",
        )
    elif record.status == "cancelled":
        st.info(t("The training was cancelled. Nothing was changed."))
    elif record.error is not None:
        hint = f" {say(record.hint)}" if record.hint else ""
        st.error(f"{say(record.error)}{hint} ({escape(record.error_code)})", icon=":material/error:")
    else:
        st.error(t("The training ended unexpectedly. The version in use is untouched."), icon=":material/error:")


def _show_lists(slug: str, ref: str) -> None:
    """Lists of a new version for all of its users; they are for those alone who may train."""
    if not access.allowed("presenter"):
        return
    try:
        version = registry().resolve(slug, ref)
    except AppError as error:
        show_error(error)
        return
    lists_download(slug, ref, int(version.manifest.get("users", 0)))


def _try_again(slug: str, record: JobRecord) -> None:
    """Buttons of a run that did not end well."""
    if not record.data_kept:
        if record.resumes:
            _button(slug, "before", t("Open the job before it"), "history", lambda: _open(record.resumes))
        st.caption(t("Its data are no longer here. Start a new run, and upload them again."))
        return
    with st.container(horizontal=True):
        if record.resumable and record.error_code not in UNUSABLE:
            label, changes = _onward(slug, record)
            _button(slug, "resume", label, "resume", lambda: _open(jobs.resume(record.id, changes=changes)))
        label, others = _anew(slug, record)
        _button(slug, "again", label, "replay", lambda: _open(jobs.resume(record.id, changes=others, afresh=True)))


def _onward(slug: str, record: JobRecord) -> tuple[str, Mapping[str, object]]:
    done = jobs.epochs_kept(record.id)
    if record.error_code in DIVERGED and (rate := _option(slug, record, "learning_rate")):
        return t("Go on with a learning rate of {rate:g}", rate=rate * GENTLER), {"learning_rate": rate * GENTLER}
    return t("Go on after epoch {n}", n=done) if done else t("Go on from the last snapshot"), {}


def _anew(slug: str, record: JobRecord) -> tuple[str, Mapping[str, object]]:
    size = _option(slug, record, "batch_size")
    if record.error_code in NO_MEMORY and size and size >= 8:  # half of it was tried
        return t("Start again with batches of {size}", size=size // 4), {"batch_size": size // 4}
    return t("Start again from the beginning"), {}


def _option(slug: str, record: JobRecord, name: str) -> Any:
    """Value of an option of the run, as it was given or by default; None when its task has no such option."""
    try:
        config = service.config_type(slug)(**dict(record.args.get("config") or {}))
    except (AppError, TypeError):
        return None
    return getattr(config, name, None)


def _train_longer(slug: str, record: JobRecord) -> None:
    """More epochs for a finished run, while its last snapshot is kept."""
    done = jobs.epochs_kept(record.id) if record.resumable else 0
    if not done:
        return
    with st.expander(t("Train this version longer"), icon=":material/update:"):
        st.caption(
            t(
                "The run goes on after its epoch {done} with the same data, seed and order. With a cosine schedule the "
                "learning rate rises once more, to where the longer schedule has it, and falls to zero at the new end.",
                done=done,
            )
        )
        epochs = st.number_input(
            t("Epochs in all"), min_value=done + 1, value=done + max(1, done // 2), key=f"{slug}.more_epochs"
        )
        sent = None
        if not record.data_kept:
            sent = st.file_uploader(
                t("The same data once more; they were deleted"),
                key=f"{slug}.same_data",
                max_upload_size=megabytes(data_bytes(slug)),
            )
        ready = record.data_kept or sent is not None
        _button(slug, "longer", t("Go on"), "resume", lambda: _open(_longer(record, int(epochs), sent)), not ready)


def _longer(record: JobRecord, epochs: int, sent: Any) -> str:
    changes = {"epochs": epochs}
    if sent is None:
        return jobs.resume(record.id, changes=changes)
    charge_upload(sent.size)
    path = jobs.keep_upload(sent.getvalue(), sent.name)
    try:
        return jobs.resume(record.id, data=path, changes=changes)
    except BaseException:
        discard({"data": str(path)})
        raise


def _kept(slug: str, record: JobRecord) -> None:
    until = record.kept_until.astimezone().strftime("%Y-%m-%d %H:%M") if record.kept_until else ""
    text, button = st.columns([3, 1], vertical_alignment="center")
    text.caption(t("So that this run can go on, its data and its last snapshot are kept until {time}.", time=until))
    with button:
        _button(slug, "forget", t("Delete now"), "delete", lambda: _forget(record.id))


def _forget(job_id: str) -> None:
    jobs.forget(job_id)
    st.toast(t("Data and snapshot of this job are deleted."))
    st.rerun(scope="app")


def _button(slug: str, name: str, label: str, icon: str, act: Callable[[], None], disabled: bool = False) -> None:
    """A button whose refusals are shown in words."""
    barred = disabled or not access.allowed("presenter")
    if st.button(label, icon=f":material/{icon}:", key=f"{slug}.{name}", disabled=barred):
        try:
            act()
        except AppError as error:
            show_error(error)


def _open(job_id: str) -> None:
    st.query_params["job"] = job_id
    st.rerun(scope="app")
