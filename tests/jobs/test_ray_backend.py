"""What the Ray back end refuses and checks by itself; no cluster and no Ray are needed here."""

from __future__ import annotations

import ast
import importlib.util
import socket
import subprocess
import sys
import time
from dataclasses import replace

import pytest

from core import jobs
from core.errors import JobError
from core.jobs import ray_backend, ray_node
from core.jobs.backend import backend
from core.settings import ROOT, Settings, settings
from core.store.owners import Owner, this_process
from tests.jobs.driving import ended, submit
from tests.jobs.ray_nodes import free_port

SOURCES = sorted((ROOT / "core").rglob("*.py"))


@pytest.fixture
def configured(monkeypatch, tmp_path, request):
    """Settings for a cluster that is not there, on a machine with Ray installed; nobody's own token is read."""

    def configure(address="127.0.0.1:1", token="secret-token", file=""):
        monkeypatch.setenv("VITRINE_RAY_ADDRESS", address)
        monkeypatch.setenv("VITRINE_RAY_TOKEN", token)
        monkeypatch.setenv("VITRINE_RAY_TOKEN_FILE", str(file or tmp_path / "none"))
        settings.cache_clear()

    for name in ("RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("VITRINE_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(ray_backend, "find_spec", lambda _: True)
    configure()
    return configure


def refused(call) -> JobError:
    with pytest.raises(JobError) as caught:
        call()
    assert caught.value.hint.template
    assert "secret-token" not in str(caught.value)
    return caught.value


def check(slot="auto"):
    backend().check_slot(slot)


@pytest.mark.slow
def test_a_local_job_never_imports_ray(house):
    program = (
        "import sys; from tests.jobs import preload; from core import jobs;"
        "job = jobs.submit('train', {'sector': 'fake', 'config': {'steps': 1}, 'data': '/x'}); jobs.status(job);"
        "sys.exit(' '.join(m for m in sys.modules if m == 'ray' or m.startswith(('ray.', 'core.jobs.ray'))) or None)"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (job,) = jobs.jobs()
    assert ended(job.id).status == "completed"


@pytest.mark.slow
def test_the_server_side_of_a_configured_cluster_imports_no_ray(configured):
    program = "import sys; from core.jobs.backend import backend; backend(); sys.exit('ray' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False).returncode == 0
    assert backend().name == "ray"


@pytest.mark.parametrize("address", ["auto", "local", "ray://127.0.0.1:10001", "head", "head:0", "head:99999", "a b:1"])
def test_only_an_explicit_address_is_taken(configured, address):
    configured(address=address)
    assert refused(check).code == "ray.address"


def test_a_missing_token_is_named(configured, tmp_path):
    configured(token="")
    assert refused(check).code == "ray.no_token"
    file = tmp_path / "token"
    file.write_text("secret-token\n")
    configured(token="", file=file)
    assert ray_backend.cluster_token() == "secret-token"


def test_rays_own_variables_for_the_token_work(configured, monkeypatch, tmp_path):
    monkeypatch.delenv("VITRINE_RAY_TOKEN")
    monkeypatch.delenv("VITRINE_RAY_TOKEN_FILE")
    file = tmp_path / "token"
    file.write_text("from-file")
    monkeypatch.setenv("RAY_AUTH_TOKEN_PATH", str(file))
    settings.cache_clear()
    assert ray_backend.cluster_token() == "from-file"
    monkeypatch.setenv("RAY_AUTH_TOKEN", "from-variable")
    settings.cache_clear()
    assert ray_backend.cluster_token() == "from-variable"
    assert "from-variable" not in repr(settings())


def test_ray_that_is_not_installed_is_named(configured, monkeypatch):
    monkeypatch.setattr(ray_backend, "find_spec", lambda _: None)
    error = refused(check)
    assert error.code == "ray.not_installed"
    assert "requirements/ray.txt" in str(error.hint)


def test_nobody_at_the_address_is_said_within_seconds(configured, house):
    configured(address=f"127.0.0.1:{free_port()}")
    began = time.monotonic()
    assert refused(lambda: submit(steps=1)).code == "ray.unreachable"
    assert time.monotonic() - began < 3
    assert jobs.jobs() == []  # nothing was queued that nobody would run


@pytest.mark.slow
def test_an_address_that_swallows_everything_is_said_within_seconds(configured):
    """A listener whose queue is full lets a connection hang, as a firewall does that drops packets."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        port = listener.getsockname()[1]
        waiting = [socket.socket() for _ in range(4)]
        for client in waiting:
            client.setblocking(False)
            client.connect_ex(("127.0.0.1", port))
        time.sleep(0.1)
        configured(address=f"127.0.0.1:{port}")
        began = time.monotonic()
        assert refused(check).code == "ray.unreachable"
        assert 1 < time.monotonic() - began < 4
        for client in waiting:
            client.close()


def test_sqlite_is_refused_for_a_head_elsewhere(configured, monkeypatch):
    class Connection(socket.socket):
        def getsockname(self):
            return ("10.0.0.4", 1)

        def getpeername(self):
            return ("10.0.0.5", 6379)

    monkeypatch.setattr(ray_backend.socket, "create_connection", lambda *_, **__: Connection())
    error = refused(check)
    assert (error.code, "PostgreSQL" in str(error.hint)) == ("ray.sqlite", True)
    monkeypatch.setenv("VITRINE_DATABASE_URL", "postgresql+psycopg://somewhere/vitrine")
    settings.cache_clear()
    check()


@pytest.mark.parametrize("slot", ["auto", "cpu", "cuda", "cuda:7"])
def test_devices_of_the_cluster_are_not_those_of_this_machine(configured, slot):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(1)
        configured(address=f"127.0.0.1:{listener.getsockname()[1]}")
        check(slot)
        assert refused(lambda: check("tpu")).code == "job.unknown_slot"


def test_settings_travel_whole_and_without_secrets(configured, monkeypatch, tmp_path):
    monkeypatch.setenv("VITRINE_TORCH_THREADS", "3")
    monkeypatch.setenv("VITRINE_OFFLINE", "true")
    monkeypatch.setenv("VITRINE_JOB_PRELOAD", '["a", "b"]')
    monkeypatch.setenv("VITRINE_LIMIT_IMAGE_PIXELS", "123")
    settings.cache_clear()
    before = settings()
    variables = before.environment()
    assert "secret-token" not in str(variables)
    assert not any("RAY" in name for name in variables)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    after = Settings()
    assert after == before.model_copy(update={"home": before.home.resolve()})
    assert (after.job_preload, after.limits.image_pixels) == (("a", "b"), 123)


@pytest.fixture
def order(house):
    house.home.mkdir(parents=True)
    (house.home / ray_node.HOME_ID).write_text("mark")
    return ray_node.Order("0123", "cpu", settings().environment(), this_process(), ray_node.code_fingerprint(), "mark")


def test_a_node_like_this_machine_is_fine(order):
    ray_node.check(order)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"code": "0" * 64}, "ray.other_code"),
        ({"caller": Owner("elsewhere", 1, "boot-1")}, "ray.sqlite"),
        ({"home": "another mark"}, "ray.home"),
    ],
)
def test_a_node_that_lacks_something_says_what(order, change, code):
    error = refused(lambda: ray_node.check(replace(order, **change)))
    assert error.code == code
    assert str(settings().home) not in str(error)


def test_another_machine_may_run_jobs_of_a_shared_database(order, monkeypatch):
    monkeypatch.setenv("VITRINE_DATABASE_URL", "postgresql+psycopg://somewhere/vitrine")
    settings.cache_clear()
    ray_node.check(replace(order, caller=Owner("elsewhere", 1, "boot-1")))


def calls(tree, name):
    return [node for node in ast.walk(tree) if isinstance(node, ast.Call) and ast.unparse(node.func) == name]


@pytest.mark.slow
def test_ray_is_never_asked_to_find_a_cluster_by_itself():
    """A bare `ray.init()` joins the last cluster of the machine."""
    found = [call for path in SOURCES for call in calls(ast.parse(path.read_text("utf-8")), "ray.init")]
    assert len(found) == 1
    assert [ast.unparse(word.value) for word in found[0].keywords if word.arg == "address"] == ["address"]


@pytest.mark.slow
def test_no_code_calls_ray_stop():
    """It ends every Ray of the machine, whosever it is."""
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.List | ast.Tuple):
                words = [ast.literal_eval(part) for part in node.elts if isinstance(part, ast.Constant)]
                assert not {"ray", "stop"} <= {word for word in words if isinstance(word, str)}, path
            if isinstance(node, ast.Call):
                assert not any("ray stop" in ast.unparse(part) for part in node.args), path


def test_the_extra_names_the_version_that_is_locked():
    wanted = [line for line in (ROOT / "requirements" / "ray.in").read_text().splitlines() if line.startswith("ray")]
    assert wanted[0].replace(" ", "") in (ROOT / "requirements" / "ray.txt").read_text()
    assert importlib.util.find_spec("ray") is None or wanted[0].partition("==")[2] == _installed()


def _installed():
    from importlib.metadata import version

    return version("ray")
