"""Imported by the supervisor under test before it forks workers, so that they know the fake sector."""

from tests.jobs import fake_sector

fake_sector.install()
