"""Four short notes on what became of AI products, written for this page from published facts, each with its sources."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from core.contracts import N_
from core.market.opportunity import Reference


@dataclass(frozen=True)
class Case:
    """One product, what happened, and what to take from it."""

    title: str
    succeeded: bool
    story: tuple[str, ...]
    lesson: str
    field: str
    """Id of the field of the opportunity board it belongs to."""
    references: tuple[Reference, ...]


CASES: Final[tuple[Case, ...]] = (
    Case(
        title=N_("Mammography screening with AI support, Sweden"),
        succeeded=True,
        field="medical",
        story=(
            N_(
                "In a randomised trial, 80,033 women were screened either with AI that triaged and marked the "
                "images or with two readers as usual."
            ),
            N_(
                "With AI, 6.1 cancers were found per 1,000 women against 5.1, the share of false alarms was the same, "
                "and radiologists had 44.3 % less to read."
            ),
        ),
        lesson=N_("The claim was tested on patients, against the way it is done today, with the outcome that counts."),
        references=(
            Reference(
                "K. Lång et al., Artificial intelligence-supported screen reading versus standard double reading "
                "(MASAI), The Lancet Oncology 24(8), 936-944, 2023",
                "https://doi.org/10.1016/S1470-2045(23)00298-X",
                "2023-08-01",
            ),
        ),
    ),
    Case(
        title=N_("Recommendations at Netflix"),
        succeeded=True,
        field="recommendations",
        story=(
            N_(
                "In 2015 the company's own researchers wrote that about 80 % of the hours streamed came from "
                "recommendations, and put the value of keeping subscribers by them above 1 billion dollars a year."
            ),
            N_(
                "The same paper explains why offline figures did not settle anything: every change went through an A/B "
                "test on retention."
            ),
        ),
        lesson=N_(
            "Offline figures choose what is worth testing; only a test with users says what it is worth. The sum "
            "is the company's own estimate."
        ),
        references=(
            Reference(
                "C. A. Gomez-Uribe, N. Hunt, The Netflix Recommender System: Algorithms, Business Value, and "
                "Innovation, ACM Transactions on Management Information Systems 6(4), 13, 2015",
                "https://doi.org/10.1145/2843948",
                "2015-12-28",
            ),
        ),
    ),
    Case(
        title=N_("Zillow Offers: buying houses by forecast"),
        succeeded=False,
        field="forecasting",
        story=(
            N_(
                "Zillow bought houses at prices that its models forecast. In November 2021 it wrote down its houses by "
                "about 304 million dollars for one quarter, closed the business and announced to part with about a "
                "quarter of its staff."
            ),
            N_("The reason given was that prices could not be forecast as closely as the business needed."),
        ),
        lesson=N_(
            "A forecast is a distribution. Who bets the balance sheet on its middle buys most where it errs upwards."
        ),
        references=(
            Reference(
                "Zillow Group, Third-Quarter 2021 Financial Results and plan to wind down Zillow Offers",
                "https://investors.zillowgroup.com",
                "2021-11-02",
            ),
        ),
    ),
    Case(
        title=N_("A sepsis warning in hundreds of hospitals"),
        succeeded=False,
        field="medical",
        story=(
            N_(
                "A widely used sepsis model was checked from outside on 38,455 stays of 27,697 patients: the area "
                "under the curve was 0.63, well below what its maker had stated."
            ),
            N_(
                "At the usual threshold it missed 67 % of the patients with sepsis while it raised an alert on 18 % of "
                "all stays."
            ),
        ),
        lesson=N_(
            "A figure of the maker's own is no evidence for another hospital: measure on your own data before it "
            "is switched on, and count the alerts that it costs."
        ),
        references=(
            Reference(
                "A. Wong et al., External Validation of a Widely Implemented Proprietary Sepsis Prediction Model in "
                "Hospitalized Patients, JAMA Internal Medicine 181(8), 1065-1070, 2021",
                "https://doi.org/10.1001/jamainternmed.2021.2626",
                "2021-06-21",
            ),
        ),
    ),
)
