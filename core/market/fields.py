"""The fields of the opportunity board with their scores; a test fails when a score has neither evidence nor reason."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from core.contracts import N_, Message
from core.market.opportunity import Field, Reference, Score, share_of

AI_ACT: Final = Reference(
    "Regulation (EU) 2024/1689 (Artificial Intelligence Act)",
    "https://eur-lex.europa.eu/eli/reg/2024/1689/oj",
    "2024-07-12",
)
_DSA = Reference(
    "Regulation (EU) 2022/2065 (Digital Services Act), Article 27",
    "https://eur-lex.europa.eu/eli/reg/2022/2065/oj",
    "2022-10-27",
)
_SECTOR, _FUNCTION, _ALL_SIZES = "ai_adoption_by_sector", "ai_use_by_function", "All (10+)"


def _judged(value: int, why: str) -> Score:
    return Score(value, Message(why))


def _law(value: int, why: str, law: Reference = AI_ACT) -> Score:
    return Score(value, Message(why), law)


def _of_function(function: str) -> Score:
    """Adoption scored by the share of AI-using enterprises that use it for a business function."""
    share, reference = share_of(_FUNCTION, function, _ALL_SIZES)
    template = N_("{share:.1f} % of the EU enterprises that use AI use it for: {name} (2025).")
    return Score(_fifth(share, (10, 17, 24, 31)), Message(template, {"share": share, "name": function}), reference)


def _of_sector(sector: str) -> Score:
    """Adoption scored by the share of a sector's enterprises that use AI."""
    share, reference = share_of(_SECTOR, sector)
    template = N_("{share:.1f} % of EU enterprises of the section {name} use AI (2025).")
    return Score(_fifth(share, (10, 17, 24, 40)), Message(template, {"share": share, "name": sector}), reference)


def _fifth(value: float, bounds: tuple[float, float, float, float]) -> int:
    return 1 + sum(value >= bound for bound in bounds)


def _data(value: int, why: str) -> Score:
    return _judged(value, why)


_MINUTES_CPU = N_("The bundled model of this program was trained or fitted on two processor cores.")


@lru_cache(maxsize=1)
def fields() -> tuple[Field, ...]:
    """All fields: the six of this program first."""
    return (
        _medical(),
        _sentiment(),
        _translation(),
        _fraud(),
        _recommendations(),
        _defects(),
        _education(),
        _maintenance(),
        _forecasting(),
        _speech(),
        _mobility(),
    )


def _medical() -> Field:
    return Field(
        "medical",
        N_("Medical imaging"),
        page="medical",
        scores={
            "growth": _judged(4, N_("Screening programmes grow and readers are short; no open series says how fast.")),
            "adoption": _judged(2, N_("Health care is not in the Eurostat survey; hospitals buy slowly.")),
            "data": _judged(2, N_("Public sets are few and small beside what a hospital holds, and bound by licence.")),
            "compute": _judged(4, _MINUTES_CPU),
            "regulation": _law(1, N_("A safety component of a medical device is high-risk (Article 6, Annex I).")),
            "competition": _judged(2, N_("Many cleared products compete for few radiology departments.")),
            "maturity": _judged(4, N_("Randomised trials in screening exist; see the case notes.")),
        },
    )


def _sentiment() -> Field:
    return Field(
        "sentiment",
        N_("Customer voice"),
        page="sentiment",
        scores={
            "growth": _judged(3, N_("Every shop and help desk has the texts; a language model does it on the side.")),
            "adoption": _of_function("Marketing or Sales"),
            "data": _judged(5, N_("Reviews with stars are public by the million.")),
            "compute": _judged(5, _MINUTES_CPU),
            "regulation": _law(
                4, N_("Not high-risk by itself; emotion recognition at work is prohibited (Article 5).")
            ),
            "competition": _judged(1, N_("A feature of every survey tool and of every general language model.")),
            "maturity": _judged(4, N_("Works for plain praise and blame, less for irony and mixed reviews.")),
        },
    )


def _translation() -> Field:
    return Field(
        "translation",
        N_("Translation"),
        page="translation",
        scores={
            "growth": _judged(3, N_("Volume grows while prices fall.")),
            "adoption": _of_sector("Information and Communication"),
            "data": _judged(4, N_("Parallel text is public for large languages and rare for small ones.")),
            "compute": _judged(2, N_("A model of general use takes days of accelerators; small domains take hours.")),
            "regulation": _law(5, N_("Not high-risk; generated text has to be marked as such (Article 50).")),
            "competition": _judged(1, N_("Free services of large providers set the price.")),
            "maturity": _judged(4, N_("Good between large languages; names, numbers and terms need a second look.")),
        },
    )


def _fraud() -> Field:
    return Field(
        "fraud",
        N_("Fraud detection"),
        page="fraud",
        scores={
            "growth": _judged(4, N_("Instant payments leave seconds to decide.")),
            "adoption": _of_function("Accounting, Controlling or Finance"),
            "data": _judged(1, N_("Real payments never leave the bank; public sets are simulated or anonymised.")),
            "compute": _judged(5, _MINUTES_CPU),
            "regulation": _law(4, N_("Detecting financial fraud is excepted from the high-risk list (Annex III, 5b).")),
            "competition": _judged(2, N_("Card networks and a few vendors sit in the payment stream.")),
            "maturity": _judged(5, N_("In use for decades; the money saved can be counted.")),
        },
    )


def _recommendations() -> Field:
    return Field(
        "recommendations",
        N_("Recommendations"),
        page="recommendations",
        scores={
            "growth": _judged(3, N_("Large shops have it; small ones rent it.")),
            "adoption": _of_sector("Wholesale and Retail Trade"),
            "data": _judged(4, N_("A shop's own clicks are enough; public sets serve to choose a method.")),
            "compute": _judged(5, _MINUTES_CPU),
            "regulation": _law(3, N_("Platforms have to say the main parameters of their lists."), _DSA),
            "competition": _judged(2, N_("Built into shop software.")),
            "maturity": _judged(5, N_("Proven at scale; see the case notes.")),
        },
    )


def _defects() -> Field:
    return Field(
        "defects",
        N_("Visual inspection"),
        page="defects",
        scores={
            "growth": _judged(4, N_("Factories lack inspectors; cameras are cheap.")),
            "adoption": _of_function("Production Processes"),
            "data": _judged(3, N_("Good parts are at hand on day one, defects are rare.")),
            "compute": _judged(5, _MINUTES_CPU),
            "regulation": _law(4, N_("High-risk only as a safety component of a machine (Article 6, Annex I).")),
            "competition": _judged(3, N_("Camera makers bring their own; every line is a project.")),
            "maturity": _judged(4, N_("Learns from good parts alone; light and position have to be steady.")),
        },
    )


def _education() -> Field:
    return Field(
        "education",
        N_("Education"),
        scores={
            "growth": _judged(4, N_("Tutoring by language models spreads without being bought.")),
            "adoption": _judged(2, N_("Schools are not in the Eurostat survey; budgets are public and slow.")),
            "data": _judged(2, N_("Pupils' work is personal and rarely public.")),
            "compute": _judged(3, N_("Rented language models do most of it.")),
            "regulation": _law(1, N_("Grading, admission and proctoring are high-risk (Annex III, 3).")),
            "competition": _judged(2, N_("General assistants are free for pupils.")),
            "maturity": _judged(3, N_("Explains well, errs with confidence; effects on learning are disputed.")),
        },
    )


def _maintenance() -> Field:
    return Field(
        "maintenance",
        N_("Manufacturing maintenance"),
        scores={
            "growth": _judged(3, N_("Sensors are there, projects stay single ones.")),
            "adoption": _of_sector("Manufacturing"),
            "data": _judged(2, N_("Failures are rare and every machine is its own kind.")),
            "compute": _judged(5, N_("Series of a few sensors need little.")),
            "regulation": _law(4, N_("High-risk only as a safety component of a machine (Article 6, Annex I).")),
            "competition": _judged(3, N_("Machine makers hold the data.")),
            "maturity": _judged(3, N_("Saves where a stop is dear and warned of; hard to prove elsewhere.")),
        },
    )


def _forecasting() -> Field:
    return Field(
        "forecasting",
        N_("Retail forecasting"),
        scores={
            "growth": _judged(3, N_("Every chain forecasts already; the gain is in the last percent.")),
            "adoption": _of_function("Logistics"),
            "data": _judged(4, N_("A shop's own sales are enough.")),
            "compute": _judged(5, N_("Runs on a laptop.")),
            "regulation": _law(5, N_("Not high-risk.")),
            "competition": _judged(2, N_("A module of every planning system.")),
            "maturity": _judged(4, N_("Measurable every week; see the case notes for what goes wrong.")),
        },
    )


def _speech() -> Field:
    return Field(
        "speech",
        N_("Speech"),
        scores={
            "growth": _judged(4, N_("Calls and meetings are transcribed by default.")),
            "adoption": _judged(3, N_("No function of the Eurostat survey is speech alone.")),
            "data": _judged(3, N_("Large open sets for large languages, few for dialects and trades.")),
            "compute": _judged(2, N_("Training takes accelerators; recognising runs on small ones.")),
            "regulation": _law(3, N_("Recognising emotion or identity by voice is restricted (Article 5, Annex III).")),
            "competition": _judged(1, N_("Open models and large providers are close to each other.")),
            "maturity": _judged(4, N_("Near to people in quiet rooms.")),
        },
    )


def _mobility() -> Field:
    return Field(
        "mobility",
        N_("Mobility"),
        scores={
            "growth": _judged(3, N_("Long promised, growing city by city.")),
            "adoption": _of_function("Logistics"),
            "data": _judged(2, N_("Who drives has the data.")),
            "compute": _judged(1, N_("Fleets of accelerators for training and one in every car.")),
            "regulation": _law(1, N_("Safety components of road traffic are high-risk (Annex III, 2).")),
            "competition": _judged(1, N_("A few companies with billions.")),
            "maturity": _judged(2, N_("Works in mapped cities and fair weather.")),
        },
    )
