"""Overfitting on a stage: every view of what was measured, and what to do where nothing was."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.store.registry import Registry
from core.training.theatre import FILE, Rows, Theatre, save_theatre, stage
from core.ui.theatre import VIEWS
from tests.ui.test_house import words


@dataclass(frozen=True)
class Version:
    path: Path
    ref: str = "3"


@pytest.fixture(scope="module")
def found() -> Theatre:
    draw = np.random.default_rng(0)

    def rows(n: int) -> Rows:
        values = draw.normal(size=(n, 4))
        truth = draw.random(n) < 1 / (1 + np.exp(3 - 2 * values[:, 0]))
        return Rows(values, truth, draw.integers(0, 60, n))

    return stage(rows(600), rows(600))


def page(folder: Path, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    monkeypatch.setattr(Registry, "resolve", lambda self, slug, ref="champion": Version(folder))

    def script() -> None:
        from types import SimpleNamespace

        from core.ui.theatre import show_theatre

        show_theatre(SimpleNamespace(slug="fraud"))

    return AppTest.from_function(script, default_timeout=60).run()


@pytest.mark.slow
def test_every_view_can_be_drawn_with_the_verdict_above_it(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, found: Theatre
) -> None:
    save_theatre(tmp_path, found)
    drawn = page(tmp_path, monkeypatch)
    for name in VIEWS:
        drawn.session_state["fraud.theatre_view"] = name
        drawn.run()
        assert not drawn.exception and not drawn.error
        assert len(drawn.markdown[0].value.split("\n")) == 4, "four sentences"
        assert "600 training rows" in words(drawn) and "version 3" in words(drawn)
        assert bool(drawn.dataframe) == (name == "control")
        assert "(depth 4, 20 rows or more in a leaf)" in drawn.markdown[0].value.replace("\\", "")
        assert ("also needs 20 rows in each leaf" in words(drawn)) == (name == "depth"), "one depth, two trees"
    control = drawn.dataframe[0].value
    assert list(control["Labels"]) == ["true", "true", "shuffled", "shuffled"]
    assert control["Rows that it learned from"][2].startswith("100.0"), "shuffled labels are learned by heart"


def test_without_a_diagnosis_it_says_what_to_switch_on(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = page(tmp_path, monkeypatch)
    assert "Diagnose overfitting" in drawn.info[0].value and not drawn.exception


def test_a_damaged_file_is_an_error_in_words(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / FILE).write_text("{")
    drawn = page(tmp_path, monkeypatch)
    assert "theatre\\_damaged" in drawn.error[0].value and not drawn.exception
