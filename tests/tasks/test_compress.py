"""Weight formats: what is written is small, loads as any version, decides alike, and is refused when it is odd."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from core.contracts import DataInfo, Evaluation
from core.errors import ModelRefused, RunCancelled
from core.store.files import MANIFEST, WEIGHTS, sha256_of
from core.tasks.image_classification import compress
from core.tasks.image_classification.compress import compared, write_variant
from core.tasks.image_classification.formats import FORMATS, decode, encode
from core.tasks.image_classification.model import load_network, read_checkpoint
from core.tasks.image_classification.task import TASK
from core.training.compression import AS_STORED, Bench, from_json, reaches_bar, to_json
from core.training.evaluation import VALIDATION, load_evaluation
from core.training.run import ListedRun
from tests.tasks.conftest import picture, sample


def state() -> dict[str, torch.Tensor]:
    torch.manual_seed(0)
    return {
        "conv.weight": torch.randn(8, 3, 3, 3),
        "bn.running_var": torch.rand(8) + 0.5,
        "bn.num_batches_tracked": torch.tensor(7),
        "fc.weight": torch.randn(2, 8) / 100,
        "fc.bias": torch.randn(2),
    }


@pytest.mark.parametrize("name", FORMATS)
def test_what_is_encoded_comes_back(name: str) -> None:
    before = state()
    after = decode(encode(before, FORMATS[name]), name)
    assert after.keys() == before.keys()
    assert torch.equal(after["bn.num_batches_tracked"], before["bn.num_batches_tracked"])
    assert all(after[key].shape == before[key].shape for key in before)
    for key in ("conv.weight", "fc.weight"):
        error = (after[key] - before[key]).abs()
        if FORMATS[name].zeros:
            kept = after[key] != 0
            assert torch.allclose(after[key][kept], before[key][kept], rtol=1e-3)
            assert before[key][~kept].abs().max() <= before[key].abs()[kept].min() if kept.any() else True
        else:
            per_channel = before[key].flatten(1).abs().amax(1)
            limit = {"fp32": 0, "bf16": 2**-8, "fp16": 2**-11, "int8": 0.5 / 127}[name]
            assert bool((error.flatten(1).amax(1) <= limit * per_channel + 1e-7).all())


def test_eight_bits_have_a_scale_for_each_channel() -> None:
    packed = encode(state(), FORMATS["int8"])
    assert packed["int8.conv.weight"].dtype == torch.int8 and packed["scale.conv.weight"].shape == (8,)
    assert packed["int8.fc.weight"].abs().amax(1).tolist() == [127, 127]
    assert "net.fc.bias" in packed and "net.conv.weight" not in packed


def test_pruning_drops_the_smallest_of_all_layers_together() -> None:
    after = decode(encode(state(), FORMATS["pruned50"]), "pruned50")
    zeros = sum(int((after[key] == 0).sum()) for key in ("conv.weight", "fc.weight"))
    total = sum(after[key].numel() for key in ("conv.weight", "fc.weight"))
    assert zeros / total == pytest.approx(0.5, abs=0.01)
    assert float((after["fc.weight"] == 0).float().mean()) == 1.0, "its weights are a hundred times smaller"


def test_a_format_that_cannot_hold_the_values_says_so() -> None:
    with pytest.raises(ModelRefused) as caught:
        encode({"bn.running_var": torch.tensor([1e30])}, FORMATS["fp16"])
    assert caught.value.code == "model.not_finite"


def damaged() -> dict[str, tuple[str, dict[str, torch.Tensor]]]:
    eight, pruned = encode(state(), FORMATS["int8"]), encode(state(), FORMATS["pruned50"])
    kept = pruned["kept.conv.weight"]
    return {
        "no scale": ("int8", {k: v for k, v in eight.items() if k != "scale.conv.weight"}),
        "one scale": ("int8", {**eight, "scale.conv.weight": torch.ones(1)}),
        "floats": ("int8", {**eight, "int8.conv.weight": torch.ones(8, 3, 3, 3)}),
        "fewer weights": ("pruned50", {**pruned, "kept.conv.weight": kept[:-1]}),
        "short mask": ("pruned50", {**pruned, "mask.conv.weight": pruned["mask.conv.weight"][:-1]}),
        "huge": ("pruned50", {**pruned, "shape.conv.weight": torch.tensor([10**6, 10**6, 10**6])}),
        "negative": ("pruned50", {**pruned, "shape.conv.weight": torch.tensor([-8, -3, 3, 3])}),
        "unknown": ("int4", eight),
    }


@pytest.mark.parametrize("case", damaged())
def test_tensors_that_are_not_in_their_format_are_refused(case: str) -> None:
    name, tensors = damaged()[case]
    with pytest.raises(ModelRefused) as caught:
        decode(tensors, name)
    assert caught.value.code == "model.format"


@pytest.mark.slow
@pytest.mark.parametrize("name", FORMATS)
def test_a_variant_is_a_checkpoint_like_any_other(name: str, trained, tmp_path: Path) -> None:
    folder = write_variant(trained[0], name, tmp_path / name)
    manifest = json.loads((folder / MANIFEST).read_text())
    assert (
        manifest["format"] == name and manifest["parent"] == json.loads((trained[0] / MANIFEST).read_text())["sha256"]
    )
    assert manifest["sha256"] == sha256_of(folder / WEIGHTS)
    rng = np.random.default_rng(5)
    samples = [sample(picture(kind, rng)) for kind in ("disc", "bar") for _ in range(6)]
    before, after = (TASK.load(path, "cpu").predict(samples) for path in (trained[0], folder))
    if not FORMATS[name].zeros:
        tolerance = {"fp32": 1e-5}.get(name, 0.08)
        np.testing.assert_allclose([a.scores for a in after], [b.scores for b in before], atol=tolerance)
    assert all(np.isfinite(answer.scores).all() and np.isfinite(answer.domain_score) for answer in after)


@pytest.mark.slow
def test_files_get_smaller_in_the_order_of_their_bits(trained, tmp_path: Path) -> None:
    def network_bytes(name: str) -> int:
        folder = write_variant(trained[0], name, tmp_path / name)
        found = load_file(folder / WEIGHTS)
        return sum(
            t.numel() * t.element_size() for key, t in found.items() if not key.startswith(("domain", "conformal"))
        )

    single = network_bytes("fp32")
    assert network_bytes("bf16") < 0.52 * single
    assert network_bytes("int8") < 0.30 * single
    assert network_bytes("pruned50") < 0.32 * single
    assert network_bytes("pruned80") < 0.18 * single


@pytest.mark.slow
def test_a_map_can_be_drawn_for_half_precision(trained, tmp_path: Path) -> None:
    predictor = TASK.load(write_variant(trained[0], "bf16", tmp_path / "bf16"), "cpu")
    assert next(predictor.network.parameters()).dtype == torch.bfloat16
    shown = sample(picture("disc", np.random.default_rng(5)))
    heatmap = TASK.explain(predictor, shown, "disc", "grad_cam")
    assert np.isfinite(heatmap.values).all() and heatmap.values.max() > 0


def test_a_manifest_with_another_arithmetic_is_refused(trained, tmp_path: Path) -> None:
    folder = write_variant(trained[0], "fp32", tmp_path / "odd")
    manifest = json.loads((folder / MANIFEST).read_text())
    manifest["preprocessing"]["arithmetic"] = "load"
    (folder / MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(ModelRefused) as caught:
        TASK.load(folder, "cpu")
    assert caught.value.code == "model.incomplete"


def test_a_file_of_another_format_than_its_manifest_says_is_refused(trained, tmp_path: Path) -> None:
    folder = write_variant(trained[0], "int8", tmp_path / "liar")
    tensors = load_file(folder / WEIGHTS)
    save_file({k: v.float() if k.startswith("int8.") else v for k, v in tensors.items()}, folder / WEIGHTS)
    manifest = json.loads((folder / MANIFEST).read_text()) | {"sha256": sha256_of(folder / WEIGHTS)}
    (folder / MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(ModelRefused):
        load_network(read_checkpoint(folder, TASK.name))


def evaluation(prediction: list[int]) -> Evaluation:
    table = {
        "id": np.array(["1", "2", "3", "4"]),
        "truth": np.array([0, 0, 1, 1]),
        "prediction": np.array(prediction),
    }
    return Evaluation(("a", "b"), table, {}, DataInfo("made up", "test", 4, "f"), 0, "")


def test_flips_are_named_with_their_direction() -> None:
    change, flips = compared(evaluation([0, 0, 1, 1]), evaluation([0, 1, 1, 0]))
    assert change.value == 0.5 and [flip.id for flip in flips] == ["2", "4"]
    assert flips[0].truth == flips[0].after == "a" and flips[0].before == "b"


@pytest.fixture(scope="module")
def benched(trained, shapes_zip: Path, tmp_path_factory: pytest.TempPathFactory):
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (("SINGLE_ROUNDS", 3), ("BATCH_ROUNDS", 2), ("N_OTHER", 24)):
            patch.setattr(compress, name, value)
        run = ListedRun(tmp_path_factory.mktemp("bench"))
        yield TASK.compress(trained[0], shapes_zip, run, "int8"), run


@pytest.mark.slow
def test_the_bench_measures_every_format_on_the_frozen_test(benched, trained) -> None:
    found, run = benched
    assert [variant.format for variant in found.variants] == [AS_STORED, *FORMATS]
    assert run.stages == ["read", "compress", "evaluate", "time"]
    stored, single = found.variants[:2]
    own = load_evaluation(trained[0])
    assert own is not None and stored.metrics == own.summary and found.data == own.data
    assert single.flips == () and single.accuracy_change.value == 0
    assert all(v.latency.p50_ms > 0 and v.latency.p95_ms >= v.latency.p50_ms for v in found.variants)
    assert all(v.latency.items_per_s > 0 and v.guard.n == 24 for v in found.variants)
    for variant in found.variants:
        moved = variant.metrics["accuracy"].value - stored.metrics["accuracy"].value
        assert variant.accuracy_change.value == pytest.approx(moved)
        assert variant.fixed - variant.broke == round(moved * found.data.n)


@pytest.mark.slow
def test_the_chosen_format_is_complete(benched) -> None:
    found, _ = benched
    assert found.kept is not None
    assert {"model.safetensors", "manifest.json", "evaluation.json", "card.md", VALIDATION} <= {
        path.name for path in found.kept.iterdir()
    }
    manifest = json.loads((found.kept / MANIFEST).read_text())
    assert "--register int8" in manifest["command"]
    validation = load_evaluation(found.kept / VALIDATION)
    assert validation is not None
    assert manifest["validation"]["validation_ece"] == pytest.approx(validation.summary["ece"].value, abs=1e-6)
    assert not {"folds", "seeds", "diagnosis"} & manifest.keys(), "these belong to the weights before"
    fits = 1 - validation.table["scores"][np.arange(validation.data.n), validation.table["truth"]]
    kept = load_file(found.kept / WEIGHTS)["conformal.scores"].numpy()
    np.testing.assert_allclose(kept, np.sort(fits), atol=1e-6)
    again = load_evaluation(found.kept)
    assert again is not None and again.summary == next(v for v in found.variants if v.format == "int8").metrics


@pytest.mark.slow
def test_a_bench_survives_its_file_and_tells_who_reaches_the_bar(benched) -> None:
    found, _ = benched
    data = {"name": "shapes", "split": "test", "n": 18, "fingerprint": "f"}
    bench = Bench("medical", "bundled", "a" * 64, data, dict(found.machine), "now", "line", found.variants, {"x": "y"})
    assert from_json(to_json(bench)) == bench
    single = bench.variant("fp32")
    assert single is not None and reaches_bar(bench, single) is False
    with pytest.raises(ValueError, match="not a compression bench"):
        from_json('{"variants": [{}]}')


def test_the_bench_stops_when_asked(trained, shapes_zip: Path, tmp_path: Path) -> None:
    run = ListedRun(tmp_path)
    run.stop.set()
    with pytest.raises(RunCancelled):
        TASK.compress(trained[0], shapes_zip, run)
