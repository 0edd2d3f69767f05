"""The cards of every task, with words of others in them that would be pictures, HTML, headings and cells."""

import json
import re
import shutil
from dataclasses import replace

import numpy as np
import pytest

from core.settings import ROOT
from core.tasks.fraud_detection import card as fraud
from core.tasks.image_classification import card as images
from core.tasks.text_classification import card as texts
from core.training.evaluation import SUITE, load_evaluation

MODELS = ROOT / "assets" / "models"
WRITTEN = '![x](http://a.example/b.png) <img src="x"> | y\n\n# Heading `z'
_CODE = re.compile(r"(?<![\\`])(`+)(?!`).*?(?<!`)\1(?!`)")


def rewritten(folder, slug, write):
    """The card of a bundled model, once every name that others choose is `WRITTEN`."""
    evaluation = load_evaluation(folder)
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    manifest["data"] |= {"name": WRITTEN, "warnings": [WRITTEN]}
    manifest |= {"command": WRITTEN, "config": {**manifest["config"], "columns": WRITTEN}}
    (folder / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    table = {**evaluation.table, "slice.category": np.full(evaluation.data.n, WRITTEN)}
    labels = tuple(f"{label} {WRITTEN}" for label in evaluation.labels)
    data = replace(evaluation.data, name=WRITTEN)
    found = replace(evaluation, table=table, labels=labels, data=data, command=WRITTEN)
    write(folder, found, *([load_evaluation(folder / SUITE)] if slug == "sentiment" else []))
    return (folder / "card.md").read_text("utf-8")


@pytest.mark.parametrize(
    ("slug", "write"), [("medical", images.write_card), ("fraud", fraud.write_card), ("sentiment", texts.write_card)]
)
def test_words_of_others_do_nothing_in_a_card(tmp_path, slug, write):
    shipped = shutil.copytree(MODELS / slug / "bundled", tmp_path / slug)
    before = (shipped / "card.md").read_text("utf-8")
    after = _CODE.sub("", rewritten(shipped, slug, write))
    assert after.count("http://a.example") >= 4
    for sign in ("![", "](", "<img", "\n# Heading"):
        assert sign not in after.replace("\\]", "").replace("\\[", "")
    cells = {len(re.findall(r"(?<!\\)\|", line)) for line in after.splitlines() if line.startswith("|")}
    assert cells <= {len(re.findall(r"\|", line)) for line in before.splitlines() if line.startswith("|")}
