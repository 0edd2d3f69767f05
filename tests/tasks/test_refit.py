"""A head moved by a few corrections: learns them, keeps its distance, is measured, and ends as a whole checkpoint."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from core.contracts import ImageSample
from core.errors import InputRefused, ModelRefused
from core.store.files import checksums
from core.store.versions import bundled_version
from core.tasks.image_classification.corrections import join_corrections
from core.tasks.image_classification.features import AXES, RIDGE, head_of, read_features, spread_of, watched
from core.tasks.image_classification.refit import STRENGTHS, Head, Held, Pull, choose_strength
from core.tasks.image_classification.task import TASK
from core.training.calibration import scores_of
from core.training.evaluation import FEATURES, VALIDATION, load_evaluation
from core.training.run import CORRECTIONS, ListedRun
from tests.tasks.conftest import TINY, picture, png, sample

D, K = 40, 3


def problem(n: int = 6, seed: int = 0) -> tuple[Head, np.ndarray, np.ndarray, np.ndarray]:
    """A head, features of training-like images, and corrections that lie elsewhere and that it answers wrong."""
    rng = np.random.default_rng(seed)
    scales = np.concatenate([np.full(10, 3.0), np.full(D - 10, 0.05)])
    train = rng.normal(size=(400, D)) * scales + 1.0
    head = Head(rng.normal(size=(K, D)) * 0.3, rng.normal(size=K))
    features = rng.normal(size=(n, D)) * scales + 1.0 + np.eye(1, D, 20) * 2.0
    targets = (head.logits(features).argmax(axis=1) + 1) % K
    return head, train, features, targets


def test_spread_is_the_covariance_of_the_features() -> None:
    _, train, _, _ = problem()
    plain = np.cov(train.T, bias=True)
    wanted = plain + RIDGE * np.trace(plain) / D * np.eye(D)
    np.testing.assert_allclose(spread_of(train).covariance(), wanted, atol=1e-6)
    few = np.random.default_rng(0).normal(size=(5, D))
    assert np.linalg.eigvalsh(spread_of(few).covariance()).min() > 0
    assert len(spread_of(np.random.default_rng(0).normal(size=(300, 2 * AXES))).axes) == AXES


def test_pull_decides_between_learning_and_staying() -> None:
    head, train, features, targets = problem()
    pull = Pull(head, 1.0, spread_of(train), features, targets)
    moves, right = [], []
    for strength in STRENGTHS:
        moved = pull.solve(strength)
        moves.append(float(((moved.logits(train) - head.logits(train)) ** 2).mean()))
        right.append(float((moved.logits(features).argmax(axis=1) == targets).mean()))
    assert moves == sorted(moves) and moves[0] < 0.01
    assert right[-1] == 1.0
    np.testing.assert_allclose(pull.solve(1e9).weight, head.weight, atol=1e-3)


def test_solution_is_the_optimum_of_the_whole_problem() -> None:
    """The small problem over one row per correction has the optimum of the one over all weights."""
    from scipy.optimize import minimize
    from scipy.special import log_softmax

    head, train, features, targets = problem(n=4)
    spread, temperature, strength = spread_of(train), 0.7, 0.3
    covariance = spread.covariance()

    def whole(flat: np.ndarray) -> float:
        move, bias = flat[:-K].reshape(K, D), flat[-K:]
        logits = (head.logits(features) + (features - spread.mean) @ move.T + bias) / temperature
        distance = np.einsum("kd,de,ke->", move, covariance, move) + (bias**2).sum()
        loss = -log_softmax(logits, axis=1)[np.arange(4), targets].sum()
        return float(loss + 0.5 * strength * distance / temperature**2)

    ours = Pull(head, temperature, spread, features, targets).solve(strength)
    move = ours.weight - head.weight
    found = whole(np.concatenate([move.ravel(), ours.bias - head.bias + move @ spread.mean]))
    best = minimize(whole, np.zeros(K * D + K), method="L-BFGS-B", options={"maxiter": 3000, "maxfun": 10**6}).fun
    assert found == pytest.approx(best, rel=2e-3)


def test_strength_is_the_weakest_that_validation_allows() -> None:
    head, train, features, targets = problem()
    pull = Pull(head, 1.0, spread_of(train), features, targets)
    held = Held(train, head.logits(train).argmax(axis=1), 1.0, 0.5)
    chosen = []
    for tolerance in (0.01, 0.05):
        strength, moved = choose_strength(pull, [held], tolerance)
        assert held.right(moved) >= 1 - tolerance
        weaker = STRENGTHS[STRENGTHS.index(strength) + 1]
        assert held.right(pull.solve(weaker)) < 1 - tolerance
        chosen.append(strength)
    assert chosen[0] > chosen[1]
    assert (
        choose_strength(pull, [held, Held(features, pull.head.logits(features).argmax(axis=1), 1.0, 0.5)], 0.05)[0]
        > chosen[1]
    ), "the set that loses most decides"


def test_checkpoint_keeps_features_that_give_its_scores(trained: tuple[Path, ListedRun]) -> None:
    folder, _ = trained
    kept, predictor = read_features(folder), TASK.load(folder, "cpu")
    assert kept is not None
    weight, bias = head_of(predictor.network)
    for features, place in ((kept.test, folder), (kept.validation, folder / VALIDATION)):
        stored = load_evaluation(place)
        assert stored is not None
        scores = scores_of(features @ weight.T + bias, predictor.temperature)
        np.testing.assert_allclose(scores, stored.table["scores"], atol=1e-2)
        assert (predictor.decide(scores) == stored.table["prediction"]).all()


def test_changed_features_are_found_when_the_checkpoint_is_loaded(
    trained: tuple[Path, ListedRun], tmp_path: Path
) -> None:
    folder = _copy(trained[0], tmp_path)
    data = bytearray((folder / FEATURES).read_bytes())
    data[-1] ^= 1
    (folder / FEATURES).write_bytes(data)
    with pytest.raises(ModelRefused, match=r"model\.checksum"):
        TASK.load(folder, "cpu")


def test_checkpoint_without_features_loads_and_offers_no_fix(trained: tuple[Path, ListedRun], tmp_path: Path) -> None:
    folder = _copy(trained[0], tmp_path)
    (folder / FEATURES).unlink()
    manifest = json.loads((folder / "manifest.json").read_text())
    del manifest["files"]
    (folder / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(InputRefused, match=r"refit\.no_features"):
        TASK.refit(TASK.load(folder, "cpu"), folder, wrong_ones(1), tmp_path / "fixed")
    assert not (tmp_path / "fixed").exists()


def wrong_ones(count: int, seed: int = 50) -> list[tuple[ImageSample, str]]:
    """Discs that somebody calls bars: surely not what the model says."""
    rng = np.random.default_rng(seed)
    return [(sample(picture("disc", rng), f"{number}.png"), "bar") for number in range(count)]


def test_fix_is_a_whole_version_with_everything_measured_anew(trained: tuple[Path, ListedRun], tmp_path: Path) -> None:
    folder, _ = trained
    predictor, target = TASK.load(folder, "cpu"), tmp_path / "fixed"
    before = checksums(folder)
    found = TASK.refit(predictor, folder, wrong_ones(3), target)
    assert checksums(folder) == before
    assert {path.name for path in target.iterdir()} >= {path.name for path in folder.iterdir()}
    assert found.used == 3 and found.after.value >= found.before.value
    fixed, manifest = TASK.load(target, "cpu"), json.loads((target / "manifest.json").read_text())
    assert manifest["data"]["corrections"] == 3 and manifest["refit"]["strength"] == found.strength
    assert manifest["parent"] == json.loads((folder / "manifest.json").read_text())["sha256"]
    assert "3 corrections by visitors" in (target / "card.md").read_text()
    old, new = predictor.network.state_dict(), fixed.network.state_dict()
    changed = [name for name in old if not np.array_equal(old[name].numpy(), new[name].numpy())]
    assert changed and all(name.startswith("fc.") for name in changed), "only the last layer"
    assert load_evaluation(target).data == load_evaluation(folder).data
    np.testing.assert_array_equal(fixed.guard.limits, predictor.guard.limits)


def test_measured_fix_is_what_the_network_answers(
    trained: tuple[Path, ListedRun], shapes_zip: Path, tmp_path: Path
) -> None:
    TASK.refit(TASK.load(trained[0], "cpu"), trained[0], wrong_ones(3), tmp_path / "fixed")
    stored, again = load_evaluation(tmp_path / "fixed"), TASK.evaluate(TASK.load(tmp_path / "fixed", "cpu"), shapes_zip)
    assert stored is not None
    np.testing.assert_allclose(again.table["scores"], stored.table["scores"], atol=1e-2)


def test_same_corrections_give_the_same_fix(trained: tuple[Path, ListedRun], tmp_path: Path) -> None:
    predictor = TASK.load(trained[0], "cpu")
    for name in ("one", "two"):
        TASK.refit(predictor, trained[0], wrong_ones(2), tmp_path / name)
    weights = [(tmp_path / name / "model.safetensors").read_bytes() for name in ("one", "two")]
    assert weights[0] == weights[1]


def test_unknown_labels_and_measured_images_are_left_out(
    trained: tuple[Path, ListedRun], shapes_zip: Path, tmp_path: Path
) -> None:
    folder, _ = trained
    test_image = _test_image(shapes_zip, folder)
    examples = [
        *wrong_ones(2),
        (sample(test_image), "bar"),
        (sample(picture("disc", np.random.default_rng(3))), "ring"),
    ]
    found = TASK.refit(TASK.load(folder, "cpu"), folder, examples, tmp_path / "fixed")
    assert found.used == 2 and found.left_out == {"label": 1, "measured": 1}


@pytest.mark.parametrize("count", [0, 51])
def test_number_of_corrections_has_limits(trained: tuple[Path, ListedRun], tmp_path: Path, count: int) -> None:
    with pytest.raises(InputRefused, match=r"refit\.number"):
        TASK.refit(TASK.load(trained[0], "cpu"), trained[0], wrong_ones(count), tmp_path / "fixed")


@pytest.mark.slow
def test_corrections_join_the_training_images_only(
    trained: tuple[Path, ListedRun], shapes_zip: Path, tmp_path: Path
) -> None:
    run = ListedRun(tmp_path, TINY.seed)
    test_image = _test_image(shapes_zip, trained[0])
    brighter = np.clip(test_image.astype(int) + 2, 0, 255).astype(np.uint8)
    for label, name, pixels in (
        ("disc", "new", picture("disc", np.random.default_rng(70))),
        ("BAR", "case", picture("bar", np.random.default_rng(71), side=90)),
        ("disc", "known", test_image),
        ("disc", "near", brighter),
        ("ring", "unknown", picture("disc", np.random.default_rng(72))),
        ("disc", "colour", np.random.default_rng(73).integers(0, 255, (48, 48, 3), dtype=np.uint8)),
    ):
        place = tmp_path / CORRECTIONS / label
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{name}.png").write_bytes(png(pixels))
    folder = TASK.train(TINY, shapes_zip, run)
    data = json.loads((folder / "manifest.json").read_text())["data"]
    assert data["corrections"] == 2
    assert data["corrections_left_out"] == {"measured": 2, "label": 1, "colour": 1}
    assert data["counts"]["train"] == {"bar": 43, "disc": 43}
    assert data["counts"]["test"] == {"bar": 9, "disc": 9} and data["counts"]["validation"] == {"bar": 9, "disc": 9}
    assert "2 corrections by visitors among the training images" in (folder / "card.md").read_text()
    evaluation = load_evaluation(folder)
    assert evaluation is not None and not any("correction" in name for name in evaluation.table["id"])


def test_run_without_corrections_says_nothing_of_them(trained: tuple[Path, ListedRun]) -> None:
    assert "corrections" not in json.loads((trained[0] / "manifest.json").read_text())["data"]
    data, joined = join_corrections("untouched", trained[1])  # type: ignore[arg-type]
    assert data == "untouched" and joined is None


def test_watching_leaves_no_hook_behind(trained: tuple[Path, ListedRun]) -> None:
    predictor = TASK.load(trained[0], "cpu")
    with watched(predictor.network) as seen:
        predictor.outputs(predictor.prepare([picture("disc", np.random.default_rng(1))]))
    predictor.outputs(predictor.prepare([picture("disc", np.random.default_rng(1))]))
    assert len(seen) == 1 and seen[0].shape[0] == 1


def test_bundled_model_keeps_features_within_its_size() -> None:
    folder = bundled_version("medical").path
    kept, predictor = read_features(folder), TASK.load(folder, "cpu")
    stored = load_evaluation(folder)
    assert kept is not None and stored is not None
    weight, bias = head_of(predictor.network)
    scores = scores_of(kept.test @ weight.T + bias, predictor.temperature)
    np.testing.assert_allclose(scores, stored.table["scores"], atol=1e-2)
    assert (predictor.decide(scores) == stored.table["prediction"]).all()
    assert sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) <= 12_000_000


def _copy(folder: Path, tmp_path: Path) -> Path:
    import shutil

    return Path(shutil.copytree(folder, tmp_path / "copy"))


def _test_image(shapes_zip: Path, folder: Path) -> np.ndarray:
    """A test image of the trained version, as a visitor would send it."""
    from core.intake.archives import open_zip

    stored = load_evaluation(folder)
    assert stored is not None
    wanted = next(str(name) for name in stored.table["id"] if "disc" in str(name))
    with open_zip(shapes_zip, shapes_zip.name) as source:
        entry = next(entry for entry in source.entries if entry.label.endswith(wanted.rsplit("/", 1)[-1]))
        return source.read(entry).pixels
