"""What all verbs share: the application, options of the same name, the way out for results and for errors."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, ParamSpec

import typer

from core.answers import finite
from core.catalog import SECTORS
from core.catalog import sector as find_sector
from core.contracts import Sector
from core.data.catalog import DATA_SETS, local_path
from core.errors import AppError
from core.log import log_error, log_event

Params = ParamSpec("Params")

app = typer.Typer(
    name="python -m core",
    help="The command line: the same services as the pages. JSON goes to stdout alone, everything else to stderr.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # a box round a message breaks it into lines that no script can search
)

SectorArgument = Annotated[str, typer.Argument(metavar="SECTOR", help="Slug of a sector, see `sectors`.")]
ModelOption = Annotated[str, typer.Option("--model", help="A preset, a version number, champion or challenger.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Machine-readable answer on stdout.")]
DataOption = Annotated[Path, typer.Option("--data", help="Folder, zip, npz, CSV or Parquet; or a data set by name.")]


def say(line: str) -> None:
    """A line for a person."""
    sys.stderr.write(line + "\n")


def put(value: Any, as_json: bool, plain: str) -> None:
    """The result: as JSON for a script, or as `plain`."""
    text = json.dumps(finite(value), ensure_ascii=False, indent=1, allow_nan=False) if as_json else plain
    sys.stdout.write(text + "\n")


def guarded(command: Callable[Params, None]) -> Callable[Params, None]:
    """An expected error becomes one line and exit 1, an unexpected one a reference to the log; never a traceback."""

    @wraps(command)
    def safe(*args: Params.args, **kwargs: Params.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except (typer.Exit, typer.Abort, typer.BadParameter, BrokenPipeError):
            raise
        except AppError as error:
            log_event("refused", command=command.__name__, code=error.code)
            say(f"{error.code}: {error.message} {error.hint}".strip())
            raise typer.Exit(1) from None
        except Exception as error:  # noqa: BLE001 - the last door before the terminal; the log keeps the rest
            reference = log_error(error, command=command.__name__)
            say(f"unexpected: Something went wrong. Run `python -m core doctor`; the log has it under {reference}.")
            raise typer.Exit(1) from None

    return safe


def sector_of(slug: str) -> Sector:
    """The sector of this name, or wrong usage."""
    try:
        return find_sector(slug)
    except KeyError:
        raise typer.BadParameter(f"no sector {slug!r}; there are: {', '.join(s.slug for s in SECTORS)}") from None


def existing(path: Path) -> Path:
    """A path at which something lies, or wrong usage."""
    if not path.exists():
        raise typer.BadParameter(f"{path} does not exist")
    return path


def data_at(path: Path) -> Path:
    """Where data lie: a path, or a data set of the catalogue by its name; wrong usage when neither is there."""
    if path.exists():
        return path
    try:
        found = local_path(str(path))
    except KeyError:
        raise typer.BadParameter(
            f"{path} does not exist, and no data set is called so; there are: {', '.join(s.name for s in DATA_SETS)}"
        ) from None
    if found is None:
        raise typer.BadParameter(f"{path} is not on this machine; see `python -m core fetch {path}`")
    return found
