"""Lines for a POSIX shell that repeat a run or a measurement."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from core.data.catalog import name_of
from core.data.mapping import parse_mapping, write_mapping


def changed(config_type: type, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values that differ from the defaults of the dataclass `config_type`."""
    return {
        entry.name: values[entry.name]
        for entry in fields(config_type)
        if entry.name in values and values[entry.name] != entry.default
    }


def train_command(slug: str, config: Any, data: Path | str) -> str:
    """The line that repeats a run.

    Args:
        slug: Of the sector.
        config: The options of the run, a dataclass; those that are not the default are named.
        data: Where it was read, of which the name is told (that of the data set, where one of the catalogue lies
            there); or a text that is quoted for the shell already.
    """
    options = changed(type(config), vars(config))
    columns = _columns(parse_mapping(options.pop("columns", "")))
    settings = [f"--set {shlex.quote(f'{name}={value}')}" for name, value in options.items()]
    return " ".join(["python -m core train", shlex.quote(slug), "--data", _told(data), *columns, *settings])


def evaluate_command(slug: str, data: Path | str, columns: Mapping[str, str] | None = None) -> str:
    """The line that repeats an evaluation.

    Args:
        slug: Of the sector.
        data: As for `train_command`.
        columns: Which column of a table plays which role, by role, where that was said.
    """
    named = _columns(columns or {})
    return " ".join(
        ["python -m core evaluate", shlex.quote(slug), "--data", _told(data), *named, "--model VERSION --json"]
    )


def _columns(columns: Mapping[str, str]) -> list[str]:
    """An option for each role; an empty column says that there is none."""
    return [f"--column {shlex.quote(write_mapping({role: name}))}" for role, name in columns.items()]


def _told(data: Path | str) -> str:
    return shlex.quote(name_of(data) or data.name) if isinstance(data, Path) else data
