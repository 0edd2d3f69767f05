"""What is said of parts where a page has a sentence about images or classes; views of quality have their own file."""

from __future__ import annotations

from typing import Final

from core.contracts import N_

OF_PARTS: Final = {
    # the answer
    "Try a sample. All of them are synthetic: drawn by this project, no patient is shown.": N_(
        "Try a sample. All of them are synthetic: drawn by this project's own simulator of parts."
    ),
    # quality
    "In brackets 95 % intervals: Wilson for precision and recall, a bootstrap for F1. Precision is over the "
    "images that were called the class, recall over those that are.": N_(
        "In brackets 95 % intervals: Wilson for precision and recall, a bootstrap for F1. Precision is over the images "
        "that were called so, recall over those that are."
    ),
    "These images cannot be parted: there is one class and nothing else is known of them.": N_(
        "These images cannot be parted: all show parts of one type and nothing else is known of them."
    ),
    "Left out, because the model does not know these classes: {classes}": N_("Left out of the figures: {classes}"),
    "The data hold no image with or no image without this label, so there is no such curve.": N_(
        "The data hold no good parts or no defects, so there is no such curve."
    ),
    "95 % intervals; {positive:,} images with the label, {negative:,} without.": N_(
        "95 % intervals; {positive:,} images of defects, {negative:,} of good parts."
    ),
    "Prevalence where the model would be used: share of images that are {label}, %": N_(
        "Share of parts that are {label} on the line where the model would be used, %"
    ),
    "At this threshold the model never calls an image {label}.": N_(
        "At this limit the model never calls a part {label}."
    ),
    "Of 100 images that the model calls {label}, about **{right}** are, at a prevalence of {prevalence:.2f} %.": N_(
        "Of 100 parts that the model calls {label}, about **{right}** are, where {prevalence:.2f} % of all parts are."
    ),
    # versions against each other
    "On the {n:,} images that are in both tests ({old:,} and {new:,} images), drawn together for the 95 % interval. "
    "Fixed and broken are decisions at each version's own threshold.": N_(
        "On the {n:,} images that are in both tests ({old:,} and {new:,} images), drawn together for the 95 % "
        "interval. Fixed and broken are verdicts at as many false alarms as the challenger has."
    ),
    # training
    "The bundled model has learned from images of the same source. To it only the test images are new; "
    "figures on training and validation images flatter whatever starts from it.": N_(
        "The bundled network has seen images of the same source. To it only the test images are new."
    ),
    # corrections
    "They join the training images only. What is among the test or validation images is left out.": N_(
        "Good parts join the memory. Marked defects teach the network that outlines them, where learning from known "
        "defects is on and enough of them are marked. What is among the validation or test images is left out."
    ),
    # the card
    "Classes": N_("Verdicts"),
    "Class": N_("Part is"),
    "Score of {label} from {value:.3f}": N_(
        "{label} from a score of {value:.3f} on; the score says how unlike good parts an image is and is no probability"
    ),
    "Demonstrations and teaching with images like the training images": N_(
        "Demonstrations and teaching with parts that are photographed like those it learned from"
    ),
    "Decisions about people; images of another kind, another source or another population": N_(
        "Releasing or scrapping parts without a person; other parts, another camera, other light or another position"
    ),
    "Scores on images from another source are usually worse than these figures; their calibration is not measured.": N_(
        "The limit holds for parts like the held-out good ones: after a change of light, lens, position or supplier "
        "more good parts are called defective than chosen."
    ),
    "Subgroups (age, sex, scanner) are not measured: the data do not name them.": N_(
        "Types of defect that the test images do not show are not measured."
    ),
    "The domain guard does not catch every image of another kind.": N_(
        "Not every image of something else is declined, and a part that is damaged nearly everywhere may be."
    ),
}
"""Sentence about images -> the same about parts, with the same fields at most."""
