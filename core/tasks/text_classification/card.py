"""The model card of a version, generated from its manifest and evaluation; no field is left empty."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from core.contracts import Evaluation
from core.store.files import MANIFEST

CARD = "card.md"
TEMPLATE = """# Model card: {architecture}, sentiment of texts

Research and teaching demo. Not advice; no automatic decision on people.

| | |
|---|---|
| Task | text classification: {labels} |
| Model | a weight for each of {kept} n-grams in a hash table: one to three words, one to four Chinese characters |
| Languages | English, Chinese, and texts that mix them |
| Intended use | reviews and comments about products, services, places, films and books; demonstrations, teaching |
| Out of scope | decisions about people; other languages; irony (see the slices) |
| Training data | {data}, fingerprint `{fingerprint}`; texts per part: {counts} |
| Settings | {settings} |
| Command | `{command}` |
| Made | {created}, code {code_version}, numpy {numpy_version}, seed {seed} |
| Weights | sha256 `{sha256}` |
| Licence | {licence} |

## Measured

On the {part} part of {eval_data}, n = {n}, 95 % intervals (Wilson for shares, bootstrap otherwise).
Repeat with `{eval_command}`; VERSION is `bundled` or the number of this version.

| metric | value | 95 % interval |
|---|---|---|
{metrics}

## By slice

| slice | n | right |
|---|---|---|
{slices}

## Calibration

Three parameters for each language on the validation texts: slope, its growth with the length of the text, shift.
{calibration}
A text of which the model knows less than {least:.0%} of the words is declined; so is a score within 0.1 of a half.

## Known limits

- A sum over words does not understand irony, and misses a turn that no short sequence of words carries.
- Texts about other things than those in the training data are read less well; see the README for figures.
- Groups of people who write: not measured, the data do not name them.
"""


def write_card(folder: Path, evaluation: Evaluation) -> None:
    """Write `card.md` beside the manifest of `folder`."""
    manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    copied = ("architecture", "command", "created", "code_version", "numpy_version", "seed", "sha256", "licence")
    counts = manifest["data"]["counts"].items()
    text = TEMPLATE.format(
        **{name: manifest[name] for name in copied},
        labels=", ".join(manifest["labels"]),
        kept=manifest["figures"]["kept"],
        data=manifest["data"]["name"],
        fingerprint=manifest["data"]["fingerprint"][:16],
        counts="; ".join(f"{part} " + ", ".join(f"{n} {label}" for label, n in of.items()) for part, of in counts),
        settings=", ".join(f"{name} {value}" for name, value in manifest["config"].items() if value != ""),
        part=evaluation.data.split,
        eval_data=evaluation.data.name,
        n=evaluation.data.n,
        eval_command=evaluation.command,
        metrics="\n".join(
            f"| {name} | {metric.value:.4f} | {metric.low:.4f} to {metric.high:.4f} |"
            for name, metric in evaluation.summary.items()
        ),
        slices=_slices(evaluation),
        calibration="; ".join(
            f"{language}: {', '.join(f'{name} {value:.3f}' for name, value in one.items())}"
            for language, one in manifest["calibration"].items()
        ),
        least=1 - manifest["unknown_limit"],
    )
    (folder / CARD).write_text(text, encoding="utf-8")


def _slices(evaluation: Evaluation) -> str:
    right = np.asarray(evaluation.table["truth"]) == np.asarray(evaluation.table["prediction"])
    rows = []
    for name, column in evaluation.table.items():
        if name.startswith("slice."):
            for value in np.unique(column):
                chosen = np.asarray(column) == value
                rows.append(f"| {name.removeprefix('slice.')}: {value} | {chosen.sum()} | {right[chosen].mean():.4f} |")
    return "\n".join(rows) or f"| all | {len(right)} | {right.mean():.4f} |"
