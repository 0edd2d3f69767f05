"""What is said of lists and their users where a page has a sentence about images."""

from __future__ import annotations

from typing import Final

from core.contracts import N_

OF_LISTS: Final = {
    "Images": N_("Users"),
    "Image": N_("User"),
    # training
    "Reading the images": N_("Reading the interactions"),
    "Training": N_("Choosing strengths and fitting"),
    "Measuring on the test images": N_("Measuring on the users of the test"),
    "Measuring the version in use on the same images": N_("Measuring the version in use on the same users"),
    "My own images (zip or npz)": N_("My own interactions (CSV, TSV, Parquet or zip)"),
    "The bundled model has learned from images of the same source. To it only the test images are new; "
    "figures on training and validation images flatter whatever starts from it.": N_(
        "The bundled model has learned from these interactions too, all but those of the test."
    ),
    # versions against each other
    "The gate cannot decide: the test images do not tell, or something was not measured.": N_(
        "The gate cannot decide: the users of the test do not tell, or something was not measured."
    ),
    "The two cannot be compared image by image.": N_("The two cannot be compared user by user."),
    "On the {n:,} images that are in both tests ({old:,} and {new:,} images), drawn together for the 95 % interval. "
    "Fixed and broken are decisions at each version's own threshold.": N_(
        "On the {n:,} users who are in both tests ({old:,} and {new:,} users), drawn together for the 95 % interval. "
        "Fixed are users whose first ten items hold something right with the newer version alone, broken those with "
        "the older one alone."
    ),
}
"""Sentence about images -> the same about lists, with the same fields at most."""
