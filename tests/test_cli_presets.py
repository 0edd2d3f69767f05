"""`train --preset`: what a run starts from, by the name of a preset of its sector."""

import pytest

from core.catalog import SECTORS, presets_of_task, sector
from core.cli.learning import _config, _preset_options
from core.tasks import load_config_type

HUB = [(entry, preset) for entry in SECTORS for preset in entry.presets if preset.kind == "hub"]


def test_other_words_are_what_the_option_of_the_task_takes():
    assert _preset_options(sector("medical"), "hub") == ["pretrained=hub"]
    assert _preset_options(sector("sentiment"), "bundled") == ["pretrained=bundled"]
    assert _preset_options(sector("sentiment"), "") == []


@pytest.mark.parametrize(("entry", "preset"), HUB, ids=lambda value: getattr(value, "name", ""))
def test_a_preset_of_the_hub_names_its_options_and_pins_its_commit(entry, preset):
    config = _config(entry, _preset_options(entry, preset.name))
    assert isinstance(config, load_config_type(entry.task))
    assert all(getattr(config, name) == value for name, value in preset.options)
    assert preset.options and preset.licence and preset.source.count("/") == 1
    assert len(preset.revision) == 40 and set(preset.revision) <= set("0123456789abcdef")


def test_a_task_without_a_sector_has_no_presets():
    assert presets_of_task("no_such_task") == ()
