"""The medical page as a visitor uses it, in both languages, with a stand-in for the model."""

from __future__ import annotations

import csv
import io
import subprocess
import sys
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from core import jobs
from core.catalog import sector
from core.contracts import Refusal
from core.ui import batch, predict
from tests.ui import medical_service

Open = Callable[..., AppTest]
NOTICE = "Not a medical device"


def png(pixels: np.ndarray | None = None) -> bytes:
    if pixels is None:
        pixels = np.random.default_rng(0).integers(0, 255, (80, 60), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def zipped(**entries: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def upload(page: AppTest, *files: tuple[str, bytes]) -> AppTest:
    uploader = next(box for box in page.file_uploader if box.key == "medical.upload")
    uploader.set_value([(name, data, "application/octet-stream") for name, data in files])
    return page.run()


def said(page: AppTest) -> str:
    elements = [*page.error, *page.warning, *page.info, *page.caption, *page.markdown, *page.subheader, *page.success]
    return "\n".join(str(element.value) for element in elements)


@pytest.fixture
def medical(open_page: Open, monkeypatch: pytest.MonkeyPatch) -> Open:
    medical_service.install(monkeypatch)

    def opened(**parameters: str) -> AppTest:
        page = open_page("medical", **parameters)
        assert not page.exception
        return page

    return opened


@pytest.mark.slow
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_first_look_is_notice_samples_and_uploader(medical: Open, lang: str) -> None:
    page = medical(lang=lang)
    assert page.warning
    assert [button for button in page.button if str(button.key).startswith("medical.sample.")]
    assert [box.key for box in page.file_uploader] == ["medical.upload"]


@pytest.mark.slow
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_one_click_on_a_sample_gives_an_answer_with_a_map(medical: Open, lang: str) -> None:
    page = medical(lang=lang)
    next(button for button in page.button if str(button.key).startswith("medical.sample.")).click().run()
    assert not page.exception and not page.error
    assert page.subheader[0].value in {"Normal", "Pneumonia", "正常", "肺炎"}
    assert len(page.get("progress")) == 2
    assert "tiny\\_net" in said(page) and "12 ms" in said(page).replace("毫秒", "ms")
    assert NOTICE in said(page) or lang == "zh"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("empty.png", b"", "image."),
        ("letter.png", b"%PDF-1.4 not an image", "image."),
        ("cut.png", png()[:-40], "image."),
        ("page.png", b"<html><script>alert(1)</script></html>", "image."),
        ("thin.png", png(np.zeros((1, 2000), np.uint8)), "image."),
        ("broken.zip", b"PK\x03\x04 nothing more", "archive."),
        ("none.zip", zipped(), "archive."),
    ],
)
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_bad_file_is_refused_with_a_message(medical: Open, name: str, data: bytes, code: str, lang: str) -> None:
    page = upload(medical(lang=lang), (name, data))
    assert not page.exception
    assert len(page.warning) == 2
    assert code in said(page).replace("\\", "")
    assert "Traceback" not in said(page) and "/tmp" not in said(page)
    assert not page.subheader


def test_blank_image_is_declined_with_the_reason(medical: Open) -> None:
    page = upload(medical(), ("blank.png", png(np.full((50, 50), 90, np.uint8))))
    assert page.subheader[0].value == "No answer"
    assert "The image is blank." in said(page)
    assert not page.get("progress")


def test_zip_gives_a_table_and_names_what_was_not_taken(medical: Open) -> None:
    bright = png(np.random.default_rng(1).integers(150, 255, (50, 50), dtype=np.uint8))
    good = {f"{name}.png": png() if name == "a" else bright for name in "abdef"}
    entries = {**good, "c.png": b"no image", "notes.txt": b"a text"}
    page = upload(medical(), ("many.zip", zipped(**entries)))
    assert not page.exception
    table = page.dataframe[0].value
    assert list(table["file"]) == list(good)
    assert "no images: 1" in said(page)
    assert all(str(image).startswith("data:image/png;base64,") for image in table["image"])
    assert "c\\.png" in said(page)


def test_zip_that_is_mostly_unusable_is_refused_with_the_list(medical: Open) -> None:
    entries = {"a.png": png(), "b.png": b"no image", "c.png": b"none either"}
    page = upload(medical(), ("many.zip", zipped(**entries)), ("own.png", png()))
    assert not page.exception
    tables = [list(frame.value["file"]) for frame in page.dataframe if "file" in frame.value]
    assert tables == [["own.png"]], "the other file is answered"
    words = said(page).replace("\\", "")
    listed = str([frame.value for frame in page.dataframe])
    assert "archive.mostly_unusable" in words + listed and "b.png" in words + listed and "c.png" in words + listed


def test_more_images_than_one_batch_are_named_not_dropped(medical: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    from core.settings import settings

    monkeypatch.setenv("VITRINE_LIMIT_BATCH_IMAGES", "2")
    settings.cache_clear()
    page = upload(medical(), *[(f"{number}.png", png()) for number in range(3)])
    assert len(page.dataframe[0].value) == 2
    assert "2\\.png" in said(page) and "batch\\.too\\_many" in said(page)


def test_images_of_one_name_are_told_apart(medical: Open) -> None:
    dark, bright = (
        png(np.random.default_rng(0).integers(*range_, (50, 50), dtype=np.uint8)) for range_ in ((0, 99), (160, 255))
    )
    page = upload(
        medical(), ("two.zip", zipped(**{"a/1.png": dark, "b/1.png": bright})), ("1.png", dark), ("1.png", bright)
    )
    table = page.dataframe[0].value
    assert list(table["file"]) == ["a/1.png", "b/1.png", "1.png", "1.png (2)"]
    assert list(table["decision"]) == ["Normal", "Pneumonia"] * 2


def test_numbered_names_differ_from_names_that_were_sent(medical: Open) -> None:
    page = upload(medical(), ("1.png", png()), ("1.png", png()), ("1.png (2)", png()))
    assert page.dataframe[0].value["file"].is_unique


@pytest.mark.slow
def test_names_of_files_are_shown_literally(medical: Open) -> None:
    page = upload(medical(), ("![x](http://evil.example/t.png) :material/home: $a$.png", png()))
    assert not page.exception
    caption = page.get("image")[0].proto.imgs[0].caption if page.get("image") else ""
    assert "](http" not in said(page) + caption


@pytest.mark.slow
def test_operating_point_moves_the_decision(medical: Open) -> None:
    page = upload(medical(), ("a.png", png(np.random.default_rng(0).integers(120, 170, (50, 50), dtype=np.uint8))))
    assert page.subheader[0].value == "Pneumonia"
    page.session_state["medical.operating_rule"] = "sensitivity"
    page.session_state["medical.operating_target"] = 99
    page.run()
    assert not page.exception
    assert page.subheader[0].value == "Normal"
    assert {metric.label for metric in page.metric} == {"Sensitivity", "Specificity", "Accuracy"}
    assert "at a prevalence of" in said(page)


def test_coverage_changes_the_set_of_labels(medical: Open) -> None:
    page = upload(medical(), ("a.png", png()))
    assert "one label remains" in said(page)
    page.slider(key="medical.coverage").set_value(99).run()
    assert "cannot choose between" in said(page)


@pytest.mark.slow
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_why_offers_two_methods_and_says_how_far_to_trust(medical: Open, lang: str) -> None:
    page = upload(medical(lang=lang, view="why"), ("a.png", png()))
    assert not page.exception
    assert len(page.radio(key="medical.method").options) == 2
    page.session_state["medical.method"] = "integrated_gradients"
    page.run()
    assert not page.exception
    assert "+0.40" in said(page)


@pytest.mark.slow
@pytest.mark.parametrize("view", ["confusion", "roc", "pr", "calibration", "threshold"])
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_quality_shows_where_figures_come_from(medical: Open, view: str, lang: str) -> None:
    page = medical(lang=lang, view="quality")
    page.session_state["medical.quality_view"] = view
    page.run()
    assert not page.exception
    assert "made up" in said(page) and "60" in said(page)
    assert any("python -m core evaluate" in block.value for block in page.code)
    assert len(page.metric) >= 6


def test_card_names_the_checksum(medical: Open) -> None:
    page = medical(view="card")
    assert not page.exception
    assert page.code


class Queue:
    """Stand-in for the job queue: remembers what was asked, and holds one record."""

    def __init__(self) -> None:
        self.asked: list[tuple[dict[str, object], str]] = []
        self.status = "running"
        self.cancelled: list[str] = []

    def submit(self, kind: str, args: dict[str, object], slot: str = "auto", key: str = "") -> str:
        if not any(known == key for _, known in self.asked):
            self.asked.append((args, key))
        return "job1"

    def record(self, job_id: str) -> jobs.JobRecord:
        now = datetime.now(UTC)
        return jobs.JobRecord(
            id=job_id,
            kind="train",
            sector="medical",
            status=self.status,  # type: ignore[arg-type]
            args={"name": "mine.zip"},
            stage="train",
            step=3,
            total=12,
            position=0,
            created=now,
            started=now,
            finished=None,
            error=None,
            error_code="",
            hint=None,
            result={"version": 1},
        )

    def events(self, job_id: str, after: int = 0) -> list[jobs.Event]:
        now = datetime.now(UTC)
        made = [jobs.Event(1, now, "stage", {"stage": "train"})]
        for step in range(1, 4):
            metrics = {"train_loss": 1.0 / step, "validation_accuracy": 0.2 * step}
            data = {"stage": "train", "step": step, "total": 12, "metrics": metrics}
            made.append(jobs.Event(step + 1, now, "metrics", data))
        smaller = {"template": "Memory ran out; trying again with batches of {size}.", "params": {"size": 8}}
        made.append(jobs.Event(5, now, "log", smaller))
        return [event for event in made if event.seq > after]


@pytest.fixture
def queue(monkeypatch: pytest.MonkeyPatch) -> Queue:
    made = Queue()
    monkeypatch.setattr(jobs, "submit", made.submit)
    monkeypatch.setattr(jobs, "status", made.record)
    monkeypatch.setattr(jobs, "events", made.events)
    monkeypatch.setattr(jobs, "cancel", lambda job_id, grace_s=3.0: made.cancelled.append(job_id))
    monkeypatch.setattr(jobs, "jobs", lambda sector=None, limit=50: [made.record("job1")] if made.asked else [])
    return made


def classes_zip(per_class: int = 6) -> bytes:
    draw = np.random.default_rng(0)
    entries = {
        f"{label}/{number}.png": png(draw.integers(0, 255, (32, 32), dtype=np.uint8))
        for label in ("cats", "dogs")
        for number in range(per_class)
    }
    return zipped(**entries)


def own_data(page: AppTest, name: str, data: bytes) -> AppTest:
    page.session_state["medical.data"] = "upload"
    page.run()
    uploader = next(box for box in page.file_uploader if box.key == "medical.data_upload")
    uploader.set_value((name, data, "application/zip"))
    return page.run()


@pytest.mark.slow
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_improve_checks_an_upload_starts_one_job_and_shows_it(medical: Open, queue: Queue, lang: str) -> None:
    page = own_data(medical(lang=lang, view="improve"), "mine.zip", classes_zip())
    assert not page.exception
    assert list(page.dataframe[0].value.iloc[:, 1]) == [6, 6]
    page.session_state["medical.train.mode"] = "quick"
    page.run()
    commands = [block.value for block in page.code]
    assert any(command.endswith("train medical --data mine.zip --set mode=quick") for command in commands)
    start = page.button(key="medical.start")
    start.click()
    start.click()
    page.run()
    assert not page.exception
    assert len(queue.asked) == 1
    args = queue.asked[0][0]
    assert args["config"] == {"mode": "quick"} and Path(str(args["data"])).suffix == ".zip"
    page.run()
    assert page.query_params["job"] == "job1"
    assert page.get("plotly_chart")
    assert "batches of 8" in said(page) or lang == "zh"
    page.button(key="medical.cancel").click().run()
    assert queue.cancelled == ["job1"]


@pytest.mark.slow
def test_data_that_cannot_be_learnt_from_is_refused_before_the_start(medical: Open, queue: Queue) -> None:
    page = own_data(medical(view="improve"), "one.zip", zipped(**{"only/1.png": png(), "only/2.png": png()}))
    assert not page.exception
    assert page.error
    assert page.button(key="medical.start").disabled


def test_a_job_is_found_again_by_its_link(medical: Open, queue: Queue) -> None:
    queue.asked.append(({}, "k"))
    page = medical(job="job1")
    assert "running" in said(page)
    queue.status = "completed"
    page.run()
    assert not page.exception
    assert "Version 1" in said(page)


def test_unknown_job_in_the_link_is_said(medical: Open) -> None:
    page = medical(job="../../etc")
    assert "job\\.unknown" in said(page)


def test_other_labels_cannot_be_compared(medical: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    from core.ui import versions

    seen: list[str] = []
    monkeypatch.setattr(versions.st, "info", lambda text, **kw: seen.append(text))
    versions.show_comparison("medical", medical_service.evaluation(), medical_service.evaluation(("cats", "dogs")))
    assert "labels differ" in seen[0]


def test_export_escapes_formulas_and_carries_notice_model_and_version(
    medical: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    from core.contracts import ImageSample, Message
    from core.ui.inputs import Item

    sample = ImageSample("=HYPERLINK()", np.full((9, 9, 3), 200, np.uint8), "s", removed_tags=("PatientName",))
    row = predict.Row(
        Item("=HYPERLINK()", lambda: sample), medical_service.predict("medical", [sample])[0], "", (), ("PatientName",)
    )
    refused = Refusal("+1.png", "image.empty", Message("The file is empty."), Message("Send another."))
    text = batch.to_csv(sector("medical"), predict.Answered((row,), (refused,))).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [entry["input"] for entry in rows] == ["'=HYPERLINK()", "'+1.png"]
    assert all(NOTICE in entry["notice"] for entry in rows)
    assert (rows[0]["model"], rows[0]["version"], rows[0]["removed_tags"]) == ("tiny_net", "bundled", "PatientName")
    assert rows[1]["refused"] == "The file is empty. (image.empty)"


@pytest.mark.slow
def test_the_page_needs_no_heavy_import() -> None:
    code = (
        "import sys; import core.ui.answers, core.ui.improve, core.ui.card, core.ui.quality, core.ui.sections;"
        "sys.exit(', '.join({'torch', 'timm', 'sklearn', 'scipy', 'captum'} & set(sys.modules)) or 0)"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (found.returncode, found.stderr) == (0, "")
