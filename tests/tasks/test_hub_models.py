"""Transformers of the hub: fetched from a hub on the loopback, kept in its cache, and refused in words."""

import time
from dataclasses import replace

import pytest

from core import hub
from core.errors import AppError, InputRefused, ModelRefused, NetworkUnavailable, RunCancelled
from core.settings import settings
from core.tasks.text_classification import task
from core.tasks.text_classification.config import TextClassificationConfig
from core.tasks.text_classification.finetune import _watch
from core.tasks.text_classification.pretrained import load_start
from core.tasks.text_classification.sources import find_source
from core.tasks.text_classification.task import TASK
from core.training.run import ListedRun
from tests.hub_server import running_hub
from tests.tasks import tiny_transformers as tiny

pytestmark = pytest.mark.slow  # torch and transformers take seconds to import

SST2 = "distilbert/distilbert-base-uncased-finetuned-sst-2-english"
SST2_REVISION = "714eb0fa89d2f80546fda750413ed43d93601a13"


@pytest.fixture
def online(tmp_path, monkeypatch):
    """A running hub with one model, and an empty cache."""
    with running_hub() as server:
        server.models["owner/tiny"] = tiny.write_model(tmp_path / "remote")
        (tmp_path / "remote" / "pytorch_model.bin").write_bytes(b"\x80\x04K\x01.")
        (tmp_path / "remote" / "modeling_own.py").write_text("raise SystemExit")
        monkeypatch.setenv("VITRINE_HUB_CACHE", str(tmp_path / "cache"))
        monkeypatch.setenv("VITRINE_HUB_ENDPOINT", server.endpoint)
        settings.cache_clear()
        hub.forget()
        yield server
    hub.forget()


def go_offline(monkeypatch):
    monkeypatch.setenv("VITRINE_OFFLINE", "1")
    settings.cache_clear()


def test_a_model_is_fetched_once_and_read_from_the_cache_from_then_on(online, monkeypatch):
    told = []
    source = find_source("owner/tiny", watch=lambda done, total: told.append((done, total)))
    assert (source.name, source.revision) == ("owner/tiny", online.revision)
    assert set(online.files()) == {"config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"}
    size = sum(path.stat().st_size for path in source.folder.iterdir())
    assert told[-1][0] == told[-1][1] == size
    assert load_start(source, 64, tuned=False).sha256
    online.asked.clear()
    go_offline(monkeypatch)
    assert find_source("owner/tiny").folder == source.folder
    assert online.asked == []


def test_neither_pickles_nor_code_are_fetched(online):
    folder = find_source("owner/tiny").folder
    assert not list(folder.glob("*.bin")) and not list(folder.glob("*.py"))


def test_a_preset_asks_for_its_commit_and_no_other(online, monkeypatch):
    online.models[SST2] = online.models["owner/tiny"]
    online.revision = SST2_REVISION
    source = find_source("distilbert-english")
    assert (source.revision, source.folder.name, source.licence) == (SST2_REVISION, SST2_REVISION, "Apache-2.0")
    assert all(f"/{SST2_REVISION}" in path for path in online.asked)
    go_offline(monkeypatch)
    assert find_source("distilbert-english").folder == source.folder


def test_a_revision_can_be_named(online):
    assert find_source(f"owner/tiny@{online.revision}").revision == online.revision
    online.revision = "f" * 40
    assert find_source("owner/tiny").revision == "f" * 40


def test_training_from_the_hub_and_answering_without_it(online, tmp_path, monkeypatch):
    tiny.texts(120).to_csv(tmp_path / "texts.csv", index=False)
    run = ListedRun(tmp_path / "run")
    config = TextClassificationConfig(model="transformer", transformer="owner/tiny", epochs=1, tuning="head")
    folder = TASK.train(config, tmp_path / "texts.csv", run)
    downloaded = [report for report in run.reports if report[0] == "read" and report[2]]
    assert downloaded and downloaded[-1][1] == downloaded[-1][2]
    go_offline(monkeypatch)
    monkeypatch.setenv("VITRINE_HUB_CACHE", str(tmp_path / "empty"))
    settings.cache_clear()
    assert TASK.load(folder, "cpu").answers(["what a day"]).scores.shape == (1,)


@pytest.mark.parametrize("name", ["owner/none", "nobody/tiny"])
def test_a_model_that_the_hub_does_not_know_is_said(online, name):
    with pytest.raises(NetworkUnavailable) as refused:
        find_source(name)
    assert refused.value.code == "hub.refused" and name in str(refused.value.message)


@pytest.mark.parametrize("status", [401, 403, 500, 503])
def test_a_hub_that_refuses_or_fails_is_said_within_seconds(online, status):
    online.status = status
    began = time.monotonic()
    with pytest.raises(NetworkUnavailable) as refused:
        find_source("owner/tiny")
    assert refused.value.code in ("hub.refused", "hub.unreachable")
    assert time.monotonic() - began < 15


def test_a_page_in_place_of_a_model_is_refused(online, tmp_path):
    for file in ("config.json", "model.safetensors"):
        (tmp_path / "remote" / file).write_text("<html>Please sign in</html>")
    with pytest.raises(ModelRefused) as refused:
        find_source("owner/tiny")
    assert refused.value.code == "model.hub_config"


@pytest.mark.parametrize(
    "page", [b"<html>Please sign in</html>", b"", b"[]", b"null", b"{}", b"\xff\xfe", b"[" * 100_000]
)
def test_what_answers_in_place_of_the_hub_is_said_and_the_cache_is_still_read(online, page):
    online.page = page
    with pytest.raises(NetworkUnavailable) as refused:
        find_source("owner/tiny")
    assert refused.value.code == "hub.unreachable"
    online.page = None
    folder = find_source("owner/tiny").folder
    online.page = page
    assert find_source("owner/tiny").folder == folder


def test_an_adapter_is_asked_for_and_refused(online, tmp_path):
    (tmp_path / "remote" / "adapter_config.json").write_text("{}")
    with pytest.raises(ModelRefused) as refused:
        find_source("owner/tiny")
    assert refused.value.code == "model.adapter"


def test_a_model_with_pickles_alone_is_refused(online, tmp_path):
    (tmp_path / "remote" / "model.safetensors").unlink()
    with pytest.raises(ModelRefused) as refused:
        find_source("owner/tiny")
    assert refused.value.code == "model.no_safetensors" and "pytorch_model.bin" not in online.files()


def test_a_download_that_breaks_off_leaves_no_half_model(online, monkeypatch):
    online.cut = 0.5
    with pytest.raises(AppError):
        find_source("owner/tiny")
    go_offline(monkeypatch)
    with pytest.raises(NetworkUnavailable):
        find_source("owner/tiny")
    monkeypatch.delenv("VITRINE_OFFLINE")
    settings.cache_clear()
    online.cut = 1.0
    assert load_start(find_source("owner/tiny"), 64, tuned=False)


def test_a_download_can_be_cancelled(online):
    run = ListedRun(settings().home)
    run.stop.set()
    with pytest.raises(RunCancelled):
        find_source("owner/tiny", watch=_watch(run))


def test_without_a_network_a_model_that_is_not_here_is_refused(online, monkeypatch):
    go_offline(monkeypatch)
    with pytest.raises(NetworkUnavailable) as refused:
        find_source("distilbert-multilingual")
    assert "VITRINE_HUB_CACHE" in str(refused.value.hint)
    assert online.asked == []


def test_weights_that_cannot_be_had_are_refused_before_the_texts_are_read(online, monkeypatch, tmp_path):
    def read(*asked):
        raise AssertionError("the texts were read")

    monkeypatch.setattr(task, "read_splits", read)
    go_offline(monkeypatch)
    config = TextClassificationConfig(model="transformer")
    with pytest.raises(NetworkUnavailable, match=r"hub\.unreachable"):
        TASK.train(config, tmp_path / "texts.csv", ListedRun(tmp_path / "run"))


def test_options_name_a_transformer(online, tmp_path):
    tiny.texts(60).to_csv(tmp_path / "texts.csv", index=False)
    config = replace(TextClassificationConfig(model="transformer"), transformer="../remote")
    with pytest.raises(InputRefused):
        TASK.train(config, tmp_path / "texts.csv", ListedRun(tmp_path / "run"))
