"""Who published the figures of the market page: edition, address, day of the copy, licence and citation."""

from __future__ import annotations

from typing import Final

from core.market.series import Source

RETRIEVED: Final = "2026-11-22"
_TRENDS = "github.com/stevenfazzio/ai-trends, commit f84beef16ab00e25d46589b3dec17175473ee11f, read there on 2026-08-22"
_STORY = "github.com/Elsword016/Story_in_pixels, commit c64ed651217fed39b233fd86095ca2f25fe4cc5e"

QUID_2025: Final = Source(
    publisher="Quid via Stanford HAI and Our World in Data",
    work="The AI Index 2025 Annual Report, global total private investment in AI",
    edition="AI Index 2025",
    addresses=(
        "https://ourworldindata.org/grapher/private-investment-in-artificial-intelligence",
        "https://aiindex.stanford.edu/report/",
    ),
    retrieved=RETRIEVED,
    through="github.com/bshiribaiev/invest-dashboard, commit 4b42dc1bb0dc01019410807705a1bbd582f6c30f (2025-09)",
    licence="CC BY-ND 4.0",
    citation="Quid via AI Index Report (2025); U.S. Bureau of Labor Statistics (2025) - with major processing by "
    "Our World in Data",
    alterable=False,
)
QUID_2023: Final = Source(
    publisher="NetBase Quid via Stanford HAI and Our World in Data",
    work="The AI Index 2023 Annual Report, corporate investment in AI by type",
    edition="AI Index 2023",
    addresses=(
        "https://ourworldindata.org/grapher/corporate-investment-in-artificial-intelligence-by-type",
        "https://aiindex.stanford.edu/report/",
    ),
    retrieved=RETRIEVED,
    through=_STORY,
    licence="public domain, as recorded by Our World in Data; its own work CC BY 4.0",
    citation="NetBase Quid via AI Index Report (2023); U.S. Bureau of Labor Statistics - with major processing by "
    "Our World in Data",
)
EUROSTAT: Final = Source(
    publisher="Eurostat",
    work="ICT usage and e-commerce in enterprises, tables isoc_eb_ai and isoc_eb_ain2",
    edition="reference year 2025, published 2025-12-11",
    addresses=(
        "https://ec.europa.eu/eurostat/databrowser/view/isoc_eb_ai/default/table",
        "https://ec.europa.eu/eurostat/databrowser/view/isoc_eb_ain2/default/table",
    ),
    retrieved=RETRIEVED,
    through="github.com/sansanabria/ai-adoption-eu, commit f367973ae9e2a312dc03c4ceb96ab1a95d88daf3",
    licence="CC BY 4.0 (Commission Decision 2011/833/EU)",
    citation="Eurostat, isoc_eb_ai and isoc_eb_ain2 (reference year 2025)",
)
EPOCH_MODELS: Final = Source(
    publisher="Epoch AI",
    work="Data on AI Models",
    edition="table of 2025-02-24",
    addresses=("https://epoch.ai/data/ai-models", "https://epoch.ai/data/notable_ai_models.csv"),
    retrieved=RETRIEVED,
    through="github.com/IyngkarranKumar/compute_thresholds_public, commit 7141f9bc8c2864d965ef82e031ecad44559780c7",
    licence="CC BY 4.0",
    citation="Epoch AI, 'Data on AI Models', https://epoch.ai/data/ai-models (table of 2025-02-24)",
)
EPOCH_COMPUTE: Final = Source(
    publisher="Epoch AI",
    work="Data on AI Models, largest training run so far",
    edition="as published on 2026-08-22, to mid-2025",
    addresses=("https://epoch.ai/data/ai-models",),
    retrieved=RETRIEVED,
    through=_TRENDS,
    licence="CC BY 4.0",
    citation="Epoch AI, 'Data on AI Models', https://epoch.ai/data/ai-models (read 2026-08-22)",
)
EPOCH_COMPANIES: Final = Source(
    publisher="Epoch AI",
    work="AI Companies",
    edition="as published on 2026-08-22",
    addresses=("https://epoch.ai/data/ai-companies",),
    retrieved=RETRIEVED,
    through=_TRENDS,
    licence="CC BY 4.0",
    citation="Epoch AI, 'AI Companies', https://epoch.ai/data/ai-companies (read 2026-08-22)",
)
INDEED: Final = Source(
    publisher="Indeed Hiring Lab",
    work="AI tracker, share of job postings that mention AI",
    edition="data to 2026-06-30, commit 41392c3f5a65acc3d47d35d4e8ef81265a020017",
    addresses=("https://github.com/hiring-lab/ai-tracker",),
    retrieved=RETRIEVED,
    through="",
    licence="CC BY 4.0",
    citation="Indeed Hiring Lab, AI tracker, https://github.com/hiring-lab/ai-tracker (data to 2026-06-30)",
)
OPENALEX: Final = Source(
    publisher="OpenAlex",
    work="Works of the subfield Artificial Intelligence, by country and year",
    edition="as indexed on 2026-08-22",
    addresses=("https://openalex.org",),
    retrieved=RETRIEVED,
    through=_TRENDS,
    licence="CC0 1.0",
    citation="OpenAlex, https://openalex.org (read 2026-08-22)",
)
CSET: Final = Source(
    publisher="Center for Security and Emerging Technology via Our World in Data",
    work="Market share of logic chip production, by manufacturing stage",
    edition="reference year 2021",
    addresses=("https://ourworldindata.org/grapher/market-share-logic-chip-production-manufacturing-stage",),
    retrieved=RETRIEVED,
    through=_STORY,
    licence="CC BY 4.0 for the work of Our World in Data; terms of CSET are not stated there",
    citation="Center for Security and Emerging Technology - processed by Our World in Data (reference year 2021)",
)
SEC: Final = Source(
    publisher="US Securities and Exchange Commission",
    work="EDGAR XBRL company facts",
    edition="as filed by 2026-08-22",
    addresses=("https://www.sec.gov/edgar/sec-api-documentation",),
    retrieved=RETRIEVED,
    through=_TRENDS,
    licence="public domain",
    citation="US Securities and Exchange Commission, EDGAR XBRL company facts (read 2026-08-22)",
)
