"""Measurements that set our figure beside somebody else's; `python -m core bench NAME` runs one.

Every module has `main() -> dict`, prints a table for a reader and returns the figures; `run` writes them to
`build/bench/<name>.json` together with the machine they were measured on.
"""

from __future__ import annotations

import json
import os
import platform
import time
from importlib import import_module
from pathlib import Path

NAMES = {
    "start": "First page after start, beside `streamlit hello`",
    "audit": "A row of the audit log, for who looks and for who changes something",
    "predict": "One prediction through the service, beside the bare forward pass",
    "step": "A training step through our loop, beside a bare PyTorch loop",
    "load": "50 visitors at one rerun a second, with and without the collection after every run",
    "busy": "50 visitors with ten seconds to think, with and without a training on the same machine",
    "drift": "The drift alarm: false alarms on streams that do not change, batches until it comes on those that do",
    "domain": "What the medical page declines: pictures that are no X-rays, and X-rays of the test split",
    "gate": "How often the gate lets a version pass: by chance, and by right",
    "fixit": "A last layer fitted to simulated corrections: mended elsewhere, forgotten, seconds",
    "text_fixit": "Words moved by simulated corrections of texts: mended elsewhere, changed besides, seconds",
    "kills": "SIGKILL while training, registering and promoting: what is lost, beside a writer without precautions",
    "cancel": "How long a training takes to stop after somebody cancelled it",
    "verdicts": "Bad and odd files through command line, JSON route and page: right and wrong verdicts",
    "tables": "Bad and odd tables through the intake, beside plain pandas; a million rows",
    "interactions": "Odd tables and profiles through reader, command line and JSON route; a million ratings",
    "windows": "Window features of 1.75 million payments, beside pandas' and polars' rolling windows",
    "fraud_rows": "A million payments through the service, beside LightGBM's bare predict on the same features",
    "board": "A hundred thousand texts from a CSV to a board and back, beside pandas and scikit-learn",
    "recommend": "Recommenders on MovieLens and the simulated shop, beside published figures and stated baselines",
    "recommend_size": "EASE at 3,000 and 20,000 items: seconds and memory, lists for all, one new user",
    "handbook": "Fraud models on the Fraud Detection Handbook's protocols A and B, beside its published figures",
}
OUTPUT = Path(__file__).resolve().parent.parent / "build" / "bench"


def run(name: str | None = None) -> int:
    """Run the measurement called `name`, or `all`; without a name, list them. Returns an exit status."""
    if name is None:
        for known, summary in NAMES.items():
            print(f"{known:10} {summary}")
        return 0
    if name != "all" and name not in NAMES:
        print(f"There is no measurement called {name}; there are: all, {', '.join(NAMES)}")
        return 2
    for chosen in NAMES if name == "all" else (name,):
        print(f"\n{chosen}: {NAMES[chosen]}", flush=True)
        _run_one(chosen)
    return 0


def _run_one(name: str) -> None:
    load_before = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    figures = import_module(f"bench.{name}").main()
    record = {
        "name": name,
        "measured": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "machine": {
            "processor": platform.machine(),
            "cores": os.cpu_count(),
            "system": platform.system(),
            "python": platform.python_version(),
            "load_before": load_before,
        },
        "figures": figures,
    }
    OUTPUT.mkdir(parents=True, exist_ok=True)
    target = OUTPUT / f"{name}.json"
    target.write_text(json.dumps(record, indent=2) + "\n", "utf-8")
    print(f"written: {target.relative_to(Path.cwd()) if target.is_relative_to(Path.cwd()) else target}")
