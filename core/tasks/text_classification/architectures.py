"""Which code trains and loads which kind of model; each is imported only when it is needed."""

from __future__ import annotations

from pathlib import Path

from core.contracts import N_, RunContext
from core.data.texts import LabelledTexts
from core.store.files import read_manifest
from core.store.sealed import refused
from core.tasks.text_classification.config import TextClassificationConfig
from core.tasks.text_classification.manifest import NGRAMS, TFIDF, TRANSFORMER
from core.tasks.text_classification.predictor import TextModelPredictor


def load_predictor(folder: Path, device: str) -> TextModelPredictor:
    """Load a verified checkpoint folder of any architecture; raises `ModelRefused`."""
    architecture = str(read_manifest(folder).get("architecture"))
    if architecture == NGRAMS:
        from core.tasks.text_classification.ngram_predictor import NgramPredictor

        return NgramPredictor(folder, device)
    if architecture == TFIDF:
        from core.tasks.text_classification.tfidf_checkpoint import TfidfPredictor

        return TfidfPredictor(folder, device)
    if architecture == TRANSFORMER:
        from core.tasks.text_classification.transformer_predictor import TransformerPredictor

        return TransformerPredictor(folder, device)
    template = N_("The checkpoint is of the architecture {found}, which this program does not know.")
    raise refused("model.architecture", template, found=architecture[:40])


def measuring_device(config: TextClassificationConfig) -> str:
    """Where the model that `config` names is measured: the tables need no GPU, and torch need not be imported."""
    if config.model != "transformer":
        return "cpu"
    from core.device import pick_device

    return pick_device()


def fetch_weights(config: TextClassificationConfig, run: RunContext) -> None:
    """Have what the training starts from on this machine, so that it is refused before the texts are read.

    Raises:
        InputRefused, NetworkUnavailable, ModelRefused: The Transformer cannot be had, see `find_source`.
        RunCancelled: Somebody asked for it to stop.
    """
    if config.model == "transformer":
        from core.tasks.text_classification import finetune

        finetune.fetch(config, run)


def train_checkpoint(data: LabelledTexts, config: TextClassificationConfig, run: RunContext, command: str) -> Path:
    """Train the model that `config.model` names and write its checkpoint folder, whose figures `measure` adds."""
    from core.tasks.text_classification import tfidf_checkpoint, train

    if config.model == "tfidf":
        return tfidf_checkpoint.train_checkpoint(data, config, run, command)
    if config.model == "transformer":
        from core.tasks.text_classification import finetune

        return finetune.train_checkpoint(data, config, run, command)
    return train.train_checkpoint(data, config, run, command)
