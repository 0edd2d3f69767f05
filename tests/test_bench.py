"""Every measurement can be named, listed and found."""

from __future__ import annotations

from importlib import import_module

import pytest

import bench


@pytest.mark.parametrize("name", bench.NAMES)
def test_each_name_is_a_module_with_a_main(name: str) -> None:
    assert callable(import_module(f"bench.{name}").main)


def test_without_a_name_all_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert bench.run() == 0
    shown = capsys.readouterr().out
    assert all(name in shown for name in bench.NAMES)


def test_unknown_name_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert bench.run("speed") == 2
    assert "start" in capsys.readouterr().out
