"""What `predict` and `explain` were asked for, whatever kind of input the sector reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import typer

from core.cli.shell import existing
from core.contracts import N_, Message, Sector
from core.data.mapping import parse_mapping
from core.errors import AppError, InputRefused

ColumnOption = Annotated[
    list[str] | None,
    typer.Option("--column", metavar="ROLE=NAME", help="Column of a table by its role; may be given several times."),
]


@dataclass(frozen=True)
class Said:
    """What came of it."""

    document: Callable[[], dict[str, Any]]
    """As JSON; made when a script asks for it, because of a large table it takes gigabytes."""
    words: str
    notices: Sequence[str]
    answered: int
    """Inputs, or rows of a table."""


@dataclass(frozen=True)
class Asked:
    """Arguments of one call; `None` and empty where nothing was said."""

    sector: Sector
    paths: Sequence[Path]
    model: str
    coverage: float | None = None
    threshold: float | None = None
    false_alarm_rate: float | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    out: Path | None = None
    texts: Sequence[str] = ()
    """Texts that stood on the command line itself."""

    def refuse(self, **options: object) -> None:
        """Wrong usage when one of `options` was given, which this sector has no use for."""
        for name, value in options.items():
            if value:
                option = name.replace("_", "-")
                raise typer.BadParameter(
                    f"{self.sector.slug} reads {self.sector.reads}: there is no --{option} for them"
                )

    def one_file(self) -> Path:
        """The only path, a file; wrong usage otherwise."""
        if len(self.paths) != 1 or not existing(self.paths[0]).is_file():
            raise typer.BadParameter(f"name one file of {self.sector.reads}")
        return self.paths[0]


def columns_of(sector: Sector, options: Sequence[str] | None) -> dict[str, str]:
    """Role -> column of `--column role=name ...`; wrong usage for anything else and for a sector without tables."""
    if options and sector.pictured:
        raise typer.BadParameter(f"{sector.slug} reads {sector.reads}: there is no --column for them")
    found: dict[str, str] = {}
    for option in options or ():
        try:
            found |= parse_mapping(option)
        except InputRefused as error:
            raise typer.BadParameter(f"{error.message}") from None
    return found


def out_file(path: Path, endings: Sequence[str]) -> Path:
    """A place where a file with one of `endings` can be written; wrong usage otherwise."""
    if path.suffix.lower() not in endings or path.is_dir() or not path.parent.is_dir():
        raise typer.BadParameter(f"--out {path} has to be a {' or '.join(endings)} in a folder that exists")
    return path


def unwritable(path: Path, error: OSError) -> AppError:
    """The error for a result that could not be written."""
    message = Message(N_("{name} cannot be written: {why}."), {"name": path.name, "why": error.strerror})
    return AppError("output.unwritable", message, N_("Choose another place."))
