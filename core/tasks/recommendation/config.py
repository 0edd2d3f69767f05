"""The settings of one training run, with a sentence for each; imports nothing heavy, so that pages can show it."""

from __future__ import annotations

from dataclasses import dataclass

from core.catalog import slug_of_task
from core.contracts import N_
from core.data.mapping import parse_mapping
from core.training.options import check_options, option

MODELS = {
    "ease": N_("EASE (closed form)"),
    "item_knn": N_("Nearest items"),
    "als": N_("Matrix factorisation (ALS)"),
    "sequential": N_("Sequential network"),
    "popularity": N_("Popularity"),
}
"""Kind of model -> its title, all that there are."""


@dataclass(frozen=True)
class RecommendationConfig:
    """How to train a recommender. Checked on construction; raises `InputRefused`."""

    model: str = option(
        "ease",
        N_("Model"),
        N_("What ranks the items. EASE is a good first choice; the network is for data whose order matters."),
        choices=MODELS,
    )
    split: str = option(
        "auto",
        N_("Split"),
        N_("Which interactions measure the model."),
        choices={
            "auto": N_("As given, else the last of each user"),
            "leave_last": N_("The last of each user"),
            "time": N_("A cut in time"),
            "random": N_("A share of each user at random"),
            "given": N_("As given"),
        },
    )
    tune: bool = option(
        True,
        N_("Choose strengths"),
        N_("Try several strengths on a validation part of the training and keep the best."),
    )
    compare: bool = option(
        True,
        N_("Measure simpler models too"),
        N_("Fit nearest items and EASE beside the model; popularity is always measured."),
    )
    regularisation: float = option(
        500.0,
        N_("Regularisation"),
        N_("Pulls the weights of EASE towards zero, where nothing is chosen."),
        low=1e-4,
        high=1e6,
        advanced=True,
        when={"model": ("ease",), "tune": (False,)},
    )
    penalty: float = option(
        0.01,
        N_("Penalty"),
        N_("Pulls the vectors of the factorisation towards zero, where nothing is chosen."),
        low=1e-6,
        high=100.0,
        advanced=True,
        when={"model": ("als",), "tune": (False,)},
    )
    user_power: float = option(
        0.0,
        N_("Weigh users"),
        N_("At 0 all interactions of EASE count alike; towards 1 all users do."),
        low=0.0,
        high=2.0,
        advanced=True,
        when={"model": ("ease",), "tune": (False,)},
    )
    item_power: float = option(
        0.0,
        N_("Penalise the popular"),
        N_("How much more often taken items are penalised in EASE; 0 penalises all alike."),
        low=0.0,
        high=2.0,
        advanced=True,
        when={"model": ("ease",), "tune": (False,)},
    )
    half_life: float = option(
        0.0,
        N_("Half-life in items"),
        N_("Items taken since, after which an item of a user counts half for nearest items; 0: never less."),
        low=0.0,
        high=10_000.0,
        advanced=True,
        when={"model": ("ease", "item_knn"), "tune": (False,)},
    )
    width: int = option(
        64,
        N_("Width"),
        N_("Numbers that describe an item in the factorisation and in the network."),
        low=4,
        high=512,
        advanced=True,
        when={"model": ("als", "sequential")},
    )
    epochs: int = option(
        60,
        N_("Epochs"),
        N_("Passes over the data of the factorisation and of the network."),
        low=1,
        high=1000,
        when={"model": ("als", "sequential")},
    )
    early_stopping: int = option(
        8,
        N_("Early stopping"),
        N_("Stop the network after this many epochs without progress on validation; 0 takes all."),
        low=0,
        high=1000,
        advanced=True,
        when={"model": ("sequential",)},
    )
    learning_rate: float = option(
        0.005,
        N_("Learning rate"),
        N_("Size of the network's steps."),
        low=1e-5,
        high=1.0,
        advanced=True,
        when={"model": ("sequential",)},
    )
    dropout: float = option(
        0.3,
        N_("Dropout"),
        N_("Share of the network that is switched off at each step."),
        low=0.0,
        high=0.9,
        advanced=True,
        when={"model": ("sequential",)},
    )
    length: int = option(
        64,
        N_("Length"),
        N_("Latest items of a user that the network reads."),
        low=2,
        high=1000,
        advanced=True,
        when={"model": ("sequential",)},
    )
    batch_size: int = option(
        128,
        N_("Batch size"),
        N_("Users per step of the network."),
        low=1,
        high=4096,
        advanced=True,
        when={"model": ("sequential",)},
    )
    map_items: int = option(
        1500,
        N_("Items on the map"),
        N_("The most taken items are laid out in two dimensions, the others beside them; 0 draws no map."),
        low=0,
        high=20_000,
        advanced=True,
    )
    test_share: float = option(
        0.2,
        N_("Test share"),
        N_("Share of the rows after the cut in time, or of each user's at random."),
        low=0.02,
        high=0.5,
        advanced=True,
    )
    validation_share: float = option(
        0.1,
        N_("Validation share"),
        N_("Share of each user's items that strengths are chosen on; a cut in time takes as many rows as its test."),
        low=0.02,
        high=0.5,
        advanced=True,
    )
    least_rating: float = option(
        0.0,
        N_("Least rating"),
        N_("Interactions with a lower rating are left out; 0 takes every one."),
        low=0.0,
        high=1000.0,
        advanced=True,
    )
    columns: str = option(
        "",
        N_("Columns"),
        N_("Columns by their role where they cannot be guessed: user=client, item=sku, time=bought."),
        advanced=True,
    )
    seed: int = option(
        0, N_("Seed"), N_("The same seed gives the same run on the same machine."), low=0, high=2**31 - 1
    )

    def __post_init__(self) -> None:
        check_options(self)
        parse_mapping(self.columns)


SECTOR = slug_of_task("recommendation")
"""Named by the lines that repeat a run."""
CONFIG_TYPE = RecommendationConfig
