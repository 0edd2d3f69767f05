"""Which code trains and loads which kind of model; each is imported only when it is needed."""

from __future__ import annotations

from pathlib import Path

from core.contracts import N_, RunContext
from core.data.texts import LabelledTexts
from core.store.files import read_manifest
from core.store.sealed import refused
from core.tasks.text_classification.config import TextClassificationConfig
from core.tasks.text_classification.manifest import NGRAMS
from core.tasks.text_classification.predictor import TextModelPredictor


def load_predictor(folder: Path, device: str) -> TextModelPredictor:
    """Load a verified checkpoint folder of any architecture; raises `ModelRefused`."""
    architecture = str(read_manifest(folder).get("architecture"))
    if architecture == NGRAMS:
        from core.tasks.text_classification.ngram_predictor import NgramPredictor

        return NgramPredictor(folder, device)
    template = N_("The checkpoint is of the architecture {found}, which this program does not know.")
    raise refused("model.architecture", template, found=architecture[:40])


def train_checkpoint(data: LabelledTexts, config: TextClassificationConfig, run: RunContext, command: str) -> Path:
    """Train the model that `config.model` names and write its checkpoint folder, whose figures `measure` adds."""
    from core.tasks.text_classification import train

    return train.train_checkpoint(data, config, run, command)
