"""A table moved by a few corrections: learns them, keeps its distance, is measured, and ends as a whole checkpoint."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from safetensors.numpy import load_file, save_file

from core.contracts import Refit, TextSample
from core.data.texts import LabelledTexts, TextSet
from core.errors import InputRefused, ModelRefused
from core.store import sealed
from core.store.files import checksums
from core.store.versions import bundled_version
from core.tasks.text_classification import held_out
from core.tasks.text_classification.held_out import keep_held_out, read_held_out, sample_rows, text_hash
from core.tasks.text_classification.ngram_predictor import NgramPredictor
from core.tasks.text_classification.refit import (
    STRENGTHS,
    Pull,
    Seen,
    choose_strength,
    look,
    look_again,
    moved_log_odds,
)
from core.tasks.text_classification.task import TASK
from core.training.evaluation import FEATURES, SUITE, VALIDATION, load_evaluation
from core.training.run import ListedRun
from tests.tasks.test_text_classification import PLAIN, frame

Example = tuple[TextSample, str]
WRONG = ("the soup is good today", "a lovely film today", "这家店很好极了")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("texts") / "texts.csv"
    frame().to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def folder(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return TASK.train(PLAIN, data, ListedRun(tmp_path_factory.mktemp("run")))


@pytest.fixture(scope="module")
def predictor(folder: Path) -> NgramPredictor:
    return NgramPredictor(folder)


def examples(*texts: str, label: str = "negative") -> list[Example]:
    return [(TextSample("", text, ""), label) for text in texts]


@pytest.fixture(scope="module")
def fixed(
    predictor: NgramPredictor, folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Refit, Path, NgramPredictor]:
    target = tmp_path_factory.mktemp("fixed") / "checkpoint"
    found = TASK.refit(predictor, folder, examples(*WRONG), target, 0.05)
    return found, target, NgramPredictor(target)


@pytest.mark.slow
def test_every_correction_is_told_with_the_score_of_its_right_answer(
    predictor: NgramPredictor, folder: Path, tmp_path: Path
) -> None:
    named = [(TextSample("first", WRONG[0], ""), "negative"), (TextSample("second", WRONG[2], ""), "positive")]
    found = TASK.refit(predictor, folder, named, tmp_path / "fixed", 0.05)
    after = NgramPredictor(tmp_path / "fixed")
    assert [(each.name, each.label) for each in found.taught] == [("first", "negative"), ("second", "positive")]
    for (sample, label), each in zip(named, found.taught, strict=True):
        for model, score in ((predictor, each.before), (after, each.after)):
            scores = model.predict([sample])[0].scores
            assert score == pytest.approx(scores[model.labels.index(label)], abs=1e-5)


def test_numbers_survive_being_packed() -> None:
    values = np.array([0, 1, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152, 2**24 - 1])
    np.testing.assert_array_equal(held_out._unpacked(held_out._packed(values)), values)
    assert len(held_out._unpacked(held_out._packed(values[:0]))) == 0


def test_sample_is_balanced_over_sources_and_repeatable() -> None:
    sources = np.array(["few"] * 30 + ["many"] * 5000 + ["more"] * 9000)
    rows = sample_rows(sources, 0)
    assert np.array_equal(rows, sample_rows(sources, 0)) and not np.array_equal(rows, sample_rows(sources, 1))
    assert {name: int((sources[rows] == name).sum()) for name in ("few", "many", "more")} == {
        "few": 30,
        "many": held_out.PER_SOURCE,
        "more": held_out.PER_SOURCE,
    }
    assert len(sample_rows(np.array([""] * 9000), 0)) == held_out.MOST
    assert len(sample_rows(np.arange(9000).astype(str), 0)) == held_out.MOST


def test_what_is_kept_gives_the_stored_scores(folder: Path, predictor: NgramPredictor) -> None:
    kept = read_held_out(folder)
    assert kept is not None
    for part, place in ((kept.test, folder), (kept.validation, folder / VALIDATION)):
        stored = load_evaluation(place)
        assert stored is not None and len(part.rows) == stored.data.n
        scores = 1 / (1 + np.exp(-part.log_odds(predictor.model)))
        np.testing.assert_allclose(scores, stored.table["scores"][:, 1], atol=1e-6)


def test_no_text_lies_beside_the_model(folder: Path, data: Path) -> None:
    words = {word for text in pd.read_csv(data)["text"] for word in text.split() if len(word) > 3}
    content = (folder / FEATURES).read_bytes()
    assert not [word for word in words if word.encode() in content]


@pytest.mark.parametrize("texts", [("", "good", ""), ("", ""), ("好",)])
def test_texts_without_a_known_word_are_kept_too(
    predictor: NgramPredictor, folder: Path, tmp_path: Path, texts: tuple[str, ...]
) -> None:
    copy = Path(shutil.copytree(folder, tmp_path / "copy"))
    n = len(texts)
    part = TextSet(np.arange(n).astype(str), texts, np.zeros(n, np.int64), np.array([""] * n))
    given = LabelledTexts("made", dict.fromkeys(("train", "validation", "test"), part), "f" * 64)
    keep_held_out(copy, predictor, given)
    kept = read_held_out(copy)
    assert kept is not None
    np.testing.assert_allclose(
        1 / (1 + np.exp(-kept.test.log_odds(predictor.model))), predictor.answers(texts).scores, atol=1e-6
    )


def test_fix_learns_every_correction(fixed: tuple[Refit, Path, NgramPredictor]) -> None:
    found, _, after = fixed
    assert found.used == 3 and found.left_out == {} and found.declined == 0
    assert found.before.value < 1 and found.after.value == 1
    assert [answer.decision for answer in after.predict([sample for sample, _ in examples(*WRONG)])] == ["negative"] * 3


def test_fix_keeps_ordinary_words(fixed: tuple[Refit, Path, NgramPredictor], predictor: NgramPredictor) -> None:
    after = fixed[2]
    texts = ["电影漂亮极了", "my room was great today", "a boring film"]
    np.testing.assert_allclose(after.answers(texts).scores, predictor.answers(texts).scores, atol=0.05)


def test_measured_fix_is_what_the_new_version_answers(fixed: tuple[Refit, Path, NgramPredictor], data: Path) -> None:
    found, target, after = fixed
    again, stored = TASK.evaluate(after, data), load_evaluation(target)
    assert stored is not None and found.test.summary == stored.summary == again.summary
    np.testing.assert_array_equal(again.table["id"], stored.table["id"])
    np.testing.assert_allclose(again.table["scores"], stored.table["scores"], atol=1e-6)
    np.testing.assert_array_equal(again.table["abstained"], stored.table["abstained"])
    assert found.test.data == found.test_before.data


def test_fix_is_a_whole_version(fixed: tuple[Refit, Path, NgramPredictor], folder: Path) -> None:
    found, target, after = fixed
    manifest, before = (json.loads((place / "manifest.json").read_text("utf-8")) for place in (target, folder))
    assert {path.name for path in target.iterdir()} >= {path.name for path in folder.iterdir()}
    assert manifest["parent"] == before["sha256"] != manifest["sha256"]
    assert manifest["data"]["corrections"] == 3
    assert manifest["refit"]["strength"] == found.strength in STRENGTHS
    assert manifest["refit"]["measured_on"] == {"test": found.test.data.n, "validation": found.validation.n}
    assert "3 corrections by visitors" in (target / "card.md").read_text("utf-8")
    old, new = load_file(folder / "model.safetensors"), load_file(target / "model.safetensors")
    np.testing.assert_array_equal(old["table.checks"], new["table.checks"])
    moved = np.flatnonzero(old["table.weights"] != new["table.weights"])
    touched = look(after.model, list(WRONG), np.zeros(3, np.int64)).found.buckets
    assert len(moved) and set(moved) <= set(touched), "only weights of the corrections' words"
    suites = [load_evaluation(place / SUITE) for place in (target, folder)]
    assert suites[0] is not None and suites[1] is not None and suites[0].data == suites[1].data


@pytest.mark.slow
def test_a_fixed_version_can_be_fixed_again(fixed: tuple[Refit, Path, NgramPredictor], tmp_path: Path) -> None:
    _, target, after = fixed
    before = checksums(target)
    more = examples("my room was awful, in a fun way", label="positive")
    found = TASK.refit(after, target, more, tmp_path / "x", 0.05)
    assert checksums(target) == before and found.after.value == 1
    assert json.loads((tmp_path / "x" / "manifest.json").read_text("utf-8"))["data"]["corrections"] == 4


@pytest.mark.slow
def test_same_corrections_give_the_same_fix(
    fixed: tuple[Refit, Path, NgramPredictor], predictor: NgramPredictor, folder: Path, tmp_path: Path
) -> None:
    TASK.refit(predictor, folder, examples(*WRONG), tmp_path / "again", 0.05)
    weights = [(place / "model.safetensors").read_bytes() for place in (fixed[1], tmp_path / "again")]
    assert weights[0] == weights[1]


def test_what_cannot_teach_is_left_out(predictor: NgramPredictor, folder: Path, data: Path, tmp_path: Path) -> None:
    test = load_evaluation(folder)
    assert test is not None
    row = int(str(test.table["id"][0]).rsplit("/", 1)[-1])
    measured = str(pd.read_csv(data)["text"][row])
    given = [
        *examples(WRONG[0]),
        *examples(measured.upper() + "!!", label="positive"),
        *examples("a great film", label="neutral"),
        *examples("zyzzy quuux blorp", "", "спасибо вам"),
    ]
    found = TASK.refit(predictor, folder, given, tmp_path / "fixed", 0.05)
    assert found.used == 1 and found.left_out == {"measured": 1, "label": 1, "unread": 3}


def test_masked_correction_of_a_measured_text_is_known() -> None:
    assert text_hash("Call 13800138000 now") == text_hash("call [phone] NOW.") != text_hash("Call me now")


@pytest.mark.parametrize("count", [0, 51])
def test_number_of_corrections_has_limits(predictor: NgramPredictor, folder: Path, tmp_path: Path, count: int) -> None:
    given = examples(*(f"a lovely film {number}" for number in range(count)))
    with pytest.raises(InputRefused, match=r"refit\.number"):
        TASK.refit(predictor, folder, given, tmp_path / "fixed", 0.05)
    assert not (tmp_path / "fixed").exists()


def test_version_that_keeps_nothing_loads_and_offers_no_fix(folder: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(folder, tmp_path / "copy"))
    (copy / FEATURES).unlink()
    manifest = json.loads((copy / "manifest.json").read_text("utf-8"))
    del manifest[sealed.FILES]
    (copy / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(InputRefused, match=r"refit\.no_features"):
        TASK.refit(TASK.load(copy, "cpu"), copy, examples(*WRONG), tmp_path / "fixed", 0.05)


def test_what_is_kept_of_another_model_is_refused(folder: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(folder, tmp_path / "copy"))
    tensors = load_file(copy / FEATURES)
    tensors["test.rows"] = tensors["test.rows"][::-1].copy()
    save_file(tensors, copy / FEATURES)
    sealed.name_file(copy, FEATURES)
    with pytest.raises(InputRefused, match=r"refit\.no_features"):
        TASK.refit(TASK.load(copy, "cpu"), copy, examples(*WRONG), tmp_path / "fixed", 0.05)


def test_changed_file_is_found_when_the_checkpoint_is_loaded(folder: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(folder, tmp_path / "copy"))
    content = bytearray((copy / FEATURES).read_bytes())
    content[-1] ^= 1
    (copy / FEATURES).write_bytes(content)
    with pytest.raises(ModelRefused, match=r"model\.checksum"):
        TASK.load(copy, "cpu")


@pytest.mark.parametrize("name", ["test.counts", "test.steps", "validation.rows", "hashes"])
def test_damaged_file_is_refused_in_words(folder: Path, tmp_path: Path, name: str) -> None:
    copy = Path(shutil.copytree(folder, tmp_path / "copy"))
    tensors = load_file(copy / FEATURES)
    if name == "hashes":
        del tensors[name]
    else:
        tensors[name] = tensors[name][:-1].copy()
    save_file(tensors, copy / FEATURES)
    with pytest.raises(ModelRefused, match=r"model\.features"):
        read_held_out(copy)


def problem(predictor: NgramPredictor, folder: Path) -> tuple[Pull, Seen, np.ndarray]:
    kept, stored = read_held_out(folder), load_evaluation(folder / VALIDATION)
    assert kept is not None and stored is not None
    taught = look(predictor.model, list(WRONG), np.zeros(3, np.int64))
    held = look_again(predictor.model, kept.validation, np.asarray(stored.table["truth"], np.int64))
    return Pull(predictor.model, taught, held), held, kept.validation.languages


def test_pull_decides_between_learning_and_staying(predictor: NgramPredictor, folder: Path) -> None:
    pull, held, _ = problem(predictor, folder)
    moves, margins = [], []
    for strength in STRENGTHS:
        moved = pull.solve(strength)
        moves.append(float(((moved_log_odds(held, pull.model, moved) - held.log_odds) ** 2).mean()))
        margins.append(float(-moved_log_odds(pull.taught, pull.model, moved).max()))
    assert moves == sorted(moves) and margins == sorted(margins)
    np.testing.assert_allclose(
        pull.solve(1e9).table.weights.astype(float), pull.model.table.weights.astype(float), atol=1e-3
    )


def test_solution_is_the_optimum_of_the_whole_problem(predictor: NgramPredictor, folder: Path) -> None:
    """The small problem over one number per correction has the optimum of the one over all weights."""
    from scipy.optimize import minimize

    pull, strength = problem(predictor, folder)[0], 300.0

    def whole(move: np.ndarray) -> tuple[float, np.ndarray]:
        margin = pull.sign * (pull.taught.log_odds + pull.design @ move)
        slope = pull.design.T @ (-pull.sign / (1 + np.exp(margin))) + strength * pull.cost * move
        return float(np.logaddexp(0, -margin).sum() + strength / 2 * (pull.cost * move**2).sum()), slope

    weights = pull.solve(strength).table.weights[pull.buckets].astype(float)
    ours = weights - pull.model.table.weights[pull.buckets].astype(float)
    best = minimize(whole, np.zeros(len(ours)), jac=True, method="L-BFGS-B", options={"maxiter": 5000, "ftol": 1e-14})
    assert whole(ours)[0] == pytest.approx(best.fun, rel=2e-3)


def test_fix_goes_no_further_than_corrections_need_or_validation_allows(
    predictor: NgramPredictor, folder: Path
) -> None:
    pull, held, languages = problem(predictor, folder)
    enough, moved = choose_strength(pull, held, languages, 0.0, 1.0)
    assert pull.learned(moved, 0.0)
    assert not pull.learned(pull.solve(STRENGTHS[STRENGTHS.index(enough) - 1]), 0.0)
    # Validation texts whose truth is against every correction: nothing may be lost, so nothing is learned.
    against = look(predictor.model, list(WRONG) * 40, np.ones(120, np.int64))
    held_back = choose_strength(pull, against, np.array(["en"] * 120), 0.0, 0.0)
    assert held_back[0] > enough and not pull.learned(held_back[1], 0.0)


def test_fix_that_costs_too_much_from_the_start_is_refused(predictor: NgramPredictor, folder: Path) -> None:
    pull = problem(predictor, folder)[0]
    # Like the corrections, of the other label and just right: every move makes them wrong.
    seen = look(predictor.model, list(WRONG) * 40, np.ones(120, np.int64))
    edge, languages = replace(seen, log_odds=np.full(120, 1e-9)), np.array(["en"] * 120)
    with pytest.raises(InputRefused, match=r"refit\.too_dear.*0\.5%"):
        choose_strength(pull, edge, languages, 0.0, 0.005)
    assert choose_strength(pull, edge, languages, 0.0, 1.0)[0] < STRENGTHS[0]


def test_corrections_are_learned_at_the_threshold_of_the_model(predictor: NgramPredictor, folder: Path) -> None:
    pull, held, languages = problem(predictor, folder)
    threshold = -1.0
    moved = choose_strength(pull, held, languages, threshold, 1.0)[1]
    assert pull.learned(moved, threshold) and (moved_log_odds(pull.taught, pull.model, moved) < threshold).all()
    half = choose_strength(pull, held, languages, 0.0, 1.0)[1]
    assert pull.learned(half, 0.0) and not pull.learned(half, threshold)


def test_bundled_model_keeps_what_it_needs_within_its_size() -> None:
    folder = bundled_version("sentiment").path
    kept, predictor, stored = read_held_out(folder), NgramPredictor(folder), load_evaluation(folder)
    assert kept is not None and stored is not None
    scores = 1 / (1 + np.exp(-kept.test.log_odds(predictor.model)))
    np.testing.assert_allclose(scores, stored.table["scores"][kept.test.rows, 1], atol=1e-6)
    assert (len(kept.test.rows), len(kept.validation.rows)) == (1600, 1600)
    categories = stored.table["slice.category"][kept.test.rows]
    assert set(np.unique(categories, return_counts=True)[1]) == {400}
    assert sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) <= 15_000_000
