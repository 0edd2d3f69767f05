"""What a replay of two recommenders found, stored beside a version: one for each model that it was set against.

Which lists were right is counted event by event, see `core.tasks.recommendation.replay`; here are only the figures, so
that pages and the gate read them without the models.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.contracts import DataInfo, Metric
from core.store.sealed import unreadable
from core.training.metrics import bootstrap, resamples_for

FILE = "replay.json"
IN_USE = "in_use"
"""What a version in use goes by among the replays of one that was made later."""


@dataclass(frozen=True)
class Part:
    """Users with so many items known before the test, and what a replay found for them alone."""

    name: str
    events: int
    difference: Metric
    """Second minus first, hits per event."""


@dataclass(frozen=True)
class Replay:
    """Hits per event of two versions on the same events, with intervals over users."""

    users: int
    events: int
    k: int
    first: Metric
    second: Metric
    difference: Metric
    """Second minus first."""
    fixed: int
    """Events that only the second version had in its list."""
    broke: int
    learned: tuple[int, int]
    """Events that each version had learned from; they are left out for both."""
    data: DataInfo
    """What was replayed; `n` are the users of its test part, of whom `users` were replayed."""
    ordered: bool = True
    """Whether anything says in which order things were taken; else it is that of the rows."""
    parts: tuple[Part, ...] = ()

    def turned(self) -> Replay:
        """The same with the two versions in each other's place."""
        return replace(
            self,
            first=self.second,
            second=self.first,
            difference=_negated(self.difference),
            fixed=self.broke,
            broke=self.fixed,
            learned=(self.learned[1], self.learned[0]),
            parts=tuple(replace(part, difference=_negated(part.difference)) for part in self.parts),
        )


def _negated(metric: Metric) -> Metric:
    return Metric(-metric.value, -metric.high, -metric.low, metric.n)


def hits_per_event(count: NDArray[np.float64], events: NDArray[np.int64]) -> Metric:
    """Hits (U,) over events (U,) of the same users, with a bootstrap interval over them.

    Users have several events each, so that drawing events would make the interval too narrow. Each has one or more.
    """

    def rate(weights: NDArray[Any]) -> NDArray[Any]:
        shares: NDArray[Any] = weights @ count / (weights @ events)
        return shares

    return bootstrap(rate, len(events), 0, resamples_for(len(events)))


def write_replays(folder: Path, found: Mapping[str, Replay]) -> None:
    """Store replays by the name of what the version was set against; `folder` is made when missing."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = {name: asdict(one) for name, one in found.items()}
    (folder / FILE).write_text(json.dumps(rows) + "\n", encoding="utf-8")


def read_replays(folder: Path) -> dict[str, Replay]:
    """What `write_replays` stored in a folder; empty where nothing is.

    Raises:
        ModelRefused: What is stored is something else.
    """
    try:
        rows = json.loads((folder / FILE).read_text(encoding="utf-8"))
        return {str(name): _read(row) for name, row in rows.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise unreadable(error) from error


def _read(row: dict[str, Any]) -> Replay:
    first, second = row["learned"]
    return Replay(
        users=int(row["users"]),
        events=int(row["events"]),
        k=int(row["k"]),
        first=Metric(**row["first"]),
        second=Metric(**row["second"]),
        difference=Metric(**row["difference"]),
        fixed=int(row["fixed"]),
        broke=int(row["broke"]),
        learned=(int(first), int(second)),
        data=DataInfo(**row["data"]),
        ordered=bool(row.get("ordered", True)),
        parts=tuple(Part(str(one["name"]), int(one["events"]), Metric(**one["difference"])) for one in row["parts"]),
    )
