"""A Transformer that reads a user's items in order and names the next one: SASRec with a softmax over all items.

Sources: W.-C. Kang, J. McAuley, Self-Attentive Sequential Recommendation, ICDM 2018, arXiv:1808.09781; the full
cross-entropy of A. Klenitskiy, A. Vasilev, Turning Dross Into Gold Loss, RecSys 2023, arXiv:2309.07602. With many items
the softmax is over those of the batch and a drawn sample, corrected for how they were drawn.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from core.contracts import N_, Message, RunContext
from core.data.histories import Histories
from core.data.interaction_split import RankingSplit
from core.data.interactions import Interactions
from core.device import pick_device
from core.errors import JobError, RunCancelled
from core.tasks.recommendation.config import RecommendationConfig
from core.tasks.recommendation.scoring import Floats
from core.training.loop import LoopOptions, fit
from core.training.ranking import accuracy_columns, best
from core.training.seeding import seed_everything
from core.training.snapshot import FOLDER, NETWORK, Snapshot

HEADS, BLOCKS = 2, 2
SAMPLED_FROM = 6_000
"""Items from which on the softmax is over a sample."""
SAMPLE = 2_000
VALIDATED = 2_000
"""Users whose validation items stop the training at most."""
_CHUNK = 256
CHANGEABLE = ("epochs", "early_stopping", "learning_rate", "compare", "tune", "columns", "map_items")
"""Options that a run may change when it goes on from a snapshot."""


class NextItem(nn.Module):
    """Vectors of items and of places, causal self-attention, and the same vectors of items to score the next one.

    Place 0 of the embedding is no item: it fills short histories from the left.
    """

    def __init__(self, n_items: int, width: int, length: int, dropout: float) -> None:
        super().__init__()
        self.items = nn.Embedding(n_items + 1, width, padding_idx=0)
        self.places = nn.Embedding(length, width)
        layer = nn.TransformerEncoderLayer(
            width, HEADS, 2 * width, dropout, activation="gelu", batch_first=True, norm_first=True
        )
        self.blocks = nn.TransformerEncoder(layer, BLOCKS, enable_nested_tensor=False)
        self.norm, self.drop = nn.LayerNorm(width), nn.Dropout(dropout)
        self.bias = nn.Parameter(torch.zeros(n_items + 1))
        nn.init.normal_(self.items.weight, std=0.02)
        nn.init.normal_(self.places.weight, std=0.02)

    def forward(self, items: Tensor) -> Tensor:
        """States (B, L, D) behind each of the items (B, L), of which 0 is none."""
        length = items.shape[1]
        places = self.places(torch.arange(length, device=items.device))
        states = self.drop(self.items(items) + places)
        causal = torch.ones(length, length, dtype=torch.bool, device=items.device).triu(1)
        # An item may always look at itself, so that rows that are nothing but filling have something to look at.
        empty = (items == 0)[:, None, :] & ~torch.eye(length, dtype=torch.bool, device=items.device)
        mask = (causal | empty).repeat_interleave(HEADS, dim=0)
        return cast(Tensor, self.norm(self.blocks(states, mask=mask)))

    def logits(self, states: Tensor, candidates: Tensor | None = None) -> Tensor:
        """Scores of all items, or of some places of the embedding, from states (..., D)."""
        if candidates is None:
            return states @ self.items.weight[1:].T + self.bias[1:]
        return states @ self.items.weight[candidates].T + self.bias[candidates]


@dataclass(frozen=True)
class Sequential:
    """A trained network."""

    module: NextItem = field(compare=False)
    device: str = "cpu"
    _turn: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    @property
    def kind(self) -> str:
        """Key of `config.MODELS`."""
        return "sequential"

    @property
    def n_items(self) -> int:
        """Items of the catalogue."""
        return self.module.items.num_embeddings - 1

    @property
    def reach(self) -> int | None:
        """As many as the network reads."""
        return self.module.places.num_embeddings

    @torch.inference_mode()
    def scores(self, histories: Histories) -> Floats:
        """Score of every item for each user, (B, I)."""
        inputs = torch.from_numpy(padded(histories, self.module.places.num_embeddings))
        found = []
        for part in torch.split(inputs, _CHUNK):
            with self._turn:
                states = self.module(part.to(self.device))[:, -1]
                found.append(self.module.logits(states).float().cpu().numpy())
        return np.concatenate(found) if found else np.zeros((0, self.n_items), np.float32)

    def shares(self, history: NDArray[Any], items: NDArray[Any]) -> Floats | None:
        """Nothing: a score of a network is no sum over the user's items."""
        return None

    def tensors(self) -> dict[str, NDArray[Any]]:
        """What a file keeps."""
        return {name: tensor.cpu().numpy() for name, tensor in self.module.state_dict().items()}


def padded(histories: Histories, length: int) -> NDArray[np.int64]:
    """The last `length` items of each user, counted from 1 and filled with 0 from the left, (U, length)."""
    found = np.zeros((len(histories), length), np.int64)
    kept = histories.ages < length
    found[histories.users[kept], length - 1 - histories.ages[kept]] = histories.items[kept] + 1
    return found


def from_tensors(
    tensors: Mapping[str, NDArray[Any]], n_items: int, config: Mapping[str, Any], device: str
) -> Sequential:
    """What `Sequential.tensors` gave; raises `KeyError` or `RuntimeError` when it does not fit."""
    length, width = tensors["places.weight"].shape
    module = NextItem(n_items, width, length, float(config["dropout"]))
    module.load_state_dict({name: torch.from_numpy(array) for name, array in tensors.items()}, strict=True)
    return Sequential(module.to(device).eval(), device)


def fit_sequential(
    data: Interactions, split: RankingSplit, config: RecommendationConfig, run: RunContext
) -> Sequential:
    """Train on the training part; the epoch with the best NDCG@10 on the validation part is kept.

    Raises:
        RunCancelled: Somebody asked for it to stop.
        JobError: Nobody has two items in the training, it diverged, or the snapshot that it should go on from belongs
            to another run.
    """
    generator, device = seed_everything(config.seed), pick_device()
    train, validation = data.histories(split.train), data.histories(split.validation)
    module = NextItem(data.n_items, config.width, config.length, config.dropout).to(device)
    windows = torch.from_numpy(_windows(train, config.length))
    steps = max(1, len(windows) // config.batch_size)

    def batches() -> Iterator[tuple[Tensor, Tensor]]:
        order = torch.randperm(len(windows), generator=generator)
        for rows in torch.tensor_split(order, steps):
            chosen = windows[rows].to(device)
            yield chosen[:, :-1], chosen[:, 1:]

    learned = _Learned(module, torch.bincount(windows.flatten(), minlength=data.n_items + 1).to(device), generator)
    options = LoopOptions(
        config.epochs,
        steps,
        config.learning_rate,
        weight_decay=0.01,
        schedule="constant",
        early_stopping=config.early_stopping,
        ema_decay=0.95,
    )
    identity = {name: value for name, value in vars(config).items() if name not in CHANGEABLE}
    snapshot = Snapshot(run.directory / FOLDER / NETWORK, {"data": data.sha256, **identity}, [generator])
    trained, history = fit(
        learned, batches, _Validation(train, validation), learned.loss, options, run, snapshot=snapshot
    )
    if history.cancelled:
        raise RunCancelled
    return Sequential(cast(_Learned, trained).network.cpu().eval())


def _windows(histories: Histories, length: int) -> NDArray[np.int64]:
    """Pieces of length + 1 of each history, the last one ending with the user's last item; (W, length + 1)."""
    lists = []
    for user in np.flatnonzero(histories.sizes > 1):
        own = histories.of(int(user)).astype(np.int64) + 1
        for end in range(len(own), 1, -length):
            piece = own[max(0, end - length - 1) : end]
            lists.append(np.concatenate([np.zeros(length + 1 - len(piece), np.int64), piece]))
    if not lists:
        template = N_("Nobody has two items in the training, so that there is no order to learn from.")
        raise JobError("train.short_histories", Message(template), Message(N_("Choose EASE.")))
    return np.stack(lists)


class _Learned(nn.Module):
    """The network with its loss: the states are scored against candidates only where a next item is known."""

    def __init__(self, network: NextItem, taken: Tensor, generator: torch.Generator) -> None:
        super().__init__()
        self.network = network
        self.register_buffer("chance", (taken[1:] + 1) / (taken[1:] + 1).sum(), persistent=False)

    def forward(self, items: Tensor) -> Tensor:
        return cast(Tensor, self.network(items))

    def loss(self, states: Tensor, targets: Tensor) -> Tensor:
        known = targets > 0
        states, targets = states[known], targets[known]
        n_items = self.network.items.num_embeddings - 1
        if n_items < SAMPLED_FROM:
            return F.cross_entropy(self.network.logits(states).float(), targets - 1)
        chance = cast(Tensor, self.chance)
        drawn = torch.multinomial(chance, SAMPLE, replacement=False) + 1
        candidates = torch.unique(torch.cat([drawn, targets]))
        # Often taken items are drawn more often; without the correction they would be pushed down for it.
        expected = -torch.expm1(SAMPLE * torch.log1p(-chance[candidates - 1]))
        logits = self.network.logits(states, candidates).float() - torch.log(expected)
        return F.cross_entropy(logits, torch.searchsorted(candidates, targets))


class _Validation:
    """NDCG@10 on the validation items of some users, as a loss to be made smaller."""

    def __init__(self, known: Histories, truth: Histories) -> None:
        users = np.flatnonzero((known.sizes > 0) & (truth.sizes > 0))
        users = users[:: max(1, len(users) // VALIDATED)]
        self.known, self.truth = known.take(users), truth.take(users)

    def __call__(self, module: nn.Module) -> dict[str, float]:
        network = cast(_Learned, module).network
        scorer = Sequential(network, next(network.parameters()).device.type)
        found = []
        for begin in range(0, len(self.known), _CHUNK):
            known, truth = (one.rows(begin, begin + _CHUNK) for one in (self.known, self.truth))
            scores = scorer.scores(known)
            scores[known.users, known.items] = -np.inf
            found.append(accuracy_columns(best(scores, 10), truth, scorer.n_items)["ndcg_at_10"])
        value = float(np.concatenate(found).mean()) if found else 0.0
        return {"validation_loss": 1 - value, "ndcg_at_10": value}
