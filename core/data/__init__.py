"""Labelled images: reading them, checking them, splitting them without leaks, and the catalogue of public sets."""
