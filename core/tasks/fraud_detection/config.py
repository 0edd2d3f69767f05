"""The settings of one training run, with a sentence for each; imports no torch, so that pages can show it."""

from __future__ import annotations

from dataclasses import dataclass

from core.catalog import slug_of_task
from core.contracts import N_, Message
from core.data.mapping import parse_mapping
from core.errors import InputRefused
from core.training.evaluation import MODEL_NAMES
from core.training.options import check_options, option

MODELS = {kind: MODEL_NAMES[kind] for kind in ("boosted_trees", "network", "logistic_regression", "rules")}
"""Kind of model -> its title, all that there are."""


@dataclass(frozen=True)
class FraudConfig:
    """How to train a fraud model. Checked on construction; raises `InputRefused`."""

    model: str = option(
        "boosted_trees",
        N_("Model"),
        N_("What scores the transactions. Boosted trees are a good first choice for tables."),
        choices=MODELS,
    )
    split: str = option(
        "time",
        N_("Split"),
        N_("Which rows train and which test: the past trains, later days test."),
        choices={"time": N_("By time"), "random": N_("At random")},
    )
    label_delay_days: int = option(
        7,
        N_("Label delay in days"),
        N_("How long it takes until a fraud is known. So many days before validation and test are not learned from."),
        low=0,
        high=60,
    )
    validation_share: float = option(
        0.15,
        N_("Validation share"),
        N_("Share of the days that stop the training, calibrate the scores and choose the threshold."),
        low=0.05,
        high=0.4,
        advanced=True,
    )
    test_share: float = option(
        0.2,
        N_("Test share"),
        N_("Share of the days, the last ones, that the figures are measured on."),
        low=0.05,
        high=0.5,
        advanced=True,
    )
    columns: str = option(
        "",
        N_("Columns"),
        N_("Columns by their role where they cannot be guessed: amount=price, label=is_fraud, time=booked."),
        advanced=True,
    )
    compare: bool = option(
        True,
        N_("Fit the other models too"),
        N_("Measure all four models on the same rows, so that the choice can be judged."),
    )
    class_weights: bool = option(
        False,
        N_("Balance classes"),
        N_("Give the few frauds as much weight as the many genuine rows. Scores are calibrated afterwards either way."),
        advanced=True,
    )
    trees: int = option(
        600,
        N_("Trees at most"),
        N_("The training stops earlier when validation no longer improves."),
        low=10,
        high=5000,
        advanced=True,
    )
    leaves: int = option(
        16, N_("Leaves of a tree"), N_("More leaves mean a finer and riskier model."), low=2, high=256, advanced=True
    )
    tree_rate: float = option(
        0.05,
        N_("Learning rate of the trees"),
        N_("How much each tree may change the score. Smaller needs more trees."),
        low=0.001,
        high=1.0,
        advanced=True,
    )
    min_leaf: int = option(
        40,
        N_("Rows in a leaf at least"),
        N_("More rows in a leaf mean a steadier model."),
        low=1,
        high=10_000,
        advanced=True,
    )
    epochs: int = option(
        20,
        N_("Epochs of the network"),
        N_("How often the network looks at every training row."),
        low=1,
        high=300,
        advanced=True,
    )
    batch_size: int = option(
        512, N_("Batch size"), N_("Rows per step of the network."), low=8, high=16_384, advanced=True
    )
    learning_rate: float = option(
        1e-3,
        N_("Learning rate of the network"),
        N_("Size of a training step. Too large diverges, too small learns nothing."),
        low=1e-6,
        high=0.1,
        advanced=True,
    )
    width: int = option(
        128, N_("Width of the network"), N_("Units in each of its two hidden layers."), low=4, high=2048, advanced=True
    )
    dropout: float = option(
        0.2,
        N_("Dropout"),
        N_("Share of units hidden at each step so that the network relies on no single one."),
        low=0.0,
        high=0.8,
        advanced=True,
    )
    early_stopping: int = option(
        5,
        N_("Early stopping"),
        N_("Stop the network after this many epochs, the trees after ten times as many trees, without progress."),
        low=0,
        high=100,
        advanced=True,
    )
    diagnose: bool = option(
        False,
        N_("Diagnose overfitting"),
        N_("Set an unlimited decision tree beside a limited one, on true and shuffled labels; takes a little longer."),
    )
    seed: int = option(
        0, N_("Seed"), N_("The same seed gives the same run on the same machine."), low=0, high=2**31 - 1
    )

    def __post_init__(self) -> None:
        check_options(self)
        if self.split == "random":
            raise InputRefused(
                "config.random_split",
                Message(
                    N_(
                        "A random split is not offered: a compromised card or terminal leads to frauds for days, "
                        "so rows "
                        "of the same fraud would stand on both sides and every figure would be too good."
                    )
                ),
                Message(N_("Choose the split by time.")),
            )
        parse_mapping(self.columns)


SECTOR = slug_of_task("fraud_detection")
"""Named by the lines that repeat a run."""
CONFIG_TYPE = FraudConfig
