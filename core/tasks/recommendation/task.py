"""The task object: load, train, evaluate, explain. Everything else in this folder serves one of the four."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import numpy as np

from core.contracts import N_, Evaluation, ItemReasons, Message, Metric, RunContext, UserProfile
from core.data.catalog import DATA_SETS, name_of
from core.data.interaction_check import prepared
from core.data.interaction_split import RankingSplit, least_rating_of, split_interactions, split_named
from core.data.interactions import Interactions
from core.data.mapping import parse_mapping
from core.data.read_interactions import read_interactions
from core.errors import InputRefused
from core.store.sealed import name_file
from core.tasks.recommendation import explain, measure
from core.tasks.recommendation.card import write_card
from core.tasks.recommendation.checkpoint import Trained, write_checkpoint
from core.tasks.recommendation.config import SECTOR, RecommendationConfig
from core.tasks.recommendation.predictor import RecommenderPredictor
from core.tasks.recommendation.replay import replay, replay_rivals
from core.tasks.recommendation.same_items import check_same_items
from core.tasks.recommendation.seen import seen_users
from core.tasks.recommendation.statement import write_statement
from core.tasks.recommendation.tradeoff import trade_offs, write_trade_offs
from core.tasks.recommendation.train import divided, fit_model, read_data
from core.training.commands import evaluate_command, train_command
from core.training.list_replay import FILE as REPLAYS
from core.training.list_replay import Replay, write_replays
from core.training.seeding import seed_everything
from core.training.seen import with_seen

PROBE_ITEMS = 5


class Recommendation:
    """What may a user want next?"""

    name: ClassVar[str] = "recommendation"
    config_type: ClassVar[type] = RecommendationConfig
    headline_metric: ClassVar[str] = measure.HEADLINE
    methods: ClassVar[tuple[str, ...]] = explain.METHODS

    def load(self, checkpoint: Path, device: str) -> RecommenderPredictor:
        """Load a verified checkpoint folder; raises `ModelRefused`."""
        return RecommenderPredictor(checkpoint, device)

    def probe(self) -> UserProfile:
        """A made-up profile, to time a predictor with; its ids are known to nobody."""
        return UserProfile("probe", tuple(str(number) for number in range(PROBE_ITEMS)))

    def explain(self, predictor: RecommenderPredictor, sample: UserProfile, target: str, method: str) -> ItemReasons:
        """What each item of a user's adds to the score of the item `target`; `method` is one of `methods`.

        Raises:
            InputRefused: The model does not know the item, or nothing of the user.
        """
        history = predictor.known(sample).history
        if target not in predictor.model.item_places or not len(history):
            raise InputRefused(
                "recommend.nothing_to_explain",
                Message(
                    N_("There is nothing to explain: the model knows no item {item} or no item of this user."),
                    {"item": target[:60]},
                ),
                Message(N_("Choose an item of the list.")),
            )
        place = np.array([predictor.model.item_places[target]], np.int64)
        return explain.reasons(predictor.model, history, place)[0]

    def train(self, config: RecommendationConfig, data: Path, run: RunContext) -> Path:
        """Train on interactions and return the checkpoint folder with its evaluation and card."""
        run.stage("read")
        interactions = read_data(data, config)
        interactions = replace(interactions, name=own_name(run.data_name or interactions.name, data))
        commands = train_command(SECTOR, config, data), evaluate_command(SECTOR, data, parse_mapping(config.columns))
        return self.train_on(config, interactions, run, commands)

    def train_on(
        self, config: RecommendationConfig, data: Interactions, run: RunContext, commands: tuple[str, str]
    ) -> Path:
        """Train on interactions in memory; `commands` are the lines that repeat the run and its evaluation."""
        data, split = divided(prepared(data, config.least_rating), config)
        run.stage("train")
        seed_everything(config.seed)
        fitted = fit_model(data, split, config, run)
        folder = run.directory / "checkpoint"
        made = Trained(fitted.model, data, split, config, commands[0], fitted.chosen, fitted.tried, fitted.rivals)
        write_checkpoint(folder, made)
        run.stage("evaluate")
        predictor = self.load(folder, "cpu")
        evaluation = measure.evaluate_part(predictor, data, split, commands[1], fitted.others)
        measure.save_splits(folder, evaluation, None)
        write_statement(folder, evaluation)
        write_card(folder, evaluation)
        run.stage("variety")
        write_trade_offs(folder, trade_offs(predictor.model, measure.held_of(predictor.model, data, split, "test")))
        write_replays(folder, replay_rivals(predictor.model, fitted.others, data, split))
        name_file(folder, REPLAYS)
        return folder

    def evaluate(
        self,
        predictor: RecommenderPredictor,
        data: Path,
        columns: Mapping[str, str] | None = None,
        like: Evaluation | None = None,
    ) -> Evaluation:
        """Measure on the test part of interactions by the model's own split, or as near to it as they allow.

        With `like`, on the very users and items of that evaluation.

        Raises:
            InputRefused: The data cannot be read or divided, or are of another catalogue.
        """
        least = predictor.least_rating if like is None else least_rating_of(like.data.split)
        interactions = prepared(read_interactions(data, columns), least)
        check_same_items(predictor.model, interactions)
        if like is not None:  # a file that was sent lies here under a name of our own
            interactions = replace(interactions, name=like.data.name)
        split = own_split(predictor, interactions) if like is None else split_like(interactions, like)
        command = evaluate_command(SECTOR, data, columns or {})
        found = measure.evaluate_part(predictor, interactions, split, command)
        return with_seen(found, seen_users(predictor, interactions, split, found))

    def replay(
        self,
        first: RecommenderPredictor,
        second: RecommenderPredictor,
        data: Path,
        columns: Mapping[str, str] | None = None,
        *,
        like: Evaluation,
    ) -> Replay:
        """Both versions over the events of the test part of `like`, which was measured on `data`.

        Raises:
            InputRefused: No user is known to both, or one of them is of another catalogue.
        """
        interactions = prepared(read_interactions(data, columns), least_rating_of(like.data.split))
        interactions = replace(interactions, name=like.data.name)
        for predictor in (first, second):
            check_same_items(predictor.model, interactions)
        return replay(first.model, second.model, interactions, split_like(interactions, like))

    def summarise(self, evaluation: Evaluation) -> dict[str, Metric]:
        """The metrics of a table that came of `evaluate`, or of some of its rows."""
        return measure.summarise(evaluation)


def own_name(name: str, data: Path) -> str:
    """The name of what lies at a path; never that of a data set of the catalogue unless it is that set.

    Users of a published set are shown to everybody, and a file of one's own can be called anything.
    """
    return f"own {name}" if name in {entry.name for entry in DATA_SETS} and name_of(data) != name else name


def own_split(predictor: RecommenderPredictor, data: Interactions) -> RankingSplit:
    """The data divided as those of the model were, or in the first way that they allow."""
    kinds = ("given", predictor.split, "auto") if data.part is not None else (predictor.split, "auto")
    for kind in kinds[:-1]:
        try:
            return _divided(predictor, data, kind)
        except InputRefused as error:
            if error.code != "interactions.split":
                raise
    return _divided(predictor, data, kinds[-1])


def _divided(predictor: RecommenderPredictor, data: Interactions, kind: str) -> RankingSplit:
    shares = predictor.shares
    return split_interactions(
        data, kind, test_share=shares["test"], validation_share=shares["validation"], seed=predictor.seed
    )


def split_like(data: Interactions, like: Evaluation) -> RankingSplit:
    """The split that an evaluation was measured on, with its users alone in the test part.

    Raises:
        InputRefused: None of them is in the data.
    """
    split = split_named(data, like.data.split)
    ids = data.users[data.user[split.test]]
    test = split.test[np.isin(ids, like.table["id"])]
    if not len(test):
        template = N_("None of the users that were measured before is in {name}.")
        raise InputRefused("data.other_examples", Message(template, {"name": like.data.name}))
    return replace(split, test=test)


TASK = Recommendation()
