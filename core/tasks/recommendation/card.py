"""The model card of a version, generated from its manifest and evaluation; no field is left empty."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from core.contracts import Evaluation
from core.data.shop import NAME as SIMULATED
from core.store.files import MANIFEST
from core.tasks.recommendation.config import MODELS
from core.tasks.recommendation.measure import HEADLINE
from core.tasks.recommendation.sliced import activity_names
from core.training.metrics import bootstrap, mean_of
from core.training.ranking import METRIC
from core.training.slices import PREFIX

CARD = "card.md"
NOT_SIMULATED = "its origin is known to whoever trained the version"
TEMPLATE = """# Model card: {architecture}, recommendations

Research and teaching demo. Not advice; no automatic decision on people.

| | |
|---|---|
| Task | recommendation: a list of items for a user, from what users took |
| Model | {title}; {items} items, {users} users |
| Intended use | demonstrations, teaching; catalogues of goods, films, texts |
| Out of scope | jobs, loans, housing, partners, news without editors; anything where a list decides about people |
| Training data | {data}, fingerprint `{fingerprint}`; {origin}; rows per part: {counts} |
| Data check | {warnings} |
| Split | {split} |
| Chosen on validation | {chosen} ({tried} settings tried) |
| Settings | {settings} |
| Command | `{command}` |
| Made | {created}, code {code_version}, numpy {numpy_version}, seed {seed} |
| Weights | sha256 `{sha256}` |
| Licence | {licence} |

## Measured

On the part "{part}" of {eval_data}, n = {n} users, 95 % intervals (bootstrap over users; Wilson for coverage).
Every item of the catalogue was ranked except those the user had taken before; no negatives were sampled.
Left out: {skipped}.
Repeat with `{eval_command}`; VERSION is `bundled` or the number of this version.

| metric | value | 95 % interval |
|---|---|---|
{metrics}

## Other models on the same users

| model | NDCG@10 | this model is ahead by |
|---|---|---|
{others}

{verdict}

## By activity of the user

| items known | users | NDCG@10 |
|---|---|---|
{slices}

## Known limits

- What a user did not take counts as wrong, though he may never have seen it: figures are low and favour what was shown.
- Past data cannot say what another list would have sold; only a trial with users can.
- Items that nobody took are never in the main list; they are offered by their attributes alone.
- Groups of people (age, gender, origin): not measured, the data do not name them.
"""


def write_card(folder: Path, evaluation: Evaluation) -> None:
    """Write `card.md` beside the manifest of `folder`."""
    manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    data = manifest["data"]
    copied = ("architecture", "command", "created", "code_version", "numpy_version", "seed", "sha256", "licence")
    text = TEMPLATE.format(
        **{name: manifest[name] for name in (*copied, "items", "users")},
        title=MODELS[manifest["architecture"]],
        data=data["name"],
        origin="simulated by this program, no real person" if data["name"] == SIMULATED else NOT_SIMULATED,
        fingerprint=data["fingerprint"][:16],
        counts=", ".join(f"{part} {count}" for part, count in data["counts"].items()),
        warnings=" ".join(data["notices"]).replace("|", "/") or "no warnings",
        split=manifest["split"]["name"],
        chosen=", ".join(f"{name} {value:g}" for name, value in manifest["chosen"].items()) or "nothing",
        tried=len(manifest["tried"]),
        settings=", ".join(f"{name} {value}" for name, value in manifest["config"].items() if value != ""),
        part=evaluation.data.split,
        eval_data=evaluation.data.name,
        n=evaluation.data.n,
        skipped=", ".join(f"{count} {reason}" for reason, count in evaluation.skipped.items()) or "nothing",
        eval_command=evaluation.command,
        metrics="\n".join(
            f"| {name} | {metric.value:.4f} | {metric.low:.4f} to {metric.high:.4f} |"
            for name, metric in evaluation.summary.items()
        ),
        others=_others(manifest["others"]),
        verdict=_verdict(manifest["architecture"], manifest["others"]),
        slices=_slices(evaluation),
    )
    (folder / CARD).write_text(text, encoding="utf-8")


def _others(found: dict[str, dict[str, Any]]) -> str:
    rows = [
        f"| {name} | {figures[HEADLINE]:.4f} | {figures['ahead']['value']:+.4f} "
        f"({figures['ahead']['low']:+.4f} to {figures['ahead']['high']:+.4f}) |"
        for name, figures in found.items()
    ]
    return "\n".join(rows) or "| none | - | - |"


def _verdict(kind: str, found: dict[str, dict[str, Any]]) -> str:
    """Of which simpler models the version is not shown to be better."""
    if kind == "popularity":
        return "This is popularity itself, which every other model has to beat."
    behind = [name for name, figures in found.items() if figures["ahead"]["low"] <= 0]
    if not behind:
        return "It is shown to be better than each of them."
    return f"It is **not** shown to be better than: {', '.join(behind)}."


def _slices(evaluation: Evaluation) -> str:
    column = np.asarray(evaluation.table[PREFIX + "activity"])
    values = np.asarray(evaluation.table[METRIC + HEADLINE], np.float64)
    rows = []
    for name in activity_names(column):
        own = values[column == name]
        metric = bootstrap(mean_of(own), len(own))
        rows.append(f"| {name} | {len(own)} | {metric.value:.4f} ({metric.low:.4f} to {metric.high:.4f}) |")
    return "\n".join(rows)
