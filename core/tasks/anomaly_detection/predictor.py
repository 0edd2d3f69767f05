"""A loaded anomaly detector: squeeze, one pass, distances from what is known, a verdict, a map, outlined regions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.contracts import N_, AnomalyPrediction, Decision, ImageSample
from core.data.pixels import squeeze
from core.data.surfaces import PartSet, as_grey
from core.device import autocast
from core.store.sealed import refused
from core.tasks.anomaly_detection.bank import Bank
from core.tasks.anomaly_detection.head import Head, load_head
from core.tasks.anomaly_detection.memory import BATCH, Memory
from core.tasks.anomaly_detection.model import backbone_of, read_checkpoint
from core.tasks.anomaly_detection.patches import scales_of
from core.tasks.anomaly_detection.regions import regions_of
from core.tasks.anomaly_detection.scaling import PartGuard, Scaling, part_reason
from core.training.false_alarms import Promise, promise

LABELS = ("good", "defect")
MAP_THRESHOLD = 0.5
_BELOW_PEAK = 0.95
"""An image that is called defective without any place above the threshold gets its oddest place outlined."""


@dataclass(frozen=True)
class Outputs:
    """What the model finds in images, before any limit."""

    scores: NDArray[np.float64]
    """(N,), in [0, 1]."""
    maps: NDArray[np.float32]
    """(N, S, S), in [0, 1]."""
    domain: NDArray[np.float64]
    """(N,): declined above 1.0."""


class AnomalyPredictor:
    """Answers batches of images."""

    def __init__(self, folder: Path, device: str = "cpu") -> None:
        checkpoint = read_checkpoint(folder)
        manifest = checkpoint.manifest
        self.device, self.labels = device, LABELS
        self.backbone = backbone_of(checkpoint).to(device)
        try:
            spreads = checkpoint.part("memory.spread.")
            self.memory = Memory(
                tuple(spreads[str(place)].float() for place in range(len(spreads))),
                {
                    scale.name: Bank(
                        checkpoint.tensors[f"memory.{scale.name}.points"].float(),
                        checkpoint.tensors[f"memory.{scale.name}.spacing"].float(),
                    )
                    for scale in scales_of(len(self.backbone.channels))
                },
            ).to(device)
            self.held_out = np.sort(checkpoint.tensors["held_out.scores"].double().numpy())
            self.size, self.grey = int(manifest["preprocessing"]["size"]), bool(manifest["preprocessing"]["grey"])
            self.image_scaling = Scaling(**manifest["scaling"]["image"])
            self.map_scaling = Scaling(**manifest["scaling"]["map"])
            self.guard = PartGuard(**manifest["guard"])
            self.rate = float(manifest["threshold"]["rate"])
            self.architecture = str(manifest["architecture"])
            self.trained_on, self.seed = str(manifest["data"]["fingerprint"]), int(manifest["seed"])
            self.learned_ids = frozenset(map(str, manifest["data"]["supervised_ids"]))
            self.learned_hashes = frozenset(map(str, manifest["data"].get("supervised_hashes", ())))
            self.left_out = int(manifest["data"]["suspects_left_out"])
            self.head: Head | None = load_head(checkpoint.part("head."), self.backbone.channels)
        except (KeyError, TypeError, ValueError, RuntimeError) as error:
            raise refused(
                "model.incomplete", N_("The checkpoint is not complete: {reason}."), reason=str(error)
            ) from error
        if self.head is not None:
            self.head = self.head.to(device)
        self.size_bytes = sum(tensor.numel() * tensor.element_size() for tensor in checkpoint.tensors.values())

    def promise(self, rate: float | None = None) -> Promise:
        """The limit for a false-alarm rate, in units of the scores, and what it promises; None: the model's own."""
        found = promise(self.held_out, self.rate if rate is None else rate)
        limit, low, high = self.image_scaling.score(np.array([found.limit, *found.unsure]))
        return replace(found, limit=float(limit), unsure=(float(low), float(high)), left_out=self.left_out)

    def lessons_among(self, parts: PartSet, own: bool) -> NDArray[np.bool_]:
        """Which images (N,) the second network learned from.

        Told by what they show: other data may hold them too, under whatever name. Versions that do not know this go by
        names alone.

        Args:
            parts: Images of its own data, or of others.
            own: Whether the data are those that it was made from.
        """
        found = np.isin(parts.ids, list(self.learned_ids if own or not self.learned_hashes else ()))
        return found if parts.hashes is None else found | np.isin(parts.hashes, list(self.learned_hashes))

    @property
    def threshold(self) -> float:
        """The lowest score that is called defective at the model's own false-alarm rate."""
        return float(np.nextafter(self.promise().limit, 1.0))

    def prepare(self, images: Sequence[NDArray[np.uint8]]) -> Tensor:
        """Images (H, W, 3) uint8 of any size -> (N, C, S, S) in [0, 1] on the device; C is 1 for a model of grey."""
        small = [squeeze(image, self.size) for image in images]
        stacked = np.stack([as_grey(image) for image in small] if self.grey else small)
        return torch.from_numpy(stacked).to(self.device).permute(0, 3, 1, 2).float() / 255

    @torch.inference_mode()
    def outputs(self, batch: Tensor) -> Outputs:
        """Scores, maps and domain scores of a batch (N, C, S, S) in [0, 1]."""
        with autocast(self.device):
            maps = self.backbone(batch)
        maps = [values.float() for values in maps]
        found = self.memory.oddness(maps, self.size)
        shown = self.map_scaling.score(found.maps.cpu().numpy())
        if self.head is not None:
            shown = self.head(batch, maps, torch.from_numpy(shown).float().to(self.device)).sigmoid().cpu().numpy()
        return Outputs(
            self.image_scaling.score(found.image.cpu().numpy()),
            np.asarray(shown, np.float32),
            self.guard.score(found.core.cpu().numpy()),
        )

    def predict(
        self, inputs: Sequence[ImageSample], threshold: float | None = None, false_alarm_rate: float | None = None
    ) -> list[AnomalyPrediction]:
        """Answer a batch of images.

        Args:
            inputs: As the intake returns them.
            threshold: Lowest score that is called defective; wins over the rate.
            false_alarm_rate: Share of good parts that may be called defective; None means the model's own.
        """
        promised = self.promise(false_alarm_rate)
        limit = float(np.nextafter(promised.limit, 1.0)) if threshold is None else threshold
        unsure = promised.unsure if threshold is None else (limit, limit)
        answers = []
        for begin in range(0, len(inputs), BATCH):
            part = inputs[begin : begin + BATCH]
            found = self.outputs(self.prepare([sample.pixels for sample in part]))
            rows = zip(found.scores, found.maps, found.domain, strict=True)
            answers += [self._answer(row, limit, unsure) for row in rows]
        return answers

    def _answer(
        self, row: tuple[float, NDArray[np.float32], float], limit: float, unsure: tuple[float, float]
    ) -> AnomalyPrediction:
        score, values, domain = float(row[0]), row[1], float(row[2])
        verdict = Decision(LABELS, score, limit, part_reason(domain))
        defect = verdict.decision == LABELS[1]
        level = min(MAP_THRESHOLD, _BELOW_PEAK * float(values.max())) if defect else MAP_THRESHOLD
        ranks = self.image_scaling.score(self.held_out)
        return AnomalyPrediction(
            verdict=verdict,
            anomaly_map=values,
            map_threshold=level,
            regions=() if verdict.abstained else regions_of(values, level),
            unsure=unsure,
            exceeded=int((ranks < score).sum()),
            held_out=len(ranks),
            domain_score=domain,
        )
