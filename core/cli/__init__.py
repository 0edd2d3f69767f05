"""The command line: the same services as the pages. JSON goes to stdout alone, everything else to stderr."""

from core.cli import answering, auditing, house, learning, room, visitors, work  # noqa: F401  (each adds its verbs)
from core.cli.shell import app

__all__ = ["app"]
