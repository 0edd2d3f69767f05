"""The settings of one run, with a sentence for each; imports no torch, so that pages can show it."""

from __future__ import annotations

from dataclasses import dataclass

from core.catalog import slug_of_task
from core.contracts import N_
from core.training.options import check_options, option, value_refused


@dataclass(frozen=True)
class AnomalyDetectionConfig:
    """How to learn what good parts look like. Checked on construction; raises `InputRefused`."""

    pretrained: str = option(
        "bundled",
        N_("Features of"),
        N_("Network whose features are compared: our own, or one of the model hub (needs a network or a cache)."),
        choices={"bundled": N_("Our own network"), "hub": N_("Model hub")},
    )
    architecture: str = option(
        "",
        N_("Architecture"),
        N_("Name of a timm model of the hub, such as mobilenetv3_large_100. Empty with our own network."),
        when={"pretrained": ("hub",)},
    )
    false_alarm_rate: float = option(
        0.01,
        N_("False-alarm rate"),
        N_("Share of good parts that may be called defective. How low it can be promised depends on their number."),
        low=0.0001,
        high=0.5,
    )
    image_size: int = option(
        384,
        N_("Image size in pixels"),
        N_("Images are squeezed to this square. Larger finds smaller defects and takes longer."),
        low=64,
        high=768,
    )
    coreset: str = option(
        "random",
        N_("Choice of patches"),
        N_("How the patches that are kept are chosen among those of the good parts."),
        choices={"greedy": N_("Evenly spread"), "kmeans": N_("Centres of clusters"), "random": N_("At random")},
        advanced=True,
    )
    bank_size: int = option(
        4000,
        N_("Patches kept"),
        N_("How many patches of good parts are kept to compare with. More is slower and slightly more exact."),
        low=100,
        high=50_000,
        advanced=True,
    )
    suspects: str = option(
        "leave_out",
        N_("Suspicious good parts"),
        N_("What to do with images of good parts that look unlike all others; they are named either way."),
        choices={"leave_out": N_("Leave them out"), "keep": N_("Learn from them")},
    )
    supervised: bool = option(
        False,
        N_("Learn from known defects too"),
        N_(
            "Train a second network to outline defects, on images with masks: those of the training split, or half of "
            "the test images, which are then not measured on."
        ),
    )
    epochs: int = option(
        20,
        N_("Epochs of the second network"),
        N_("How often it looks at every image with a mask."),
        low=1,
        high=500,
        advanced=True,
        when={"supervised": (True,)},
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
        if self.image_size % 32:
            raise value_refused("image_size", self.image_size, "64, 96...768")
        if (self.pretrained == "hub") != bool(self.architecture):
            raise value_refused("architecture", self.architecture or "-", "pretrained=hub architecture=NAME")


SECTOR = slug_of_task("anomaly_detection")
"""Named by the lines that repeat a run."""
CONFIG_TYPE = AnomalyDetectionConfig
