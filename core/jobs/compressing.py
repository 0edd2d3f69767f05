"""The compression bench: a version in several weight formats, measured on this machine, one registered if asked."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from core.contracts import N_, Message, RunContext, Sector
from core.device import limit_threads
from core.errors import JobError, RunCancelled
from core.jobs.baseline import measure_champion
from core.settings import settings
from core.store import files
from core.store.registry import CHAMPION, Version, registry
from core.store.transfer import answers_as_now
from core.tasks import load_task
from core.training.compression import Bench, Compressed, Compresses, read_bench, to_json


def bench_file(version: Version) -> Path:
    """Where the latest bench of a version lies: apart from its folder, whose files are sealed."""
    return settings().home / "compression" / f"{version.sector}-{version.sha256[:32]}.json"


def stored_bench(version: Version) -> Bench | None:
    """The latest bench of a version; None when there is none."""
    return read_bench(bench_file(version))


def compress_version(
    sector: Sector, ref: str, data: Path, run: RunContext, register: str = "", job_id: str = ""
) -> tuple[Bench, Version | None]:
    """Measure a version in every format of its task, keep the table, and register one format as challenger if asked.

    Args:
        sector: Whose task measures.
        ref: Version, as `Registry.resolve` takes it.
        data: What the task reads; its test split is measured.
        run: Where progress goes; its directory is written to.
        register: A format of the task, or empty.
        job_id: The job that does it, if one does.

    Returns:
        The table, and the new version or None.

    Raises:
        JobError: the task has no formats, not this one, or the version cannot be had in it.
        ModelRefused, StoreError: the version cannot be used.
        RunCancelled: somebody asked for it to stop.
    """
    limit_threads()
    task = _compressing(sector, register)
    version = registry().resolve(sector.slug, ref)
    version.check()
    found = task.compress(version.path, data, run, register)
    bench = _table(version, found, data)
    files.write_whole(bench_file(version), to_json(bench))
    if not register:
        return bench, None
    if found.kept is None:
        left_out = {"version": version.ref, "format": register}
        raise JobError(
            "job.format_left_out", Message(N_("Version {version} cannot be had in the format {format}."), left_out)
        )
    if run.should_stop():
        raise RunCancelled
    return bench, _registered(sector, version, found.kept, data, run, job_id)


def _compressing(sector: Sector, register: str) -> Compresses:
    """The sector's task, if it has formats and this one among them."""
    task = load_task(sector.task)
    known = getattr(task, "formats", ())
    if not known or (register and register not in known):
        said = {"format": register or "-", "known": ", ".join(known) or "-"}
        raise JobError("job.format", Message(N_("This kind of model has no format {format}; it has: {known}."), said))
    return cast(Compresses, task)


def _table(version: Version, found: Compressed, data: Path) -> Bench:
    return Bench(
        sector=version.sector,
        version=version.ref,
        sha256=version.sha256,
        data=asdict(found.data),
        machine=dict(found.machine),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        command=f"python -m core compress {version.sector} --data {shlex.quote(data.name)}",
        variants=found.variants,
        left_out=dict(found.left_out),
    )


def _registered(sector: Sector, parent: Version, checkpoint: Path, data: Path, run: RunContext, job_id: str) -> Version:
    task = load_task(sector.task)
    run.stage("compare")
    measure_champion(task, sector.slug, checkpoint, data)
    run.stage("register")
    name = f"{parent.ref} · {checkpoint.name}"
    return registry().register(
        sector.slug, checkpoint, job_id=job_id, verify=answers_as_now(task, checkpoint), name=name
    )


def compress_args(version: Version, data: Path, name: str, register: str = "") -> dict[str, object]:
    """What `jobs.submit("compress", ...)` takes."""
    return {"sector": version.sector, "version": version.ref, "data": str(data), "name": name, "register": register}


def run_compress(sector: Sector, args: Mapping[str, Any], run: RunContext, job_id: str) -> dict[str, Any]:
    """The job of kind "compress"; returns its result, with the new version's number when one was asked for."""
    register = str(args.get("register", ""))
    ref = str(args.get("version", CHAMPION))
    bench, made = compress_version(sector, ref, Path(str(args["data"])), run, register, job_id)
    return {"compressed": bench.version} | ({"version": made.number} if made else {})
