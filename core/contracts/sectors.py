"""What the catalogue says of a sector and its weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Preset:
    """Named pretrained or bundled weights."""

    name: str
    kind: Literal["bundled", "hub"]
    source: str
    """Folder below assets/models for a bundled preset, `timm` architecture tag or `owner/name` for a hub preset."""
    licence: str
    summary: str
    revision: str = ""
    """Commit of the hub's repository that is asked for; empty for a bundled preset."""
    options: tuple[tuple[str, str], ...] = ()
    """Options of a run that starts from a hub preset, by name."""


@dataclass(frozen=True)
class Sector:
    """What the visitor sees: one page about one kind of problem."""

    slug: str
    title: str
    icon: str
    section: str
    task: str
    summary: str
    presets: tuple[Preset, ...]
    headline_metric: str
    notice: str = ""
    """A sentence that stands above every result and in every export; empty when the sector needs none."""
    reads: Literal["images", "parts", "transactions", "texts", "interactions"] = "images"
    """What a visitor sends, and what its data sets hold; forms, command line and JSON routes are chosen by it.
    Parts are images of things that are inspected: mostly good ones, and defects with or without masks."""
    sections: tuple[str, ...] = ("answer", "why", "corrections", "improve", "quality", "drift", "card")
    """Parts of its page, in order; their titles are in `core.ui.sections`."""
    offers: tuple[str, ...] = ("refit", "compress")
    """Optional sides that its task has, so that a page can tell without importing it."""
    learns_from: str = ""
    """`DataSet.kind` of the data sets that it learns from, where that is not the slug."""
    metrics: tuple[str, ...] = (
        "auroc",
        "accuracy",
        "balanced_accuracy",
        "f1_macro",
        "average_precision",
        "ece",
        "declined",
    )
    """Metrics shown on its pages, in order."""

    @property
    def data_kind(self) -> str:
        """`DataSet.kind` of the data sets that it learns from."""
        return self.learns_from or self.slug

    @property
    def pictured(self) -> bool:
        """Whether a visitor sends images, of whatever."""
        return self.reads in ("images", "parts")
