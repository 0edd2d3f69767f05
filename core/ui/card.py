"""The model card of a version: its facts in the visitor's language, and the English file to take away."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import streamlit as st

from core import catalog
from core.contracts import N_, Evaluation, Sector
from core.errors import AppError
from core.store.registry import registry
from core.store.versions import Version
from core.ui.diagnosis import diagnosis_of
from core.ui.figures import data_title, metric_title, stored_evaluation
from core.ui.i18n import t
from core.ui.labels import SPLIT_NAMES, label_name
from core.ui.quality import show_provenance
from core.ui.rivals import why_bundled
from core.ui.shop_card import LIMITS as SHOP_LIMITS
from core.ui.shop_card import shop_facts, show_shop_parts
from core.ui.shop_quality import show_source
from core.ui.views import escape, say, show_error
from core.ui.wording import told

_CARD_BYTES = 200_000
_WEIGHTS = ("model.safetensors", "trees.txt")
_SMALL = 100_000
"""Bytes below which a size is said in kilobytes."""
_LIMITS = (
    N_("Scores on images from another source are usually worse than these figures; their calibration is not measured."),
    N_("Subgroups (age, sex, scanner) are not measured: the data do not name them."),
    N_("The domain guard does not catch every image of another kind."),
)


def show_card(sector: Sector) -> None:
    """Card of the version in use."""
    try:
        version = registry().resolve(sector.slug)
    except AppError as error:
        show_error(error)
        return
    show_version_card(version)
    card_download(version)


def show_version_card(version: Version) -> None:
    """What the version is, how it was made, what it measured, and what is known to be wrong with it."""
    of_lists = catalog.sector(version.sector).reads == "interactions"  # its figures are of users and what they took
    rows = [*(shop_facts(version) if of_lists else _facts(version)), (N_("Licence of the weights"), _licence(version))]
    facts = [f"| {_unbroken(told(name, version.sector))} | {value} |" for name, value in rows]
    st.markdown("\n".join([f"| {_unbroken(t('Model card'))} | |", "|---|---|", *facts]))
    evaluation = stored_evaluation(version)
    if evaluation is not None:
        st.markdown(f"**{t('Measured')}**")
        (show_source if of_lists else show_provenance)(evaluation, version)
        st.markdown(_figures(evaluation, catalog.sector(version.sector).metrics))
        if of_lists:
            show_shop_parts(evaluation, version)
        else:
            st.markdown(_classes(evaluation, version.sector))
    st.markdown(f"**{t('Known limits')}**")
    known = SHOP_LIMITS if of_lists else _LIMITS
    limits = [*_few_frauds(version, evaluation), *(told(limit, version.sector) for limit in known)]
    st.markdown("\n".join(f"- {limit}" for limit in limits))
    st.caption(t("Architecture, version and checksum of the weights (sha256)"))
    st.code(
        f"{version.manifest.get('architecture', '')}  {version.ref}  {version.sha256}", language=None, wrap_lines=True
    )


def _few_frauds(version: Version, evaluation: Evaluation | None) -> Iterator[str]:
    """That a test of transactions held too few frauds to say much."""
    from core.data.time_split import FEW_FRAUDS

    if evaluation is None or catalog.sector(version.sector).reads != "transactions":
        return
    frauds = int(evaluation.table["truth"].sum())
    if frauds < FEW_FRAUDS:
        yield t("Measured on {count:,} frauds: below {limit} figures say little.", count=frauds, limit=FEW_FRAUDS)


def _unbroken(name: str) -> str:
    """`name` without a break inside a word: beside a long value, Chinese would else stand one character to a line."""
    return " ".join(word if word.isascii() else "\u2060".join(word) for word in name.split(" "))


def card_download(version: Version) -> None:
    """The card as the file that lies with the version."""
    if card := card_text(version):
        st.download_button(
            t("Download the card"),
            card,
            file_name=f"vitrine-{version.sector}-{version.ref}-card.md",
            mime="text/markdown",
            icon=":material/download:",
            key=f"{version.sector}.card_download",
            on_click="ignore",
        )
    else:
        st.caption(t("This version has no card."))


def card_text(version: Version) -> str:
    """The card that lies with the version as Markdown, in English; empty when it has none."""
    path = version.path / "card.md"
    if not path.is_file():
        return ""
    text = path.read_bytes()[:_CARD_BYTES].decode("utf-8", errors="replace")
    # Class names from somebody's zip stand in the card of a trained version: there, no links and no pictures.
    return text.replace("](", "]\u2060(").replace("![", "!\u2060[") if version.number else text


def _facts(version: Version) -> Iterator[tuple[str, str]]:
    """Rows of the card, those that the manifest knows; names to be translated, values as Markdown."""
    manifest, slug = version.manifest, version.sector
    labels = [escape(label_name(str(label))) for label in manifest.get("labels", ())]
    yield N_("Classes"), ", ".join(labels)
    yield N_("Architecture"), _architecture(version)
    yield N_("Intended use"), told("Demonstrations and teaching with images like the training images", slug)
    yield (
        N_("Out of scope"),
        told("Decisions about people; images of another kind, another source or another population", slug),
    )
    if data := manifest.get("data"):
        yield N_("Training data"), _training_data(version, data)
    yield from _studies(version)
    if config := manifest.get("config"):
        yield N_("Settings"), escape(", ".join(f"{name} {value}" for name, value in config.items() if value != ""))
    if command := manifest.get("command"):
        yield N_("Command"), escape(command)
    if created := manifest.get("created"):
        made = {"Vitrine": "code_version", "torch": "torch_version", "lightgbm": "lightgbm_version"}
        with_what = [f"{name} {manifest[key]}" for name, key in made.items() if key in manifest]
        yield N_("Made"), escape(", ".join([str(created), *with_what]))
    if threshold := manifest.get("threshold"):
        label = escape(label_name(str(threshold["label"])))
        said = told("Score of {label} from {value:.3f}", slug, label=label, value=threshold["value"])
        yield N_("Operating point"), said
    if reason := why_bundled(version):
        yield N_("Why this model"), t(reason)


def _studies(version: Version) -> Iterator[tuple[str, str]]:
    """What was found out besides: how much folds and seeds matter, and whether it overfits."""
    for name, spread in version.spread.items():
        yield (
            N_("Cross-validation"),
            t(
                "{name}: mean {mean:.3f}, from {low:.3f} to {high:.3f} over {folds} folds",
                name=metric_title(name),
                **spread,
            ),
        )
    for name, spread in version.seed_spread.items():
        yield (
            N_("Other seeds"),
            t(
                "{name} on the test images: mean {mean:.3f}, from {low:.3f} to {high:.3f} over {seeds} seeds",
                name=metric_title(name),
                **spread,
            ),
        )
    if not version.manifest.get("diagnosis"):
        return
    from core.training.diagnosis import verdict

    try:
        found = diagnosis_of(version)
    except AppError as error:
        yield N_("Overfitting"), say(error.message)
        return
    if found is not None:
        yield N_("Overfitting"), " ".join(say(message) for message in verdict(found))


def _architecture(version: Version) -> str:
    parts = [escape(version.manifest.get("architecture", ""))]
    if size := version.manifest.get("preprocessing", {}).get("size"):
        parts.append(t("input {size} x {size} pixels", size=size))
    files = [version.path / name for name in _WEIGHTS]
    if size := sum(path.stat().st_size for path in files if path.is_file()):
        parts.append(t("{size:.1f} MB", size=size / 1e6) if size >= _SMALL else t("{size:.0f} kB", size=size / 1e3))
    return ", ".join(parts)


def _training_data(version: Version, data: Mapping[str, Any]) -> str:
    name = str(data.get("name", ""))
    shown = version.name if version.name and name.startswith("data.") else data_title(name)
    counts = [
        f"{t(SPLIT_NAMES.get(split, split))} {sum(by_label.values()):,}"
        for split, by_label in data.get("counts", {}).items()
    ]
    return "; ".join([escape(shown), *counts])


def _licence(version: Version) -> str:
    """Of the weights: what the catalogue says of a preset; a trained version owes to what it was started from."""
    presets = catalog.sector(version.sector).presets
    bundled = ", ".join(t(preset.licence) for preset in presets if preset.kind == "bundled")
    if not version.number:
        return bundled
    source = version.manifest.get("source")
    if isinstance(source, Mapping):
        said = {name: escape(source.get(name, "–")) for name in ("licence", "name")}
        return t("{licence} (of {name}, from which it was trained), and of the training data", **said)
    start = str(version.manifest.get("config", {}).get("pretrained", ""))
    if start == "hub":
        return t("of the hub's weights it was trained from, and of the training data")
    if start == "bundled":
        return t("{licence} (the bundled model it was trained from), and of the training data", licence=bundled)
    return t("yours, as far as the training data allow")


def _figures(evaluation: Evaluation, names: Sequence[str]) -> str:
    rows = [
        f"| {metric_title(name)} | {metric.value:.4f} | {metric.low:.4f}\u00a0–\u00a0{metric.high:.4f} |"
        for name in names
        if (metric := evaluation.summary.get(name))
    ]
    return "\n".join([f"| {t('Figure')} | {t('Value')} | {t('95 % interval')} |", "|---|---|---|", *rows])


def _classes(evaluation: Evaluation, slug: str) -> str:
    truth, prediction = evaluation.table["truth"], evaluation.table["prediction"]
    rows = [
        f"| {escape(label_name(label))} | {int(own.sum())} | {float((prediction[own] == place).mean()):.3f} |"
        for place, label in enumerate(evaluation.labels)
        if (own := truth == place).any()
    ]
    return "\n".join(
        [f"| {told('Class', slug)} | {told('Images', slug)} | {t('Share answered right')} |", "|---|---|---|", *rows]
    )
