"""The settings of one training run, with a sentence for each; imports no torch, so that pages can show it."""

from __future__ import annotations

from dataclasses import dataclass

from core.catalog import slug_of_task
from core.contracts import N_
from core.training.options import check_options, option, value_refused


@dataclass(frozen=True)
class ImageClassificationConfig:
    """How to train an image classifier. Checked on construction; raises `InputRefused`."""

    mode: str = option(
        "standard",
        N_("Mode"),
        N_(
            "Quick trains only the last layer, about a minute for some thousand images; standard trains the whole "
            "network."
        ),
        choices={"quick": N_("Quick: last layer only"), "standard": N_("Standard: whole network")},
    )
    pretrained: str = option(
        "bundled",
        N_("Start from"),
        N_("Weights to start from: our own network, the model hub (needs a network or a cache), or random."),
        choices={"bundled": N_("Our own network"), "hub": N_("Model hub"), "none": N_("Random weights")},
    )
    architecture: str = option(
        "",
        N_("Architecture"),
        N_("Name of a timm model. Empty means the architecture of our own network."),
        advanced=True,
    )
    image_size: int = option(
        0,
        N_("Image size in pixels"),
        N_("Images are squeezed to this square. 0 means the size our own network was trained with."),
        low=0,
        high=512,
        advanced=True,
    )
    epochs: int = option(
        0,
        N_("Epochs"),
        N_("How often the run looks at every training image. 0 chooses: 12, more when the images are few."),
        low=0,
        high=300,
    )
    batch_size: int = option(
        32, N_("Batch size"), N_("Images per training step. Smaller needs less memory."), low=2, high=512, advanced=True
    )
    learning_rate: float = option(
        1e-3,
        N_("Learning rate"),
        N_("Size of a training step. Too large diverges, too small learns nothing."),
        low=1e-6,
        high=0.1,
        advanced=True,
    )
    weight_decay: float = option(
        0.05,
        N_("Weight decay"),
        N_("Pulls weights towards zero; more means a simpler model."),
        low=0.0,
        high=1.0,
        advanced=True,
    )
    dropout: float = option(
        0.2,
        N_("Dropout"),
        N_("Share of features hidden at each step so that the model relies on no single one."),
        low=0.0,
        high=0.8,
        advanced=True,
    )
    label_smoothing: float = option(
        0.1,
        N_("Label smoothing"),
        N_("How far a label is softened; guards against overconfidence and wrong labels."),
        low=0.0,
        high=0.4,
        advanced=True,
    )
    augmentation: str = option(
        "light",
        N_("Augmentation"),
        N_("Random changes of the training images, so that the model learns what does not matter."),
        choices={"none": N_("None"), "light": N_("Light"), "strong": N_("Strong")},
    )
    schedule: str = option(
        "cosine",
        N_("Learning-rate schedule"),
        N_("Whether the learning rate falls to zero along a cosine or stays constant."),
        choices={"cosine": N_("Cosine"), "constant": N_("Constant")},
        advanced=True,
    )
    warmup_epochs: float = option(
        1.0,
        N_("Warm-up epochs"),
        N_("The learning rate rises from zero during the first epochs."),
        low=0.0,
        high=20.0,
        advanced=True,
    )
    clip_norm: float = option(
        2.0,
        N_("Gradient clipping"),
        N_("Longest gradient allowed; 0 switches clipping off."),
        low=0.0,
        high=100.0,
        advanced=True,
    )
    early_stopping: int = option(
        5,
        N_("Early stopping"),
        N_("Stop after this many epochs without progress on the validation images; 0 never stops early."),
        low=0,
        high=100,
        advanced=True,
    )
    class_weights: bool = option(
        True,
        N_("Balance classes"),
        N_("Give rare classes as much weight as common ones."),
    )
    folds: int = option(
        1,
        N_("Cross-validation folds"),
        N_("Train this many times on different parts and report the spread; 1 means a single split."),
        low=1,
        high=10,
        advanced=True,
    )
    seeds: int = option(
        1,
        N_("Trainings with other seeds"),
        N_("Train this many times with nothing changed but the seed and report the range; the first is registered."),
        low=1,
        high=5,
        advanced=True,
    )
    diagnose: bool = option(
        False,
        N_("Diagnose overfitting"),
        N_("Measure afterwards whether the model overfits and whether more data would help; takes a little longer."),
    )
    keep_examples: bool = option(
        False,
        N_("Keep small pictures of the test images"),
        N_(
            "Store each test image, 96 pixels small, with the version, so that its mistakes can be looked at by "
            "everybody who sees this page. Public data sets do not need it."
        ),
    )
    seed: int = option(
        0, N_("Seed"), N_("The same seed gives the same run on the same machine."), low=0, high=2**31 - 1
    )

    def __post_init__(self) -> None:
        check_options(self)
        if self.image_size and self.image_size < 16:
            raise value_refused("image_size", self.image_size, "0, 16...512")
        if self.seeds > 1 and self.mode == "quick":  # the same features and a convex fit: the seed changes nothing
            raise value_refused("seeds", self.seeds, "1 (mode=quick)")


SECTOR = slug_of_task("image_classification")
"""Named by the lines that repeat a run."""
CONFIG_TYPE = ImageClassificationConfig
