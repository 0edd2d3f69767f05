"""Sentences that name what a sector reads: written once for images, and once more for all else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from core import catalog
from core.contracts import N_
from core.ui.i18n import t
from core.ui.wording_of_lists import OF_LISTS
from core.ui.wording_of_part_quality import OF_PART_QUALITY
from core.ui.wording_of_parts import OF_PARTS
from core.ui.wording_of_texts import OF_TEXTS

_OF_TRANSACTIONS: Final = {
    # where figures come from
    "Measured on {n:,} images: data set {name}, {split} split, seed {seed}. Intervals are 95 %.": N_(
        "Measured on {n:,} transactions: data set {name}, {split} split, seed {seed}. Intervals are 95 %."
    ),
    "Left out, because the model does not know these classes: {classes}": N_("Left out of the figures: {classes}"),
    "Images": N_("Transactions"),
    "Image": N_("Transaction"),
    "Of the {n:,} test images scored {low:g} to {high:g} %, {share:.1f} % were {label} (95 % interval "
    "{least:.1f} to {most:.1f} %).": N_(
        "Of the {n:,} test transactions scored {low:g} to {high:g} %, {share:.1f} % were {label} (95 % interval "
        "{least:.1f} to {most:.1f} %)."
    ),
    # quality
    "Number of images; the colour is the share of each true label. Click a cell to see its images.": N_(
        "Number of transactions; the colour is the share of each true label. Click a cell to see its transactions."
    ),
    "{count:,} images, the most confident first": N_("{count:,} transactions, the most confident first"),
    "Images that are": N_("Transactions that are"),
    "In brackets 95 % intervals: Wilson for precision and recall, a bootstrap for F1. Precision is over the "
    "images that were called the class, recall over those that are.": N_(
        "In brackets 95 % intervals: Wilson for precision and recall, a bootstrap for F1. Precision is over the "
        "transactions that were called the class, recall over those that are."
    ),
    "These images cannot be parted: there is one class and nothing else is known of them.": N_(
        "These transactions cannot be parted: there is one class and nothing else is known of them."
    ),
    "Share of images read right, part by part, the part furthest below the whole first.": N_(
        "Share of transactions decided right, part by part, the part furthest below the whole first."
    ),
    "The gap is to all images, with its 95 % interval. {count} parts were looked at, so p is corrected for "
    "that (Holm): below 0.05 a gap is more than chance. Parts with fewer than {small} images are marked; their "
    "figures say little.": N_(
        "The gap is to all transactions, with its 95 % interval. {count} parts were looked at, so p is corrected for "
        "that (Holm): below 0.05 a gap is more than chance. Parts with fewer than {small} transactions are marked; "
        "their figures say little."
    ),
    "Read right": N_("Decided right"),
    "few images": N_("few transactions"),
    "Percentage points above or below all images": N_("Percentage points above or below all transactions"),
    "Gap of every part to all images": N_("Gap of every part to all transactions"),
    "Images read wrong in this part": N_("Transactions decided wrong in this part"),
    "{name}: {wrong:,} of {n:,} images read wrong": N_("{name}: {wrong:,} of {n:,} transactions decided wrong"),
    "The data hold no image with or no image without this label, so there is no such curve.": N_(
        "The data hold no transaction with or none without this label, so there is no such curve."
    ),
    "95 % intervals; {positive:,} images with the label, {negative:,} without.": N_(
        "95 % intervals; {positive:,} transactions with the label, {negative:,} without."
    ),
    "Prevalence where the model would be used: share of images that are {label}, %": N_(
        "Prevalence where the model would be used: share of transactions that are {label}, %"
    ),
    "At this threshold the model never calls an image {label}.": N_(
        "At this threshold the model never calls a transaction {label}."
    ),
    "Of 100 images that the model calls {label}, about **{right}** are, at a prevalence of {prevalence:.2f} %.": N_(
        "Of 100 transactions that the model calls {label}, about **{right}** are, at a prevalence of "
        "{prevalence:.2f} %."
    ),
    "The threshold was chosen on {chosen:,} validation images and measured on {n:,} other images, the test. "
    "Whoever scores from it on is looked at by a person, who finds out; everybody else is not. Intervals are "
    "95 % by a bootstrap over the test images; the prices are taken as exact.": N_(
        "The threshold was chosen on {chosen:,} validation transactions and measured on {n:,} other ones, the test. "
        "What scores from it on is looked at by a person, who finds out; everything else is not. Intervals are 95 % by "
        "a bootstrap over the test; the prices are taken as exact."
    ),
    "This threshold was the cheapest on the validation images, but on the test images it costs more than "
    "today's, and by more than chance: nothing speaks for changing today's.": N_(
        "This threshold was the cheapest on the validation transactions, but on the test it costs more than today's, "
        "and by more than chance: nothing speaks for changing today's."
    ),
    "Cost a month, test images": N_("Cost a month, test transactions"),
    # versions against each other
    "The gate cannot decide: the test images do not tell, or something was not measured.": N_(
        "The gate cannot decide: the test transactions do not tell, or something was not measured."
    ),
    "The two cannot be compared image by image.": N_("The two cannot be compared transaction by transaction."),
    "Images that changed sides": N_("Transactions that changed sides"),
    "On the {n:,} images that are in both tests ({old:,} and {new:,} images), drawn together for the 95 % interval. "
    "Fixed and broken are decisions at each version's own threshold.": N_(
        "On the {n:,} transactions that are in both tests ({old:,} and {new:,} transactions); for the 95 % interval "
        "the same customers were drawn for both, or transactions where no customer is known. Fixed and broken are "
        "decisions at each version's own threshold."
    ),
    "Same {n:,} images. Change in accuracy {value:+.1f} percentage points, 95 % interval {low:+.1f} to "
    "{high:+.1f}; exact McNemar test {p}.": N_(
        "Same {n:,} transactions. Change in accuracy {value:+.1f} percentage points, 95 % interval {low:+.1f} to "
        "{high:+.1f}; exact McNemar test {p}."
    ),
    # training
    "Reading the images": N_("Reading the transactions"),
    "Measuring on the test images": N_("Measuring on the test transactions"),
    "Measuring the version in use on the same images": N_("Measuring the version in use on the same transactions"),
    "My own images (zip or npz)": N_("My own transactions (CSV or Parquet)"),
    "Upload a zip or an npz": N_("Upload a CSV or a parquet file"),
    "The bundled model has learned from images of the same source. To it only the test images are new; "
    "figures on training and validation images flatter whatever starts from it.": N_(
        "The bundled model has learned from transactions of the same source. To it only the test days are new."
    ),
    "A zip with one folder per class, or with train, validation and test folders above them, or a MedMNIST "
    "npz; up to {zip_mb} MB. It is kept in memory, in a file while it is checked, and in the folder of the job "
    "while you train; after a run that was cancelled or failed for {hours:g} hours more, so that it can go on, "
    "unless you delete it. What stays with the new version: the name of the file, the names of its classes and "
    "test images, and what the network's last layer sees of the test and validation images.": N_(
        "A CSV or Parquet file with a line per transaction: its amount, its label, and better also its time, customer "
        "and terminal or merchant; up to {zip_mb} MB. It is kept in memory, in a file while it is checked, and in the "
        "folder of the job while you train; after a run that was cancelled or failed for {hours:g} hours more, so "
        "that it can go on, unless you delete it. What stays with the new version: the name of the file, the names "
        "of its columns, and id, amount, day and scores of its test and validation transactions."
    ),
    # corrections
    "Keep the image, so that the next training can learn from it": N_(
        "Keep the transaction, so that the next training can learn from it"
    ),
    "If you agree, this machine keeps the image, made anew from its pixels (at most {side} px a side, no file "
    "name, no metadata), with your answer, your reason and the model's scores, for at most {days:g} days. Take it "
    "back here, or delete it under Corrections, at any time. Otherwise only your answer, your reason and a keyed "
    "hash of the file are stored.": N_(
        "If you agree, this machine keeps what the model saw of the transaction (its amount, its time and its "
        "features; no id, no name of the file), with your answer, your reason and the model's scores, for at most "
        "{days:g} days. Take it back here, or delete it under Corrections, at any time. Otherwise only your answer, "
        "your reason and a keyed hash of the transaction are stored."
    ),
    "Keep the image and send it to a person": N_("Keep the transaction and send it to a person"),
    "The model is not sure. The image goes to the review list, on the terms above, until somebody answers.": N_(
        "The model is not sure. The transaction goes to the review list, on the terms above, until somebody answers."
    ),
    "The image is kept until {until} at the latest. Undo deletes it at once.": N_(
        "The transaction is kept until {until} at the latest. Undo deletes it at once."
    ),
    "The image is not kept.": N_("The transaction is not kept."),
    "They join the training images only. What is among the test or validation images is left out.": N_(
        "They join the training transactions only. What is among the test or validation transactions is left out."
    ),
    "The model declined these images or could not choose. An answer makes a correction of the case.": N_(
        "The model declined these transactions or could not choose. An answer makes a correction of the case."
    ),
    "Corrections: {count:,}; the model was wrong: {wrong:,}; images kept to learn from: {kept:,}.": N_(
        "Corrections: {count:,}; the model was wrong: {wrong:,}; transactions kept to learn from: {kept:,}."
    ),
    "Undo deletes the image and leaves a line in the list; delete removes the line as well.": N_(
        "Undo deletes the transaction and leaves a line in the list; delete removes the line as well."
    ),
    "Image kept until": N_("Transaction kept until"),
    # the card
    "Demonstrations and teaching with images like the training images": N_(
        "Demonstrations and teaching with transactions like those it was trained on"
    ),
    "Decisions about people; images of another kind, another source or another population": N_(
        "Decisions about people without a person; transactions of another bank, another kind or another time"
    ),
    "Scores on images from another source are usually worse than these figures; their calibration is not measured.": N_(
        "Scores on transactions of another bank are usually worse than these figures; how well they are calibrated "
        "there is not measured."
    ),
    "Subgroups (age, sex, scanner) are not measured: the data do not name them.": N_(
        "Subgroups of people are not measured: the data do not name them."
    ),
    "The domain guard does not catch every image of another kind.": N_(
        "Rows unlike the training rows are pointed out and scored all the same; fraud changes, and figures with it."
    ),
}
"""Sentence about images -> the same about transactions, with the same fields at most."""


_OF: Final[Mapping[str, Mapping[str, str]]] = {
    "transactions": _OF_TRANSACTIONS,
    "texts": OF_TEXTS,
    "parts": {**OF_PARTS, **OF_PART_QUALITY},
    "interactions": OF_LISTS,
}


def told(text: str, slug: str, **params: object) -> str:
    """`text`, a sentence about images, in the visitor's language and about what the sector `slug` reads.

    A sentence that has no wording of its own stays as it is, and so does any where there is no such sector.
    """
    reads = next((entry.reads for entry in catalog.SECTORS if entry.slug == slug), "images")
    return t(_OF.get(reads, {}).get(text, text), **params)
