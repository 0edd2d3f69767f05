"""The words that every part of Vitrine shares: plain frozen data and small protocols.

Imports nothing but the standard library and numpy, so that pages can use it without paying for torch.
"""

from __future__ import annotations

from core.contracts.evaluations import DataInfo, Evaluation, Metric, ModelRef, Refit, Taught
from core.contracts.explanations import Explanation, Faithfulness, FeatureAttribution, Heatmap, TokenAttribution
from core.contracts.messages import N_, Message, Reason, Refusal
from core.contracts.predictions import (
    FALSE_ALARM_RATES,
    AnomalyPrediction,
    Classification,
    Decision,
    Decisions,
    Outcome,
    Prediction,
    Region,
    Single,
)
from core.contracts.rankings import ItemReasons, Origin, RankedItem, Ranking, RankingOptions, UserProfile
from core.contracts.samples import ImageSample, Outline, Sample, TextSample, TransactionCase
from core.contracts.sectors import Preset, Sector
from core.contracts.tasks import Explains, Predictor, Probed, Refits, Remarks, RunContext, Suited, Task, ThreadSafe

__all__ = [
    "FALSE_ALARM_RATES",
    "N_",
    "AnomalyPrediction",
    "Classification",
    "DataInfo",
    "Decision",
    "Decisions",
    "Evaluation",
    "Explains",
    "Explanation",
    "Faithfulness",
    "FeatureAttribution",
    "Heatmap",
    "ImageSample",
    "ItemReasons",
    "Message",
    "Metric",
    "ModelRef",
    "Origin",
    "Outcome",
    "Outline",
    "Prediction",
    "Predictor",
    "Preset",
    "Probed",
    "RankedItem",
    "Ranking",
    "RankingOptions",
    "Reason",
    "Refit",
    "Refits",
    "Refusal",
    "Region",
    "Remarks",
    "RunContext",
    "Sample",
    "Sector",
    "Single",
    "Suited",
    "Task",
    "Taught",
    "TextSample",
    "ThreadSafe",
    "TokenAttribution",
    "TransactionCase",
    "UserProfile",
]
