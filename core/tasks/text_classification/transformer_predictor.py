"""A Transformer behind its checkpoint: tokens, network, calibrated scores, and what it gives no decision on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from core.contracts import TokenAttribution
from core.tasks.text_classification import transformer_explain
from core.tasks.text_classification.answers import DECIDED, UNDECIDED, UNMEASURED, Answers, answers_of
from core.tasks.text_classification.language import CHINESE, ENGLISH, MIXED, NONE
from core.tasks.text_classification.predictor import TextModelPredictor
from core.tasks.text_classification.signs import known_with_signs
from core.tasks.text_classification.transformer import parameters_of, share_read
from core.tasks.text_classification.transformer_checkpoint import read_checkpoint

NEUTRAL_MOST = 0.5
"""Share of the neutral labels from which a text is taken for undecided."""


class TransformerPredictor(TextModelPredictor):
    """Answers by a Transformer, texts of like lengths together; in half precision on a GPU."""

    methods: ClassVar[tuple[str, ...]] = transformer_explain.METHODS

    def __init__(self, folder: Path, device: str = "cpu") -> None:
        """Load a verified checkpoint folder; raises `ModelRefused`."""
        checkpoint = read_checkpoint(folder, device)
        self.model, self.limits, self.languages = checkpoint.model, checkpoint.limits, checkpoint.languages
        size = parameters_of(self.model.module)["bytes"]
        super().__init__(checkpoint.manifest, self.limits.conformal, size, device)

    def answers(self, texts: Sequence[str]) -> Answers:
        """See `TextModelPredictor.answers`."""
        reading = self.model.read(texts)
        known = known_with_signs(texts, reading, reading.known > 0)
        domain = (1.0 - known) / self.limits.unknown
        scores = expit(self.model.log_odds(reading))
        found = answers_of(scores, domain, reading.languages, known, reading.sizes)
        unmeasured = np.isin(reading.languages, self._unmeasured()) & np.isin(found.reasons, (DECIDED, UNDECIDED))
        neutral = (reading.neutral > NEUTRAL_MOST) & (found.reasons == DECIDED)
        reasons = np.select([unmeasured, neutral], [UNMEASURED, UNDECIDED], found.reasons)
        return replace(found, reasons=reasons)

    def shares_read(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """See `TextModelPredictor.shares_read`."""
        return np.array([share_read(found) for found in self.model.tokens.encode(texts)], np.float64)

    def explain(self, text: str, target: str, method: str) -> TokenAttribution:
        """See `TextModelPredictor.explain`; integrated gradients add up, striking out does not quite."""
        return transformer_explain.explain(self.model, text, target, method)

    def _unmeasured(self) -> list[str]:
        """Languages whose calibration nobody has seen; a mixed text is read by whoever reads both of its languages."""
        known = set(self.languages) | {NONE}
        if {ENGLISH, CHINESE} <= known:
            known.add(MIXED)
        return sorted({ENGLISH, CHINESE, MIXED} - known)
