"""The palette is legible in both modes, and charts use it."""

from __future__ import annotations

import tomllib

import plotly.graph_objects as go
import pytest

from core.settings import ROOT
from core.ui import theme
from core.ui.theme import Mode

CONFIG = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text("utf-8"))


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first: str, second: str) -> float:
    bright, dark = sorted((luminance(first), luminance(second)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_colours_can_be_read(mode: Mode) -> None:
    look = CONFIG["theme"][mode]
    for ground in (look["backgroundColor"], look["secondaryBackgroundColor"], look["sidebar"]["backgroundColor"]):
        assert contrast(look["textColor"], ground) >= 7
        for name in ("linkColor", "grayColor", "greenColor", "orangeColor", "redColor", "blueColor"):
            assert contrast(look[name], ground) >= 4.5, name
    assert contrast("#ffffff", look["primaryColor"]) >= 4, "the label of a primary button is white"
    assert contrast(look["backgroundColor"], look["primaryColor"]) >= 4
    for colour in look["chartCategoricalColors"]:
        assert contrast(colour, look["backgroundColor"]) >= 3, colour


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_the_template_is_the_theme(mode: Mode) -> None:
    look = theme.palette(mode)
    assert look.text == CONFIG["theme"][mode]["textColor"]
    assert list(look.series) == CONFIG["theme"][mode]["chartCategoricalColors"]
    figure = go.Figure(go.Scatter(x=[1], y=[1]), layout={"template": theme.template(mode)})
    assert figure.layout.template.layout.colorway == look.series


def test_must_set_options() -> None:
    assert CONFIG["server"]["address"] == "127.0.0.1"
    assert CONFIG["server"]["maxUploadSize"] == 200
    assert CONFIG["server"]["enableXsrfProtection"]
    assert CONFIG["server"]["enableCORS"]
    assert CONFIG["server"]["disconnectedSessionTTL"] <= 30
    assert CONFIG["runner"]["postScriptGC"] is False
    assert CONFIG["client"]["showErrorDetails"] == "none"
    assert CONFIG["browser"]["gatherUsageStats"] is False
    assert "url" not in str(CONFIG["theme"]).lower(), "no font and no theme from a network"
