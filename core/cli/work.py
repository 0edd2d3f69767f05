"""Verbs about jobs: jobs, resume, cancel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from core.cli.shell import JsonOption, app, guarded, put, sector_of

if TYPE_CHECKING:
    from core.jobs import JobRecord

JobArgument = Annotated[str, typer.Argument(metavar="JOB", help="Id of a job, see `jobs`.")]


@app.command()
@guarded
def jobs(
    sector: Annotated[str, typer.Option(help="Only jobs of this sector.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many.")] = 50,
    as_json: JsonOption = False,
) -> None:
    """List jobs, newest first."""
    from core.jobs import jobs as all_jobs

    found = all_jobs(sector_of(sector).slug if sector else None, limit)
    put([_row(job) for job in found], as_json, "\n".join(map(_line, found)))


@app.command()
@guarded
def resume(job: JobArgument, as_json: JsonOption = False) -> None:
    """Go on with a job that ended early, from its last snapshot; prints the id of the new job."""
    from core.jobs import resume as resume_job
    from core.jobs import status

    new = status(resume_job(job))
    put(_row(new), as_json, new.id)


@app.command()
@guarded
def cancel(job: JobArgument, as_json: JsonOption = False) -> None:
    """Stop a job; what it had trained stays for a resume."""
    from core.jobs import cancel as cancel_job
    from core.jobs import status

    status(job)
    cancel_job(job)
    found = status(job)
    put(_row(found), as_json, f"{found.id} {'cancelling' if found.cancelling else found.status}")


def _row(job: JobRecord) -> dict[str, Any]:
    moments = {"created": job.created, "started": job.started, "finished": job.finished, "kept_until": job.kept_until}
    return {
        "id": job.id,
        "kind": job.kind,
        "sector": job.sector,
        "status": job.status,
        "stage": job.stage,
        "step": job.step,
        "total": job.total,
        "position": job.position,
        "error": _error(job),
        "result": job.result,
        "resumes": job.resumes,
        "resumable": job.resumable,
        "cancelling": job.cancelling,
        **{name: moment.isoformat() if moment else None for name, moment in moments.items()},
    }


def _error(job: JobRecord) -> dict[str, str] | None:
    return {"code": job.error_code, "message": str(job.error), "hint": str(job.hint or "")} if job.error else None


def _line(job: JobRecord) -> str:
    progress = f"{job.step}/{job.total}" if job.total else ""
    line = f"{job.id}  {job.status:10} {job.kind:9} {job.sector:12} {job.stage:10} {progress:>9}  {job.error or ''}"
    return line.rstrip()
