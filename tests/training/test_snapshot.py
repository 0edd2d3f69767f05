"""A run that is interrupted and goes on ends with the very weights that it would have ended with."""

from __future__ import annotations

import json
import os
import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from core.errors import JobError
from core.training import loop
from core.training import snapshot as module
from core.training.loop import LoopOptions, fit, learning_rate_at
from core.training.run import ListedRun
from core.training.seeding import seed_everything
from core.training.snapshot import STATE, Snapshot, read_state, tidy

OPTIONS = LoopOptions(epochs=5, steps_per_epoch=3, learning_rate=0.05, early_stopping=0)
IDENTITY = {"data": "abc", "batch_size": 8, "augmentation": "light"}


class StopAt(ListedRun):
    """Asks to stop at this step."""

    at = 0

    def should_stop(self) -> bool:
        self.asked = getattr(self, "asked", 0) + 1
        return self.asked == self.at


def network() -> nn.Module:
    return nn.Sequential(nn.Linear(6, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.3), nn.Linear(16, 2))


def learn(folder: Path, options: LoopOptions = OPTIONS, stop_at: int = 0, **changes):
    """One process's share of a run: everything is built from the seed, as a new process would."""
    generator = seed_everything(7)
    model = network()
    data = torch.randn(64, 6, generator=torch.Generator().manual_seed(0))
    targets = (data[:, 0] > 0).long()

    def batches():
        order = torch.randperm(64, generator=generator)
        for rows in order.split(8)[:3]:
            # Every source of chance takes part: the run's own, torch's, numpy's and Python's.
            shift = float(np.random.normal()) * 0.01 + random.random() * 0.01
            yield data[rows] + torch.randn(8, 6, generator=generator) * 0.1 + shift, targets[rows]

    def validate(net):
        with torch.no_grad():
            return {"validation_loss": float(nn.functional.cross_entropy(net(data), targets)) + random.random() * 0.01}

    run = StopAt(folder)
    run.at = stop_at
    kept = Snapshot(folder / "kept", {**IDENTITY, **changes}, [generator], cost=1e9)
    best, history = fit(model, batches, validate, nn.CrossEntropyLoss(), options, run, snapshot=kept)
    return {name: tensor.clone() for name, tensor in best.state_dict().items()}, history, run


def same(one, other) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return learn(tmp_path_factory.mktemp("whole"))


@pytest.mark.parametrize("stop_at", range(1, 15))
def test_a_run_interrupted_at_any_step_ends_with_the_same_weights(tmp_path, whole, stop_at):
    _, stopped, _ = learn(tmp_path, stop_at=stop_at)
    assert stopped.cancelled
    assert stopped.epochs == (stop_at - 1) // 3
    weights, history, _ = learn(tmp_path)
    assert same(weights, whole[0])
    assert history.validation == whole[1].validation
    assert history.train_loss == whole[1].train_loss


def test_a_run_interrupted_after_every_epoch_ends_with_the_same_weights(tmp_path, whole):
    for _ in range(4):
        learn(tmp_path, stop_at=4)
    weights, history, run = learn(tmp_path)
    assert same(weights, whole[0])
    assert (history.epochs, history.step) == (5, 15)
    assert [report[1] for report in run.reports if "epoch" in report[3]] == [15]


def test_the_test_can_fail(tmp_path, whole):
    """Without the generator's state the order of the data differs, and so do the weights."""
    learn(tmp_path, stop_at=7)
    state = read_state(tmp_path / "kept")
    path = tmp_path / "kept" / state["files"]["state"]["file"]
    tensors = load_file(path)
    tensors["generator.0"] = torch.Generator().manual_seed(99).get_state()
    save_file(tensors, path)
    state["files"]["state"]["sha256"] = module.sha256_of(path)
    (tmp_path / "kept" / STATE).write_text(json.dumps(state))
    weights, _, _ = learn(tmp_path)
    assert not same(weights, whole[0])


def test_early_stopping_counts_on(tmp_path):
    impatient = replace(OPTIONS, epochs=40, early_stopping=2, learning_rate=0.5)
    weights, history, _ = learn(tmp_path / "whole", impatient)
    assert history.epochs < 40
    for stop_at in range(2, history.step, 4):
        folder = tmp_path / str(stop_at)
        learn(folder, impatient, stop_at=stop_at)
        again, resumed, _ = learn(folder, impatient)
        assert same(again, weights)
        assert resumed.epochs == history.epochs


def test_a_finished_run_ends_at_once(tmp_path, whole):
    learn(tmp_path)
    weights, _, run = learn(tmp_path)
    assert same(weights, whole[0])
    assert run.reports == []


def test_more_epochs_under_a_constant_rate_are_a_longer_run(tmp_path):
    constant = replace(OPTIONS, schedule="constant")
    longer, _, _ = learn(tmp_path / "longer", replace(constant, epochs=8))
    learn(tmp_path / "short", constant)
    weights, history, _ = learn(tmp_path / "short", replace(constant, epochs=8))
    assert same(weights, longer)
    assert history.planned == 8


def test_more_epochs_under_a_cosine_raise_the_rate_once(tmp_path, monkeypatch):
    rates = []

    def noted(step, options):
        rates.append(learning_rate_at(step, options))
        return rates[-1]

    monkeypatch.setattr(loop, "learning_rate_at", noted)
    learn(tmp_path)
    learn(tmp_path, replace(OPTIONS, epochs=10))
    rates = rates[::2]  # asked for once for each of the optimizer's two groups
    assert len(rates) == 30
    assert rates[15] > 10 * rates[14]
    assert rates[15:] == sorted(rates[15:], reverse=True)


def test_more_epochs_bring_new_patience(tmp_path):
    impatient = replace(OPTIONS, epochs=40, early_stopping=2, learning_rate=0.5)
    _, first, _ = learn(tmp_path, impatient)
    _, second, _ = learn(tmp_path, replace(impatient, epochs=41))
    assert second.epochs >= first.epochs + 2


def refused(folder: Path, **changes) -> JobError:
    with pytest.raises(JobError) as caught:
        learn(folder, **changes)
    return caught.value


@pytest.mark.parametrize("which", ["state", "best"])
@pytest.mark.parametrize("damage", ["flipped", "cut", "gone", "not a number"])
def test_a_damaged_snapshot_is_refused(tmp_path, which, damage):
    learn(tmp_path, stop_at=8)
    kept = tmp_path / "kept"
    state = read_state(kept)
    path = kept / state["files"][which]["file"]
    content = path.read_bytes()
    if damage == "flipped":
        path.write_bytes(content[:-100] + bytes([content[-100] ^ 1]) + content[-99:])
    elif damage == "cut":
        path.write_bytes(content[: len(content) // 2])
    elif damage == "gone":
        path.unlink()
    else:
        tensors = load_file(path)
        name = next(name for name, tensor in tensors.items() if tensor.is_floating_point())
        tensors[name].view(-1)[0] = float("nan")
        save_file(tensors, path)
        state["files"][which]["sha256"] = module.sha256_of(path)
        (kept / STATE).write_text(json.dumps(state))
    error = refused(tmp_path)
    assert error.code == "train.snapshot_damaged"
    assert error.hint


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", "{}", '{"schema": 1}', '{"schema": 99, "identity": {}, "history": {}, "files": {}}']
)
def test_a_damaged_state_is_refused(tmp_path, text):
    learn(tmp_path, stop_at=8)
    (tmp_path / "kept" / STATE).write_text(text)
    assert refused(tmp_path).code == "train.snapshot_damaged"


def test_the_snapshot_of_another_network_is_refused(tmp_path, monkeypatch):
    learn(tmp_path, stop_at=8)
    monkeypatch.setitem(globals(), "network", lambda: nn.Linear(6, 2))
    assert refused(tmp_path).code == "train.snapshot_damaged"


def test_other_data_are_refused(tmp_path):
    learn(tmp_path, stop_at=8)
    assert refused(tmp_path, data="other").code == "train.other_data"


def test_other_options_are_refused_by_name(tmp_path):
    learn(tmp_path, stop_at=8)
    error = refused(tmp_path, batch_size=4)
    assert error.code == "train.other_run"
    assert "batch_size = 8" in str(error.message) and "with 4" in str(error.message)


def kept_files(folder: Path) -> list[str]:
    return sorted(path.name.split("-")[0] for path in (folder / "kept").iterdir())


def test_one_snapshot_is_kept(tmp_path):
    learn(tmp_path)
    assert kept_files(tmp_path) == ["best", "state", STATE]


@pytest.mark.parametrize("call", ["replace", "fsync"])
@pytest.mark.parametrize("after", range(1, 13))
def test_a_process_that_dies_while_it_writes_leaves_a_whole_snapshot(tmp_path, whole, call, after):
    """The process is killed before its n-th call; the run then goes on from what lies there."""
    pid = os.fork()
    if pid == 0:
        made, real = 0, getattr(os, call)

        def dies(*args, **kwargs):
            nonlocal made
            made += 1
            if made == after:
                os._exit(9)
            return real(*args, **kwargs)

        setattr(os, call, dies)
        learn(tmp_path)
        os._exit(0)
    _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 9
    weights, _, _ = learn(tmp_path)
    assert same(weights, whole[0])
    assert kept_files(tmp_path) == ["best", "state", STATE]


@pytest.mark.parametrize("nth", range(1, 8))
def test_a_full_disk_costs_the_snapshot_only(tmp_path, whole, monkeypatch, nth):
    learn(tmp_path, stop_at=4)
    before = read_state(tmp_path / "kept")["history"]["epochs"]
    made, real = 0, os.fsync

    def full(handle):
        nonlocal made
        made += 1
        if made >= nth:
            raise OSError(28, "No space left on device")
        real(handle)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        weights, _, _ = learn(tmp_path)
    assert same(weights, whole[0])
    assert read_state(tmp_path / "kept")["history"]["epochs"] >= before
    assert kept_files(tmp_path) == ["best", "state", STATE]
    assert same(learn(tmp_path)[0], whole[0])


def test_weights_that_are_no_numbers_are_not_kept(tmp_path):
    learn(tmp_path, stop_at=4)
    before = read_state(tmp_path / "kept")
    model = network()
    learner = module.Learner(model, network(), network(), torch.optim.AdamW(model.parameters()))
    with torch.no_grad():
        model[0].weight[0, 0] = float("inf")
    Snapshot(tmp_path / "kept", IDENTITY).save(learner, {"epochs": 2, "best_epoch": 1}, last=True)
    assert read_state(tmp_path / "kept") == before


def test_writing_takes_a_small_share_of_the_time(tmp_path, monkeypatch):
    now, written = [0.0], []
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])

    def slow(self, learner, history):
        now[0] += 1.0
        written.append(history["epochs"])

    monkeypatch.setattr(Snapshot, "_write", slow)
    kept = Snapshot(tmp_path, IDENTITY, cost=0.1)
    for epoch in range(1, 41):
        now[0] += 1.0
        kept.save(None, {"epochs": epoch, "best_epoch": 0}, last=epoch == 40)
    assert written == [1, 11, 21, 31, 40]


def test_what_a_dead_process_left_is_removed(tmp_path):
    learn(tmp_path / "run", stop_at=8)
    kept = tmp_path / "run" / "kept"
    for name in (".tmpAbC123", ".state.json.1a2b", "state-00000000.safetensors"):
        (kept / name).write_bytes(b"half")
    (tmp_path / "run" / "empty").mkdir()
    (tmp_path / "run" / "broken").mkdir()
    (tmp_path / "run" / "broken" / "state-1.safetensors").write_bytes(b"half")
    assert tidy(tmp_path / "run")
    assert kept_files(tmp_path / "run") == ["best", "state", STATE]
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["kept"]
    assert not tidy(tmp_path / "nowhere")
