"""Make the synthetic samples of the defect page: `python -m bench.part_samples`.

Writes the simulated parts named in CHOSEN with `manifest.json` to assets/samples/defects. Nothing was learned from,
measured on, or tuned to parts of these seeds.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from PIL import Image

from core.data.surface_layout import GOOD
from core.data.surfaces_simulator import draw_part
from core.settings import settings

SECTOR = "defects"
COMMAND = "python -m bench.part_samples"
FIRST_SEED = 8_000_000
"""Of the draws; training sets and measurements draw from lower seeds, pictures for the backbone from higher ones."""
CHOSEN = (
    ("brushed_metal", GOOD, 0),
    ("brushed_metal", "scratch", 1),
    ("woven_cloth", GOOD, 2),
    ("printed_board", "missing_print", 5),
    ("printed_board", GOOD, 4),
    ("woven_cloth", "stain", 5),
    ("brushed_metal", "crack", 5),
    ("woven_cloth", "pit", 0),
    ("printed_board", "stain", 2),
    ("brushed_metal", "stain", 2),
    ("woven_cloth", "crack", 0),
    ("printed_board", "scratch", 4),
    ("brushed_metal", "pit", 5),
    ("woven_cloth", "scratch", 7),
    ("printed_board", "pit", 2),
    ("printed_board", "crack", 3),
)
"""Kind, defect and draw, in the order of the page; chosen by looking at them, no model was asked."""


def write(folder: Path) -> list[dict[str, Any]]:
    """The chosen parts as JPEG, and the list that the page reads."""
    folder.mkdir(parents=True, exist_ok=True)
    entries = []
    for kind, defect, number in CHOSEN:
        part = draw_part(kind, defect, FIRST_SEED + number)
        path = folder / f"{kind}-{defect}.jpg"
        Image.fromarray(part.pixels).save(path, quality=95, subsampling=0, optimize=True)
        entries.append(
            {
                "file": path.name,
                "label": GOOD if defect == GOOD else "defect",
                "caption": f"{kind.replace('_', ' ').capitalize()}, {defect.replace('_', ' ')}",
                "kind": kind,
                "defect": defect,
                "synthetic": True,
                "command": COMMAND,
                "seed": FIRST_SEED + number,
                "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
            }
        )
    (folder / "manifest.json").write_text(json.dumps(entries, indent=1) + "\n", encoding="utf-8")
    return entries


if __name__ == "__main__":
    write(settings().assets / "samples" / SECTOR)
