"""Every series of the market page, one literal entry each, with its source, definition and caveats."""

from __future__ import annotations

from typing import Final

from core.contracts import N_
from core.market.series import Layout, Series
from core.market.sources import (
    CSET,
    EPOCH_COMPANIES,
    EPOCH_COMPUTE,
    EPOCH_MODELS,
    EUROSTAT,
    INDEED,
    OPENALEX,
    QUID_2023,
    QUID_2025,
    SEC,
)

COUNTRIES: Final = N_("Countries and regions")
COMPANIES: Final = N_("Companies")
_NOT_MARKET_SIZE = N_(
    "This is no market size: internal research, data centres, public money and listed companies' own "
    "spending are not in it."
)
_SPIKES = N_("Single large deals make spikes; which companies are AI companies is found by keywords.")
_EXTRACT = N_("A second-hand extract: compare with Eurostat's own data browser before quoting a figure in public.")
_MODELS = N_(
    "A model is notable by Epoch's criteria (state of the art, citations, weight in history, use, cost). This "
    "is no census; recent and Chinese models are under-counted."
)

SERIES: Final[tuple[Series, ...]] = (
    Series(
        id="ai_private_investment",
        title=N_("Private investment in AI companies"),
        unit="usd_2021",
        definition=N_(
            "Money put into privately held AI companies in deals above 1.5 million dollars, by region of the "
            "company, in US dollars of 2021 (deflated with the US consumer price index)."
        ),
        frequency="year",
        entities=COUNTRIES,
        source=QUID_2025,
        layouts=(
            Layout(
                file="private_investment_by_region.csv",
                sha256="6d8b584cbd6615d8235f1c9e3671f6a166b9a9e4ff11a01bcc3f22db1f87de17",
                entity="Entity",
                code="Code",
                date="Year",
                value="Global total private investment in AI",
            ),
        ),
        caveats=(
            _NOT_MARKET_SIZE,
            N_("Europe is a region of the publisher's own; the rest of the world is World minus the three."),
            _SPIKES,
        ),
        whole="World",
    ),
    Series(
        id="ai_corporate_investment",
        title=N_("Corporate investment in AI by type of deal"),
        unit="usd_2021",
        definition=N_(
            "Mergers and acquisitions, minority stakes, private investment and public offerings of AI "
            "companies, worldwide, in US dollars of 2021."
        ),
        frequency="year",
        entities=N_("Types of deal"),
        source=QUID_2023,
        layouts=(
            Layout(
                file="corporate_investment_by_type.csv",
                sha256="1ec9c84ceed48f210907264fb0d3ad74f00dde8884fe68f37b4e983830ccd1c6",
                entity="Entity",
                date="Year",
                value="Total corporate investment - inflation adjusted",
            ),
        ),
        caveats=(
            _NOT_MARKET_SIZE,
            N_(
                "An older edition than that of private investment, with other figures for the same years: never join "
                "the two into one line."
            ),
            _SPIKES,
        ),
        whole="Total",
        adds_up=True,
    ),
    Series(
        id="ai_adoption_enterprises",
        title=N_("Enterprises that use AI, by country"),
        unit="percent",
        definition=N_(
            "Share of enterprises with 10 or more persons employed that use at least one AI technology: "
            "27 member states in 2025, the European Union since 2021."
        ),
        frequency="year",
        entities=COUNTRIES,
        source=EUROSTAT,
        layouts=(
            Layout(
                file="by_country_2025.csv",
                sha256="633b03b226d5c376dd2f1771597d3fc8e1c12d0036161585a99a679f70c57b53",
                entity="country",
                code="geo",
                date="year",
                value="pct_enterprises",
            ),
            Layout(
                file="eu_trend.csv",
                sha256="88f6acda80ae082f701afdebd096afb293083dcdee14232b95dd8da6f928b8ce",
                the="European Union",
                date="year",
                value="pct_enterprises",
            ),
        ),
        caveats=(
            _EXTRACT,
            N_(
                "The list of AI technologies in the questionnaire need not be the same every year; the rise since 2023 "
                "is not shown to be growth alone. The question was not asked in 2022."
            ),
        ),
    ),
    Series(
        id="ai_adoption_by_sector",
        title=N_("Enterprises that use AI, by sector"),
        unit="percent",
        definition=N_(
            "Share of enterprises with 10 or more persons employed that use at least one AI technology, "
            "European Union, by section of NACE."
        ),
        frequency="once",
        entities=N_("Sectors of the economy"),
        source=EUROSTAT,
        layouts=(
            Layout(
                file="by_sector_2025.csv",
                sha256="d4c0e37d6ed17b8c3d523e04ca7dfe9b2a09dad655ecc32d9468f94813ebd821",
                entity="sector",
                date="year",
                value="pct_enterprises",
            ),
        ),
        caveats=(
            _EXTRACT,
            N_("Sections D, E, H and S95 are not in the extract; finance (K) is not in the survey."),
        ),
    ),
    Series(
        id="ai_adoption_by_size",
        title=N_("Enterprises that use AI, by size"),
        unit="percent",
        definition=N_(
            "Share of enterprises that use at least one AI technology, European Union, by number of persons employed."
        ),
        frequency="once",
        entities=N_("Sizes of enterprise"),
        source=EUROSTAT,
        layouts=(
            Layout(
                file="by_size_2025.csv",
                sha256="fd9fcc9f65d5a95a6ce517045aadebf482ae1f41302cdd766fd91acee3d58e0b",
                entity="enterprise_size",
                date="year",
                value="pct_enterprises",
            ),
        ),
        caveats=(_EXTRACT,),
        whole="All (10+)",
    ),
    Series(
        id="ai_use_by_function",
        title=N_("What enterprises use AI for"),
        unit="percent",
        definition=N_(
            "Share of the enterprises that use AI, not of all, which use it for a purpose, European Union, "
            "by number of persons employed."
        ),
        frequency="once",
        entities=N_("Business functions"),
        source=EUROSTAT,
        layouts=(
            Layout(
                file="by_function_and_size_2025.csv",
                sha256="b9bc6db34bacf32ff891c40b8ebf202d767b179f241630c0f1077954237a35f0",
                entity="business_function",
                part="enterprise_size",
                date="year",
                value="pct_of_ai_using_enterprises",
            ),
        ),
        caveats=(
            _EXTRACT,
            N_(
                "Another denominator than the other shares; several answers are possible, so they do not add up to 100."
            ),
        ),
        parts=N_("Sizes of enterprise"),
    ),
    Series(
        id="notable_ai_models",
        title=N_("Notable AI models"),
        unit="count",
        definition=N_(
            "Notable AI models by country of the organisation and year of publication; a model of two "
            "countries counts in both."
        ),
        frequency="year",
        entities=COUNTRIES,
        source=EPOCH_MODELS,
        layouts=(
            Layout(
                file="models_per_country_year.csv",
                sha256="2f2a438116a18bdf2ca658b7c9f2f801318f669ce189ad555e58e7d7d3b3c875",
                entity="country",
                date="year",
                value="n_models",
            ),
        ),
        caveats=(_MODELS, N_("2024 and 2025 are incomplete.")),
        incomplete_from=2024,
    ),
    Series(
        id="largest_training_run",
        title=N_("Largest training run so far"),
        unit="flop",
        definition=N_(
            "Most floating-point operations that the training of one model is estimated to have taken so "
            "far, by country of the first organisation."
        ),
        frequency="event",
        entities=COUNTRIES,
        source=EPOCH_COMPUTE,
        layouts=(
            Layout(
                file="largest_training_run_by_country.csv",
                sha256="b9e80a982e058a6d3533a860ce66479647f582cacff9f45b039ba817957f70c5",
                entity="country",
                date="date",
                value="flop",
            ),
        ),
        caveats=(_MODELS, N_("Computing effort is estimated, and the estimates are often revised.")),
        cumulative=True,
    ),
    Series(
        id="ai_company_equity",
        title=N_("Equity raised by large AI companies"),
        unit="usd",
        definition=N_(
            "Running total of the equity that a company has disclosed, in current US dollars, a step at each round."
        ),
        frequency="event",
        entities=COMPANIES,
        source=EPOCH_COMPANIES,
        layouts=(
            Layout(
                file="cumulative_equity.csv",
                sha256="5d9f59992cd26b0a41003918f9687f18ed2b4dd6ca22f81d2e1d3a23c3b0a66b",
                entity="company",
                date="date",
                value="cumulative_equity_usd",
            ),
        ),
        caveats=(
            N_(
                "Equity only, no debt; disclosed rounds, dated at closing. Not to be compared with private investment, "
                "which has another scope and other dollars."
            ),
        ),
        cumulative=True,
    ),
    Series(
        id="hyperscaler_capex",
        title=N_("Capital expenditure of four cloud companies"),
        unit="usd",
        definition=N_("Purchases of property and equipment by quarter, from company filings, in current US dollars."),
        frequency="quarter",
        entities=COMPANIES,
        source=SEC,
        layouts=(
            Layout(
                file="hyperscaler_capex_quarterly.csv",
                sha256="efb25f4063e031e3120248acbbb4dd58c32db1b56675440186bd0a0422bd0bfd",
                entity="company",
                date="quarter_end",
                value="capex_usd",
            ),
        ),
        caveats=(
            N_("All property and equipment, warehouses too: a proxy for spending on AI, not that spending."),
            N_(
                "Amazon lacks one quarter, Alphabet starts at the end of 2014; quarters of companies that report sums "
                "of the year are differences. Fiscal quarters differ between companies."
            ),
        ),
        adds_up=True,
    ),
    Series(
        id="nvidia_revenue",
        title=N_("Revenue of NVIDIA"),
        unit="usd",
        definition=N_("Total revenue by fiscal quarter, from company filings, in current US dollars."),
        frequency="quarter",
        entities=COMPANIES,
        source=SEC,
        layouts=(
            Layout(
                file="nvidia_revenue_quarterly.csv",
                sha256="08b5659c109cde4d80dd620e47a8f515ab1dbb4d40846af9d2eab4a936ae7460",
                the="NVIDIA",
                date="quarter_end",
                value="revenue_usd",
            ),
        ),
        caveats=(N_("All revenue, games too: a proxy for sales of AI chips, not those sales."),),
    ),
    Series(
        id="ai_job_postings",
        title=N_("Job postings that mention AI"),
        unit="percent",
        definition=N_("Share of all postings on Indeed with AI terms, mean of the month of a seven-day trailing mean."),
        frequency="month",
        entities=COUNTRIES,
        source=INDEED,
        layouts=(
            Layout(
                file="ai_share_monthly.csv",
                sha256="82c86d27edb8b5a4f7082fff0a861a3422e76d4dd009180b44192b0116f176de",
                entity="jobcountry",
                code="jobcountry",
                date="month",
                value="AI_share_postings",
            ),
        ),
        caveats=(
            N_(
                "Adverts on Indeed only; a keyword is no job in AI. Levels between countries depend on the language "
                "and on the list of keywords."
            ),
        ),
    ),
    Series(
        id="ai_publications",
        title=N_("Publications on AI"),
        unit="count",
        definition=N_(
            "Works whose primary topic lies in the subfield Artificial Intelligence of OpenAlex, by country "
            "of the authors; a paper of both countries counts in both."
        ),
        frequency="year",
        entities=COUNTRIES,
        source=OPENALEX,
        layouts=(
            Layout(
                file="ai_papers_by_country_year.csv",
                sha256="2177af5d2f058ef08dc66e778eb86c420031e7238895deb56f3268165a94d2e6",
                entity="country",
                date="year",
                value="papers",
            ),
        ),
        caveats=(N_("Recent years still grow while indexing catches up. The lines do not add up to a total."),),
    ),
    Series(
        id="logic_chip_share",
        title=N_("Who makes logic chips"),
        unit="percent",
        definition=N_(
            "Market share of countries in design, fabrication, and assembly, testing and packaging of logic chips."
        ),
        frequency="once",
        entities=COUNTRIES,
        source=CSET,
        layouts=(
            Layout(
                file="logic_chip_share_by_stage_2021.csv",
                sha256="c7aa697f8fd0585e1c92b0669a0b927977e84f63ee1a141d930c9194ed9b4cf0",
                entity="Entity",
                code="Code",
                date="Year",
                value="",
                parts=("Design", "Fabrication", "Assembly, testing and packaging"),
            ),
        ),
        caveats=(N_("A country without a figure is not listed, which is not zero."),),
        parts=N_("Stages"),
        adds_up=True,
    ),
)
