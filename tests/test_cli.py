"""The command line as a script meets it: JSON alone on stdout, exit 0, 1 or 2, and never a traceback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from core.cli import app
from core.settings import ROOT, settings
from core.store.database import close_stores
from core.tasks.image_classification import checkpoint
from tests.intake.pictures import colour, dicom, encode, images, pack, picture

NOTICE = "Not a medical device"
SAMPLES = ROOT / "assets" / "samples" / "medical"
XRAY = SAMPLES / "normal-1.png"
LABELS = ["NORMAL", "PNEUMONIA"]
Run = Callable[..., Result]


def checked(result: Result, code: int, home: Path) -> Result:
    """The exit code, and what no run may show."""
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    for place in (home, ROOT):
        assert str(place) not in result.stderr, result.stderr
    return result


def document(result: Result) -> Any:
    """Stdout as JSON, with no figure that JSON does not know."""
    return json.loads(result.stdout, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A working folder, so that what is typed is no path of the machine, beside a home of its own."""
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.setenv("VITRINE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("VITRINE_DEVICE", "cpu")
    monkeypatch.setattr(checkpoint, "N_OTHER", (200, 200))  # painting images of other kinds takes most of the time
    monkeypatch.chdir(work)
    settings.cache_clear()
    yield work
    close_stores()


@pytest.fixture
def run(here: Path) -> Run:
    def invoked(*words: str | Path, code: int = 0) -> Result:
        return checked(CliRunner().invoke(app, [str(word) for word in words]), code, here.parent)

    return invoked


def xrays(count: int) -> dict[str, bytes]:
    """Entries `<CLASS>/<n>.png` from the synthetic samples, each a little different."""
    made = {}
    for number in range(count):
        label = LABELS[number % 2]
        source = SAMPLES / f"{label.lower()}-{number // 2 % 5 + 1}.png"
        pixels = np.asarray(Image.open(source).convert("L").resize((64, 64)), np.int16)
        noise = np.random.default_rng(number).integers(-12, 13, pixels.shape)
        made[f"{label}/{number}.png"] = encode((pixels + noise).clip(0, 255).astype(np.uint8))
    return made


class TestUsage:
    def test_help_and_no_arguments(self, run: Run) -> None:
        assert "predict" in run("--help").stdout
        assert "predict" in run(code=2).output

    @pytest.mark.parametrize(
        ("words", "says"),
        [
            (["nonsense"], "nonsense"),
            (["predict"], "SECTOR"),
            (["predict", "medical"], "INPUT"),
            (["predict", "dental", "x.png"], "no sector 'dental'; there are: medical"),
            (["predict", "medical", "absent.png"], "absent.png does not exist"),
            (["predict", "medical", "x.png", "--nonsense"], "--nonsense"),
            (["predict", "medical", "x.png", "--coverage", "2"], "0.999"),
            (["predict", "medical", "x.png", "--coverage", "nan"], "0.999"),
            (["explain", "medical", "x.png"], "--out"),
            (["explain", "medical", "x.png", "--out", "absent/why.png"], "absent/why.png"),
            (["explain", "medical", "x.png", "--out", "why.html"], ".png"),
            (["explain", "medical", ".", "--out", "why.png"], "name one image"),
            (["evaluate", "medical"], "--data"),
            (["evaluate", "medical", "--data", "absent.zip"], "absent.zip does not exist"),
            (["evaluate", "dental", "--data", "."], "no sector"),
            (["train", "medical", "--data", "absent"], "absent does not exist, and no data set is called so"),
            (["evaluate", "medical", "--data", "chest_xray"], "`python -m core fetch chest_xray`"),
            (["train", "medical", "--data", ".", "--set", "colour=red"], "no option 'colour'; there are: mode"),
            (["train", "medical", "--data", ".", "--set", "epochs=many"], "epochs"),
            (["train", "medical", "--data", ".", "--set", "epochs=9999"], "0...300"),
            (["train", "medical", "--data", ".", "--set", "learning_rate=nan"], "learning_rate"),
            (["train", "medical", "--data", ".", "--set", "mode"], "mode=..."),
            (["train", "medical", "--data", ".", "--set", "class_weights=perhaps"], "class_weights"),
            (["train", "medical", "--data", ".", "--preset", "magic"], "bundled, hub, none"),
            (["models", "dental"], "no sector"),
            (["promote", "medical"], "version"),
            (["promote", "dental", "1"], "no sector"),
            (["rollback", "dental"], "no sector"),
            (["fetch", "../etc"], "there are: chest_xray"),
        ],
        ids=lambda value: " ".join(value) if isinstance(value, list) else "",
    )
    def test_wrong_usage_is_exit_2_and_says_why(self, run: Run, here: Path, words: list[str], says: str) -> None:
        (here / "x.png").write_bytes(XRAY.read_bytes())
        result = run(*words, code=2)
        assert result.stdout == ""
        assert says in result.stderr

    def test_sectors(self, run: Run) -> None:
        assert document(run("sectors", "--json"))[0]["slug"] == "medical"
        assert "Medical imaging" in run("sectors").stdout

    def test_bench_lists_and_refuses(self, run: Run) -> None:
        assert "verdicts" in run("bench").stdout
        run("bench", "nonsense", code=2)

    def test_an_unexpected_error_keeps_its_text(self, run: Run, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def broken(*_args: object, **_options: object) -> None:
            raise RuntimeError(f"token=hf_CANARY {here}")

        monkeypatch.setattr("core.serving.service.predict", broken)
        result = run("predict", "medical", XRAY, "--json", code=1)
        assert result.stdout == ""
        assert "CANARY" not in result.output
        reference = result.stderr.strip().rsplit(" ", 1)[-1].rstrip(".")
        assert f'"reference": "{reference}"' in result.stderr


class TestPredict:
    def test_one_image(self, run: Run) -> None:
        body = document(run("predict", "medical", XRAY, "--json"))
        assert set(body) == {"sector", "model", "version", "architecture", "notice", "notices", "results", "refused"}
        assert (body["version"], body["refused"]) == ("bundled", [])
        assert NOTICE in body["notice"]
        (result,) = body["results"]
        assert (result["input"], result["decision"], result["abstained"]) == ("normal-1.png", "NORMAL", None)
        assert list(result["scores"]) == LABELS
        assert sum(result["scores"].values()) == pytest.approx(1, abs=1e-5)
        assert "NORMAL" in result["prediction_set"]
        assert result["latency_ms"] > 0

    def test_plain_answer_carries_the_notice(self, run: Run) -> None:
        lines = run("predict", "medical", XRAY).stdout.splitlines()
        assert lines[0].startswith("normal-1.png\tNORMAL\t")
        assert NOTICE in lines[-1]

    @pytest.mark.parametrize(
        ("name", "data", "code"),
        [
            ("empty.png", b"", "image.empty"),
            ("letter.png", b"%PDF-1.4", "image.wrong_kind"),
            ("cut.png", encode(picture())[:-20], "image.truncated"),
            ("scan.dcm", dicom(picture())[:-500], "image.truncated"),
            ("broken.zip", b"PK\x03\x04 nothing more", "archive.broken"),
            ("none.zip", pack({}), "archive.no_images"),
            ("inside.zip", pack({"a/1.png": b"no image"}), "image.wrong_kind"),
        ],
    )
    def test_a_single_bad_file_is_exit_1_with_the_reason(
        self, run: Run, here: Path, name: str, data: bytes, code: str
    ) -> None:
        (here / name).write_bytes(data)
        result = run("predict", "medical", name, "--json", code=1)
        body = document(result)
        assert body["results"] == []
        (refused,) = body["refused"]
        assert refused["code"] == code
        assert name.removesuffix("inside.zip") in refused["message"]
        assert refused["hint"]
        assert code in result.stderr

    def test_good_and_bad_side_by_side(self, run: Run, here: Path) -> None:
        (here / "bad.png").write_bytes(b"")
        result = run("predict", "medical", XRAY, "bad.png", SAMPLES / "pneumonia-1.png", "--json")
        body = document(result)
        assert [(row["input"], row["decision"]) for row in body["results"]] == [
            ("normal-1.png", "NORMAL"),
            ("pneumonia-1.png", "PNEUMONIA"),
        ]
        assert [row["code"] for row in body["refused"]] == ["image.empty"]
        assert "image.empty" in result.stderr

    def test_folder_with_one_bad_of_ten(self, run: Run, here: Path) -> None:
        for name, data in {**images(9, "a/"), "b/0.png": b"no image"}.items():
            (here / "scans" / name).parent.mkdir(parents=True, exist_ok=True)
            (here / "scans" / name).write_bytes(data)
        body = document(run("predict", "medical", "scans", "--json"))
        assert [row["input"] for row in body["results"]] == [f"a/{number}.png" for number in range(9)]
        assert [(row["input"], row["code"]) for row in body["refused"]] == [("b/0.png", "image.wrong_kind")]

    def test_zip_by_name_and_by_content(self, run: Run, here: Path) -> None:
        for name in ("scans.zip", "scans.upload"):
            (here / name).write_bytes(pack(images(3, "a/") | images(1, "b/", 7)))
            body = document(run("predict", "medical", name, "--json"))
            assert [row["input"] for row in body["results"]] == ["a/0.png", "a/1.png", "a/2.png", "b/7.png"]

    def test_a_zip_that_is_mostly_unusable_leaves_no_answers(self, run: Run, here: Path) -> None:
        (here / "scans.zip").write_bytes(pack(images(2, "a/") | {"a/x.png": b"no", "a/y.png": b""}))
        body = document(run("predict", "medical", "scans.zip", "--json", code=1))
        assert body["results"] == []
        assert [row["code"] for row in body["refused"]][-1] == "archive.mostly_unusable"
        assert {"a/x.png", "a/y.png"} <= {row["input"] for row in body["refused"]}

    def test_dicom_is_windowed_and_stripped(self, run: Run, here: Path) -> None:
        values = np.asarray(Image.open(XRAY).convert("L")).astype(np.uint16) * 16
        (here / "scan.dcm").write_bytes(dicom(values, WindowCenter=2048, WindowWidth=4096))
        result = run("predict", "medical", "scan.dcm", "--json")
        (row,) = document(result)["results"]
        assert row["decision"] == "NORMAL"
        assert {"PatientName", "PatientID"} <= set(row["removed_tags"])
        assert "window" in " ".join(row["notices"])
        assert "CANARY" not in result.output

    @pytest.mark.parametrize(
        "data", [encode(colour(300, 300), "JPEG"), encode(np.full((60, 60), 9, np.uint8))], ids=["colours", "blank"]
    )
    def test_what_is_no_xray_is_declined(self, run: Run, here: Path, data: bytes) -> None:
        (here / "x").write_bytes(data)
        (row,) = document(run("predict", "medical", "x", "--json"))["results"]
        assert row["decision"] is None
        assert set(row["abstained"]) == {"code", "message"}

    @pytest.mark.parametrize("ref", ["7", "challenger", "nonsense", "../../etc"])
    def test_unknown_version(self, run: Run, ref: str) -> None:
        result = run("predict", "medical", XRAY, "--model", ref, "--json", code=1)
        assert result.stdout == ""
        assert "registry." in result.stderr

    @pytest.mark.slow
    def test_streams_and_exit_codes_of_the_process(self, here: Path) -> None:
        name = "胸片 ä.png"
        (here / name).write_bytes(XRAY.read_bytes())
        command = [sys.executable, "-m", "core", "predict", "medical", name, "--json"]
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "ascii"}
        done = subprocess.run(command, cwd=here, env=environment, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout.decode("utf-8"))["results"][0]["input"] == name
        events = [json.loads(line)["event"] for line in done.stderr.decode("utf-8").splitlines()]
        assert events[-1] == "predicted"
        assert name.encode() not in done.stderr
        command[-2] = "absent.png"
        assert subprocess.run(command, cwd=here, env=environment, capture_output=True, check=False).returncode == 2


class TestExplain:
    @pytest.mark.parametrize("method", ["grad_cam", pytest.param("integrated_gradients", marks=pytest.mark.slow)])
    def test_writes_a_picture_with_the_notice(self, run: Run, here: Path, method: str) -> None:
        result = run("explain", "medical", XRAY, "--out", "why.png", "--method", method, "--json")
        body = document(result)
        assert (body["target"], body["method"], body["out"]) == ("NORMAL", method, "why.png")
        assert {"deletion", "insertion", "gain"} <= set(body["faithfulness"])
        with Image.open(here / "why.png") as written:
            assert NOTICE in written.info["Comment"]
            assert written.width == 640

    @pytest.mark.parametrize(
        ("extra", "code"), [(["--target", "CAT"], "explain.choice"), (["--method", "tea"], "explain.unknown_method")]
    )
    def test_unknown_label_and_method(self, run: Run, here: Path, extra: list[str], code: str) -> None:
        result = run("explain", "medical", XRAY, "--out", "why.png", *extra, code=1)
        assert code in result.stderr
        assert not (here / "why.png").exists()

    def test_refused_image(self, run: Run, here: Path) -> None:
        (here / "bad.png").write_bytes(b"")
        assert "image.empty" in run("explain", "medical", "bad.png", "--out", "why.png", code=1).stderr


def check_figures(body: dict[str, Any], n: int, split: str) -> None:
    assert (body["version"], body["split"], body["n"]) == ("bundled", split, n)
    assert len(body["model"]) == len(body["fingerprint"]) == 64
    assert {"accuracy", "balanced_accuracy", "f1_macro", "auroc", "average_precision", "ece"} <= set(body["metrics"])
    for metric in body["metrics"].values():
        assert set(metric) == {"value", "low", "high", "n"}


class TestEvaluate:
    @pytest.mark.slow
    def test_class_folder_zip(self, run: Run, here: Path) -> None:
        (here / "mine.zip").write_bytes(pack(xrays(12)))
        check_figures(document(run("evaluate", "medical", "--data", "mine.zip", "--json")), 12, "all")
        assert "accuracy" in run("evaluate", "medical", "--data", "mine.zip").stdout

    def test_medmnist_file_on_its_test_split(self, run: Run, here: Path) -> None:
        draw = np.random.default_rng(0)
        arrays: dict[str, Any] = {}
        for split in ("train", "val", "test"):
            arrays[f"{split}_images"] = draw.integers(0, 255, (8, 28, 28), dtype=np.uint8)
            arrays[f"{split}_labels"] = np.arange(8, dtype=np.uint8)[:, None] % 2
        np.savez(here / "pneumoniamnist.npz", **arrays)
        check_figures(document(run("evaluate", "medical", "--data", "pneumoniamnist.npz", "--json")), 8, "test")

    def test_one_image_of_one_class(self, run: Run, here: Path) -> None:
        (here / "one.zip").write_bytes(pack(xrays(1)))
        body = document(run("evaluate", "medical", "--data", "one.zip", "--json"))
        assert body["n"] == 1
        assert "auroc" not in body["metrics"]

    @pytest.mark.parametrize(
        ("name", "data", "code"),
        [
            ("flat.zip", pack(images(3)), "data."),
            ("cats.zip", pack(images(6, "cat/") | images(6, "dog/", 6)), "data.labels"),
            ("test.zip", pack({f"test/COVID/{n}": d for n, d in images(3).items()} | xrays(2)), ""),
            ("a.npz", b"PK\x05\x06" + bytes(18), "array."),
            ("a.npz", b"", "array."),
            ("a.csv", b"a,b\n1,2\n", ""),
        ],
        ids=["no classes", "other classes", "split of other classes", "no arrays", "empty", "table"],
    )
    def test_refused(self, run: Run, here: Path, name: str, data: bytes, code: str) -> None:
        (here / name).write_bytes(data)
        result = run("evaluate", "medical", "--data", name, "--json", code=1)
        assert result.stdout == ""
        assert code in result.stderr
        assert "unexpected" not in result.stderr
