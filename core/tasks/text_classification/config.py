"""The settings of one training run, with a sentence for each; imports nothing heavy, so that pages can show it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from core import hub
from core.catalog import presets_of_task, slug_of_task
from core.contracts import N_
from core.data.mapping import parse_mapping
from core.tasks.text_classification.sources import find_source, own_models
from core.training.options import check_options, option

OF_NGRAMS = {"model": ("ngrams",)}
OF_TRANSFORMERS = {"model": ("transformer",)}
WHEN_TUNED = OF_TRANSFORMERS | {"tuning": ("head", "lora", "full")}
"""Beside which values of other options an option has a meaning."""
FINE: dict[str, Any] = {"advanced": True, "when": WHEN_TUNED}
SECTOR = slug_of_task("text_classification")
"""Named by the lines that repeat a run."""
RATES = {"none": 0.0, "head": 1e-3, "lora": 2e-4, "full": 2e-5}
"""Learning rate of a Transformer by what is trained of it, where none is named."""


def transformers_here() -> tuple[str, ...]:
    """Names of Transformers to start from: presets, and what the administrator keeps."""
    presets = presets_of_task("text_classification")
    return (*(preset.name for preset in presets if preset.kind == "hub"), *own_models())


@dataclass(frozen=True)
class TextClassificationConfig:
    """How to train a text classifier. Checked on construction; raises `InputRefused`."""

    model: str = option(
        "ngrams",
        N_("Model"),
        N_("What reads the texts. The n-gram model learns in seconds and tells exactly which words decided."),
        choices={"ngrams": N_("N-grams"), "tfidf": N_("Words counted (TF-IDF)"), "transformer": N_("Transformer")},
    )
    pretrained: str = option(
        "bundled",
        N_("Start from"),
        N_("Add what the texts teach to our own model, or learn from these texts alone."),
        choices={"bundled": N_("Our own model"), "none": N_("Nothing")},
        when=OF_NGRAMS,
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
        when=OF_NGRAMS,
    )
    regularisation: float = option(
        0.3,
        N_("Regularisation"),
        N_("Pulls weights towards zero; more means a simpler model."),
        low=1e-4,
        high=100.0,
        advanced=True,
        when=OF_NGRAMS,
    )
    steps: int = option(
        40,
        N_("Steps"),
        N_("Steps of the optimiser, each of which looks at every text."),
        low=1,
        high=500,
        when=OF_NGRAMS,
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
        when=OF_NGRAMS,
    )
    min_count: int = option(
        2,
        N_("Least count"),
        N_("Sequences of words that stand in fewer texts are left out."),
        low=1,
        high=100,
        advanced=True,
        when=OF_NGRAMS,
    )
    cues: float = option(
        0.0,
        N_("Weight of our own cues"),
        N_("How much each of our own short cues of praise and blame counts beside the texts; 0 leaves them out."),
        low=0.0,
        high=10.0,
        advanced=True,
        when=OF_NGRAMS,
    )
    transformer: str = option(
        "distilbert-english",
        N_("Transformer"),
        N_(
            "Which one: a preset, the name of a model on the hub as owner/name, or the name of a folder that the "
            "administrator keeps (VITRINE_MODELS). The hub is asked for weights that are not here yet."
        ),
        suggestions=transformers_here,
        when=OF_TRANSFORMERS,
    )
    tuning: str = option(
        "lora",
        N_("What is trained"),
        N_(
            "Nothing: the Transformer is taken as it is, calibrated and measured. The last layer is quick; small added "
            "weights (LoRA) cost less memory than all weights and are often as good."
        ),
        choices={
            "none": N_("Nothing"),
            "head": N_("The last layer"),
            "lora": N_("Small added weights (LoRA)"),
            "full": N_("All weights"),
        },
        when=OF_TRANSFORMERS,
    )
    epochs: int = option(
        3, N_("Epochs"), N_("How often the Transformer reads every training text."), low=1, high=100, when=WHEN_TUNED
    )
    max_length: int = option(
        256,
        N_("Longest text in tokens"),
        N_("Of a longer text the beginning is read, and it is said how much. Twice as long takes over twice the time."),
        low=8,
        high=8192,
        when=OF_TRANSFORMERS,
    )
    batch_size: int = option(32, N_("Batch size"), N_("Texts per training step."), low=1, high=1024, **FINE)
    learning_rate: float = option(
        0.0,
        N_("Learning rate"),
        N_("Size of a step; 0 takes a usual one: 1e-3 for the last layer, 2e-4 for LoRA, 2e-5 for all weights."),
        low=0.0,
        high=0.1,
        **FINE,
    )
    schedule: str = option(
        "linear",
        N_("Schedule"),
        N_("How the learning rate falls after the warm-up: in a line, as a cosine, or not at all."),
        choices={"linear": N_("Line"), "cosine": N_("Cosine"), "constant": N_("Constant")},
        **FINE,
    )
    warmup_share: float = option(
        0.1,
        N_("Warm-up share"),
        N_("Share of the steps in which the learning rate rises, so that the first steps do no harm."),
        low=0.0,
        high=0.5,
        **FINE,
    )
    patience: int = option(
        2,
        N_("Patience in epochs"),
        N_("Stop after so many epochs without progress on the validation texts; 0 takes all. The best one is kept."),
        low=0,
        high=100,
        **FINE,
    )
    label_smoothing: float = option(
        0.0,
        N_("Label smoothing"),
        N_("How much the training doubts each label; helps where some labels are wrong."),
        low=0.0,
        high=0.4,
        **FINE,
    )
    clip_norm: float = option(
        1.0,
        N_("Gradient clipping"),
        N_("Largest length of a step's gradient, so that one odd batch does no harm; 0 leaves it as it is."),
        low=0.0,
        high=100.0,
        **FINE,
    )
    weight_decay: float = option(
        0.01,
        N_("Weight decay"),
        N_("Pulls weights towards zero; more means a simpler model."),
        low=0.0,
        high=1.0,
        **FINE,
    )
    lora_rank: int = option(
        8,
        N_("LoRA rank"),
        N_("Width of the added weights; more can learn more and costs more memory."),
        low=1,
        high=256,
        **FINE | {"when": OF_TRANSFORMERS | {"tuning": ("lora",)}},
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

    def check_weights(self) -> None:
        """Raise what the run would, where the hub is out of reach and its weights are not here; fetches nothing."""
        if self.model == "transformer" and not hub.reachable():
            find_source(self.transformer)


CONFIG_TYPE = TextClassificationConfig
