"""What is said of parts where the views of quality have a sentence about images or people."""

from __future__ import annotations

from typing import Final

from core.contracts import N_

OF_PART_QUALITY: Final = {
    "Saved against today's threshold": N_("Saved against today's limit"),
    "Saved against looking at nobody": N_("Saved against letting every part pass"),
    "Saved against looking at all": N_("Saved against scrapping every part"),
    "At these prices it is cheapest to look at nobody: a review costs more than it saves.": N_(
        "At these prices it is cheapest to let every part pass: scrap costs more than the escapes it avoids."
    ),
    "Cheapest is to look at everybody from a score of **{threshold:.1f} %** on: about {reviews:,.0f} reviews a "
    "month, which find {caught:.0f} % of those that are {label} ({low:.0f} to {high:.0f} %).": N_(
        "Cheapest is to call a part defective from a score of **{threshold:.1f}** hundredths on: about {reviews:,.0f} "
        "parts a month, and {caught:.0f} % of the defects ({low:.0f} to {high:.0f} %) are among them."
    ),
    "Threshold, %": N_("Limit of the score, hundredths"),
    "The threshold was chosen on {chosen:,} validation images and measured on {n:,} other images, the test. "
    "Whoever scores from it on is looked at by a person, who finds out; everybody else is not. Intervals are "
    "95 % by a bootstrap over the test images; the prices are taken as exact.": N_(
        "The limit was chosen on {chosen:,} images, held-out good parts among them, and measured on {n:,} other ones, "
        "of the test. A part that is called defective is scrapped or looked at again, any other one passes. Intervals "
        "are 95 % by a bootstrap over the test images; the prices are taken as exact."
    ),
    "This threshold was the cheapest on the validation images, but on the test images it costs more than "
    "today's, and by more than chance: nothing speaks for changing today's.": N_(
        "This limit was the cheapest on the images that chose it, but on the test images it costs more than today's, "
        "and by more than chance: nothing speaks for changing today's."
    ),
    "Number of images; the colour is the share of each true label. Click a cell to see its images.": N_(
        "Number of test images at the limit of the version; the colour is the share of each true label. Click a cell "
        "to see its images."
    ),
}
"""Sentence about images -> the same about parts, with the same fields at most."""
