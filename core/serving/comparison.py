"""A version against the one in use: both evaluations on the same examples, what both cost, and the gate's verdict.

Everything is read from what lies with the versions; only `measure_costs` runs models. Imports no statistics before a
verdict is asked for, so that pages can use it.
"""

from __future__ import annotations

import threading
from contextlib import ExitStack
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from core import access
from core.contracts import N_, Evaluation
from core.device import pick_device
from core.errors import InputRefused
from core.serving import service
from core.store.registry import registry
from core.store.versions import Version, find_sector
from core.tasks import load_task
from core.training.evaluation import SUITE, load_evaluation

if TYPE_CHECKING:
    from core.training.gate import Costs, Verdict
    from core.training.list_replay import Replay

_measured: dict[tuple[str, str], Costs] = {}
_guard = threading.Lock()
_KEPT = 64


def baseline_folder(checkpoint: Path, champion_sha256: str) -> Path:
    """Where the evaluation and the costs of the version with these weights lie beside those of `checkpoint`."""
    return checkpoint / f"against-{champion_sha256[:16]}"


def home_folder(checkpoint: Path, champion_sha256: str) -> Path:
    """Where the evaluation of a checkpoint on the frozen test of the version with these weights lies beside it."""
    return baseline_folder(checkpoint, champion_sha256) / "home"


def evaluations(champion: Version, rival: Version) -> tuple[Evaluation | None, Evaluation | None]:
    """Both evaluations, of the champion the one on the examples of `rival` where there is one.

    Raises:
        ModelRefused: one of them is damaged.
    """
    own, theirs = service.evaluation_of(champion), service.evaluation_of(rival)
    if theirs is not None:
        own = load_evaluation(baseline_folder(rival.path, champion.sha256)) or own
    return own, theirs


def alike(champion: Version, rival: Version) -> tuple[Evaluation | None, Evaluation | None]:
    """`evaluations` whose decisions can be compared: of parts the champion's at as many false alarms as the rival's.

    Raises:
        ModelRefused: one of them is damaged.
    """
    own, theirs = evaluations(champion, rival)
    if own is None or theirs is None or find_sector(rival.sector).reads != "parts":
        return own, theirs
    from core.training.part_gate import at_alarms_of

    return at_alarms_of(own, theirs), theirs


def suites_of(champion: Version, rival: Version) -> tuple[Evaluation | None, Evaluation | None]:
    """Both as measured on their task's own suite, None where they were not; see `core.training.slice_suite`.

    Raises:
        ModelRefused: one of them is damaged.
    """
    again = load_evaluation(baseline_folder(rival.path, champion.sha256) / SUITE)
    return again or load_evaluation(champion.path / SUITE), load_evaluation(rival.path / SUITE)


def replay_of(champion: Version, rival: Version) -> Replay | None:
    """What a replay of two recommenders found, `champion` first, whichever was made later; None where there was none.

    Raises:
        ModelRefused: what was stored is damaged.
    """
    from core.training.list_replay import IN_USE, read_replays

    found = read_replays(baseline_folder(rival.path, champion.sha256)).get(IN_USE)
    if found is None:
        turned = read_replays(baseline_folder(champion.path, rival.sha256)).get(IN_USE)
        return turned.turned() if turned is not None else None
    return found


def costs(champion: Version, rival: Version) -> Costs | None:
    """Speed and size of both as measured when `rival` was trained, or since on this machine; None when never.

    Raises:
        ModelRefused: what was stored is damaged.
    """
    from core.serving.timing import load_costs

    with _guard:
        known = _measured.get((champion.sha256, rival.sha256))
    return known or load_costs(baseline_folder(rival.path, champion.sha256))


def measure_costs(champion: Version, rival: Version) -> Costs:
    """Load both and time them now; remembered as long as this process runs.

    Raises:
        AccessRefused: who asks is a viewer; what is measured goes into the verdict that everybody sees.
        InputRefused: their task has no example to time them with.
        ModelRefused: one of them cannot be loaded.
    """
    from core.serving.timing import side_by_side

    access.require("presenter")
    task = load_task(find_sector(rival.sector).task)
    probe = getattr(task, "probe", None)
    if probe is None:
        raise InputRefused(
            "gate.no_probe", N_("This kind of model cannot be timed on its own."), N_("Compare the figures alone.")
        )
    with ExitStack() as stack:
        loaded = [stack.enter_context(service.leased(task, version)) for version in (champion, rival)]
        first, second = loaded
        found = side_by_side(first.predictor, second.predictor, probe(), pick_device(), (first.turn, second.turn))
    with _guard:
        while len(_measured) >= _KEPT:
            del _measured[next(iter(_measured))]
        _measured[champion.sha256, rival.sha256] = found
    return found


def verdict(slug: str, rival: Version, champion: Version | None = None) -> Verdict:
    """What the gate says of `rival` against the champion (or another version), by the sector's headline metric.

    Raises:
        StoreError: there is no such sector.
        ModelRefused: an evaluation is damaged.
    """
    against = champion or registry().resolve(slug)
    return _judged(against, rival, costs(against, rival), find_sector(slug).headline_metric)


@lru_cache(maxsize=64)
def _judged(champion: Version, rival: Version, measured: Costs | None, headline: str) -> Verdict:
    """The same tables give the same verdict, and every run of a page wants it."""
    from core.training.gate import judge
    from core.training.home_test import home_check
    from core.training.slice_suite import suite_check

    if find_sector(rival.sector).reads == "parts":
        return _judged_parts(champion, rival, measured, headline)
    found = judge(*evaluations(champion, rival), measured, headline)
    if find_sector(rival.sector).reads == "interactions":
        from core.training.ranking_gate import ranking_verdict

        found = ranking_verdict(found, service.evaluation_of(rival), replay_of(champion, rival))
    suites = suites_of(champion, rival)
    if any(suite is not None for suite in suites):
        found = found.and_also(suite_check(*suites))
    own, theirs = service.evaluation_of(champion), service.evaluation_of(rival)
    if found.comparison is None or own is None or theirs is None or own.data.fingerprint == theirs.data.fingerprint:
        return found
    at_home = load_evaluation(home_folder(rival.path, champion.sha256))
    return found.and_also(home_check(own, at_home, headline or "accuracy"))


def _judged_parts(champion: Version, rival: Version, measured: Costs | None, headline: str) -> Verdict:
    from core.training.gate import judge
    from core.training.part_gate import PART_RULES, known_parts_check, part_checks, uncounted
    from core.training.part_limits import Promised

    used, new = evaluations(champion, rival)
    threshold = rival.manifest.get("threshold", {})
    promised = Promised(float(threshold["promised"]), int(threshold["held_out"])) if "promised" in threshold else None
    found = judge(*alike(champion, rival), measured, headline, PART_RULES)
    if used is not None:
        found = uncounted(found, used)
    for check in part_checks(used, new, promised):
        found = found.and_also(check)
    own = service.evaluation_of(champion)
    if own is None or new is None or own.data.fingerprint == new.data.fingerprint:
        return found
    at_home = load_evaluation(home_folder(rival.path, champion.sha256))
    return found.and_also(known_parts_check(own, at_home, new.data.name))
