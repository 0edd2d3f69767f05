"""One training run: the model that was asked for, and the others beside it for comparison."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from core.contracts import RunContext
from core.tasks.fraud_detection.config import MODELS, FraudConfig
from core.tasks.fraud_detection.examples import Examples, going_on
from core.tasks.fraud_detection.linear import fit_logistic
from core.tasks.fraud_detection.model import Scorer
from core.tasks.fraud_detection.network import fit_network
from core.tasks.fraud_detection.rules import fit_rules
from core.tasks.fraud_detection.trees import fit_trees


def fit_models(examples: Examples, config: FraudConfig, run: RunContext) -> dict[str, Scorer]:
    """Kind -> fitted model; the one that was asked for first, the others when `config.compare` is on.

    Raises:
        RunCancelled: somebody asked for it to stop.
        JobError: the network diverged, or the snapshot that it should go on from belongs to another run.
    """
    kinds = [config.model, *(kind for kind in MODELS if kind != config.model and config.compare)]
    found: dict[str, Scorer] = {}
    for kind in kinds:
        going_on(run)
        found[kind] = _fit(kind, examples, config, run if kind == config.model else _beside(run, kind))
    return found


@dataclass
class _Beside:
    """A run as a model for comparison sees it: losses go by that model's name, apart from those of the main one."""

    directory: Path
    seed: int
    data_name: str
    run: RunContext
    kind: str

    def stage(self, name: str) -> None:
        self.run.stage(name)

    def report(self, step: int, total: int, **metrics: float) -> None:
        named = {f"{self.kind}_{name}" if name.endswith("loss") else name: value for name, value in metrics.items()}
        self.run.report(step, total, **named)

    def should_stop(self) -> bool:
        return self.run.should_stop()


def _beside(run: RunContext, kind: str) -> RunContext:
    return _Beside(run.directory, run.seed, run.data_name, run, kind)


def _fit(kind: str, examples: Examples, config: FraudConfig, run: RunContext) -> Scorer:
    train, validation, plan = examples.rows("train"), examples.rows("validation"), examples.plan
    if kind == "rules":
        return fit_rules(train[0], train[1], plan.names)
    if kind == "logistic_regression":
        return fit_logistic(train, plan, config.class_weights, config.seed)
    if kind == "boosted_trees":
        return fit_trees(train, validation, config, run)
    return fit_network(train, validation, plan, config, run)
