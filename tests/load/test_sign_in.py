"""A server with a sign-in, met over the wire: which cookies count, and what somebody without a role can reach."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import pytest
from streamlit.web.server.starlette.starlette_app_utils import create_signed_value

from core.settings import ROOT
from tests.load.server import Server, free_port, serving
from tests.load.session import Session

pytestmark = pytest.mark.slow
SECRET = "0123456789-abcdefghij-KLMNOPQRST-uvw"
COOKIE = "_streamlit_user"
Outcome = TypeVar("Outcome")


def run(work: Coroutine[Any, Any, Outcome]) -> Outcome:
    """In a thread of its own: browser tests of the same session leave their event loop running in this one."""
    with ThreadPoolExecutor(1) as threads:
        return threads.submit(asyncio.run, work).result()


def secrets(folder: Path, cookie_secret: str = SECRET) -> Path:
    file = folder / "secrets.toml"
    file.write_text(
        f'[auth]\nredirect_uri = "http://localhost:8501/oauth2callback"\ncookie_secret = "{cookie_secret}"\n'
        'client_id = "vitrine"\nclient_secret = "s"\nserver_metadata_url = "https://id.example.org/configuration"\n'
    )
    return file


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    file = secrets(tmp_path_factory.mktemp("secrets"))
    variables = {"VITRINE_ROLES_BY_EMAIL": '{"ann@example.org": "presenter"}', "VITRINE_ROLE": "admin"}
    with serving("run", "app.py", "--secrets.files", str(file), variables=variables) as running:
        yield running


def signed(origin: str, secret: str = SECRET, **changes: Any) -> str:
    user = {"sub": "7", "iss": "https://id.example.org", "aud": "vitrine", "email": "ann@example.org", "name": "Ann"}
    user |= {"email_verified": True, "exp": int(time.time()) + 600, "is_logged_in": True, "origin": origin}
    value = create_signed_value(secret, COOKIE, json.dumps(user | changes))
    return f"{COOKIE}={value.decode()}"


async def shown(server: Server, cookies: str) -> str:
    async with Session(server.address, "models", cookies=cookies) as visitor:
        await visitor.rerun()
        return "\n".join(visitor.texts())


def test_a_sign_in_that_holds_gives_its_role(server: Server) -> None:
    said = run(shown(server, signed(server.address)))
    assert "Signed in as Ann, role presenter" in said


@pytest.mark.parametrize(
    "cookies",
    [
        lambda address: "",
        lambda address: signed(address, secret="another-secret-that-somebody-made-up"),
        lambda address: signed(address)[:-3] + "AAA",
        lambda address: f"{COOKIE}=nonsense",
        lambda address: signed("http://elsewhere.example.org"),
        lambda address: signed(address, exp=int(time.time()) - 5),
        lambda address: signed(address, aud="another-program"),
    ],
    ids=["none", "other secret", "tampered", "nonsense", "other origin", "run out", "other audience"],
)
def test_any_other_cookie_gives_none(server: Server, cookies: Any) -> None:
    said = run(shown(server, cookies(server.address)))
    assert "Signed in as" not in said
    assert "Sign in" in said


def test_a_server_with_a_cookie_secret_of_the_manual_does_not_start(tmp_path: Path) -> None:
    file = secrets(tmp_path, "xxx")
    command = [
        sys.executable,
        "-m",
        "streamlit",
        "run",
        "app.py",
        "--secrets.files",
        str(file),
        "--server.headless",
        "true",
    ]
    done = subprocess.run(
        [*command, "--server.port", str(free_port())], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode != 0
    assert "cookie secret" in done.stderr
    assert "Traceback" not in done.stderr
