"""Makers of the data sets that need no network; each is called once in the life of an installation.

The catalogue is imported by every process, so what makes a set is imported when it is made.
"""

from __future__ import annotations

from pathlib import Path


def make_bank(path: Path) -> None:
    """Write the simulated bank as the table `path`."""
    from core.data import simulated_bank

    simulated_bank.make_bank(path)


def make_reviews(path: Path) -> None:
    """Write the made-up reviews as tables into the folder `path`."""
    from core.data.sample_reviews import write_reviews

    write_reviews(path)


def make_shop(path: Path) -> None:
    """Write the purchases of the simulated shop as the table `path`."""
    from core.data import simulated_shop

    simulated_shop.make_shop(path)


def make_parts(path: Path) -> None:
    """Write the simulated boards in the MVTec layout into the folder `path`."""
    from core.data.surfaces_simulator import write_parts

    write_parts(path, "printed_board", good=40, tested=10, seed=7)
