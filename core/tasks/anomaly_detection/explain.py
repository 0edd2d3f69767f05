"""Why a part is called defective: the map itself, for here the explanation is the model."""

from __future__ import annotations

from core.contracts import N_, Heatmap, ImageSample, Message
from core.errors import InputRefused
from core.tasks.anomaly_detection.predictor import LABELS, AnomalyPredictor

METHODS = ("anomaly_map",)


def explain(predictor: AnomalyPredictor, sample: ImageSample, target: str, method: str) -> Heatmap:
    """The map of what is unlike good parts; for the label of good parts that of what is like them.

    No faithfulness is measured: the score of an image is the highest place of the map, so removing that place
    changes it by construction.

    Raises:
        InputRefused: `target` is no label or `method` is unknown.
    """
    if target not in LABELS or method not in METHODS:
        raise InputRefused(
            "explain.choice",
            Message(N_("There is no explanation of {target} by {method}."), {"target": target, "method": method}),
            Message(
                N_("Labels: {labels}. Methods: {methods}."),
                {"labels": ", ".join(LABELS), "methods": ", ".join(METHODS)},
            ),
        )
    values = predictor.outputs(predictor.prepare([sample.pixels])).maps[0]
    return Heatmap(values if target == LABELS[1] else 1 - values, method, target)
