"""Corrections on their way into a run: laid out when it asks for them, and told of afterwards."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.catalog import sector
from core.contracts import Classification, ImageSample, ModelRef
from core.jobs.corrections import joined
from core.jobs.here import train_here
from core.store import feedback
from core.training.run import CORRECTIONS
from tests.house import House
from tests.jobs import fake_sector


def keep_one(number: int) -> feedback.Correction:
    pixels = np.full((20, 20, 3), number, np.uint8)
    said = Classification(("a", "b"), np.array([0.6, 0.4], np.float32), "a", ("a",))
    sent = ImageSample("sent.png", pixels, f"{number:064x}")
    return feedback.add(sent, said, ModelRef("fake", "1", "tiny", "a" * 64), answer="b", keep=True)


@pytest.mark.parametrize("asked", [True, False])
def test_run_gets_the_kept_corrections_only_when_it_asks(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: bool
) -> None:
    kept = keep_one(1)
    feedback.undo(keep_one(2).id)
    seen: list[str] = []
    train = fake_sector.Task.train

    def looks(self: fake_sector.Task, config: object, data: Path, run: object) -> Path:
        folder = run.directory / CORRECTIONS
        seen.extend(path.relative_to(folder).as_posix() for path in folder.rglob("*.png"))
        return train(self, config, data, run)

    monkeypatch.setattr(fake_sector.Task, "train", looks)
    train_here(sector("fake"), fake_sector.Config(), tmp_path, corrections=asked)
    assert seen == ([f"b/{kept.id}.png"] if asked else [])


def test_what_joined_and_what_did_not_is_told(tmp_path: Path) -> None:
    told = {"corrections": 4, "corrections_left_out": {"measured": 1, "label": 2, "colour": 3}}
    lines = [str(line) for line in joined(fake_sector.write_checkpoint(tmp_path / "made", data=told))]
    assert lines[0].startswith("4 corrections joined")
    assert [line.split()[0] for line in lines[1:]] == ["1", "2", "3"]
    assert joined(fake_sector.write_checkpoint(tmp_path / "other", data={"name": "x"})) == []
