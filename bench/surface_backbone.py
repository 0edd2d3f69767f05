"""Train the bundled backbone of the defect page: `python -m bench.surface_backbone --out FOLDER`.

A small network learns to give the features of an ImageNet MobileNetV2 (strides 8 and 16). None of the pictures is of an
inspection set: they are generated textures, scenes and documents of `core/data/negatives`, simulated parts, and public
chest X-rays (CC BY 4.0), mixed, toned and cropped at random. So figures on inspection sets are figures on unseen parts.
It starts from the bundled network of the medical page, which this project trained itself, and from heads solved by
least squares. Weights can be made in several runs, later ones on larger pictures of which less is seen at once:

    python -m bench.surface_backbone --out FIRST --epochs 60 --look whole
    python -m bench.surface_backbone --out FOLDER --epochs 40 --look close --start FIRST
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional as F

from bench.surfaces import imagenet_state
from core.data.images import open_sources
from core.data.negatives import negatives
from core.data.pixels import squeeze
from core.data.surface_layout import GOOD
from core.data.surfaces_simulator import KINDS, defects_of, draw_part
from core.settings import settings
from core.tasks.anomaly_detection.backbone import Backbone, BackboneSpec, build_backbone, freeze
from core.training.loop import LoopOptions, fit
from core.training.run import ListedRun
from core.training.seeding import seed_everything


@dataclass(frozen=True)
class Look:
    """How pictures are shown."""

    side: int
    """Of a picture in pixels."""
    crop: int
    """Of what is cut out of it, after zooming."""
    batch: int
    zoom: tuple[float, float]
    """Share of the side that a crop shows, at least and at most."""


LOOKS = {"whole": Look(160, 112, 16, (0.3, 0.9)), "close": Look(256, 128, 12, (0.25, 0.75))}
STEPS = 50
GENERATED, RADIOGRAPHS, SIMULATED, HELD_OUT = 2400, 1000, 600, 96
WEIGHTS, STATED = "backbone.safetensors", "backbone.json"
FIRST_SEED = 9_000_000
"""Of the simulated parts; samples and measurements draw from lower ones."""
SOLVED = 25
"""Batches from which the heads are solved before the whole student is trained."""
TEACHER = BackboneSpec("mobilenetv2_100", (2, 3), (0.5,) * 3, (0.5,) * 3, model_args={"pad_type": "same"})
STUDENT = BackboneSpec("resnet10t", (2, 3), (0.5,) * 3, (0.25,) * 3, heads=(32, 96))


def load_teacher() -> Backbone:
    """The ImageNet network, cut off behind its stride 16."""
    teacher = build_backbone(TEACHER)
    state = imagenet_state()
    teacher.load_state_dict({name: state[name.removeprefix("trunk.model.")] for name in teacher.state_dict()})
    return freeze(teacher)


def start_student(begun: Path | None) -> Backbone:
    """The student of an earlier run, or one with the trunk of the medical page's network and random heads."""
    student = build_backbone(STUDENT)
    if begun is not None:
        student.load_state_dict({name: each.float() for name, each in load_file(begun / WEIGHTS).items()})
        return student
    state = load_file(settings().assets / "models" / "medical" / "bundled" / "model.safetensors")
    known = student.state_dict()
    trunk = {name: state[f"net.{name.removeprefix('trunk.model.')}"].float() for name in known if "trunk" in name}
    student.load_state_dict(known | trunk)
    return student


def pictures(side: int, seed: int, share: float = 1.0) -> NDArray[np.uint8]:
    """Everything that is learned from, or a share of it, (N, side, side, 3), in random order."""
    painted, _ = negatives(round(share * GENERATED), side, seed)
    folder = settings().data
    if folder is None:
        raise SystemExit("Name the folder of the data sets by VITRINE_DATA.")
    sources = open_sources(folder / "medical" / "chest_xray_224", settings().limits, only=("train",))
    rays = []
    for source, _ in sources:
        with source:
            places = np.random.default_rng(seed).permutation(len(source.entries))[: round(share * RADIOGRAPHS)]
            rays += [squeeze(source.read(source.entries[place]).pixels, side) for place in places]
    kinds = [(kind, defect) for kind in KINDS for defect in (GOOD, *defects_of(kind))]
    parts = [
        draw_part(*kinds[at % len(kinds)], FIRST_SEED + at, side=side).pixels for at in range(round(share * SIMULATED))
    ]
    whole = np.concatenate([painted, np.stack(rays), np.stack(parts)])
    return whole[np.random.default_rng(seed).permutation(len(whole))]


def changed(images: Tensor, look: Look, generator: torch.Generator) -> Tensor:
    """Crops (N, 3, C, C) in [0, 1] of pictures (N, 3, S, S) uint8, each zoomed, mixed, toned and grained."""
    images = images.float() / 255

    def draw(low: float, high: float) -> Tensor:
        return torch.rand(len(images), 1, 1, 1, generator=generator) * (high - low) + low

    def some(share: float) -> Tensor:
        return torch.rand(len(images), 1, 1, 1, generator=generator) < share

    other = images[torch.randperm(len(images), generator=generator)]
    mixed = torch.where(some(0.35), images + draw(0.2, 0.6) * (other - images), images)
    grey = mixed.mean(1, keepdim=True).expand(-1, 3, -1, -1)
    mixed = torch.where(some(0.6), grey, mixed)
    scale, angle = draw(*look.zoom).flatten(), draw(-3.1416, 3.1416).flatten()
    room = (1 - scale)[:, None] * (2 * torch.rand(len(images), 2, generator=generator) - 1)
    turned = torch.stack([scale * angle.cos(), -scale * angle.sin(), scale * angle.sin(), scale * angle.cos()], 1)
    matrix = torch.cat([turned.view(-1, 2, 2), room[:, :, None]], 2)
    grid = F.affine_grid(matrix, [len(images), 3, look.crop, look.crop], align_corners=False)
    crops = F.grid_sample(mixed, grid, mode="bilinear", padding_mode="reflection", align_corners=False)
    crops = torch.where(some(0.15), F.avg_pool2d(crops, 5, 1, 2), crops)
    crops = torch.where(some(0.2), 1 - crops, crops).clamp(1e-3, 1) ** draw(0.5, 1.8)
    crops = (crops - 0.5) * draw(0.25, 1.3) + draw(0.2, 0.8)
    noise = torch.randn(crops[:, :1].shape, generator=generator)
    return (crops + torch.where(some(0.5), draw(0, 0.08), draw(0, 0)) * noise).clamp(0, 1)


class Flat(nn.Module):
    """Feature maps in units of the teacher's spread, as one row for each image."""

    def __init__(self, backbone: Backbone, centres: list[Tensor], spreads: list[Tensor]) -> None:
        super().__init__()
        self.backbone, self.centres, self.spreads = backbone, centres, spreads

    def train(self, mode: bool = True) -> Flat:
        """Norms keep the statistics they begin with: so few steps in small batches would only spoil them."""
        super().train(False)
        return self

    def forward(self, images: Tensor) -> Tensor:
        """(N, L); each layer has the same weight in a mean over the row."""
        with torch.autocast("cpu", torch.bfloat16, enabled=torch.is_grad_enabled()):
            maps = [values.float() for values in self.backbone(images)]
        rows = zip(maps, self.centres, self.spreads, strict=True)
        flat = [((values - centre) / spread).flatten(1) for values, centre, spread in rows]
        weight = [(sum(each.shape[1] for each in flat) / (len(flat) * each.shape[1])) ** 0.5 for each in flat]
        return torch.cat([each * share for each, share in zip(flat, weight, strict=True)], 1)


@torch.no_grad()
def solve_heads(student: Backbone, teacher: Backbone, batches: list[Tensor], strength: float = 1e-3) -> None:
    """Set the student's heads to the ridge regression of the teacher's maps on those of its own trunk."""
    student.eval()
    seen: list[list[Tensor]] = [[] for _ in student.heads]
    wanted: list[list[Tensor]] = [[] for _ in student.heads]
    for images in batches:
        normal = (images - 0.5) / student.spec.std[0]
        for layer, (own, told) in enumerate(zip(student.trunk(normal), teacher(images), strict=True)):
            seen[layer].append(own.movedim(1, -1).flatten(0, 2))
            wanted[layer].append(told.movedim(1, -1).flatten(0, 2))
    for head, own, told in zip(student.heads, seen, wanted, strict=True):
        inputs, targets = torch.cat(own), torch.cat(told)
        centre, middle = inputs.mean(0), targets.mean(0)
        spread = (inputs - centre).T @ (inputs - centre) / len(inputs)
        spread += strength * spread.diagonal().mean() * torch.eye(len(spread))
        solved = torch.linalg.solve(spread, (inputs - centre).T @ (targets - middle) / len(inputs))
        solved_head = {"weight": solved.T[:, :, None, None], "bias": middle - centre @ solved}
        head.load_state_dict(solved_head)


def units_of(teacher: Backbone, images: Tensor) -> tuple[list[Tensor], list[Tensor]]:
    """Mean and standard deviation of every channel of the teacher's layers, each (1, C, 1, 1)."""
    maps = teacher(images)
    centres = [values.mean((0, 2, 3), keepdim=True) for values in maps]
    return centres, [values.std((0, 2, 3), keepdim=True).clamp_min(1e-3) for values in maps]


def train(teacher: Backbone, student: Backbone, asked: argparse.Namespace) -> tuple[Backbone, float]:
    """The trained student and its squared error on held-out pictures, as a share of the teacher's variance."""
    generator, look = seed_everything(asked.seed), LOOKS[asked.look]
    data = torch.from_numpy(pictures(look.side, asked.seed, asked.share)).permute(0, 3, 1, 2)
    held = changed(data[:HELD_OUT], look, generator)
    data = data[HELD_OUT:]
    with torch.no_grad():
        centres, spreads = units_of(teacher, held)
    if asked.start is None:
        drawn = [data[rows] for rows in torch.randint(len(data), (SOLVED, look.batch), generator=generator)]
        solve_heads(student, teacher, [changed(images, look, generator) for images in drawn])
    teaching = Flat(teacher, centres, spreads)
    learning = Flat(student, [c.clone() for c in centres], [s.clone() for s in spreads])
    with torch.no_grad():
        wanted = teaching(held)

    def batches() -> Iterator[tuple[Tensor, Tensor]]:
        for rows in torch.randint(len(data), (STEPS, look.batch), generator=generator):
            images = changed(data[rows], look, generator)
            with torch.no_grad():
                targets = teaching(images)
            yield images, targets

    def validate(model: nn.Module) -> dict[str, float]:
        with torch.no_grad():
            found = torch.cat([model(part) for part in torch.split(held, look.batch)])
        return {"validation_loss": float(F.mse_loss(found, wanted))}

    options = LoopOptions(asked.epochs, STEPS, 1e-3, weight_decay=0.02, clip_norm=5.0, ema_decay=0.99)
    run = ListedRun(asked.out, asked.seed, echo=lambda line: print(line, file=sys.stderr, flush=True))
    run.stage("train")
    alone = validate(learning.eval())["validation_loss"]
    print(json.dumps({"before": alone}), flush=True)
    if not asked.epochs:
        return freeze(student), alone
    best, history = fit(learning, batches, validate, F.mse_loss, options, run)
    print(json.dumps({"validation": history.validation, "best": history.best_loss}))
    return freeze(best.backbone), history.best_loss  # type: ignore[arg-type]


def main() -> None:
    """Train and write the weights, in half precision, with what a manifest says of them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--look", choices=LOOKS, default="close")
    parser.add_argument("--start", type=Path, help="folder of an earlier run to go on from")
    parser.add_argument("--epochs", type=int, default=60, help=f"of {STEPS} steps; 0 leaves the trunk as it is")
    parser.add_argument("--share", type=float, default=1.0, help="of the pictures")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    student, loss = train(load_teacher(), start_student(asked.start), asked)
    state = student.state_dict()
    halved = {name: tensor.half() if tensor.ndim > 1 else tensor for name, tensor in state.items()}
    save_file({name: tensor.contiguous() for name, tensor in halved.items()}, asked.out / WEIGHTS)
    said = {
        "spec": STUDENT.as_dict(),
        "look": asked.look,
        "seed": asked.seed,
        "epochs": asked.epochs,
        "share": asked.share,
        "unexplained_variance": loss,
        "start": json.loads((asked.start / STATED).read_text(encoding="utf-8")) if asked.start else None,
    }
    (asked.out / STATED).write_text(json.dumps(said, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
