"""The model card of a version, generated from its manifest and evaluation; no field is left empty."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from core.contracts import Evaluation
from core.data.payments import NAME as SIMULATED
from core.data.time_split import FEW_FRAUDS
from core.store.files import MANIFEST
from core.tasks.fraud_detection.config import MODELS
from core.training.card_text import as_code, as_text
from core.training.resampling import CUSTOMER

CARD = "card.md"
NOT_SIMULATED = "of unknown origin; whoever trained the version knows"
TEMPLATE = """# Model card: {architecture}, fraud in payments

Research and teaching demo. Not advice; no automatic decision on people.

| | |
|---|---|
| Task | fraud detection: a score for every transaction, labels {labels} |
| Model | {title}; also fitted for comparison: {others} |
| Intended use | ranking transactions for review by people, demonstrations, teaching |
| Out of scope | blocking or refusing people without a person who looks; data of another bank without a new training |
| Training data | {data}, fingerprint `{fingerprint}`; {origin}; rows per part: {counts}{corrections} |
| Data check | {warnings} |
| Split | {split} |
| Features | {features}; labels count after {delay} days, in training and in use |
| Settings | {settings} |
| Command | {command} |
| Made | {created}, code {code_version}, lightgbm {lightgbm_version}, seed {seed} |
| Weights | sha256 `{sha256}` |
| Licence | {licence} |

## Measured

On the {part} part of {eval_data}, n = {n}, {frauds} frauds, 95 % intervals ({intervals}).
Left out: {skipped}.
Repeat with {eval_command}; VERSION is `bundled` or the number of this version.

| metric | value | 95 % interval |
|---|---|---|
{metrics}

Accuracy says little here: calling everything genuine would be right in {genuine:.2%} of the rows.

## Other models on the same rows

| model | average precision | AUROC |
|---|---|---|
{table}

## Calibration

Beta calibration on the validation rows; threshold {threshold:.4f} on the score of {positive} ({rule}).

## Known limits

{few}- Fraud changes: figures of a past test part say nothing certain about next month.
- Cards with a known fraud are left out of the figures as blocked; with them every figure would be higher.
- The features need the past of the customer and of the terminal; without it the score is a guess.
- Groups of people (age, origin): not measured, the data do not name them.
"""


def write_card(folder: Path, evaluation: Evaluation) -> None:
    """Write `card.md` beside the manifest of `folder`."""
    manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    data = manifest["data"]
    simulated = data["name"].startswith(SIMULATED)
    copied = ("architecture", "created", "code_version", "lightgbm_version", "seed", "sha256", "licence")
    compared = [kind for kind in manifest["models"] if kind != manifest["architecture"]]
    text = TEMPLATE.format(
        **{name: manifest[name] for name in copied},
        **_measured(evaluation),
        title=MODELS[manifest["architecture"]],
        others=", ".join(compared) or "none",
        command=as_code(manifest["command"]),
        data=as_text(data["name"]),
        origin="simulated by this program, no real bank and no real person" if simulated else NOT_SIMULATED,
        fingerprint=data["fingerprint"][:16],
        counts="; ".join(f"{part} {_counted(labels)}" for part, labels in data["counts"].items()),
        corrections=_corrections(data),
        warnings=as_text(" ".join(data["warnings"])) or "no warnings",
        split=_boundaries(data["boundaries"]),
        features=len(manifest["features"]["features"]),
        delay=manifest["label_delay_days"],
        settings=as_text(", ".join(f"{name} {value}" for name, value in manifest["config"].items() if value != "")),
        table=_others(manifest["others"]),
        positive=as_text(manifest["threshold"]["label"]),
        threshold=manifest["threshold"]["value"],
        rule=manifest["threshold"]["rule"],
        few=_few(int(evaluation.table["truth"].sum())),
    )
    (folder / CARD).write_text(text, encoding="utf-8")


def _measured(evaluation: Evaluation) -> dict[str, object]:
    metrics = [
        f"| {name} | {metric.value:.4f} | {metric.low:.4f} to {metric.high:.4f} |"
        for name, metric in evaluation.summary.items()
    ]
    frauds = int(evaluation.table["truth"].sum())
    return {
        "labels": as_text(", ".join(evaluation.labels)),
        "part": evaluation.data.split,
        "eval_data": as_text(evaluation.data.name),
        "n": evaluation.data.n,
        "frauds": frauds,
        "genuine": 1 - frauds / max(evaluation.data.n, 1),
        "skipped": ", ".join(f"{count} {reason}" for reason, count in evaluation.skipped.items()) or "nothing",
        "eval_command": as_code(evaluation.command),
        "intervals": (
            "bootstrap over customers"
            if CUSTOMER in evaluation.table
            else "Wilson for accuracy, bootstrap over rows otherwise"
        ),
        "metrics": "\n".join(metrics),
    }


def _few(frauds: int) -> str:
    """A line where the test holds too few frauds to say much; no line otherwise."""
    if frauds >= FEW_FRAUDS:
        return ""
    return f"- Measured on {frauds} frauds: below {FEW_FRAUDS} figures say little.\n"


def _counted(labels: dict[str, int]) -> str:
    return ", ".join(f"{count} {label}" for label, count in labels.items())


def _boundaries(parts: dict[str, list[str]]) -> str:
    """Days of each part; the second date is the first day that no longer belongs to it."""
    if not parts:
        return "not by time: the data have no times, so customers (else equal rows) were kept apart"
    return "by time: " + "; ".join(f"{part} from {begin} up to {end}" for part, (begin, end) in parts.items())


def _others(found: dict[str, dict[str, float]]) -> str:
    rows = [
        f"| {kind} | {figures['average_precision']:.4f} | {figures['auroc']:.4f} |" for kind, figures in found.items()
    ]
    return "\n".join(rows) or "| none fitted | - | - |"


def _corrections(data: dict[str, Any]) -> str:
    """What visitors' corrections had to do with it; no word when they had nothing."""
    if "corrections" not in data:
        return ""
    left = ", ".join(f"{reason} {count}" for reason, count in data["corrections_left_out"].items())
    return f"; corrections by visitors among the training rows: {data['corrections']}" + f", left out: {left}" * bool(
        left
    )
