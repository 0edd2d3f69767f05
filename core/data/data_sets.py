"""The public data sets that Vitrine knows, one literal entry each: where they come from and under which licence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from core.contracts import N_
from core.data.made_here import make_bank, make_parts, make_reviews, make_shop


@dataclass(frozen=True)
class DataFile:
    """One file of a data set."""

    name: str
    url: str
    checksum: str
    """`md5:...` or `sha256:...`; empty where the publisher states none that could be confirmed."""
    size_mb: float


@dataclass(frozen=True)
class DataSet:
    """A public data set."""

    name: str
    kind: str
    """Folder below `settings().data` that holds its sort of data."""
    title: str
    summary: str
    licence: str
    attribution: str
    homepage: str
    files: tuple[DataFile, ...]
    """What `fetch` downloads; empty when the set can only be laid down by hand or is made here."""
    source: str = ""
    """Where its examples were first published; sets with the same source show the same things in another form, which
    no checksum can tell. Empty when no other set is known to."""
    holds: Literal["images", "parts", "transactions", "texts", "interactions"] = "images"
    table: str = ""
    """The file that holds its rows; empty for images."""
    made_by: Callable[[Path], None] | None = None
    """Writes `table`, or the whole folder where there is none, for a set that is made here and needs no network."""
    by_hand: str = N_("Its original is at {homepage}; fetch chest_xray gets that one.")
    """What to do about a set that `fetch` cannot download."""

    @property
    def size_mb(self) -> float:
        """Size of the download."""
        return sum(file.size_mb for file in self.files)


_KERMANY = (
    "D. Kermany, K. Zhang, M. Goldbaum, Labeled Optical Coherence Tomography (OCT) and Chest X-Ray Images for "
    "Classification, Mendeley Data v2, 2018, doi:10.17632/rscbjbr9sj.2; D. S. Kermany et al., Cell 172(5), 2018, "
    "doi:10.1016/j.cell.2018.02.010"
)
_MEDMNIST = (
    "J. Yang et al., MedMNIST v2, Scientific Data 10:41, 2023, doi:10.1038/s41597-022-01721-8; images from "
    "D. S. Kermany et al., Cell 172(5), 2018, doi:10.1016/j.cell.2018.02.010"
)
_KERMANY_SOURCE = "doi:10.17632/rscbjbr9sj"
_ZENODO = "https://zenodo.org/records/10519652"

_HANDBOOK = "https://github.com/Fraud-Detection-Handbook/simulated-data-transformed"
_AWS = "https://github.com/aws-samples/aws-fraud-detector-samples"
_AWS_COMMIT = "071bd8c9732491e4de21d5c5a7bca21a08a2ccdf"

_GROUPLENS = "https://files.grouplens.org/datasets/movielens"
_MOVIELENS = (
    "F. M. Harper, J. A. Konstan, The MovieLens Datasets: History and Context, ACM Transactions on Interactive "
    "Intelligent Systems 5(4), 2015, doi:10.1145/2827872"
)
_MOVIELENS_TERMS = N_("GroupLens terms: research, with acknowledgement; no redistribution and no commercial use")

_TABLES_BY_HAND = N_(
    "Its original is at {homepage}. Write it as tables train, validation and test with the columns text and label, CSV "
    "or Parquet, and lay them down in {place}."
)

DATA_SETS: tuple[DataSet, ...] = (
    DataSet(
        name="chest_xray_224",
        kind="medical",
        title=N_("Chest X-rays, 224 pixels"),
        summary=N_("5,840 chest X-rays of children, normal or pneumonia, squeezed to 224 x 224 pixels."),
        licence="CC-BY-4.0",
        attribution=_KERMANY,
        homepage="https://data.mendeley.com/datasets/rscbjbr9sj/2",
        source=_KERMANY_SOURCE,
        files=(),
    ),
    DataSet(
        name="chest_xray",
        kind="medical",
        title=N_("Chest X-rays, full resolution"),
        summary=N_("5,856 chest X-rays of children, normal or pneumonia, in the resolution of the hospital."),
        licence="CC-BY-4.0",
        attribution=_KERMANY,
        homepage="https://data.mendeley.com/datasets/rscbjbr9sj/2",
        source=_KERMANY_SOURCE,
        files=(
            DataFile(
                name="ChestXRay2017.zip",
                url="https://data.mendeley.com/public-files/datasets/rscbjbr9sj/files/"
                "f12eaf6d-6023-432f-acc9-80c9d7393433/file_downloaded",
                checksum="",
                size_mb=1178.3,
            ),
        ),
    ),
    DataSet(
        name="pneumoniamnist_28",
        kind="medical",
        title="PneumoniaMNIST, 28",
        summary=N_("5,856 chest X-rays of children, cropped and reduced to 28 x 28 pixels."),
        licence="CC-BY-4.0",
        attribution=_MEDMNIST,
        homepage=_ZENODO,
        source=_KERMANY_SOURCE,
        files=(
            DataFile(
                name="pneumoniamnist.npz",
                url=f"{_ZENODO}/files/pneumoniamnist.npz?download=1",
                checksum="md5:28209eda62fecd6e6a2d98b1501bb15f",
                size_mb=4.2,
            ),
        ),
    ),
    DataSet(
        name="pneumoniamnist_224",
        kind="medical",
        title="PneumoniaMNIST, 224",
        summary=N_("5,856 chest X-rays of children, cropped and reduced to 224 x 224 pixels."),
        licence="CC-BY-4.0",
        attribution=_MEDMNIST,
        homepage=_ZENODO,
        source=_KERMANY_SOURCE,
        files=(
            DataFile(
                name="pneumoniamnist_224.npz",
                url=f"{_ZENODO}/files/pneumoniamnist_224.npz?download=1",
                checksum="md5:d6a3c71de1b945ea11211b03746c1fe1",
                size_mb=207.0,
            ),
        ),
    ),
    DataSet(
        name="simulated_bank",
        kind="fraud",
        title=N_("Simulated bank"),
        summary=N_(
            "Half a year of card payments of 2,000 invented customers at 800 terminals, with three kinds of fraud that "
            "change over time. Made on this machine by the program's own simulator."
        ),
        licence="CC0-1.0",
        attribution="Vitrine, core/data/payments.py",
        homepage="core/data/payments.py",
        files=(),
        holds="transactions",
        table="transactions.parquet",
        made_by=make_bank,
    ),
    DataSet(
        name="handbook_simulated",
        kind="fraud",
        title=N_("Fraud Detection Handbook, simulated"),
        summary=N_(
            "1,754,155 simulated card payments of half a year with three kinds of fraud, on which the authors publish "
            "results of six families of models."
        ),
        licence=N_("not stated by the authors"),
        attribution="Y.-A. Le Borgne, W. Siblini, B. Lebichot, G. Bontempi, Reproducible Machine Learning for Credit "
        "Card Fraud Detection - Practical Handbook, Université Libre de Bruxelles, 2022",
        homepage=_HANDBOOK,
        files=(),
        holds="transactions",
        table="transactions.parquet",
        by_hand=N_(
            "Its files at {homepage} are pickles, which can run programs and are never opened here. Join them to one "
            "parquet file elsewhere, with the columns TRANSACTION_ID, TX_DATETIME, CUSTOMER_ID, TERMINAL_ID, TX_AMOUNT "
            "and TX_FRAUD, and lay it down as {place}."
        ),
    ),
    DataSet(
        name="aws_synthetic_transactions",
        kind="fraud",
        title=N_("AWS synthetic online transactions"),
        summary=N_("1,611 invented online orders in 24 columns; half of them carry no label."),
        licence="MIT-0",
        attribution="Amazon Web Services, sample data for Amazon Fraud Detector",
        homepage=_AWS,
        files=(
            DataFile(
                name="transaction_data_2K_coldstart.csv",
                url="https://raw.githubusercontent.com/aws-samples/aws-fraud-detector-samples/"
                f"{_AWS_COMMIT}/data/coldstart/transaction_data_2K_coldstart.csv",
                checksum="sha256:72978a0384eb3aa79c4f826a6c1bcea9a48e71b99f51ff703d0249eae2c99420",
                size_mb=0.6,
            ),
        ),
        holds="transactions",
        table="transaction_data_2K_coldstart.csv",
    ),
    DataSet(
        name="imdb",
        kind="sentiment",
        title=N_("IMDb film reviews, English"),
        summary=N_("25,000 long film reviews to learn from and as many to test on, 1 to 4 or 7 to 10 stars."),
        licence=N_("not stated by the authors"),
        attribution="A. L. Maas et al., Learning Word Vectors for Sentiment Analysis, ACL 2011",
        homepage="https://ai.stanford.edu/~amaas/data/sentiment/",
        files=(),
        holds="texts",
        by_hand=N_(
            "Its archive at {homepage} holds each review as a file of its own. Join them to tables train and test with "
            "the columns text and label, CSV or Parquet, and lay them down in {place}."
        ),
    ),
    DataSet(
        name="sst2",
        kind="sentiment",
        title=N_("SST-2 sentences, English"),
        summary=N_("67,349 phrases and sentences of film reviews to learn from, 872 to validate and 1,821 to test."),
        licence=N_("not stated by the authors"),
        attribution="R. Socher et al., Recursive Deep Models for Semantic Compositionality Over a Sentiment Treebank, "
        "EMNLP 2013",
        homepage="https://nlp.stanford.edu/sentiment/",
        files=(),
        holds="texts",
        by_hand=_TABLES_BY_HAND,
    ),
    DataSet(
        name="chnsenticorp",
        kind="sentiment",
        title=N_("ChnSentiCorp reviews, Chinese"),
        summary=N_(
            "9,600 reviews of hotels, books and notebook computers to learn from, 1,200 to validate and 1,200 to test. "
            "A quarter of the test stands among the training texts too."
        ),
        licence=N_("not stated by the authors"),
        attribution="S. Tan, J. Zhang, An empirical study of sentiment analysis for Chinese documents, Expert Systems "
        "with Applications 34, 2008",
        homepage="https://github.com/ymcui/Chinese-BERT-wwm/tree/f6410cbd89c49dee8a42a7f7d94d9cca87b431aa/data/"
        "chnsenticorp",
        files=(),
        holds="texts",
        by_hand=_TABLES_BY_HAND,
    ),
    DataSet(
        name="online_shopping_10_cats",
        kind="sentiment",
        title=N_("Online shopping reviews of ten kinds, Chinese"),
        summary=N_("53,182 short reviews of ten kinds of goods, without those that stand in ChnSentiCorp too."),
        licence=N_("not stated by the authors"),
        attribution="SophonPlus, ChineseNlpCorpus, online_shopping_10_cats",
        homepage="https://github.com/SophonPlus/ChineseNlpCorpus/tree/a0b781d72158bde242c0626c9e354d2b328865ff/datasets/"
        "online_shopping_10_cats",
        files=(),
        holds="texts",
        by_hand=_TABLES_BY_HAND,
    ),
    DataSet(
        name="sample_reviews",
        kind="sentiment",
        title=N_("Made-up reviews, English and Chinese"),
        summary=N_(
            "1,500 made-up reviews, put together from 220 sentences of our own, to try a training with. No sentence "
            "stands in two parts; they are so few and plain that figures on them say little of real reviews."
        ),
        licence="CC0-1.0",
        attribution="Vitrine, core/data/sample_reviews.py",
        homepage="core/data/sample_reviews.py",
        files=(),
        holds="texts",
        made_by=make_reviews,
    ),
    DataSet(
        name="simulated_boards",
        kind="defects",
        title=N_("Simulated printed boards"),
        summary=N_(
            "40 good boards to learn from; 10 good and 50 damaged ones to test on, five types of damage with masks. "
            "Drawn on this machine by the program's own simulator."
        ),
        licence="CC0-1.0",
        attribution="Vitrine, core/data/surfaces_simulator.py",
        homepage="core/data/surfaces_simulator.py",
        files=(),
        holds="parts",
        made_by=make_parts,
    ),
    DataSet(
        name="magnetic_tile",
        kind="defects",
        title=N_("Magnetic tiles"),
        summary=N_(
            "1,344 grey photographs of magnetic tiles from 210 sessions: 952 good ones and 392 with one of five "
            "defects, with masks. Sessions lie on one side of the split."
        ),
        licence=N_("not stated by the authors, who ask to be cited"),
        attribution="Y. Huang, C. Qiu, K. Yuan, Surface defect saliency of magnetic tile, The Visual Computer 36, "
        "2020, doi:10.1007/s00371-018-1588-5",
        homepage="https://github.com/abin24/Magnetic-tile-defect-datasets.",
        files=(),
        holds="parts",
        by_hand=N_(
            "Its original is at {homepage} (the dot belongs to the address). Lay its images out as train/good, "
            "test/good, test/<defect> and masks as ground_truth/<defect> in {place}, tiles of one session on one side."
        ),
    ),
    DataSet(
        name="simulated_shop",
        kind="recsys",
        title=N_("Simulated shop"),
        summary=N_(
            "Fourteen months of purchases of 3,000 invented customers among 360 invented products, with seasons, "
            "baskets and groups of taste. Made on this machine by the program's own simulator."
        ),
        licence="CC0-1.0",
        attribution="Vitrine, core/data/shop.py",
        homepage="core/data/shop.py",
        files=(),
        holds="interactions",
        table="interactions.parquet",
        made_by=make_shop,
    ),
    DataSet(
        name="movielens_100k",
        kind="recsys",
        title="MovieLens 100K",
        summary=N_("100,000 ratings of 1,682 films by 943 people, from September 1997 to April 1998, with times."),
        licence=_MOVIELENS_TERMS,
        attribution=_MOVIELENS,
        homepage="https://grouplens.org/datasets/movielens/100k/",
        files=(
            DataFile(
                name="ml-100k.zip",
                url=f"{_GROUPLENS}/ml-100k.zip",
                checksum="md5:0e33842e24a9c977be4e0107933c0723",
                size_mb=4.7,
            ),
        ),
        holds="interactions",
    ),
    DataSet(
        name="movielens_1m",
        kind="recsys",
        title="MovieLens 1M",
        summary=N_("1,000,209 ratings of about 3,900 films by 6,040 people, from 2000 to 2003, with times."),
        licence=_MOVIELENS_TERMS,
        attribution=_MOVIELENS,
        homepage="https://grouplens.org/datasets/movielens/1m/",
        files=(
            DataFile(
                name="ml-1m.zip",
                url=f"{_GROUPLENS}/ml-1m.zip",
                checksum="md5:c4d9eecfca2ab87c1945afe126590906",
                size_mb=5.6,
            ),
        ),
        holds="interactions",
    ),
    DataSet(
        name="movielens_latest_small",
        kind="recsys",
        title=N_("MovieLens latest, small"),
        summary=N_("100,836 ratings of 9,742 films by 610 people, from 1996 to September 2018, with times."),
        licence=N_("GroupLens terms: research, with acknowledgement; redistribution under the same terms alone"),
        attribution=_MOVIELENS,
        homepage="https://grouplens.org/datasets/movielens/latest/",
        files=(
            DataFile(
                name="ml-latest-small.zip",
                url=f"{_GROUPLENS}/ml-latest-small.zip",
                # The publisher may put a newer one there, which is then refused: figures are of this one.
                checksum="sha256:696d65a3dfceac7c45750ad32df2c259311949efec81f0f144fdfb91ebc9e436",
                size_mb=0.9,
            ),
        ),
        holds="interactions",
    ),
)
