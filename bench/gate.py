"""How often the gate lets a challenger pass: equally good ones by chance, better and worse ones by right.

Pairs of made-up evaluation tables, two classes, half of the error shared between the two models; seeds 0, 1, 2, ...
docs/decisions/0009 quotes the table that this prints.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.training.gate import judge
from core.training.metrics import share
from tests.training.tables import SAME_COSTS, rivals


@dataclass(frozen=True)
class Case:
    """Pairs of one kind: `old` and `new` say how far the scores of the classes lie apart."""

    name: str
    headline: str
    n: int
    old: float
    new: float
    pairs: int


CASES = (
    Case("equally good", "auroc", 150, 2.0, 2.0, 1000),
    Case("equally good", "accuracy", 150, 2.0, 2.0, 1000),
    Case("equally good", "auroc", 400, 2.0, 2.0, 1000),
    Case("equally good", "accuracy", 400, 2.0, 2.0, 1000),
    Case("clearly better", "auroc", 624, 1.8, 2.8, 150),
    Case("clearly worse", "auroc", 400, 2.8, 1.8, 150),
)


def measure(case: Case) -> dict[str, object]:
    """Shares of the pairs in which the headline check passes, the gate passes, and the gate stops."""
    verdicts = [
        judge(*rivals(case.n, seed, case.old, case.new), SAME_COSTS, case.headline) for seed in range(case.pairs)
    ]
    headline = sum(check.result == "pass" for one in verdicts for check in one.checks if check.name == "headline")
    passed, failed = (sum(one.result == result for one in verdicts) for result in ("pass", "fail"))
    counts = {"headline_passes": headline, "gate_passes": passed, "gate_fails": failed}
    return {"models": case.name, "metric": case.headline, "n": case.n, "pairs": case.pairs} | {
        name: share(count, case.pairs).as_dict() for name, count in counts.items()
    }


def main() -> dict[str, object]:
    """Measure, print and return every case."""
    print("| models | headline metric | examples | pairs | headline check passes | gate passes | gate stops |")
    print(f"|{'---|' * 7}")
    rows = []
    for case in CASES:
        rows.append(found := measure(case))
        cells = [f"{100 * found[name]['value']:.1f} %" for name in ("headline_passes", "gate_passes", "gate_fails")]  # type: ignore[index]
        print(f"| {case.name} | {case.headline} | {case.n} | {case.pairs} | {' | '.join(cells)} |", flush=True)
    return {"rows": rows}
