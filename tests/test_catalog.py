"""What the catalogue says of a sector without importing its task is true of the task."""

import pytest

from core.catalog import SECTORS
from core.contracts import Sector
from core.tasks import load_task
from core.training.evaluation import METRIC_NAMES
from core.ui.sections import TITLES

every_sector = pytest.mark.parametrize("sector", SECTORS, ids=lambda sector: sector.slug)


@every_sector
def test_a_sector_offers_the_sides_that_its_task_has(sector: Sector) -> None:
    task = load_task(sector.task)
    assert {side for side in ("refit", "compress") if hasattr(task, side)} == set(sector.offers)


@every_sector
def test_sections_and_metrics_have_titles(sector: Sector) -> None:
    assert set(sector.sections) <= set(TITLES)
    assert {*sector.metrics, sector.headline_metric} <= set(METRIC_NAMES)
    assert sector.headline_metric == load_task(sector.task).headline_metric
