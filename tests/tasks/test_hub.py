"""Weights of the model hub: real loading code against a folder in the hub's own cache layout and a closed port."""

import json
import socket
import time
from dataclasses import replace

import pytest
import timm
import torch
from safetensors.torch import save_file

from core import hub
from core.errors import InputRefused, ModelRefused, NetworkUnavailable
from core.tasks.image_classification.task import TASK
from core.tasks.image_classification.train import build_start
from core.training.run import ListedRun
from tests.tasks.conftest import TINY

REVISION = "0123456789abcdef0123456789abcdef01234567"


def put_repository(cache, repository, config, tensors):
    """A repository as `huggingface_hub` keeps it: refs/main names a snapshot folder."""
    root = cache / f"models--{repository.replace('/', '--')}"
    snapshot = root / "snapshots" / REVISION
    snapshot.mkdir(parents=True)
    (root / "refs").mkdir()
    (root / "refs" / "main").write_text(REVISION)
    if config is not None:
        (snapshot / "config.json").write_text(json.dumps(config))
    if tensors is not None:
        save_file(tensors, snapshot / "model.safetensors")


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """A hub cache folder, and a hub address where nobody listens."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    monkeypatch.setenv("VITRINE_HUB_CACHE", str(tmp_path))
    monkeypatch.setenv("VITRINE_HUB_ENDPOINT", f"http://127.0.0.1:{port}")
    hub.forget()
    yield tmp_path
    hub.forget()


def tiny_repository():
    torch.manual_seed(5)
    network = timm.create_model("test_resnet", num_classes=7)
    pretrained = {"input_size": [3, 64, 64], "mean": [0.5] * 3, "std": [0.5] * 3, "num_classes": 7,
                  "classifier": "fc", "first_conv": "conv1"}  # fmt: skip
    config = {"architecture": "test_resnet", "num_classes": 7, "pretrained_cfg": pretrained}
    return network, config


def test_backbone_comes_from_the_cache_folder(cache):
    network, config = tiny_repository()
    put_repository(cache, "owner/net", config, network.state_dict())
    start = build_start(replace(TINY, pretrained="hub", architecture="hf-hub:owner/net", image_size=0), 2)
    assert start.architecture == "test_resnet"
    assert (start.preprocessing.size, start.preprocessing.mean) == (64, (0.5, 0.5, 0.5))
    assert start.network.get_classifier().out_features == 2
    torch.testing.assert_close(start.network.state_dict()["conv1.0.weight"], network.state_dict()["conv1.0.weight"])


@pytest.mark.slow
def test_training_from_hub_weights_gives_a_checkpoint_that_needs_no_hub(cache, shapes_zip, tmp_path):
    network, config = tiny_repository()
    put_repository(cache, "owner/net", config, network.state_dict())
    options = replace(TINY, pretrained="hub", architecture="hf-hub:owner/net", mode="quick", image_size=48)
    folder = TASK.train(options, shapes_zip, ListedRun(tmp_path / "run"))
    for path in cache.glob("models--*/snapshots/*/*"):
        path.unlink()
    assert TASK.load(folder, "cpu").architecture == "test_resnet"


def test_unreachable_hub_is_told_within_seconds(cache):
    began = time.monotonic()
    with pytest.raises(NetworkUnavailable) as refused:
        build_start(replace(TINY, pretrained="hub", architecture="resnet18"), 2)
    assert time.monotonic() - began < 5, "the library's retries of half a minute were met"
    assert "VITRINE_HUB_CACHE" in str(refused.value.hint)


def test_probe_of_a_silent_address_gives_up_and_is_remembered(monkeypatch):
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(0)
        # The queue of a listener that never accepts: fill it, so that the next connection waits.
        fillers = [socket.socket() for _ in range(3)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(silent.getsockname())
        monkeypatch.setenv("VITRINE_HUB_ENDPOINT", f"http://127.0.0.1:{silent.getsockname()[1]}")
        hub.forget()
        first = hub.reachable(0.2)
        began = time.monotonic()
        assert hub.reachable(0.2) is first
        assert time.monotonic() - began < 0.1
        for filler in fillers:
            filler.close()
    hub.forget()


def test_a_name_that_is_looked_up_for_long_costs_no_more_than_the_limit(monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: time.sleep(3) or [])
    monkeypatch.setenv("VITRINE_HUB_ENDPOINT", "http://hub.example")
    hub.forget()
    assert hub.known() is None
    began = time.monotonic()
    assert hub.reachable(0.2) is False
    assert time.monotonic() - began < 1
    assert hub.known() is False
    hub.forget()


def test_offline_setting_probes_nothing(monkeypatch):
    monkeypatch.setenv("VITRINE_OFFLINE", "1")
    monkeypatch.setattr(socket, "create_connection", lambda *a, **k: pytest.fail("the network was asked"))
    hub.forget()
    assert hub.reachable() is False
    hub.forget()


def test_hub_needs_a_name():
    with pytest.raises(InputRefused):
        build_start(replace(TINY, pretrained="hub", architecture=""), 2)


@pytest.mark.parametrize("config", [{"architecture": "no_such"}, {}, None])
def test_repository_that_is_no_timm_model_is_refused(cache, config):
    network, _ = tiny_repository()
    put_repository(cache, "owner/odd", config, network.state_dict())
    with pytest.raises((ModelRefused, NetworkUnavailable)):
        build_start(replace(TINY, pretrained="hub", architecture="hf-hub:owner/odd"), 2)


@pytest.mark.data
def test_imagenet_backbone_recognises_what_it_was_trained_on(cache, data_folder):
    """The public MobileNetV2 loads through the hub's layout with its own padding, and sees a palace in a palace."""
    from sklearn.datasets import load_sample_image

    weights = data_folder / "weights" / "mobilenetv2_100_tf"
    state = torch.load(weights / "mobilenetv2_100_tf_in1k.pth", map_location="cpu", weights_only=True)
    pretrained = {"input_size": [3, 224, 224], "mean": [0.5] * 3, "std": [0.5] * 3, "num_classes": 1000,
                  "classifier": "classifier", "first_conv": "conv_stem"}  # fmt: skip
    config = {"architecture": "mobilenetv2_100", "model_args": {"pad_type": "same"}, "pretrained_cfg": pretrained}
    put_repository(cache, "owner/mobilenet", config, {k: v.float().contiguous() for k, v in state.items()})
    start = build_start(replace(TINY, pretrained="hub", architecture="hf-hub:owner/mobilenet", image_size=0), 2)
    assert start.model_args == {"pad_type": "same"}
    full = timm.create_model("mobilenetv2_100", pad_type="same").eval()
    full.load_state_dict({**{k: v.float() for k, v in state.items()}})
    start.network.eval()
    image = torch.from_numpy(load_sample_image("china.jpg")[:, 106:533].copy()).permute(2, 0, 1)[None].float() / 255
    inputs = start.preprocessing.normalise(
        torch.nn.functional.interpolate(image, (224, 224), antialias=True, mode="bilinear")
    )
    with torch.inference_mode():
        torch.testing.assert_close(
            start.network.forward_features(inputs), full.forward_features(inputs), atol=1e-3, rtol=1e-3
        )
        names = (weights / "imagenet_labels.txt").read_text().splitlines()
        assert names[int(full(inputs).argmax())] in ("palace", "monastery")
