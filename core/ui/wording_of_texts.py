"""What is said of texts where `core.ui.wording` has a sentence about images."""

from __future__ import annotations

from typing import Final

from core.contracts import N_

OF_TEXTS: Final = {
    # where figures come from
    "Measured on {n:,} images: data set {name}, {split} split, seed {seed}. Intervals are 95 %.": N_(
        "Measured on {n:,} texts: data set {name}, {split} split, seed {seed}. Intervals are 95 %."
    ),
    "Images": N_("Texts"),
    "Image": N_("Text"),
    "Of the {n:,} test images scored {low:g} to {high:g} %, {share:.1f} % were {label} (95 % interval "
    "{least:.1f} to {most:.1f} %).": N_(
        "Of the {n:,} test texts scored {low:g} to {high:g} %, {share:.1f} % were {label} (95 % interval "
        "{least:.1f} to {most:.1f} %)."
    ),
    # quality
    "Number of images; the colour is the share of each true label. Click a cell to see its images.": N_(
        "Number of texts; the colour is the share of each true label. Click a cell to see which texts they are."
    ),
    "{count:,} images, the most confident first": N_("{count:,} texts, the most confident first"),
    "Images that are": N_("Texts that are"),
    "In brackets 95 % intervals: Wilson for precision and recall, a bootstrap for F1. Precision is over the "
    "images that were called the class, recall over those that are.": N_(
        "In brackets 95 % intervals: Wilson for precision and recall, a bootstrap for F1. Precision is over the "
        "texts that were called the class, recall over those that are."
    ),
    "These images cannot be parted: there is one class and nothing else is known of them.": N_(
        "These texts cannot be parted: there is one class and nothing else is known of them."
    ),
    "Share of images read right, part by part, the part furthest below the whole first.": N_(
        "Share of texts read right, part by part, the part furthest below the whole first."
    ),
    "The gap is to all images, with its 95 % interval. {count} parts were looked at, so p is corrected for "
    "that (Holm): below 0.05 a gap is more than chance. Parts with fewer than {small} images are marked; their "
    "figures say little.": N_(
        "The gap is to all texts, with its 95 % interval. {count} parts were looked at, so p is corrected for "
        "that (Holm): below 0.05 a gap is more than chance. Parts with fewer than {small} texts are marked; their "
        "figures say little."
    ),
    "few images": N_("few texts"),
    "Percentage points above or below all images": N_("Percentage points above or below all texts"),
    "Gap of every part to all images": N_("Gap of every part to all texts"),
    "Images read wrong in this part": N_("Texts read wrong in this part"),
    "{name}: {wrong:,} of {n:,} images read wrong": N_("{name}: {wrong:,} of {n:,} texts read wrong"),
    "The data hold no image with or no image without this label, so there is no such curve.": N_(
        "The data hold no text with or none without this label, so there is no such curve."
    ),
    "95 % intervals; {positive:,} images with the label, {negative:,} without.": N_(
        "95 % intervals; {positive:,} texts with the label, {negative:,} without."
    ),
    "Prevalence where the model would be used: share of images that are {label}, %": N_(
        "Prevalence where the model would be used: share of texts that are {label}, %"
    ),
    "At this threshold the model never calls an image {label}.": N_(
        "At this threshold the model never calls a text {label}."
    ),
    "Of 100 images that the model calls {label}, about **{right}** are, at a prevalence of {prevalence:.2f} %.": N_(
        "Of 100 texts that the model calls {label}, about **{right}** are, at a prevalence of {prevalence:.2f} %."
    ),
    "On images like the ones the model was calibrated on, the set of labels holds the true one at least this often. "
    "More coverage means larger sets.": N_(
        "On texts like the ones the model was calibrated on, the set of labels holds the true one at least this often. "
        "More coverage means larger sets."
    ),
    "An image is called {label} from a score of {threshold:.1f} % on. Chosen on {chosen:,} validation images, "
    "measured on {n:,} images of the {split} split of {name}; the two can differ.": N_(
        "A text is called {label} from a score of {threshold:.1f} % on. Chosen on {chosen:,} validation texts, "
        "measured on {n:,} texts of the {split} split of {name}; the two can differ."
    ),
    "The scores were calibrated by one temperature, {temperature:.2f}, fitted to validation images.": N_(
        "The scores were calibrated by one temperature, {temperature:.2f}, fitted to validation texts."
    ),
    "The threshold was chosen on {chosen:,} validation images and measured on {n:,} other images, the test. "
    "Whoever scores from it on is looked at by a person, who finds out; everybody else is not. Intervals are "
    "95 % by a bootstrap over the test images; the prices are taken as exact.": N_(
        "The threshold was chosen on {chosen:,} validation texts and measured on {n:,} other ones, the test. What "
        "scores from it on is looked at by a person, who finds out; everything else is not. Intervals are 95 % by a "
        "bootstrap over the test; the prices are taken as exact."
    ),
    "This threshold was the cheapest on the validation images, but on the test images it costs more than "
    "today's, and by more than chance: nothing speaks for changing today's.": N_(
        "This threshold was the cheapest on the validation texts, but on the test it costs more than today's, and by "
        "more than chance: nothing speaks for changing today's."
    ),
    "Cost a month, test images": N_("Cost a month, test texts"),
    # versions against each other
    "The gate cannot decide: the test images do not tell, or something was not measured.": N_(
        "The gate cannot decide: the test texts do not tell, or something was not measured."
    ),
    "The two cannot be compared image by image.": N_("The two cannot be compared text by text."),
    "Images that changed sides": N_("Texts that changed sides"),
    "On the {n:,} images that are in both tests ({old:,} and {new:,} images), drawn together for the 95 % interval. "
    "Fixed and broken are decisions at each version's own threshold.": N_(
        "On the {n:,} texts that are in both tests ({old:,} and {new:,} texts), drawn together for the 95 % interval. "
        "Fixed and broken are decisions at each version's own threshold."
    ),
    "Same {n:,} images. Change in accuracy {value:+.1f} percentage points, 95 % interval {low:+.1f} to "
    "{high:+.1f}; exact McNemar test {p}.": N_(
        "Same {n:,} texts. Change in accuracy {value:+.1f} percentage points, 95 % interval {low:+.1f} to "
        "{high:+.1f}; exact McNemar test {p}."
    ),
    # training
    "Reading the images": N_("Reading the texts"),
    "Measuring on the test images": N_("Measuring on the test texts"),
    "Measuring the version in use on the same images": N_("Measuring the version in use on the same texts"),
    "My own images (zip or npz)": N_("My own texts (CSV, TSV or Parquet)"),
    "Upload a zip or an npz": N_("Upload a CSV, TSV or Parquet file"),
    "The bundled model has learned from images of the same source. To it only the test images are new; "
    "figures on training and validation images flatter whatever starts from it.": N_(
        "The bundled model has learned from texts of the same source. To it only the test texts are new; figures on "
        "training and validation texts flatter whatever starts from it."
    ),
    "A zip with one folder per class, or with train, validation and test folders above them, or a MedMNIST "
    "npz; up to {zip_mb} MB. It is kept in memory, in a file while it is checked, and in the folder of the job "
    "while you train; after a run that was cancelled or failed for {hours:g} hours more, so that it can go on, "
    "unless you delete it. What stays with the new version: the name of the file, the names of its classes and "
    "test images, and what the network's last layer sees of the test and validation images.": N_(
        "A table with a line per text and its label: positive and negative, 1 and 0, or one to five stars; up to "
        "{zip_mb} MB. E-mail addresses, phone, id card and bank card numbers are masked before anything is written. "
        "The rest is kept in memory, in a file while it is checked, and in the folder of the job while you train; "
        "after a run that was cancelled or failed for {hours:g} hours more, so that it can go on, unless you delete "
        "it. What stays with the new version: the name of the file, its words with their weights, the names of its "
        "categories, and of test and validation texts their row numbers, categories, hashes of their words and scores."
    ),
    # corrections
    "Keep the image, so that the next training can learn from it": N_(
        "Keep the text, so that the next training can learn from it"
    ),
    "If you agree, this machine keeps the image, made anew from its pixels (at most {side} px a side, no file "
    "name, no metadata), with your answer, your reason and the model's scores, for at most {days:g} days. Take it "
    "back here, or delete it under Corrections, at any time. Otherwise only your answer, your reason and a keyed "
    "hash of the file are stored.": N_(
        "If you agree, this machine keeps the text, in which e-mail addresses, phone, id card and bank card numbers "
        "are masked first, with your answer, your reason and the model's scores, for at most {days:g} days. Take it "
        "back here, or delete it under Corrections, at any time. Otherwise only your answer, your reason and a keyed "
        "hash of the text are stored."
    ),
    "Keep the image and send it to a person": N_("Keep the text and send it to a person"),
    "The model is not sure. The image goes to the review list, on the terms above, until somebody answers.": N_(
        "The model is not sure. The text goes to the review list, on the terms above, until somebody answers."
    ),
    "The image is kept until {until} at the latest. Undo deletes it at once.": N_(
        "The text is kept until {until} at the latest. Undo deletes it at once."
    ),
    "The image is not kept.": N_("The text is not kept."),
    "They join the training images only. What is among the test or validation images is left out.": N_(
        "They join the training texts only. What is among the test or validation texts is left out."
    ),
    "The model declined these images or could not choose. An answer makes a correction of the case.": N_(
        "The model declined these texts or could not choose. An answer makes a correction of the case."
    ),
    "Corrections: {count:,}; the model was wrong: {wrong:,}; images kept to learn from: {kept:,}.": N_(
        "Corrections: {count:,}; the model was wrong: {wrong:,}; texts kept to learn from: {kept:,}."
    ),
    "Undo deletes the image and leaves a line in the list; delete removes the line as well.": N_(
        "Undo deletes the text and leaves a line in the list; delete removes the line as well."
    ),
    "Image kept until": N_("Text kept until"),
    # the quick fix
    "Correct some answers and agree to keep the images: the model can then learn from them in seconds.": N_(
        "Correct some answers and agree to keep the texts: the model can then learn from them in seconds."
    ),
    "Only the last layer is fitted to the {count:,} newest kept corrections, held near the one in use. Nothing "
    "else is trained, so this can mend single answers and not a weakness. Corrections that all point one way "
    "pull other answers the same way. How far it moves is chosen on the validation images; the test images "
    "only measure.": N_(
        "Only weights of words in the {count:,} newest kept corrections move, and no further than these need. So this "
        "can mend single answers and not a weakness; other texts with the same words move too, and words that the "
        "model does not know are learned by a training alone. How far the weights may move is decided by validation "
        "texts; the test texts only measure. Of both, those are used that the version in use keeps as hashes of words."
    ),
    "Validation images that it may cost at most": N_("Validation texts that it may cost at most"),
    "Fitting the last layer and measuring it": N_("Moving the weights and measuring them"),
    "{count:,} are among its test or validation images": N_("{count:,} are among its test or validation texts"),
    "On images it has not learned from, this fix breaks more than it mends, and more than by chance.": N_(
        "On texts it has not learned from, this fix breaks more than it mends, and more than by chance."
    ),
    "{used:,} corrections, {time}. Intervals are 95 %. The corrections taught the fix, so their row "
    "says what it learned, not how it does on other images. Strength of the pull towards the layer in use: "
    "{strength:.3g}.": N_(
        "{used:,} corrections, {time}. Intervals are 95 %. The corrections taught the fix, so their row says "
        "what it learned, not how it does on other texts. Strength of the pull towards the weights in use: "
        "{strength:.3g}."
    ),
    "{count:,} of the corrected images stay declined: a fix does not change that.": N_(
        "{count:,} of the corrected texts stay declined: a fix does not change that."
    ),
    "Test images: {metric}": N_("Test texts: {metric}"),
    "Validation images: {metric}": N_("Validation texts: {metric}"),
    "On the {n:,} test images it fixed {fixed:,} and broke {broke:,} (exact McNemar test {p}).": N_(
        "On the {n:,} test texts it fixed {fixed:,} and broke {broke:,} (exact McNemar test {p})."
    ),
    # the card
    "Demonstrations and teaching with images like the training images": N_(
        "Demonstrations and teaching with texts like those it was trained on"
    ),
    "Decisions about people; images of another kind, another source or another population": N_(
        "Decisions about people; texts of another kind or in another language"
    ),
    "Scores on images from another source are usually worse than these figures; their calibration is not measured.": N_(
        "Scores on texts of another kind are usually worse than these figures; how well they are calibrated there is "
        "not measured."
    ),
    "Subgroups (age, sex, scanner) are not measured: the data do not name them.": N_(
        "Who wrote a text is not known, so no groups of people are measured."
    ),
    "The domain guard does not catch every image of another kind.": N_(
        "Not every text of another kind or language is declined; irony and distant negations are often misread."
    ),
}
"""Sentence about images -> the same about texts, with the same fields at most."""
