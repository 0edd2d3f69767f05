"""The model card of a version, generated from its manifest and evaluation; no field is left empty."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from core.contracts import Evaluation
from core.store.files import MANIFEST
from core.training.card_text import as_code, as_text

CARD = "card.md"

LICENCES = {
    "bundled": "weights: started from the bundled model, CC BY 4.0",
    "hub": "weights: started from the hub's weights, under the hub's own licence",
    "none": "weights: of whoever trained them; those that ship with the program: CC BY 4.0",
}
"""By what a run started from."""

TEMPLATE = """# Model card: {architecture}, {labels}

Research and teaching demo. Not a medical device. Not for diagnosis or treatment.

| | |
|---|---|
| Task | image classification, {k} classes: {labels} |
| Architecture | timm `{architecture}`, input {size} x {size} px, squeezed, 3 channels |
| Intended use | demonstrations and teaching with images like the training images |
| Out of scope | decisions about people; images of another kind, another source or another population |
| Training data | {data}, fingerprint `{fingerprint}`; images per split: {counts}{corrections} |
| Settings | {settings} |
| Command | {command} |
| Made | {created}, code {code_version}, torch {torch_version}, seed {seed} |
| Weights | sha256 `{sha256}` |
| Licence | {licence}; data: see the data set |

## Measured

On the {split} split of {eval_data}, n = {n}, 95 % intervals (Wilson for shares, bootstrap otherwise).
Repeat with {eval_command}; VERSION is `bundled` or the number of this version.

| metric | value | 95 % interval |
|---|---|---|
{metrics}

## By class

| class | n | right |
|---|---|---|
{classes}

## Calibration

Temperature {temperature:.3f} from the validation split; expected calibration error there {validation_ece:.3f}.
Operating point: score of {positive} >= {threshold:.2f} ({rule}).
Prediction sets: split conformal on the validation split.

## Known limits

- Scores on images from another source are usually worse than the figures above; their calibration is not measured.
- Subgroups (age, sex, scanner): not measured, the data do not name them.
- The domain guard declines {declined:.1%} of the test images and does not catch every image of another kind.
"""


def _measured(evaluation: Evaluation) -> dict[str, object]:
    metrics = [
        f"| {name} | {metric.value:.4f} | {metric.low:.4f} to {metric.high:.4f} |"
        for name, metric in evaluation.summary.items()
    ]
    truth, prediction = evaluation.table["truth"], evaluation.table["prediction"]
    classes = [
        f"| {as_text(label)} | {int((truth == k).sum())} | {float((prediction[truth == k] == k).mean()):.3f} |"
        for k, label in enumerate(evaluation.labels)
        if (truth == k).any()
    ]
    return {
        "labels": as_text(", ".join(evaluation.labels)),
        "k": len(evaluation.labels),
        "split": evaluation.data.split,
        "eval_data": as_text(evaluation.data.name),
        "n": evaluation.data.n,
        "eval_command": as_code(evaluation.command),
        "metrics": "\n".join(metrics),
        "classes": "\n".join(classes),
        "declined": evaluation.summary["declined"].value,
    }


def _corrections(manifest: dict[str, Any]) -> str:
    """What visitors' corrections had to do with it; no word when they had nothing."""
    data, refit = manifest["data"], manifest.get("refit")
    if refit:
        return (
            f"; last layer fitted anew to {refit['corrections']} corrections by visitors, from the weights "
            f"`{manifest['parent'][:16]}`; scores below are computed from kept features"
        )
    if "corrections" not in data:
        return ""
    left = ", ".join(f"{reason} {count}" for reason, count in data["corrections_left_out"].items())
    return f"; {data['corrections']} corrections by visitors among the training images" + f", left out: {left}" * bool(
        left
    )


def write_card(folder: Path, evaluation: Evaluation) -> None:
    """Write `card.md` beside the manifest of `folder`."""
    manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    counts = {split: sum(by_label.values()) for split, by_label in manifest["data"]["counts"].items()}
    copied = ("architecture", "created", "code_version", "torch_version", "seed", "sha256", "temperature")
    text = TEMPLATE.format(
        **{name: manifest[name] for name in copied},
        **_measured(evaluation),
        size=manifest["preprocessing"]["size"],
        command=as_code(manifest["command"]),
        data=as_text(manifest["data"]["name"]),
        fingerprint=manifest["data"]["fingerprint"][:16],
        counts=", ".join(f"{split} {count}" for split, count in counts.items()),
        corrections=_corrections(manifest),
        settings=as_text(", ".join(f"{name} {value}" for name, value in manifest["config"].items())),
        validation_ece=manifest["validation"]["validation_ece"],
        positive=as_text(manifest["threshold"]["label"]),
        threshold=manifest["threshold"]["value"],
        rule=manifest["threshold"]["rule"],
        licence=LICENCES[manifest["config"]["pretrained"]],
    )
    (folder / CARD).write_text(text, encoding="utf-8")
