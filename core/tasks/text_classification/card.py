"""The model card of a version, generated from its manifest and evaluation; no field is left empty."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from core.contracts import Evaluation
from core.store.files import MANIFEST
from core.tasks.text_classification.manifest import NGRAMS, TFIDF, TRANSFORMER
from core.training.card_text import as_code, as_text
from core.training.evaluation import MODEL_NAMES
from core.training.slice_suite import by_slice

CARD = "card.md"
TEMPLATE = """# Model card: {architecture}, sentiment of texts

Research and teaching demo. Not advice; no automatic decision on people.

| | |
|---|---|
| Task | text classification: {labels} |
| Model | {model} |
| Languages | {languages} |
| Intended use | reviews and comments about products, services, places, films and books; demonstrations, teaching |
| Out of scope | decisions about people; other languages; irony (see the slices) |
| Training data | {data}, fingerprint `{fingerprint}`; texts per part: {counts}{corrections} |
| Settings | {settings} |
| Command | {command} |
| Made | {created}, code {code_version}, numpy {numpy_version}, seed {seed} |
| Weights | sha256 `{sha256}` |
| Licence | {licence} |

## Measured

On the {part} part of {eval_data}, n = {n}, 95 % intervals (Wilson for shares, bootstrap otherwise).
Repeat with {eval_command}; VERSION is `bundled` or the number of this version.

| metric | value | 95 % interval |
|---|---|---|
{metrics}

## Beside the baseline

The baseline was fitted to the training texts of the same run; a version that started from another knows what that one
had learned, too. The same rows; both decide at a score of one half.

| model | accuracy | 95 % interval |
|---|---|---|
{others}

## By slice

| slice | n | right |
|---|---|---|
{slices}

## Hard to read: lines of our own

Frozen; every version is measured on the very same {suite_n} lines, and the gate stops one that loses more than two
points on a slice. Repeat with {suite_command}.

| slice | n | right | 95 % interval |
|---|---|---|---|
{suite}

## Calibration

Three parameters for each language on the validation texts: slope, its growth with the length of the text, shift.
{calibration}
A text of which the model knows less than {least:.0%} of the words is declined; so is a score within 0.1 of a half.

## Known limits

{limits}- Texts about other things than those in the training data are read less well; see the README for figures.
- Groups of people who write: not measured, the data do not name them.
"""


MODELS = {
    NGRAMS: "a weight for each of {kept} n-grams in a hash table: one to three words, one to four Chinese characters",
    TFIDF: "logistic regression on TF-IDF of one to two words, or of one to four characters in texts with Chinese ones",
    TRANSFORMER: "a Transformer ({encoder}) of {parameters:,} parameters from {source[name]}{at}, "
    "{trained:,} of which were trained here; of a text at most {tokens[limit]} tokens are read",
}
"""Architecture -> what the card says of it, with the manifest's `figures` put in."""
LANGUAGES_READ = "English, Chinese, and texts that mix them"
_OF_SUMS = "- A sum over words does not understand irony, and misses a turn that no short sequence of words carries.\n"


def write_card(folder: Path, evaluation: Evaluation, suite: Evaluation) -> None:
    """Write `card.md` beside the manifest of `folder`."""
    manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    copied = ("architecture", "created", "code_version", "numpy_version", "seed", "sha256")
    counts = manifest["data"]["counts"].items()
    text = TEMPLATE.format(
        **{name: manifest[name] for name in copied},
        command=as_code(manifest["command"]),
        licence=as_text(manifest["licence"]),
        labels=as_text(", ".join(manifest["labels"])),
        model=as_text(
            MODELS[manifest["architecture"]].format(**manifest["figures"] | manifest, at=_revision(manifest))
        ),
        languages=LANGUAGES_READ if "languages" not in manifest else f"measured on: {', '.join(manifest['languages'])}",
        data=as_text(manifest["data"]["name"]),
        fingerprint=manifest["data"]["fingerprint"][:16],
        counts="; ".join(f"{part} " + ", ".join(f"{n} {label}" for label, n in of.items()) for part, of in counts),
        settings=as_text(", ".join(f"{name} {value}" for name, value in manifest["config"].items() if value != "")),
        corrections=_corrections(manifest),
        part=evaluation.data.split,
        eval_data=as_text(evaluation.data.name),
        n=evaluation.data.n,
        eval_command=as_code(evaluation.command),
        metrics="\n".join(
            f"| {name} | {metric.value:.4f} | {metric.low:.4f} to {metric.high:.4f} |"
            for name, metric in evaluation.summary.items()
        ),
        others=_others(manifest, evaluation),
        slices=_slices(evaluation),
        suite=_suite(suite),
        suite_n=suite.data.n,
        suite_command=as_code(suite.command),
        limits=_OF_SUMS if manifest["architecture"] in (NGRAMS, TFIDF) else "",
        calibration="; ".join(
            f"{language}: {', '.join(f'{name} {value:.3f}' for name, value in one.items())}"
            for language, one in manifest["calibration"].items()
        ),
        least=1 - manifest["unknown_limit"],
    )
    (folder / CARD).write_text(text, encoding="utf-8")


def _corrections(manifest: Mapping[str, Any]) -> str:
    """What visitors' corrections had to do with it; no word when they had nothing."""
    data, refit = manifest["data"], manifest.get("refit")
    if refit:
        return (
            f"; weights of the words in {refit['corrections']} corrections by visitors moved, from the weights "
            f"`{manifest['parent'][:16]}`; figures below are of the sample of test texts that is kept as n-grams"
        )
    if "corrections" not in data:
        return ""
    left = ", ".join(f"{reason} {count}" for reason, count in data["corrections_left_out"].items())
    return f"; corrections by visitors among the training texts: {data['corrections']}" + f", left out: {left}" * bool(
        left
    )


def _others(manifest: Mapping[str, Any], evaluation: Evaluation) -> str:
    own = {str(manifest["architecture"]): evaluation.summary["accuracy"].as_dict()}
    others = {name: figures["accuracy"] for name, figures in manifest["others"].items()}
    return "\n".join(
        f"| {MODEL_NAMES.get(name, name)} | {found['value']:.4f} | {found['low']:.4f} to {found['high']:.4f} |"
        for name, found in (own | others).items()
    )


def _suite(suite: Evaluation) -> str:
    rows = ((part.name, part.n, part.accuracy) for part in by_slice(suite))
    return "\n".join(
        f"| {name} | {n} | {found.value:.4f} | {found.low:.4f} to {found.high:.4f} |" for name, n, found in rows
    )


def _revision(manifest: Mapping[str, Any]) -> str:
    """Commit of the hub's model that a run started from, behind a blank; nothing without one."""
    revision = manifest.get("source", {}).get("revision", "")
    return f" {revision}" if revision else ""


def _slices(evaluation: Evaluation) -> str:
    right = np.asarray(evaluation.table["truth"]) == np.asarray(evaluation.table["prediction"])
    rows = []
    for name, column in evaluation.table.items():
        if name.startswith("slice."):
            for value in np.unique(column):
                chosen = np.asarray(column) == value
                title = as_text(f"{name.removeprefix('slice.')}: {value}")
                rows.append(f"| {title} | {chosen.sum()} | {right[chosen].mean():.4f} |")
    return "\n".join(rows) or f"| all | {len(right)} | {right.mean():.4f} |"
