"""The compression bench: one version in several weight formats side by side, and what each decides otherwise."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final

import streamlit as st

from core import access, jobs
from core.contracts import N_, Metric, Sector
from core.errors import AppError
from core.jobs.compressing import compress_args, stored_bench
from core.jobs.uploads import discard
from core.store.versions import Version
from core.training.compression import (
    AS_STORED,
    LOSS_POINTS,
    SINGLE,
    SIZE_FACTOR,
    SPEED_FACTOR,
    Bench,
    Variant,
    reaches_bar,
)
from core.ui.figures import data_title, metric_title
from core.ui.i18n import t
from core.ui.labels import SPLIT_NAMES, label_name
from core.ui.live import STAGE_NAMES
from core.ui.training_data import TrainingData, training_data_input
from core.ui.views import escape, say, show_error

if TYPE_CHECKING:
    from core.jobs import JobRecord

REFRESH_S: Final = 1.0
FORMAT_NAMES: Final = {
    AS_STORED: N_("as it is"),
    "fp32": N_("32 bit"),
    "bf16": N_("bfloat16"),
    "fp16": N_("16 bit"),
    "int8": N_("8 bit"),
    "pruned50": N_("half pruned"),
    "pruned80": N_("four fifths pruned"),
}
_FLIPS_SHOWN: Final = 200


def show_compression(sector: Sector, version: Version) -> None:
    """The latest bench of `version`, a new one, and registering one of its formats."""
    slug = sector.slug
    st.markdown(f"**{t('Smaller and quicker?')}**")
    st.caption(
        t(
            "The same network in other weight formats, measured on this machine: what it costs in accuracy, what it "
            "saves, and which test images it decides otherwise."
        )
    )
    job_id = st.session_state.get(f"{slug}.compress.job", "")
    record = _job(job_id) if job_id else None
    if record is not None:
        st.fragment(_progress, run_every=REFRESH_S if record.live else None)(slug, job_id, record.live)
    bench = stored_bench(version)
    if bench is not None:
        show_bench(slug, bench)
    if record is None or not record.live:
        _new_bench(sector, version, bench)


def show_bench(slug: str, bench: Bench) -> None:
    """The table, what it was measured on, and the flipped examples of one format."""
    st.dataframe([_row(bench, variant) for variant in bench.variants], hide_index=True, key=f"{slug}.compress.table")
    data, machine = bench.data, bench.machine
    st.caption(
        t(
            "Measured on {n:,} images: {name}, {split} split; intervals are 95 %. Times on {processor}, threads: "
            "{threads}, niceness: {niceness}; one image from pixels to answer, {rounds} rounds, and batches of "
            "{batch}. The formats took turns.",
            n=data["n"],
            name=escape(data_title(str(data["name"]))),
            split=t(SPLIT_NAMES.get(str(data["split"]), str(data["split"]))),
            processor=escape(machine.get("processor", "")),
            threads=machine.get("threads", ""),
            niceness=machine.get("niceness", ""),
            rounds=machine.get("rounds", ""),
            batch=machine.get("batch", ""),
        )
    )
    st.caption(
        t(
            "Pruned without retraining. 8 bit and pruned weights are unpacked when the model is loaded: they make the "
            "file small, not the answer quick. The bar: at most {loss} points of accuracy lost, and {speed} times as "
            "quick or {size} times as small as 32 bit.",
            loss=LOSS_POINTS,
            speed=SPEED_FACTOR,
            size=SIZE_FACTOR,
        )
    )
    for name, code in bench.left_out.items():
        st.caption(t("Not possible for this network: {format} ({code}).", format=escape(name), code=escape(code)))
    st.code(bench.command, language="bash", wrap_lines=True)
    _show_flips(slug, bench)


def _row(bench: Bench, variant: Variant) -> dict[str, Any]:
    metrics = variant.metrics
    shown = {metric_title(name): _interval(metrics[name]) for name in ("auroc", "accuracy", "ece") if name in metrics}
    bar = reaches_bar(bench, variant) if variant.format not in (AS_STORED, SINGLE) else None
    return {
        t("Format"): format_name(variant.format),
        t("Bar reached"): "" if bar is None else t("yes") if bar else t("no"),
        t("File, MB"): f"{variant.size_mb:.2f}",
        t("Median, ms"): f"{variant.latency.p50_ms:.1f}",
        t("95th percentile, ms"): f"{variant.latency.p95_ms:.1f}",
        t("Images a second"): f"{variant.latency.items_per_s:.0f}",
        **shown,
        t("Change, points"): _points(variant.accuracy_change) if variant.format != AS_STORED else "",
        t("Flipped"): t("{fixed:,} fixed, {broke:,} broke", fixed=variant.fixed, broke=variant.broke)
        if variant.format != AS_STORED
        else "",
        t("Other kinds of images declined"): _interval(variant.guard),
    }


def format_name(name: str) -> str:
    """A format in the visitor's language."""
    return t(FORMAT_NAMES[name]) if name in FORMAT_NAMES else name


def _interval(metric: Metric) -> str:
    return f"{metric.value:.3f} [{metric.low:.3f}, {metric.high:.3f}]"


def _points(metric: Metric) -> str:
    return f"{100 * metric.value:+.2f} [{100 * metric.low:+.2f}, {100 * metric.high:+.2f}]"


def _show_flips(slug: str, bench: Bench) -> None:
    flipped = {variant.format: variant for variant in bench.variants if variant.flips}
    if not flipped:
        st.caption(t("No format decides a single test image otherwise."))
        return
    chosen = st.selectbox(
        t("Test images that a format decides otherwise"),
        list(flipped),
        format_func={name: f"{format_name(name)} ({len(flipped[name].flips)})" for name in flipped}.__getitem__,
        key=f"{slug}.compress.flips",
    )
    flips = flipped[chosen].flips[:_FLIPS_SHOWN]
    st.dataframe(
        {
            t("Image"): [flip.id for flip in flips],
            t("True label"): [label_name(flip.truth) for flip in flips],
            t("Before"): [label_name(flip.before) for flip in flips],
            t("After"): [label_name(flip.after) for flip in flips],
            t("Which way"): [_way(flip.truth, flip.before, flip.after) for flip in flips],
        },
        hide_index=True,
        height=min(38 + 35 * len(flips), 248),
    )


def _way(truth: str, before: str, after: str) -> str:
    return t("fixed") if after == truth else t("broke") if before == truth else t("wrong as before")


def _new_bench(sector: Sector, version: Version, bench: Bench | None) -> None:
    """Choose test images and measure; with a table at hand, register one of its formats."""
    slug = sector.slug
    if not access.allowed("presenter"):
        st.caption(t("Measuring takes the role presenter."))
        return
    with st.expander(t("Measure the formats again") if bench else t("Measure the formats"), expanded=bench is None):
        data = training_data_input(sector)
        formats = [entry.format for entry in bench.variants if entry.format != AS_STORED] if bench else []
        register = st.selectbox(
            t("Register one as a new version"),
            ["", *formats],
            format_func=lambda name: format_name(name) if name else t("none, only measure"),
            key=f"{slug}.compress.register",
        )
        st.caption(
            t(
                "A registered format is a version like any other: measured on the frozen test images, compared, "
                "promoted."
            )
        )
        if (
            st.button(
                t("Measure"),
                icon=":material/speed:",
                key=f"{slug}.compress.start",
                disabled=data is None,
                type="primary",
            )
            and data is not None
        ):
            _start(slug, version, data, register)


def _start(slug: str, version: Version, data: TrainingData, register: str) -> None:
    path = data.path or jobs.keep_upload(data.upload.getvalue(), data.name)
    args = compress_args(version, path, data.name, register)
    key = hashlib.sha256(f"compress {version.sha256} {data.key} {register}".encode()).hexdigest()
    try:
        st.session_state[f"{slug}.compress.job"] = jobs.submit("compress", args, key=key)
    except AppError as error:
        discard(args)
        show_error(error)
        return
    st.rerun(scope="app")


def _job(job_id: str) -> JobRecord | None:
    try:
        return jobs.status(job_id)
    except AppError as error:
        show_error(error)
        return None


def _progress(slug: str, job_id: str, was_live: bool) -> None:
    """How far the measuring is, and its end; redraws itself only while the job lives."""
    record = _job(job_id)
    if record is None:
        return
    if was_live and not record.live:
        st.rerun(scope="app")
    if record.live:
        share = record.step / record.total if record.total else 0.0
        st.progress(min(share, 1.0), t(STAGE_NAMES.get(record.stage, N_("Waiting"))))
        if st.button(t("Cancel"), icon=":material/stop_circle:", key=f"{slug}.compress.cancel"):
            _cancel(job_id)
    elif record.status == "completed" and "version" in record.result:
        number = escape(record.result["version"])
        st.success(t("Version {version} is registered as challenger.", version=number), icon=":material/check_circle:")
    elif record.error is not None:
        hint = f" {say(record.hint)}" if record.hint else ""
        st.error(f"{say(record.error)}{hint} ({escape(record.error_code)})", icon=":material/error:")


def _cancel(job_id: str) -> None:
    try:
        jobs.cancel(job_id)
    except AppError as error:
        show_error(error)
