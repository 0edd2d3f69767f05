"""Maps point where a known model looks, and the faithfulness figure tells a good map from a bad one."""

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from core.contracts import AnomalyPrediction, Decision, Faithfulness, Heatmap, Region
from core.explain.faithfulness import measure
from core.explain.overlay import blend, outline_regions, write_overlay
from core.explain.saliency import grad_cam, integrated_gradients, last_map_layer


class TopLeft(nn.Module):
    """Says class 1 when the top left quarter is bright; nothing else matters."""

    def __init__(self):
        super().__init__()
        self.map = nn.Conv2d(1, 1, 1, bias=False)
        nn.init.ones_(self.map.weight)

    def forward(self, images):
        found = self.map(images)
        value = found[:, 0, :16, :16].mean((1, 2)) * 8 - 3
        return torch.stack([-value, value], dim=1)


@pytest.fixture
def image():
    generator = torch.Generator().manual_seed(0)
    picture = torch.rand(1, 1, 32, 32, generator=generator) * 0.3
    picture[:, :, :16, :16] += 0.6
    return picture


def corner_share(values):
    return values[:16, :16].sum() / values.sum()


@pytest.mark.parametrize("method", [grad_cam, integrated_gradients])
def test_map_points_at_the_only_place_that_matters(image, method):
    values = method(TopLeft().eval(), image, 1)
    assert values.shape == (32, 32) and values.dtype == np.float32
    assert values.min() >= 0 and values.max() <= 1
    if method is integrated_gradients:
        assert corner_share(values) > 0.9
    else:  # Grad-CAM weighs whole channels: it is as bright as the map itself
        assert values[:16, :16].mean() > 2 * values[16:, 16:].mean()


def score(batch):
    with torch.inference_mode():
        return torch.softmax(TopLeft()(batch), 1)[:, 1].numpy()


def test_faithfulness_tells_a_true_map_from_a_wrong_one(image):
    true = np.zeros((32, 32), np.float32)
    true[:16, :16] = 1
    good, bad = measure(score, image[0], true), measure(score, image[0], 1 - true)
    assert good.gain > 0.1
    assert bad.gain < -0.1
    assert good.deletion < good.random_deletion and good.insertion > good.random_insertion


def test_faithfulness_repeats_itself(image):
    values = np.random.default_rng(0).random((32, 32)).astype(np.float32)
    assert measure(score, image[0], values) == measure(score, image[0], values)


def test_grad_cam_uses_the_last_map_that_is_still_a_map():
    network = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.MaxPool2d(2), nn.Conv2d(4, 4, 3, padding=1),
                            nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2))  # fmt: skip
    assert last_map_layer(network, torch.rand(1, 1, 32, 32)) is network[2]


def test_network_without_maps_is_an_error():
    with pytest.raises(LookupError):
        last_map_layer(nn.Sequential(nn.Flatten(), nn.Linear(64, 2)), torch.rand(1, 1, 8, 8))


def heatmap(values):
    return Heatmap(values.astype(np.float32), "grad_cam", "yes", Faithfulness(0.1, 0.9, 0.5, 0.5, 4))


def test_unimportant_pixels_keep_their_colour():
    pixels = np.full((20, 30, 3), 90, np.uint8)
    assert (blend(pixels, heatmap(np.zeros((8, 8)))) == pixels).all()
    assert (blend(pixels, heatmap(np.ones((8, 8)))) != pixels).any()


def test_written_picture_carries_the_notice(tmp_path):
    write_overlay(tmp_path / "out.png", np.zeros((50, 40, 3), np.uint8), heatmap(np.eye(8)), "Not for diagnosis. " * 9)
    with Image.open(tmp_path / "out.png") as written:
        assert "Not for diagnosis." in written.info["Comment"]
        picture_height = round(50 * written.width / 40)
        footer = np.asarray(written)[picture_height:]
    assert footer.min() < 128 < footer.max(), "the notice is printed below the picture as well"


@pytest.mark.parametrize(("left", "top"), [(0, 0), (30, 100), (160, 150)])
def test_the_number_of_a_region_stands_on_a_dark_disc_at_its_outline_inside_the_picture(left, top):
    values = np.zeros((200, 200), np.float32)
    values[top : top + 40, left : left + 40] = 0.9
    box = (left / 200, top / 200, (left + 40) / 200, (top + 40) / 200)
    found = AnomalyPrediction(
        verdict=Decision(("good", "defect"), 0.9, 0.5, None),
        anomaly_map=values,
        map_threshold=0.5,
        regions=(Region(*box, 0.04, 0.9),),
        unsure=(0.5, 0.5),
        exceeded=0,
        held_out=9,
        domain_score=0.1,
    )
    white = np.full((200, 200, 3), 255, np.uint8)
    drawn = outline_regions(white, found)
    assert (drawn.shape, drawn.dtype) == (white.shape, white.dtype)
    dark = np.argwhere((drawn < 60).all(axis=2))
    disc = dark[np.abs(dark - [max(top - 8, 8), left + 20]).max(axis=1) <= 8]
    assert len(disc) > 60, "a dark disc stands at the upper edge"
    far = np.abs(dark - [top + 20, left + 20]).max(axis=1)
    assert far.max() < 45, "and nothing is drawn far from the region"
