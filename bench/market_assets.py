"""Make the tables and outlines of countries that the market page draws with: `python -m bench.market_assets`.

Outlines: Natural Earth 1:110m (public domain) as TopoJSON in the npm package world-atlas 2.0.2 (ISC). Populations: the
package pypopulation 2020.3 (MIT), which copies the World Bank's SP.POP.TOTL (CC BY 4.0). Names: CLDR, through Babel.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from babel import Locale
from babel.core import get_global

from core.settings import ROOT

Point = tuple[float, float]
DIGITS = 2
"""Decimals of a degree that are kept: about a kilometre."""


def arcs_of(topology: dict[str, Any]) -> list[list[Point]]:
    """The arcs of a TopoJSON file in degrees; its integers are steps from point to point."""
    (scale_x, scale_y), (offset_x, offset_y) = topology["transform"]["scale"], topology["transform"]["translate"]
    arcs = []
    for arc in topology["arcs"]:
        x = y = 0
        points = []
        for step_x, step_y in arc:
            x, y = x + step_x, y + step_y
            points.append((round(x * scale_x + offset_x, DIGITS), round(y * scale_y + offset_y, DIGITS)))
        arcs.append(points)
    return arcs


def ring_of(numbers: Sequence[int], arcs: Sequence[Sequence[Point]]) -> list[Point]:
    """One closed line from its arcs; a negative number is the arc with its complement, backwards."""
    ring: list[Point] = []
    for number in numbers:
        points = list(arcs[number]) if number >= 0 else list(reversed(arcs[~number]))
        ring.extend(points[1:] if ring else points)
    return ring


def outlines(topology: dict[str, Any]) -> dict[str, Any]:
    """GeoJSON of the countries that have a code, `id` their ISO 3166-1 alpha-3."""
    arcs = arcs_of(topology)
    features = []
    for geometry in topology["objects"]["countries"]["geometries"]:
        code = _alpha_3(geometry.get("id", ""))
        if not code:
            continue
        polygons = geometry["arcs"] if geometry["type"] == "MultiPolygon" else [geometry["arcs"]]
        shape = [[ring_of(ring, arcs) for ring in polygon] for polygon in polygons]
        features.append({"type": "Feature", "id": code, "geometry": {"type": "MultiPolygon", "coordinates": shape}})
    return {"type": "FeatureCollection", "features": sorted(features, key=lambda one: str(one["id"]))}


def _alpha_3(numeric: str) -> str:
    alpha_2 = get_global("territory_aliases").get(numeric, [""])[0]
    return _codes().get(alpha_2, "")


_NO_COUNTRIES = {"AC", "CP", "CS", "DD", "DG", "EA", "EU", "EZ", "IC", "QO", "SU", "TA", "UN", "XA", "XB", "YU", "ZZ"}
"""Codes that CLDR names and ISO 3166-1 does not list as a country or territory of today."""


def _codes() -> dict[str, str]:
    """ISO alpha-2 -> alpha-3."""
    aliases = get_global("territory_aliases")
    return {
        known[0]: code
        for code, known in aliases.items()
        if len(code) == 3 and code.isalpha() and len(known) == 1 and known[0] not in _NO_COUNTRIES
    }


def main() -> None:
    """Write assets/market/{outlines.geojson,countries.csv}."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--atlas", type=Path, required=True, help="countries-110m.json of world-atlas")
    parser.add_argument("--population", type=Path, required=True, help="countries.json of pypopulation")
    given = parser.parse_args()
    folder = ROOT / "assets" / "market"
    topology = json.loads(given.atlas.read_text(encoding="utf-8"))
    text = json.dumps(outlines(topology), separators=(",", ":"))
    (folder / "outlines.geojson").write_text(text + "\n", encoding="utf-8")
    people = {row["Alpha_2"]: row["Population"] for row in json.loads(given.population.read_text(encoding="utf-8"))}
    names = Locale("en").territories
    with (folder / "countries.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("alpha_2", "alpha_3", "name_en", "population"))
        for alpha_2, alpha_3 in sorted(_codes().items()):
            if alpha_2 in names:
                writer.writerow((alpha_2, alpha_3, names[alpha_2], people.get(alpha_2, "")))


if __name__ == "__main__":
    main()
