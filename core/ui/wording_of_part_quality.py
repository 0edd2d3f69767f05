"""What is said of parts where the views of quality have a sentence about images or people."""

from __future__ import annotations

from typing import Final

from core.contracts import N_

OF_PART_QUALITY: Final = {
    "Saved against today's threshold": N_("Saved against today's limit"),
    "Saved against looking at nobody": N_("Saved against letting every part pass"),
    "Saved against looking at all": N_("Saved against scrapping every part"),
    "Threshold, %": N_("Limit of the score"),
    "The threshold was chosen on {chosen:,} validation images and measured on {n:,} other images, the test. "
    "Whoever scores from it on is looked at by a person, who finds out; everybody else is not. Intervals are "
    "95 % by a bootstrap over the test images; the prices are taken as exact.": N_(
        "The limit was chosen on {chosen:,} images, held-out good parts among them, and measured on {n:,} other ones, "
        "of the test. A part that is called defective is scrapped or looked at again, any other one passes. Intervals "
        "are 95 % by a bootstrap over the test images; the prices are taken as exact."
    ),
    "Number of images; the colour is the share of each true label. Click a cell to see its images.": N_(
        "Number of test images at the limit of the version; the colour is the share of each true label. Click a cell "
        "to see its images."
    ),
}
"""Sentence about images -> the same about parts, with the same fields at most."""
