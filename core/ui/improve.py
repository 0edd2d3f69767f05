"""Improve the model: choose data, look at it, set options in plain words, start, watch, compare, promote."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import streamlit as st

from core import hub, jobs
from core.contracts import Sector
from core.data.mapping import write_mapping
from core.errors import AppError
from core.jobs.uploads import discard
from core.serving import service
from core.training.commands import changed, train_command
from core.ui import part_data, shop_report, teach
from core.ui.corrections import corrections_input
from core.ui.forms import config_form
from core.ui.i18n import t
from core.ui.live import show_job, show_recent_jobs
from core.ui.training_data import TrainingData, checked, training_data_input
from core.ui.versions import show_versions
from core.ui.views import show_error


def show_improve(sector: Sector) -> None:
    """A running job first, then a new one, then the versions that came of earlier ones."""
    job_id = st.query_params.get("job", "")
    if job_id:
        show_job(sector, job_id)
    else:
        _new_job(sector)
    show_recent_jobs(sector, job_id)
    show_versions(sector)


def _new_job(sector: Sector) -> None:
    st.subheader(t("Train a new version"), anchor=False)
    data = training_data_input(sector)
    if data is None:
        return
    ready = checked(sector.slug, data)
    _options(sector, data, ready)


@st.fragment
def _options(sector: Sector, data: TrainingData, ready: bool | None) -> None:
    """The form, the command that does the same, and the start; a fragment, because every change redraws the command."""
    slug = sector.slug
    config_type = service.config_type(slug)
    st.markdown(f"**{t('How to train')}**")
    settled: dict[str, Any] = {"columns": write_mapping(data.columns)} if data.columns else {}
    if sector.reads == "parts":
        settled |= part_data.settled(slug, data.key)
    values = config_form(f"{slug}.train", config_type, settled) | settled
    try:
        config = config_type(**values)
    except AppError as error:
        show_error(error)
        return
    if sector.reads == "interactions" and not shop_report.split_fits(slug, data.key, config):
        ready = False
    here = _weights_here(values, config)
    learn = corrections_input(slug)
    st.caption(t("The same from a terminal"))
    command = train_command(slug, config, data.argument) + " --corrections" * learn
    st.code(command, language="bash", wrap_lines=True)
    clicked = st.button(
        t("Start training"),
        type="primary",
        icon=":material/play_arrow:",
        key=f"{slug}.start",
        disabled=ready is False or not here,
        help=t("The data check found something that has to be corrected first.") if ready is False else None,
    )
    if clicked:
        _start(slug, data, changed(config_type, values), {"corrections": True} if learn else {})


def _weights_here(values: Mapping[str, Any], config: Any) -> bool:
    """Whether a run would find what it starts from, as far as this machine knows; what speaks against it is said."""
    if not (values.get("pretrained") == "hub" or values.get("model") == "transformer") or hub.reachable():
        return True
    st.caption(
        f":material/wifi_off: {t('The model hub is not reachable: only weights in its cache folder can be used.')}"
    )
    try:
        if check := getattr(config, "check_weights", None):
            check()
    except AppError as error:
        show_error(error)
        return False
    return True


def _start(slug: str, data: TrainingData, config: dict[str, Any], more: dict[str, object]) -> None:
    """Hand the run to the job queue; the same data and options while the run lives are the same job."""
    key = hashlib.sha256(json.dumps([slug, data.key, config, more], sort_keys=True).encode()).hexdigest()
    try:
        job_id = _submit(slug, data, config, key, more)
    except AppError as error:
        show_error(error)
        return
    teach.note_started(slug, job_id, data.key)
    st.query_params["job"] = job_id
    st.rerun(scope="app")


def _submit(
    slug: str, data: TrainingData, config: dict[str, Any], key: str, more: Mapping[str, object] | None = None
) -> str:
    path = data.path or jobs.keep_upload(data.upload.getvalue(), data.name)
    args: dict[str, object] = {"sector": slug, "config": config, "data": str(path), "name": data.name}
    args |= more or {}
    try:
        return jobs.submit("train", args, key=key)
    except BaseException:
        discard(args)  # an upload whose job was never queued; data sets are not touched
        raise
