"""What the audit log costs: a row of a viewing action to its caller, a row of a change, and checking the chain."""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROWS = 1000
LIMIT_MS = 5.0


def main() -> dict[str, Any]:
    """Measure on SQLite in a temporary home, and on PostgreSQL where VITRINE_TEST_POSTGRES_URL names a server."""
    from tests.store import postgres

    found = {"sqlite": _on("")}
    if postgres.URL:
        with postgres.fresh_database() as database:
            found["postgresql"] = _on(database)
    print(f"{'':12}{'p50 ms':>10}{'p95 ms':>10}{'max ms':>10}")
    for name, figures in found.items():
        for what in ("viewing", "change"):
            row = figures[what]
            print(f"{name:12}{row['p50_ms']:10.3f}{row['p95_ms']:10.3f}{row['max_ms']:10.3f}  {what}")
        print(f"{name:12}{figures['verify_rows_per_s']:10,.0f} rows checked a second")
        print(f"{name:12}{figures['behind_ms']:10.1f} ms until the last of {ROWS} viewing rows put at once was written")
    return {**found, "rows": ROWS, "limit_ms": LIMIT_MS}


def _on(database: str) -> dict[str, Any]:
    from core.settings import settings
    from core.store import audit
    from core.store.database import close_stores

    with tempfile.TemporaryDirectory(prefix="vitrine-bench-") as home:
        os.environ |= {"VITRINE_HOME": home, "VITRINE_DATABASE_URL": database, "VITRINE_LOG_LEVEL": "WARNING"}
        settings.cache_clear()
        try:
            audit.record("promote")  # opens the store, makes the key
            content = os.urandom(64).hex()
            change = _timed(lambda: audit.record("promote", sector="medical", version="1", sha256=content))
            viewing = _timed(
                lambda: audit.record("predict", sector="medical", n_items=1, input_hmac=audit.input_hmac(content))
            )
            began = time.perf_counter()
            if not audit.flush(60.0):
                raise RuntimeError("the rows were not written")
            behind_ms = (time.perf_counter() - began) * 1000
            began = time.perf_counter()
            report = audit.verify()
            took_s = time.perf_counter() - began
            if not report.intact or report.rows != 2 * ROWS + 1:
                raise RuntimeError(f"{report.rows} rows, {len(report.broken)} broken")
            size_mb = sum(file.stat().st_size for file in Path(home).glob("vitrine.db*")) / 1e6
        finally:
            close_stores()
            settings.cache_clear()
    return {
        "viewing": viewing,
        "change": change,
        "behind_ms": behind_ms,
        "verify_rows_per_s": report.rows / took_s,
        "size_mb": size_mb,
    }


def _timed(work: Callable[[], object]) -> dict[str, float]:
    times_ms = []
    for _ in range(ROWS):
        began = time.perf_counter()
        work()
        times_ms.append((time.perf_counter() - began) * 1000)
    return {
        "p50_ms": statistics.median(times_ms),
        "p95_ms": statistics.quantiles(times_ms, n=20)[-1],
        "max_ms": max(times_ms),
    }
