"""A version as one file: out of this installation, into it, and into an MLflow of the user's own."""

from __future__ import annotations

import io

import streamlit as st

from core.access import allowed
from core.contracts import Sector
from core.data.examples import EXAMPLES
from core.errors import AppError
from core.settings import settings
from core.store import mlflow_export, transfer
from core.store.versions import Version
from core.ui.i18n import t
from core.ui.moves import version_name
from core.ui.quota import charge_upload, megabytes
from core.ui.views import escape, show_error


def show_exchange(sector: Sector, version: Version) -> None:
    """Export `version`, or import one; for admins only."""
    if not allowed("admin"):
        st.caption(t("Exporting and importing versions is for the role admin."))
        return
    _export(sector, version)
    _import(sector)


def _export(sector: Sector, version: Version) -> None:
    st.markdown(f"**{t('Take {name} away', name=version_name(version))}**")
    st.caption(
        t("One zip with weights, manifest, evaluations and card, and the small pictures of test images kept with it.")
        if (version.path / EXAMPLES).is_file()
        else t("One zip with weights, manifest, evaluations and card; no code and nothing that visitors sent in it.")
    )
    made_key = f"{sector.slug}.exported"
    if st.button(t("Prepare the file"), icon=":material/archive:", key=f"{sector.slug}.export"):
        buffer = io.BytesIO()
        try:
            with st.spinner(t("Packing")):
                transfer.export_version(version, buffer)
        except AppError as error:
            show_error(error)
            return
        st.session_state[made_key] = (version.sha256, buffer.getvalue())
    made = st.session_state.get(made_key)
    if made is not None and made[0] == version.sha256:
        st.download_button(
            t("Download the version"),
            made[1],
            file_name=f"vitrine-{sector.slug}-{version.ref}.zip",
            mime="application/zip",
            icon=":material/download:",
            key=f"{sector.slug}.export_download",
            on_click="ignore",
        )
    if settings().mlflow_tracking_uri and st.button(
        t("Write it to MLflow"), icon=":material/upload:", key=f"{sector.slug}.mlflow"
    ):
        try:
            with st.spinner(t("Writing to MLflow")):
                run_id = mlflow_export.export(sector.slug, version.number)
        except AppError as error:
            show_error(error)
            return
        st.success(t("Written to MLflow as run {run}.", run=escape(run_id)))


def _import(sector: Sector) -> None:
    st.markdown(f"**{t('Bring a version in')}**")
    st.caption(t("A zip that another Vitrine exported. It is checked like any upload and becomes a challenger."))
    file = st.file_uploader(
        t("A version as a zip"),
        type=["zip"],
        key=f"{sector.slug}.import",
        max_upload_size=megabytes(settings().limits.bundle_bytes),
        label_visibility="collapsed",
    )
    if file is None:
        return
    if not st.button(t("Check and register it"), icon=":material/inventory:", key=f"{sector.slug}.import_start"):
        return
    try:
        charge_upload(file.size)
        with st.spinner(t("Checking the file and loading its model")):
            version = transfer.import_version(sector.slug, file.getvalue(), file.name)
    except AppError as error:
        show_error(error)
        return
    st.success(t("Registered as {name}, a challenger.", name=version_name(version)))
