"""The samples of the defect page: drawn by the simulator, listed as they are."""

import hashlib
import json

import numpy as np
import pytest
from PIL import Image

from core.data.surfaces_simulator import KINDS, defects_of, draw_part
from core.settings import ROOT

SAMPLES = ROOT / "assets" / "samples" / "defects"
ENTRIES = json.loads((SAMPLES / "manifest.json").read_text(encoding="utf-8"))


def test_the_list_of_samples_and_the_files_agree():
    assert {entry["file"] for entry in ENTRIES} == {path.name for path in SAMPLES.glob("*.jpg")}
    assert len({entry["caption"] for entry in ENTRIES}) == len(ENTRIES)
    wanted = {(kind, defect) for kind in KINDS for defect in ("good", *defects_of(kind))}
    assert {(entry["kind"], entry["defect"]) for entry in ENTRIES} == wanted
    for entry in ENTRIES:
        content = (SAMPLES / entry["file"]).read_bytes()
        assert entry["synthetic"] is True and entry["command"] == "python -m bench.part_samples"
        assert entry["label"] == ("good" if entry["defect"] == "good" else "defect")
        assert hashlib.sha256(content).hexdigest() == entry["sha256"] and len(content) < 2**17


def test_the_first_four_show_good_and_bad_in_turn_and_every_kind():
    assert [entry["label"] for entry in ENTRIES[:6]] == ["good", "defect"] * 3
    assert {entry["kind"] for entry in ENTRIES[:4]} == set(KINDS)


@pytest.mark.slow
@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["file"])
def test_a_sample_is_what_its_seed_draws(entry):
    part = draw_part(entry["kind"], entry["defect"], entry["seed"])
    with Image.open(SAMPLES / entry["file"]) as image:
        shown = np.asarray(image, int)
    assert shown.shape == part.pixels.shape
    assert np.abs(shown - part.pixels).mean() < 4
