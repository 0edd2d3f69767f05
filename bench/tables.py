"""Bad and odd tables through the intake, beside what a plain `pandas.read_csv` makes of them; and a million rows.

The files and what has to be said about them are the tables of tests/intake/test_tables.py. Plain pandas is silent when
it returns a table without an error or a warning: for a file that has to be refused that is a wrong answer, for one
that has to be converted and said it is an answer that nobody can check.
"""

from __future__ import annotations

import io
import tempfile
import time
import warnings
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pandas as pd

from core.errors import InputRefused
from core.intake.tables import read_table
from tests.intake import test_tables
from tests.intake.test_tables import Case, said

ROWS = 1_000_000


def _verdict(case: Case, refused: bool) -> str:
    """Empty when the intake does with a file what the table says, else what is wrong."""
    try:
        table = read_table(case.data, case.name, case.limits)
        words, code, rows = said(table), "", len(table.frame)
    except InputRefused as error:
        words, code, rows = f"{error.message} {error.hint}", error.code, 0
    if bool(code) is not refused or not code.startswith(case.code):
        return f"{code or 'taken'}, not {case.code or 'taken'}"
    if not refused and rows != case.rows:
        return f"{rows} rows, not {case.rows}"
    missing = [part for part in case.says if part not in words]
    return f"does not say {missing}" if missing else ""


def _pandas_is_silent(case: Case) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            pd.read_csv(io.BytesIO(case.data))
        except Exception:  # noqa: BLE001 - whatever it raises, it is not silent
            return False
    return True


def _million() -> bytes:
    """Payments with ids, times, two names, amounts and labels; the same on every machine."""
    random = np.random.default_rng(0)
    times = np.datetime64("2024-01-01", "s") + np.arange(ROWS) * 10
    columns = {
        "id": np.arange(ROWS),
        "time": np.datetime_as_string(times),
        "customer": random.integers(0, 5_000, ROWS),
        "terminal": random.integers(0, 10_000, ROWS),
        "amount": random.gamma(2, 30, ROWS).round(2),
        "fraud": (random.random(ROWS) < 0.01).astype(int),
    }
    return pd.DataFrame(columns).to_csv(index=False).encode()


def _ours(data: bytes) -> object:
    return read_table(data, "million.csv").frame


def _payments(data: bytes) -> object:
    from core.data.read_transactions import open_transactions

    return open_transactions(data, "million.csv", need_label=True)


def _pandas_text(data: bytes) -> object:
    return pd.read_csv(io.BytesIO(data), dtype=str, keep_default_na=False)


def _pandas_plain(data: bytes) -> object:
    return pd.read_csv(io.BytesIO(data))


READERS: dict[str, Callable[[bytes], object]] = {
    "read_table": _ours,
    "open_transactions": _payments,
    "pandas.read_csv, cells as text": _pandas_text,
    "pandas.read_csv, types guessed": _pandas_plain,
}


def _cost(name: str, path: str) -> dict[str, float]:
    """Seconds, the best of three, and how far the memory of this process rises above the file and what was there."""
    reader, data = READERS[name], Path(path).read_bytes()
    reader(data[: data.find(b"\n", 10_000) + 1])  # imports
    before = _memory_mb("VmRSS")
    seconds = []
    for _ in range(3):
        began = time.perf_counter()
        reader(data)
        seconds.append(time.perf_counter() - began)
    return {"seconds": round(min(seconds), 2), "peak_mb": round(_memory_mb("VmHWM") - before)}


def _memory_mb(field: str) -> float:
    """Memory of this process as Linux counts it; unlike `ru_maxrss`, its peak is not inherited from the parent."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{field}:")) / 1024


def main() -> dict[str, object]:
    """Measure, print and return verdicts, silent answers of pandas, and the cost of a million rows."""
    figures: dict[str, object] = {}
    for group, cases in (("refused", test_tables.REFUSED), ("taken and said", test_tables.TAKEN)):
        faults = {case.id: fault for case in cases if (fault := _verdict(case, group == "refused"))}
        heard = [case for case in cases if case.says]
        silent = [case.id for case in heard if _pandas_is_silent(case)]
        figures[group] = {"right": len(cases) - len(faults), "faults": faults, "heard": len(heard), "pandas": silent}
        print(f"{group:16}{len(cases) - len(faults):>4} right{len(faults):>4} wrong", end="")
        print(f"   plain pandas says nothing in {len(silent)} of the {len(heard)} where something has to be said")
        for case, fault in faults.items():
            print(f"    {case}: {fault}")
    with tempfile.TemporaryDirectory(prefix="vitrine-tables-") as folder:
        path = Path(folder) / "million.csv"
        path.write_bytes(_million())
        for name in READERS:
            # A process of its own for each: peak memory never falls again.
            with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
                cost = pool.submit(_cost, name, str(path)).result()
            figures[name] = cost
            print(f"{name:32}{cost['seconds']:>7} s   peak +{cost['peak_mb']:.0f} MB", flush=True)
    return figures
