"""Train the bundled recommender on the simulated shop: `python -m bench.shop_recipe --out FOLDER`.

The world has the seed of the data set `simulated_shop`; nothing is downloaded. The same line gives the same weights on
the same machine.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from core.data.simulated_shop import simulated_shop
from core.tasks.recommendation.config import RecommendationConfig
from core.tasks.recommendation.task import TASK
from core.training.evaluation import load_evaluation
from core.training.run import ListedRun

CONFIG = RecommendationConfig(model="ease", split="time", test_share=0.15, map_items=400)
LICENCE = "CC0-1.0"
COMMANDS = (
    "python -m bench.shop_recipe --out FOLDER",
    "python -m core evaluate recommendations --data simulated_shop --model VERSION --json",
)


def main() -> None:
    """Train, evaluate, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="where the checkpoint shall be")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    run = ListedRun(options.out, CONFIG.seed, echo=lambda line: print(line, file=sys.stderr, flush=True))
    folder = TASK.train_on(CONFIG, simulated_shop(), run, COMMANDS)
    evaluation = load_evaluation(folder)
    assert evaluation is not None
    print(json.dumps({name: metric.as_dict() for name, metric in evaluation.summary.items()}, indent=1))


if __name__ == "__main__":
    main()
