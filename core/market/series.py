"""A published series: what it counts, in which unit, who published it, and what may be done with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Frequency = Literal["once", "year", "quarter", "month", "event"]
Unit = Literal["usd_2021", "usd", "percent", "count", "flop"]


@dataclass(frozen=True)
class Source:
    """Who published figures, and how a copy of them came here."""

    publisher: str
    work: str
    """The publication, dataset or table that the figures stand in."""
    edition: str
    """Which edition of it: a reference year, a day of publication, a commit."""
    addresses: tuple[str, ...]
    """Official addresses, the first one to cite."""
    retrieved: str
    """Day on which the copy was taken over, ISO 8601."""
    through: str
    """Where the copy was taken from, when it was not the publisher's own address; empty otherwise."""
    licence: str
    citation: str
    alterable: bool = True
    """Whether the licence lets altered figures be passed on. If not, they are quoted unchanged: no index, no share,
    no forecast."""


@dataclass(frozen=True)
class Layout:
    """Which columns of a file hold what."""

    file: str
    """Below assets/market/series; byte for byte what was copied."""
    sha256: str
    date: str
    value: str
    """Empty when each of `parts` has a column of its own."""
    entity: str = ""
    """Empty when all rows are of `the`."""
    the: str = ""
    """The one entity of a file that names none."""
    code: str = ""
    part: str = ""
    parts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Series:
    """One published series. Series are never joined, added or averaged: scopes, prices and editions differ."""

    id: str
    title: str
    unit: Unit
    definition: str
    """What is counted and what is not, in a sentence or two."""
    frequency: Frequency
    entities: str
    """What is compared: countries, companies, ..."""
    source: Source
    layouts: tuple[Layout, ...]
    caveats: tuple[str, ...]
    parts: str = ""
    """What a second column of the table divides the figures by, such as stages; empty when there is none."""
    whole: str = ""
    """The entity that is the sum of the others, which therefore never stands in a pile with them."""
    adds_up: bool = False
    """Whether the entities of one date may be piled up: none counts in two of them."""
    cumulative: bool = False
    """Whether each figure is a running total or maximum, drawn in steps."""
    incomplete_from: int | None = None
    """First year whose figures the publisher still adds to; drawn, but nothing is computed from there on."""
    fetch_from: str = ""
    """Address from which `fetch` refreshes the copy; empty when only a page for readers is published."""
