from __future__ import annotations

import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from core.contracts import Heatmap, Message
from core.errors import InputRefused, ModelRefused, StoreError
from core.serving import service, warmup
from core.settings import ROOT
from core.store import audit
from core.store.database import close_stores
from tests.jobs.fake_sector import SLUG, Predictor, Task


@pytest.fixture
def serving(house, monkeypatch):
    monkeypatch.setattr(service, "pick_device", lambda: "cpu")
    monkeypatch.setattr(service, "limit_threads", lambda: None)
    service.pool.cache_clear()
    yield house
    service.pool.cache_clear()


@pytest.mark.slow
def test_the_service_is_imported_without_torch():
    code = (
        "import sys, core.serving.service, core.serving.warmup, core.jobs, core.device, core.doctor;"
        "core.device.memory(); core.serving.warmup.state();"
        "assert not {'torch', 'timm', 'sklearn', 'streamlit'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, timeout=60)


def test_every_input_is_answered_with_model_and_time(serving):
    answers = service.predict(SLUG, ["x"] * 70, bias=0.5)
    assert len(answers) == 70
    assert {answer.model.version for answer in answers} == {"bundled"}
    assert answers[0].model.architecture == "tiny"
    assert answers[0].prediction.domain_score == 0.5
    assert all(answer.latency_ms > 0 for answer in answers)
    assert answers[0].notices == ()
    assert service.predict(SLUG, []) == []


def test_inputs_go_through_in_batches_one_at_a_time(serving, monkeypatch):
    sizes, inside = [], []

    def predict(self, inputs):
        inside.append(1)
        sizes.append(len(inputs))
        assert len(inside) == 1
        time.sleep(0.005)
        inside.pop()
        return [None] * len(inputs)

    monkeypatch.setattr(Predictor, "predict", predict)
    threads = [threading.Thread(target=service.predict, args=(SLUG, ["x"] * 70)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(sizes) == [6] * 3 + [32] * 6


def test_a_thread_safe_model_answers_one_visitor_while_it_works_for_another(serving, monkeypatch):
    begun, go_on, answer = threading.Event(), threading.Event(), Predictor.predict

    def predict(self, inputs):
        if inputs == ["large"]:
            begun.set()
            assert go_on.wait(20)
        return answer(self, inputs)

    monkeypatch.setattr(Predictor, "predict", predict)
    monkeypatch.setattr(Predictor, "thread_safe", True, raising=False)
    monkeypatch.setattr(Task, "methods", ("why",), raising=False)
    monkeypatch.setattr(Task, "explain", lambda *_: "because", raising=False)
    with ThreadPoolExecutor(3) as threads:
        large = threads.submit(service.predict, SLUG, ["large"])
        assert begun.wait(20)
        small, why = (
            threads.submit(service.predict, SLUG, ["x"]),
            threads.submit(service.explain, SLUG, "x", "a", "why"),
        )
        try:
            assert len(small.result(20)) == 1 and why.result(20) == "because"
            assert not large.done()
        finally:
            go_on.set()
        assert len(large.result(20)) == 1


def test_a_predictor_remarks_on_single_inputs(serving, monkeypatch):
    said = Message("Too long.")
    assert service.predict(SLUG, ["x"])[0].notices == ()
    monkeypatch.setattr(
        Predictor, "remarks", lambda self, inputs: [(said,) * (x == "long") for x in inputs], raising=False
    )
    assert [answer.notices for answer in service.predict(SLUG, ["x", "long", "y"])] == [(), (said,), ()]


def test_the_model_that_answers_says_its_own_explanations(serving, monkeypatch):
    monkeypatch.setattr(Task, "methods", ("why", "how"), raising=False)
    monkeypatch.setattr(Task, "explain", lambda self, predictor, sample, target, method: method, raising=False)
    assert service.explain(SLUG, "x", "a", "") == "why"
    monkeypatch.setattr(Predictor, "methods", ("how",), raising=False)
    assert service.explain(SLUG, "x", "a", "") == "how"
    with pytest.raises(InputRefused):
        service.explain(SLUG, "x", "a", "why")


def test_a_promoted_version_answers_from_the_next_call_on(serving):
    serving.registry.register(SLUG, serving.staged())
    assert service.predict(SLUG, ["x"])[0].model.version == "bundled"
    assert service.predict(SLUG, ["x"], "challenger")[0].model.version == "1"
    serving.registry.promote(SLUG, 1)
    assert service.predict(SLUG, ["x"])[0].model.version == "1"
    assert service.predict(SLUG, ["x"], "bundled")[0].model.version == "bundled"
    assert len(service.pool().keys()) == 2


def test_a_request_of_several_calls_has_one_model(serving):
    serving.registry.register(SLUG, serving.staged())
    chosen = service.choose(SLUG)
    first = service.predict(SLUG, ["x"], chosen)[0]
    serving.registry.promote(SLUG, 1)
    assert service.predict(SLUG, ["x"], chosen)[0].model == first.model
    assert first.model.version == "bundled"
    assert service.predict(SLUG, ["x"], service.choose(SLUG))[0].model.version == "1"
    assert service.choose(SLUG, "bundled").version.number == 0
    with pytest.raises(StoreError):
        service.choose(SLUG, "7")


def test_the_model_chosen_for_a_request_may_be_the_bundled_one(serving):
    version = serving.registry.register(SLUG, serving.staged())
    serving.registry.promote(SLUG, 1)
    (version.path / "model.safetensors").write_bytes(b"changed")
    chosen = service.choose(SLUG)
    answer = service.predict(SLUG, ["x"], chosen)[0]
    assert answer.model.version == "bundled"
    assert "model.changed" in str(answer.notices[0])


def test_a_changed_champion_is_refused_and_the_bundled_model_answers(serving):
    version = serving.registry.register(SLUG, serving.staged())
    serving.registry.promote(SLUG, 1)
    (version.path / "model.safetensors").write_bytes(b"changed")
    answer = service.predict(SLUG, ["x"])[0]
    assert answer.model.version == "bundled"
    assert "model.changed" in str(answer.notices[0])
    with pytest.raises(ModelRefused):
        service.predict(SLUG, ["x"], "1")


def test_a_champion_without_files_is_replaced_by_the_bundled_model(serving):
    version = serving.registry.register(SLUG, serving.staged())
    serving.registry.promote(SLUG, 1)
    version.path.rename(serving.home / "gone")
    assert service.predict(SLUG, ["x"])[0].model.version == "bundled"


def test_with_a_damaged_database_the_last_champion_answers_and_it_is_said(serving):
    serving.registry.register(SLUG, serving.staged())
    serving.registry.promote(SLUG, 1)
    service.predict(SLUG, ["x"])
    audit.flush()  # else its thread opens the store once more while the file is being spoilt
    close_stores()
    (serving.home / "vitrine.db").write_bytes(b"nonsense" * 1000)
    for name in ("vitrine.db-wal", "vitrine.db-shm"):
        (serving.home / name).unlink(missing_ok=True)
    serving.registry.forget_trouble()
    answer = service.predict(SLUG, ["x"])[0]
    assert answer.model.version == "1"
    assert "damaged" in str(answer.notices[0])


def test_without_any_model_the_error_is_plain(serving):
    (serving.assets / "models" / "fake").rename(serving.assets / "gone")
    with pytest.raises(StoreError) as caught:
        service.predict(SLUG, ["x"])
    assert caught.value.code == "registry.files_missing"


def test_explanations_are_offered_where_the_task_has_them(serving, monkeypatch):
    assert service.methods(SLUG) == ()
    with pytest.raises(InputRefused):
        service.explain(SLUG, "x", "a", "grad_cam")
    made = Heatmap(np.zeros((2, 2), np.float32), "grad_cam", "a")
    monkeypatch.setattr(Task, "methods", ("grad_cam",), raising=False)
    monkeypatch.setattr(Task, "explain", lambda *_: made, raising=False)
    assert service.explain(SLUG, "x", "a", "grad_cam") is made
    with pytest.raises(InputRefused) as caught:
        service.explain(SLUG, "x", "a", "{0}")
    assert "grad_cam" in str(caught.value.hint)


def test_evaluate_says_which_model_it_measured(serving, monkeypatch, tmp_path):
    monkeypatch.setattr(Task, "evaluate", lambda self, predictor, data, columns: (predictor, data), raising=False)
    model, (predictor, data) = service.evaluate(SLUG, tmp_path)
    assert model.version == "bundled"
    assert isinstance(predictor, Predictor)
    assert data == tmp_path


def test_a_version_without_evaluation_has_none(serving):
    assert service.evaluation_of(serving.registry.resolve(SLUG)) is None


def draw_a_page() -> None:
    with warmup.page_being_drawn():
        pass


class TestWarmUp:
    @pytest.fixture(autouse=True)
    def fresh(self, serving, monkeypatch):
        monkeypatch.setattr(warmup, "_state", warmup._State())
        monkeypatch.setitem(warmup.EXAMPLES, "fake_task", "x")
        monkeypatch.setattr(warmup, "_import_libraries", lambda: None)

    @pytest.mark.slow
    def test_it_loads_the_champions_and_tells_how_far_it_is(self):
        assert warmup.wait(0) == warmup.WarmUp("waiting", 0.0)
        warmup.start()
        warmup.start()
        assert warmup.wait(10).stage == "ready"
        assert warmup.state().seconds > 0

    @pytest.mark.slow
    @pytest.mark.parametrize("begin", [draw_a_page, warmup.hurry])
    def test_it_leaves_the_first_page_its_time_and_hurries_for_a_prediction(self, serving, monkeypatch, begin):
        monkeypatch.setattr(warmup, "FIRST_PAGE_S", 60.0)
        warmup.start(after_first_page=True)
        assert warmup.wait(0.05).stage == "waiting"
        begin()
        assert warmup.wait(10).stage == "ready"

    @pytest.mark.slow
    def test_without_a_visitor_it_begins_by_itself(self, serving, monkeypatch):
        monkeypatch.setattr(warmup, "FIRST_PAGE_S", 0.01)
        warmup.start(after_first_page=True)
        assert warmup.wait(10).stage == "ready"
        assert len(service.pool().keys()) == 1

    @pytest.mark.slow
    def test_a_failure_is_told_and_harms_nobody(self, serving):
        (serving.assets / "models" / "fake" / "bundled" / "model.safetensors").write_bytes(b"changed")
        warmup.start()
        assert warmup.wait(10).stage == "failed"

    def test_a_bug_in_a_model_harms_nobody(self, monkeypatch):
        monkeypatch.setattr(Task, "load", lambda *_: 1 / 0)
        warmup.start()
        assert warmup.wait(10).stage == "failed"

    def test_pages_are_held_back_until_the_libraries_are_imported(self, monkeypatch):
        begun, may_end = threading.Event(), threading.Event()
        monkeypatch.setattr(warmup, "_import_libraries", lambda: (begun.set(), may_end.wait(10)))
        assert not warmup.importing()
        warmup.start()
        assert begun.wait(10)
        assert warmup.importing()
        assert not warmup.wait_for_imports(0.01)
        may_end.set()
        assert warmup.wait_for_imports(10)
        assert not warmup.importing()
        assert warmup.wait(10).stage == "ready"

    def test_no_import_begins_while_a_page_is_drawn_unless_that_page_waits_for_it(self, monkeypatch):
        begun = threading.Event()
        monkeypatch.setattr(warmup, "_import_libraries", begun.set)
        with warmup.page_being_drawn():
            warmup.start()
            assert not begun.wait(0.1)
        assert begun.wait(10)
        assert warmup.wait(10).stage == "ready"

    def test_a_page_that_hurries_is_not_waited_for(self, monkeypatch):
        begun = threading.Event()
        monkeypatch.setattr(warmup, "_import_libraries", begun.set)
        with warmup.page_being_drawn():
            warmup.start()
            warmup.hurry()
            assert begun.wait(10)
            assert warmup.wait(10).stage == "ready"

    def test_a_failed_import_holds_nobody_back(self, monkeypatch):
        monkeypatch.setattr(warmup, "_import_libraries", lambda: 1 / 0)
        warmup.start()
        assert warmup.wait_for_imports(10)
        assert warmup.wait(10).stage == "failed"


@pytest.mark.slow
def test_scipy_is_whole_before_torch_is_begun():
    code = (
        "import sys\n"
        "class Finder:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'torch': sys.exit(0 if 'scipy.stats' in sys.modules else 'torch first')\n"
        "sys.meta_path.insert(0, Finder())\n"
        "from core.serving import warmup\n"
        "warmup._import_libraries()\n"
        "sys.exit('torch was not imported')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
