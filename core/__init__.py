"""Vitrine: models, data, jobs and pages of the show-case."""

__version__ = "0.1.0"
