"""One folder per kind of machine-learning problem; the same file names in each."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any, cast

from core.contracts import Task
from core.data.new_transaction import Fields


def load_task(name: str) -> Task:
    """Import the task called `name` (heavy imports happen here, on first use) and return its object."""
    module = import_module(f"core.tasks.{name}.task")
    return cast(Task, module.TASK)


def load_config_type(name: str) -> type:
    """The configuration dataclass of the task called `name`; imports nothing heavy, so that a page can draw a form."""
    return cast(type, import_module(f"core.tasks.{name}.config").CONFIG_TYPE)


def read_fields(name: str, manifest: Mapping[str, Any]) -> Fields:
    """What a version with this manifest has to be told of a transaction, for a task that reads transactions.

    Imports nothing heavy, so that a page can draw a form. Raises `ModelRefused` for a manifest that cannot be read.
    """
    return cast(Fields, import_module(f"core.tasks.{name}.fields").fields_of(manifest))
