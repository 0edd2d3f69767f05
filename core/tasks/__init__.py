"""One folder per kind of machine-learning problem; the same file names in each."""

from __future__ import annotations

from importlib import import_module
from typing import cast

from core.contracts import Task


def load_task(name: str) -> Task:
    """Import the task called `name` (heavy imports happen here, on first use) and return its object."""
    module = import_module(f"core.tasks.{name}.task")
    return cast(Task, module.TASK)


def load_config_type(name: str) -> type:
    """The configuration dataclass of the task called `name`; imports nothing heavy, so that a page can draw a form."""
    return cast(type, import_module(f"core.tasks.{name}.config").CONFIG_TYPE)
