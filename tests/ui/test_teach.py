"""Teaching a part on the page: images one by one or as a zip, the data check, the start, and what came of it."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from core import jobs
from core.data.surface_check import MASKS_MIN
from core.data.surfaces import read_parts
from core.store.registry import registry
from core.ui.teach import SentParts
from tests.tasks.surfaces import mvtec_files, picture, png, zipped
from tests.ui.checkpoints import write_checkpoint
from tests.ui.test_house import words

pytestmark = pytest.mark.slow
SLUG = "defects"
OpenPage = Callable[..., AppTest]
Sent = tuple[str, bytes, str]


def good_parts(count: int, seed: int = 0) -> list[Sent]:
    rng = np.random.default_rng(seed)
    return [(f"{place}.png", png(picture(rng)[0]), "image/png") for place in range(count)]


def defects(count: int, masks: bool = True) -> list[Sent]:
    rng = np.random.default_rng(50)
    files = []
    for place in range(count):
        pixels, mask = picture(rng, "blot")
        files.append((f"bad{place}.png", png(pixels), "image/png"))
        if masks:
            files.append((f"bad{place}_mask.png", png(mask.astype(np.uint8) * 255), "image/png"))
    return files


def sent(open_page: OpenPage, good: list[Sent], defective: list[Sent] | None = None) -> AppTest:
    page = open_page(SLUG, view="improve")
    for role, files in (("good", good), ("defective", defective or [])):
        page.file_uploader(key=f"{SLUG}.part_{role}").set_value(files)
    page.run()
    assert not page.exception, page.exception
    return page


def keys(page: AppTest) -> set[str]:
    return {str(element.key) for kind in ("toggle", "button") for element in getattr(page, kind)}


def test_good_images_alone_are_enough_and_what_they_cannot_tell_is_said(open_page: OpenPage) -> None:
    page = sent(open_page, good_parts(12))
    said = words(page)
    assert "the lowest false-alarm rate that can be promised is 1 in 13" in said
    assert "All are 96 × 96 pixels; " in said
    assert "12 images of good parts are learned from" in said and "No defects came along" in said
    assert not page.button(key=f"{SLUG}.start").disabled
    assert f"{SLUG}.train.supervised" not in keys(page), "there is nothing a second network could learn from"
    assert any("--data 'New part/'" in block.value for block in page.code)


def test_defects_measure_and_are_learned_from_only_when_asked(open_page: OpenPage) -> None:
    page = sent(open_page, good_parts(12), defects(2 * MASKS_MIN))
    said = words(page)
    assert f"{2 * MASKS_MIN} images of defects, {2 * MASKS_MIN} with a mask: the version is measured on them" in said
    assert not page.toggle(key=f"{SLUG}.train.supervised").value
    page.toggle(key=f"{SLUG}.train.supervised").set_value(True).run()
    assert any("--set supervised=True" in block.value for block in page.code)


def test_without_masks_nothing_is_learned_from_defects(open_page: OpenPage) -> None:
    page = sent(open_page, good_parts(12), defects(6, masks=False))
    assert "6 images of defects, 0 with a mask" in words(page) and "There are too few masks" in words(page)
    assert f"{SLUG}.train.supervised" not in keys(page)


def test_another_part_among_the_good_ones_is_shown(open_page: OpenPage) -> None:
    other = np.repeat(np.random.default_rng(9).integers(0, 255, (6, 6, 1), np.uint8), 3, axis=2)
    odd = ("cat.png", png(np.asarray(Image.fromarray(other).resize((96, 96)))), "image/png")
    page = sent(open_page, [*good_parts(12), odd])
    assert "differ from all others at a glance" in words(page) and "cat" in words(page)


@pytest.mark.parametrize(
    ("good", "defective", "code"),
    [
        (good_parts(1), [], "different images of good parts"),
        ([], defects(2), "upload.no_good_parts"),
        ([("a.zip", b"PK\x03\x04", "application/zip"), *good_parts(1)], [], "upload.zip_among_images"),
        (good_parts(4), [("a.zip", b"PK\x03\x04", "application/zip")], "upload.zip_among_images"),
    ],
    ids=["one image", "only defects", "zip beside images", "zip of defects"],
)
def test_what_cannot_be_learned_from_is_refused_in_words(
    open_page: OpenPage, good: list[Sent], defective: list[Sent], code: str
) -> None:
    page = sent(open_page, good, defective)
    assert code in words(page).replace("\\", "")
    assert all(button.disabled for button in page.button if button.key == f"{SLUG}.start")


def test_a_zip_in_the_known_layout_is_taken_as_it_is(open_page: OpenPage, tmp_path: Path) -> None:
    content = zipped(tmp_path / "bolts.zip", mvtec_files(good=8, tested=2)).read_bytes()
    page = sent(open_page, [("bolts.zip", content, "application/zip")])
    assert "4 images of defects, 4 with a mask" in words(page)
    assert any("--data bolts.zip" in block.value for block in page.code)


def test_the_job_gets_one_zip_and_the_name_of_the_part(open_page: OpenPage, monkeypatch: pytest.MonkeyPatch) -> None:
    submitted: list[dict[str, Any]] = []

    def submit(kind: str, args: dict[str, Any], slot: str = "auto", key: str = "") -> str:
        submitted.append(args | {"kind": kind, "key": key})
        return "none"

    monkeypatch.setattr(jobs, "submit", submit)
    page = sent(open_page, good_parts(8), defects(2))
    page.text_input(key=f"{SLUG}.part_name").set_value("Bolt 7").run()
    assert any("--data 'Bolt 7/'" in block.value for block in page.code)
    page.button(key=f"{SLUG}.start").click().run()
    (args,) = submitted
    assert (args["kind"], args["name"]) == ("train", "Bolt 7")
    data = read_parts(Path(args["data"]), 32)
    assert {split: len(part) for split, part in data.splits.items()} == {"train": 8, "test": 2}
    assert data.splits["test"].has_mask.all()
    page.query_params.clear()
    page.query_params["view"] = "improve"
    assert page.run().text_input(key=f"{SLUG}.part_name").value == "", "the next part has another name"


class _File(io.BytesIO):
    def __init__(self, name: str, content: bytes) -> None:
        super().__init__(content)
        self.name, self.file_id = name, name


def test_the_same_images_make_the_same_file() -> None:
    files = tuple(_File(name, content) for name, content, _ in good_parts(4))
    once, again = (SentParts("Bolt", "key", files).getvalue() for _ in range(2))
    assert once == again and not SentParts("Bolt", "key", files).packed


def test_what_a_training_left_out_is_shown_with_the_pictures_of_this_session() -> None:
    def script() -> None:
        import numpy as np
        from PIL import Image

        from core.ui.part_data import show_left_out
        from core.ui.pictures import jpeg

        kept = {"train/good/1.png": jpeg(Image.fromarray(np.zeros((8, 8, 3), np.uint8)))}
        show_left_out(["train/good/1.png", "train/good/2.png"], kept, True)
        show_left_out([], kept, True)

    page = AppTest.from_function(script).run()
    assert not page.exception
    assert [box.value for box in page.warning] == [
        "2 images among the good parts look unlike all others and were left out. Look at them: they may show defects."
    ]
    assert len(page.get("image")) == 1
    assert "2\\.png" in page.caption[-1].value and "1\\.png" not in page.caption[-1].value


@pytest.mark.parametrize(("promised", "sign"), [(0.01, "verified"), (0.06, "warning")])
def test_a_taught_part_is_tried_without_the_sample_of_another_one(home: Path, promised: float, sign: str) -> None:
    folder = write_checkpoint(home / "staged")
    manifest = json.loads((folder / "manifest.json").read_text())
    threshold = {"value": 0.5, "rate": 0.01, "promised": promised, "held_out": 16}
    (folder / "manifest.json").write_text(json.dumps(manifest | {"threshold": threshold}))
    ref = registry().register(SLUG, folder, name="Bolt 7").ref

    def script(ref: str) -> None:
        from types import SimpleNamespace

        import streamlit as st

        from core.ui.teach import show_taught

        st.session_state.setdefault("defects.chosen", "brushed_metal-good.jpg")
        show_taught("defects", SimpleNamespace(id="job", result={"version": ref}))  # type: ignore[arg-type]

    page = AppTest.from_function(script, args=(ref,)).run()
    assert not page.exception and f":material/{sign}:" in page.caption[0].value
    page.button(key=f"{SLUG}.try").click().run()
    assert page.query_params["model"] == ref and page.session_state["defects.chosen"] == ""
