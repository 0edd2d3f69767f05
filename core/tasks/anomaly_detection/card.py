"""The model card of a version, generated from its manifest and evaluation; no field is left empty."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from core.contracts import Evaluation, Metric
from core.store.files import MANIFEST
from core.training.robustness import Robustness, load_robustness

CARD = "card.md"
LICENCES = {
    "bundled": (
        "features: of this project's own network, which learned those of an Apache-2.0 MobileNetV2 on generated "
        "pictures, simulated parts and radiographs (Kermany et al., doi:10.17632/rscbjbr9sj, CC BY 4.0)"
    ),
    "hub": "features: of the hub's network, under the hub's own licence",
}
"""By whose features are compared."""
TEMPLATE = """# Model card: {architecture}, defects of {data}

Research and teaching demo. Not a safety device; a person decides about parts.

| | |
|---|---|
| Task | anomaly detection: {labels}, with a map of where |
| Method | memory bank on frozen features of timm `{architecture}`, {size} x {size} px, squeezed, {colour} |
| Memory | {memory} patches; {supervised} |
| Intended use | demonstrations and teaching, on images taken like the training images |
| Out of scope | sorting out parts without a person who looks; another product, camera or light |
| Training data | {data}, fingerprint `{fingerprint}`; images per split: {counts} |
| Data check | {warnings} |
| Settings | {settings} |
| Command | `{command}` |
| Made | {created}, code {code_version}, torch {torch_version}, timm {timm_version}, seed {seed} |
| Weights | sha256 `{sha256}` |
| Licence | {licence}; {features} |

## The limit

{words} Every good part was judged by a memory without it and those taken with it; in use the memory knows all of them.

## Measured

On the {split} split of {eval_data}, n = {n}, 95 % intervals over images (Wilson for shares, bootstrap otherwise).
Repeat with `{eval_command}`; VERSION is `bundled` or the number of this version.

| metric | value | 95 % interval |
|---|---|---|
{metrics}

`pixel_f1` is the best over all limits, as published figures of this name are; `pixel_f1_at_limit` is what is outlined.

## By type of defect, each beside all good parts

| type | n | image AUROC | pixel AUROC | pixel F1 | PRO | escaped |
|---|---|---|---|---|---|---|
{types}

{kinds}## Taken otherwise

{disturbed}

## Known limits

- The promise about false alarms holds for parts and images like the held-out ones; new light or a new camera breaks it.
- Defects that change the shape of a part are hidden where images are squeezed to a square.
- A defect of a kind that looks like good parts to the network's features is missed, however visible it is.
"""


def write_card(folder: Path, evaluation: Evaluation) -> None:
    """Write `card.md` beside the manifest of `folder`."""
    manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    data, threshold = manifest["data"], manifest["threshold"]
    copied = (
        *("architecture", "command", "created", "code_version", "torch_version", "timm_version", "seed", "sha256"),
        "licence",
    )
    text = TEMPLATE.format(
        **{name: manifest[name] for name in copied},
        **_measured(evaluation),
        data=data["name"],
        labels=", ".join(manifest["labels"]),
        size=manifest["preprocessing"]["size"],
        colour="grey" if manifest["preprocessing"]["grey"] else "in colour",
        memory=", ".join(f"{count} {name}" for name, count in manifest["memory"].items()),
        supervised="with a second network for known defects" if manifest["supervised"] else "good parts alone",
        fingerprint=data["fingerprint"][:16],
        counts="; ".join(f"{part} {_counted(kinds)}" for part, kinds in data["counts"].items()),
        warnings=" ".join(data["warnings"]).replace("|", "/").replace("\n", " ") or "no warnings",
        settings=", ".join(f"{name} {value}" for name, value in manifest["config"].items() if value != ""),
        features=LICENCES[manifest["config"]["pretrained"]],
        words=threshold["words"],
        types=_types(manifest.get("by_type", {}), evaluation),
        kinds=_kinds(manifest.get("by_kind", {})),
        disturbed=_disturbed(load_robustness(folder)),
    )
    (folder / CARD).write_text(text, encoding="utf-8")


def _measured(evaluation: Evaluation) -> dict[str, object]:
    metrics = [
        f"| {name} | {metric.value:.4f} | {metric.low:.4f} to {metric.high:.4f} |"
        for name, metric in evaluation.summary.items()
    ] or ["| none measured | - | - |"]
    return {
        "split": evaluation.data.split,
        "eval_data": evaluation.data.name,
        "n": evaluation.data.n,
        "eval_command": evaluation.command,
        "metrics": "\n".join(metrics),
    }


def _kinds(found: dict[str, dict[str, dict[str, float]]]) -> str:
    """A section of its own where a memory knows several kinds of part."""
    if not found:
        return ""
    names = ("image_auroc", "pixel_auroc", "pixel_f1", "pro", "false_alarm_rate", "escape_rate")
    lines = [
        "## By kind of part",
        "",
        "| kind | n | image AUROC | pixel AUROC | pixel F1 | PRO | false alarms | escaped |",
        "|---|---|---|---|---|---|---|---|",
        *(
            f"| {kind} | {figures['image_auroc']['n']} | "
            + " | ".join(f"{figures[name]['value']:.3f}" for name in names)
            + " |"
            for kind, figures in found.items()
        ),
    ]
    return "\n".join(lines) + "\n\n"


def _disturbed(found: Robustness | None) -> str:
    if found is None:
        return "Not measured: too few good or defective test images."
    names = ("image_auroc", "false_alarm_rate", "escape_rate")
    rows = [
        f"| {row.title} | " + " | ".join(_interval(row.metrics[name]) for name in names) + " |" for row in found.rows
    ]
    head = ["| images | image AUROC | false alarms | escaped |", "|---|---|---|---|"]
    return "\n".join(
        [f"The same {found.data.n} images of the {found.data.split} split, 95 % intervals.", "", *head, *rows]
    )


def _interval(metric: Metric) -> str:
    return f"{metric.value:.3f} ({metric.low:.3f} to {metric.high:.3f})"


def _counted(kinds: dict[str, int]) -> str:
    return ", ".join(f"{count} {kind}" for kind, count in kinds.items() if count) or "none"


def _types(found: dict[str, dict[str, dict[str, float]]], evaluation: Evaluation) -> str:
    names = ("image_auroc", "pixel_auroc", "pixel_f1", "pro", "escape_rate")
    lines = []
    for kind, figures in found.items():
        count = int((evaluation.table["slice.defect"] == kind).sum())
        cells = [f"{figures[name]['value']:.3f}" if name in figures else "-" for name in names]
        lines.append(" | ".join(["|", kind.replace("|", "/"), str(count), *cells, "|"]).replace("| |", "|", 1))
    return "\n".join(f"| {line.strip('| ')} |" for line in lines) or "| none measured | - | - | - | - | - | - |"
