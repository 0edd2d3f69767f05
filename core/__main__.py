"""`python -m core`."""

import io
import sys

from core.cli import app

for stream in (sys.stdout, sys.stderr):
    # Names of files and classes may be in any script, and a terminal's own encoding may know none of it.
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(encoding="utf-8", errors="replace")
app(prog_name="python -m core")
