"""The settings of one training run, with a sentence for each; imports nothing heavy, so that pages can show it."""

from __future__ import annotations

from dataclasses import dataclass

from core.catalog import slug_of_task
from core.contracts import N_
from core.data.mapping import parse_mapping
from core.training.options import check_options, option


@dataclass(frozen=True)
class TextClassificationConfig:
    """How to train a text classifier. Checked on construction; raises `InputRefused`."""

    model: str = option(
        "ngrams",
        N_("Model"),
        N_("What reads the texts. The n-gram model learns in seconds and tells exactly which words decided."),
        choices={"ngrams": N_("N-grams")},
    )
    pretrained: str = option(
        "bundled",
        N_("Start from"),
        N_("Add what the texts teach to our own model, or learn from these texts alone."),
        choices={"bundled": N_("Our own model"), "none": N_("Nothing")},
    )
    scaling: str = option(
        "both",
        N_("Scaling of words"),
        N_("Which words may get a large weight: rare ones, ones that tell the classes apart, both, or all alike."),
        choices={
            "both": N_("Rare and telling"),
            "rarity": N_("Rare"),
            "tellingness": N_("Telling"),
            "none": N_("All alike"),
        },
        advanced=True,
    )
    regularisation: float = option(
        0.3,
        N_("Regularisation"),
        N_("Pulls weights towards zero; more means a simpler model."),
        low=1e-4,
        high=100.0,
        advanced=True,
    )
    steps: int = option(
        40,
        N_("Steps"),
        N_("Steps of the optimiser, each of which looks at every text."),
        low=1,
        high=500,
    )
    early_stopping: int = option(
        10,
        N_("Early stopping"),
        N_(
            "Stop after this many steps without progress on the validation texts; 0 takes all steps and keeps the last."
        ),
        low=0,
        high=500,
        advanced=True,
    )
    min_count: int = option(
        2,
        N_("Least count"),
        N_("Sequences of words that stand in fewer texts are left out."),
        low=1,
        high=100,
        advanced=True,
    )
    cues: float = option(
        0.0,
        N_("Weight of our own cues"),
        N_("How much each of our own short cues of praise and blame counts beside the texts; 0 leaves them out."),
        low=0.0,
        high=10.0,
        advanced=True,
    )
    class_weights: bool = option(
        True,
        N_("Balance classes"),
        N_("Give rare classes as much weight as common ones."),
    )
    validation_share: float = option(
        0.1,
        N_("Validation share"),
        N_("Share of the texts that stop and calibrate, where the data bring no validation part."),
        low=0.02,
        high=0.4,
        advanced=True,
    )
    test_share: float = option(
        0.2,
        N_("Test share"),
        N_("Share of the texts that measure the model, where the data bring no test part."),
        low=0.02,
        high=0.4,
        advanced=True,
    )
    columns: str = option(
        "",
        N_("Columns"),
        N_("Which column is the text and which the label, as text=review, label=stars. Empty guesses."),
    )
    seed: int = option(
        0, N_("Seed"), N_("The same seed gives the same run on the same machine."), low=0, high=2**31 - 1
    )

    def __post_init__(self) -> None:
        check_options(self)
        parse_mapping(self.columns)


SECTOR = slug_of_task("text_classification")
"""Named by the lines that repeat a run."""
CONFIG_TYPE = TextClassificationConfig
