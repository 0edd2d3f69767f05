"""SIGKILL in the midst of training, registering and promoting, at random times and at named points.

Every run is the real worker with the real task, forked from a process that has trained once, so that a kill lands in
the work and not in an import. After every kill the ordinary recovery and the janitor run, and everything is looked
at: no version that somebody was told of may be lost, each must give its stored figures again, the alias must stand
where it was put, and nothing may be left over. Some of the killed jobs are resumed; their weights must be those of a
run that nobody disturbed. A writer that does without the precautions is the control: it must lose versions.
"""

from __future__ import annotations

import os
import random
import signal
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

from bench import intact, shapes
from bench.forks import Child, forked
from core.contracts import Evaluation
from core.jobs import endings, keeping, queue, records, recovery, uploads
from core.settings import settings
from core.store.database import close_stores, open_store
from core.store.files import checksums
from core.store.owners import host, this_process
from core.store.reconcile import reconcile
from core.store.registry import Registry, registry
from core.store.versions import Version

SECTOR = "medical"
KILLS = 100
CONTROLS = 20
RESUMED = 10
NAIVE_BYTES = 64
"""What the control writes at a time: it has to be busy for long enough to be met."""
AT_RANDOM = "at a random time"
POINTS = tuple(
    f"{when} {what}"
    for what in ("write", "fsync", "rename", "insert", "commit", "alias")
    for when in ("before", "after")
)


class Crossings:
    """Counts how often the program comes past each named point, and ends the process at one of them."""

    def __init__(self, point: str = "", nth: int = 0) -> None:
        self.counts: Counter[str] = Counter()
        self._point, self._nth = point, nth

    def _cross(self, point: str) -> None:
        self.counts[point] += 1
        if point == self._point and self.counts[point] == self._nth:
            os.kill(os.getpid(), signal.SIGKILL)

    def watch(self, owner: Any, name: str, what: str) -> None:
        """Put a point before and one after every call of `owner.name`."""
        real = getattr(owner, name)

        def watched(*args: Any, **kwargs: Any) -> Any:
            self._cross(f"before {what}")
            result = real(*args, **kwargs)
            self._cross(f"after {what}")
            return result

        setattr(owner, name, watched)

    def install(self) -> None:
        """Watch everything that `POINTS` names; only for a process that ends soon."""
        import safetensors.torch
        from sqlalchemy.engine.default import DefaultDialect

        from core.store import promotions
        from core.tasks.image_classification import checkpoint

        self.watch(safetensors.torch, "save_file", "write")
        self.watch(checkpoint, "save_file", "write")
        self.watch(os, "fsync", "fsync")
        self.watch(os, "rename", "rename")
        self.watch(os, "replace", "rename")
        self.watch(Registry, "_insert", "insert")
        self.watch(DefaultDialect, "do_commit", "commit")
        self.watch(promotions, "make", "alias")


@dataclass
class Tally:
    """What happened over all kills."""

    struck: Counter[str] = field(default_factory=Counter)
    acknowledged: dict[int, str] = field(default_factory=dict)
    left_by_dead: int = 0
    """Things that a killed process had left before the janitor came."""
    orphans: int = 0
    """Things that were left after it."""
    problems: list[str] = field(default_factory=list)
    resumed: int = 0
    resumed_equal: int = 0
    recovery_s: list[float] = field(default_factory=list)


class Range:
    """A home in which workers are shot at."""

    def __init__(self, data: Path, rng: random.Random) -> None:
        self.data = data
        self.rng = rng
        self.tally = Tally()
        self.champion = 0
        self.measure = _measure(data)
        self.seed = 0

    def queue(self, seed: int) -> str:
        """Queue a run and take it, as a supervisor would."""
        store, config = open_store(), {**shapes.CONFIG, "seed": seed}
        args = {"sector": SECTOR, "config": config, "data": str(self.data), "name": "shapes"}
        records.add(store, records.NewJob(records.new_id(), "train", args, "auto", ""), lambda: None)
        return self.claim()

    def claim(self) -> str:
        """Take the job that waits."""
        job_id = queue.claim(open_store(), this_process(), f"{host()}/cpu", recovery.LOCAL)
        if job_id is None:
            raise RuntimeError("no job could be taken")
        return job_id

    def start(self, job_id: str, crossings: Crossings) -> Child:
        """Fork the worker of a job; afterwards it promotes what it has registered."""
        parent = os.getpid()

        def work(say: Callable[[str], None]) -> None:
            from core.jobs import worker

            crossings.install()
            worker.NICE = 0  # nobody waits for a page here
            worker.main(job_id, parent, "cpu")
            record = records.read(open_store(), job_id)
            number = int(record.result.get("version", 0))
            say(f"registered {number}")
            registry().promote(SECTOR, number, reason="as the measurement demands")
            say(f"promoted {number}")
            say(f"counts {' '.join(f'{point}:{n}'.replace(' ', '_') for point, n in crossings.counts.items())}")

        return forked(work)

    def recover(self, job_id: str, said: list[str], killed: bool) -> None:
        """What a supervisor does about a dead worker, and the janitor; then look at everything."""
        self.tally.left_by_dead += len(list(intact.orphans())) if killed else 0
        began = time.monotonic()
        if records.read(open_store(), job_id).live:
            recovery.end_without_word(open_store(), job_id, "failed", endings.killed(-signal.SIGKILL))
        reconcile(registry())
        keeping.sweep(open_store())
        self.tally.recovery_s.append(time.monotonic() - began)
        words = dict(line.split(" ", 1) for line in said)
        record = records.read(open_store(), job_id)
        if record.status == "completed":  # now a visitor can have read it
            version = registry().resolve(SECTOR, str(record.result["version"]))
            self.tally.acknowledged[version.number] = version.sha256
        allowed = {self.champion, int(record.result.get("version", self.champion))}
        if "promoted" in words:
            allowed = {int(words["promoted"])}
        registry().forget_trouble()
        found = intact.problems(SECTOR, self.tally.acknowledged, allowed)
        self.tally.problems += [f"job {job_id}: {line}" for line in found]
        left = list(intact.orphans())
        self.tally.orphans += len(left)
        self.tally.problems += left
        self.champion = registry().resolve(SECTOR).number

    def undisturbed(self) -> tuple[float, Counter[str]]:
        """Seconds of a run that nobody disturbs, and how often it came past each point."""
        job_id = self.queue(self._next_seed())
        child = self.start(job_id, Crossings())
        if not child.wait(300.0):
            child.kill()
        seconds = time.monotonic() - child.began
        killed, said = child.end()
        self.recover(job_id, said, killed)
        counts = dict(line.split(" ", 1) for line in said).get("counts", "")
        pairs = (entry.rsplit(":", 1) for entry in counts.split())
        return seconds, Counter({point.replace("_", " "): int(n) for point, n in pairs})

    def at_random(self, seconds: float) -> None:
        """One kill at a random time of a run."""
        job_id = self.queue(self._next_seed())
        child = self.start(job_id, Crossings())
        if not child.wait(self.rng.uniform(0.0, seconds)):
            child.kill()
        killed, said = child.end()
        self.tally.struck[AT_RANDOM] += killed
        self.recover(job_id, said, killed)
        self._maybe_resume(job_id)

    def at_point(self, point: str, nth: int) -> None:
        """One kill at the n-th crossing of a point."""
        job_id = self.queue(self._next_seed())
        child = self.start(job_id, Crossings(point, nth))
        if not child.wait(300.0):
            child.kill()
        killed, said = child.end()
        self.tally.struck[point] += killed
        self.recover(job_id, said, killed)

    def _next_seed(self) -> int:
        self.seed += 1
        return self.seed

    def _maybe_resume(self, job_id: str) -> None:
        """Resume a killed job that got far enough, and compare it with one that nobody killed."""
        record = records.read(open_store(), job_id)
        if self.tally.resumed >= RESUMED or not record.resumable or not keeping.epochs_kept(job_id):
            return
        self.tally.resumed += 1
        new_id = records.new_id()
        args = keeping.continued(new_id, job_id, record.args, {})
        records.add(open_store(), records.NewJob(new_id, "train", args, "auto", "", resumes=job_id), lambda: None)
        found = []
        for next_job in (self.claim, lambda: self.queue(record.args["config"]["seed"])):
            wanted = next_job()
            child = self.start(wanted, Crossings())
            child.wait(300.0)
            killed, said = child.end()
            self.recover(wanted, said, killed)
            version = registry().of_job(wanted)
            found.append(version.sha256 if version else wanted)
        self.tally.resumed_equal += found[0] == found[1]


def _measure(data: Path) -> Callable[[Version], Evaluation]:
    from core.tasks import load_task

    task = load_task("image_classification")
    return lambda version: task.evaluate(task.load(version.path, "cpu"), data)


def plan(counts: Counter[str], kills: int) -> list[tuple[str, int]]:
    """(point, n-th crossing) for every kill: all points in turn, each spread over its crossings from first to last."""
    points = [point for point in POINTS if counts[point]]
    each = {point: [i for i in range(kills) if points[i % len(points)] == point] for point in points}
    chosen = []
    for point, turns in each.items():
        steps = max(1, len(turns) - 1)
        chosen += [(point, 1 + round(place * (counts[point] - 1) / steps)) for place in range(len(turns))]
    return chosen


def naive_register(checkpoint: Path, say: Callable[[str], None]) -> None:
    """The control: row first, then every file written in place, a bit at a time, never synced nor renamed."""
    folder = registry().folder / SECTOR / f"naive-{os.getpid()}"
    row = _naive_row(checkpoint, folder.name)
    folder.mkdir(parents=True)
    number = registry()._insert(SECTOR, row, "register")
    say(f"registered {number}")
    for path in (entry for entry in checkpoint.rglob("*") if entry.is_file()):
        target = folder / path.relative_to(checkpoint)
        target.parent.mkdir(exist_ok=True)
        with target.open("wb") as file:
            content = path.read_bytes()
            for begin in range(0, len(content), NAIVE_BYTES):
                file.write(content[begin : begin + NAIVE_BYTES])
                file.flush()
    say("written")


def _naive_row(checkpoint: Path, folder: str) -> dict[str, Any]:
    from datetime import UTC, datetime

    from core.store.files import read_manifest

    manifest = read_manifest(checkpoint)
    held = {"files": checksums(checkpoint), "manifest": manifest, "sha256": manifest["sha256"]}
    return {"name": "naive", "folder": folder, "created": datetime.now(UTC), "job_id": "", **held}


def control(checkpoint: Path, rng: random.Random, kills: int) -> int:
    """Kill the naive writer while it writes; returns how many of its versions are then lost."""
    seconds = 60.0
    for turn in range(kills + 1):
        child = forked(lambda say: naive_register(checkpoint, say))
        child.said_something(60.0)  # its number
        began = time.monotonic()
        if not child.wait(rng.uniform(0.0, seconds) if turn else seconds):
            child.kill()
        seconds = seconds if turn else time.monotonic() - began
        child.end()
    return len({line.split(":")[0] for line in intact.broken_versions({}, None, SECTOR)})


@contextmanager
def home(folder: Path) -> Iterator[None]:
    """A home of its own for the block, one thread, and few generated pictures: the work, not its size, is shot at."""
    from core.tasks.image_classification import checkpoint

    here = {"VITRINE_HOME": str(folder), "VITRINE_DEVICE": "cpu"}
    with (
        mock.patch.dict(os.environ, here),
        mock.patch.object(checkpoint, "N_OTHER", (200, 200)),
        # Nobody else writes here: what the dead have left is old enough to be removed at once.
        mock.patch.object(uploads, "YOUNG_S", 0.0),
    ):
        settings.cache_clear()
        yield
        close_stores()
    settings.cache_clear()


def train_once(data: Path, folder: Path) -> Path:
    """Train in this process: everything that is imported on first use is here before the first fork."""
    import torch

    from core.tasks import load_task
    from core.training.run import ListedRun

    torch.set_num_threads(1)
    task = load_task("image_classification")
    return task.train(task.config_type(**shapes.CONFIG), data, ListedRun(folder))


def measured(kills: int, controls: int, seed: int, echo: Callable[[str], None] = lambda line: None) -> dict[str, Any]:
    """Do it all and return the figures."""
    rng = random.Random(seed)
    with tempfile.TemporaryDirectory(prefix="vitrine-kills-") as temporary:
        folder = Path(temporary)
        data = shapes.write_folder(folder / "shapes")
        with home(folder / "home"):
            checkpoint = train_once(data, folder / "first")
            target = Range(data, rng)
            seconds, counts = target.undisturbed()
            echo(f"a run that nobody disturbs: {seconds:.1f} s, {sum(counts.values())} crossings of named points")
            for point, nth in plan(counts, kills // 2):
                target.at_point(point, nth)
            echo(f"killed at named points: {sum(target.tally.struck.values())}")
            while sum(target.tally.struck.values()) < kills:  # a few points are not come past as often every time
                target.at_random(seconds)
            found = figures(target)
        with home(folder / "naive"):
            lost = control(checkpoint, rng, controls)
    return {**found, "run_s": seconds, "control_kills": controls, "control_versions_lost": lost, "seed": seed}


def figures(target: Range) -> dict[str, Any]:
    """What the kills did, after one more look in which every version is measured again."""
    tally = target.tally
    wrong = tally.problems + intact.problems(SECTOR, tally.acknowledged, {target.champion}, target.measure)
    return {
        "kills": sum(tally.struck.values()),
        "struck": dict(tally.struck),
        "versions_acknowledged": len(tally.acknowledged),
        "versions_lost": sum("was lost" in line for line in wrong),
        "problems": wrong,
        "left_by_the_dead": tally.left_by_dead,
        "orphans_after_janitor": tally.orphans,
        "resumed": tally.resumed,
        "resumed_equal": tally.resumed_equal,
        "recovery_s_p50": statistics.median(tally.recovery_s),
        "recovery_s_max": max(tally.recovery_s),
    }


def main() -> dict[str, Any]:
    """Print and return the figures."""
    found = measured(KILLS, CONTROLS, seed=int(time.time()), echo=print)
    for name, value in found.items():
        print(f"{name:24} {value if not isinstance(value, float) else f'{value:.3f}'}")
    if found["problems"] or found["orphans_after_janitor"] or not found["control_versions_lost"]:
        raise SystemExit("something was lost, or the control was not able to lose anything")
    return found
