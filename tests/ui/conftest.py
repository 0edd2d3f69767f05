"""A home of its own for every test that touches the store, and pages run without a browser."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.serving import warmup
from core.settings import ROOT, settings
from tests.ui.shop_page import Open, opened_part

ROUTER = ROOT / "core" / "ui" / "router.py"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh `VITRINE_HOME`."""
    folder = tmp_path / "home"
    monkeypatch.setenv("VITRINE_HOME", str(folder))
    settings.cache_clear()
    return folder


@pytest.fixture
def open_page(home: Path) -> Callable[..., AppTest]:
    """`open_page("models", lang="zh")`: the page as the router runs it."""

    def opened(slug: str = "home", **parameters: str) -> AppTest:
        page = AppTest.from_file(str(ROUTER), default_timeout=60)
        for name, value in parameters.items():
            page.query_params[name] = value
        if slug != "home":
            page.switch_page(str(ROOT / "pages" / f"{slug}.py"))
        return page.run()

    return opened


@pytest.fixture
def opened(home: Path, monkeypatch: pytest.MonkeyPatch) -> Open:
    """`opened("answer")`: a part of the page of recommendations, without the frame."""
    monkeypatch.setattr(warmup, "state", lambda: warmup.WarmUp("ready", 1.0))
    return opened_part
