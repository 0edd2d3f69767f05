"""What chance allows where a rate is exactly as chosen."""

from __future__ import annotations

from scipy.stats import binom


def expected_alarms(n: int, rate: float, confidence: float = 0.95) -> tuple[int, int]:
    """Between how many alarms n new good parts give with this probability, when the rate is exactly as chosen."""
    tail = (1 - confidence) / 2
    return int(binom.ppf(tail, n, rate)), int(binom.ppf(1 - tail, n, rate))
