"""The frame, home and the model room, as `streamlit run` would draw them."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from streamlit.testing.v1 import AppTest

from core.catalog import SECTORS
from core.serving import warmup
from core.settings import ROOT
from core.store.registry import registry
from core.ui import status
from tests.ui.checkpoints import register_version

OpenPage = Callable[..., AppTest]


def words(page: AppTest) -> str:
    """Everything that is written on the page and in its sidebar."""
    kinds = ("title", "header", "subheader", "markdown", "caption", "success", "warning", "error", "info")
    return "\n".join(str(element.value) for kind in kinds for element in getattr(page, kind))


@pytest.mark.slow
@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("slug", ["home", "market", "models", *(sector.slug for sector in SECTORS)])
def test_every_page_opens_in_both_languages(open_page: OpenPage, slug: str, language: str) -> None:
    page = open_page(slug, lang=language)
    assert not page.exception
    assert not page.error
    chinese = any("\u4e00" <= sign <= "\u9fff" for sign in words(page))
    assert chinese == (language == "zh")


def test_a_page_waits_for_libraries_that_are_being_imported(
    open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = [False, False, True]
    monkeypatch.setattr(warmup, "importing", lambda: True)
    monkeypatch.setattr(warmup, "wait_for_imports", lambda _seconds: answers.pop(0))
    page = open_page("fraud")
    assert answers == []
    assert not page.exception
    assert "being loaded" not in words(page)


def test_language_of_the_link_beats_the_browser_and_stays(open_page: OpenPage) -> None:
    page = open_page("home", lang="zh")
    assert page.segmented_control(key="frame.language").value == "zh"
    page.query_params.clear()  # as a click in the navigation does
    page.switch_page(str(ROOT / "pages" / "models.py")).run()
    assert page.segmented_control(key="frame.language").value == "zh"
    assert page.query_params["lang"] == "zh"


def test_switching_the_language_changes_page_and_link(open_page: OpenPage) -> None:
    page = open_page("home")
    assert "lang" not in page.query_params
    page.segmented_control(key="frame.language").set_value("zh").run()
    assert page.query_params["lang"] == "zh"
    assert "演示" in words(page)


@pytest.mark.slow
def test_home_has_a_card_for_every_sector_with_its_figures(open_page: OpenPage, home: Path) -> None:
    registry().promote("medical", register_version(home, seed=1).number)
    page = open_page("home")
    for sector in SECTORS:
        assert sector.summary in words(page)
        assert page.button(key=f"home.open_{sector.slug}")
    assert "0.957" in {metric.value for metric in page.metric}
    assert "624" in words(page), "a figure names how many examples it was measured on"


@pytest.mark.slow
def test_model_room_promotes_after_a_question_and_rolls_back(open_page: OpenPage, home: Path) -> None:
    first = register_version(home, seed=1)
    registry().promote("medical", first.number)
    second = register_version(home, seed=2)
    page = open_page("models")
    page.button(key="medical.room_promote").click().run()
    assert registry().resolve("medical").number == first.number, "nothing happens before the question is answered"
    page.text_area(key="medical.room.reason").input("Tried here because a test asks for it.")
    page.button(key="medical.room.promote").click().run()
    assert not page.exception
    assert registry().resolve("medical").number == second.number
    assert "version 2" in words(page)
    page.button(key="medical.room_rollback").click().run()
    page.button(key="medical.room_confirm").click().run()
    assert registry().resolve("medical").number == first.number


@pytest.mark.slow
def test_model_room_does_not_promote_over_somebody_else(open_page: OpenPage, home: Path) -> None:
    registry().promote("medical", register_version(home, seed=1).number)
    chosen, rival = register_version(home, seed=2), register_version(home, seed=3)
    page = open_page("models")
    page.selectbox(key="medical.room_version").select(chosen.ref).run()
    page.button(key="medical.room_promote").click().run()
    registry().promote("medical", rival.number)
    page.text_area(key="medical.room.reason").input("Tried here because a test asks for it.")
    page.button(key="medical.room.promote").click().run()
    assert registry().resolve("medical").number == rival.number
    assert page.error


@pytest.mark.slow
def test_names_from_a_visitor_are_shown_and_nothing_else(open_page: OpenPage, home: Path) -> None:
    name = "![x](http://evil.example/t.png) :red[a] <b>b</b>"
    version = register_version(home, seed=1, name=name, card=f"# Card\n\n{name}\n")
    registry().promote("medical", version.number)
    page = open_page("models")
    assert not page.exception
    assert "![x](" not in words(page)


@pytest.mark.parametrize("slug", ["home", "models"])
def test_a_damaged_store_costs_the_badge_and_no_page(
    open_page: OpenPage, home: Path, fresh_status: None, slug: str
) -> None:
    home.mkdir()
    (home / "vitrine.db").write_bytes(b"this is no database " * 1000)
    page = open_page(slug, lang="en")
    assert not page.exception
    assert "The store does not answer" in words(page)
    assert page.metric, "the figures of the bundled model are still there"


@pytest.fixture
def fresh_status() -> None:
    """Forget what the sidebar has kept."""
    status.forget()


@pytest.mark.usefixtures("home")
def test_the_sidebar_asks_its_sources_rarely(fresh_status: None) -> None:
    status.running_jobs(), status.device_memory()
    started = time.perf_counter()
    for _ in range(100):
        status.running_jobs(), status.device_memory(), status.warm_up_stage()
    assert (time.perf_counter() - started) / 100 < 0.005


@pytest.mark.slow
def test_the_first_page_needs_no_torch(tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "from streamlit.testing.v1 import AppTest\n"
        "import app\n"
        f"page = AppTest.from_file({str(ROOT / 'core/ui/router.py')!r}, default_timeout=60).run()\n"
        f"page.switch_page({str(ROOT / 'pages/models.py')!r}).run()\n"
        "assert not page.exception, page.exception\n"
        "import core.ui.answers, core.ui.improve, core.ui.quality\n"
        "heavy = {'torch', 'timm', 'transformers', 'captum'} & set(sys.modules)\n"
        "sys.exit(f'imported {heavy}' if heavy else 0)\n"
    )
    environment = {"VITRINE_HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        check=False,
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr[-2000:]


def test_an_unexpected_error_shows_its_reference_and_nothing_else(home: Path) -> None:
    def script() -> None:
        from core.ui.failures import on_script_error

        try:
            raise RuntimeError("token=hf_CANARY in /secret/place")
        except RuntimeError as error:
            on_script_error(error)

    page = AppTest.from_function(script).run()
    (shown,) = page.error
    reference = shown.value.rstrip(".").split()[-1]
    assert "CANARY" not in shown.value
    assert "secret" not in shown.value
    log = (home / "logs" / "vitrine.log").read_text("utf-8")
    assert reference in log
    assert "CANARY" not in log


def test_running_jobs_lead_to_their_page(
    open_page: OpenPage, monkeypatch: pytest.MonkeyPatch, fresh_status: None
) -> None:
    live = [
        SimpleNamespace(id="b2", sector="medical", status="queued"),
        SimpleNamespace(id="a1", sector="medical", status="running"),
    ]
    monkeypatch.setattr("core.jobs.jobs", lambda: live)
    page = open_page("home", lang="en")
    (link,) = page.get("page_link")
    assert "2 training jobs" in link.proto.label
    assert "job=a1" in link.proto.query_string
    assert "lang=en" in link.proto.query_string
