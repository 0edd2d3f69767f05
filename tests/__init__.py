"""Tests of Vitrine; the folders mirror core/ and pages/."""
