"""Who sits before a page: by sign-in, by where they come from; and that a button is not the only lock."""

from __future__ import annotations

import time
from types import SimpleNamespace

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from core import access
from core.access import LOCAL
from core.settings import settings
from core.store import audit
from core.store.registry import registry
from core.ui import session
from tests.ui.checkpoints import register_version

ANN = {"is_logged_in": True, "sub": "7", "iss": "https://id.example.org/", "aud": "vitrine", "email": "ann@example.org"}
GOOD = "c0ffee-9f3a7b21d8e4550612aa-q7Lw"


def claims(**more):
    return {**ANN, "exp": time.time() + 600, "email_verified": True, **more}


@pytest.fixture
def before(monkeypatch, home):
    """`before(claims)`: somebody with these claims sits before the page `models`."""
    monkeypatch.setattr(access, "_sources", [session.visitor])
    session.sign_in.cache_clear()
    monkeypatch.setattr(session, "sign_in", lambda: None)

    def sit(user_info=None, *, address="127.0.0.1", headers=(), configured=False, number="1"):
        context = SimpleNamespace(
            user_info=user_info or {},
            session_id=f"session-{number}",
            page_script_hash="h",
            pages_manager=SimpleNamespace(get_pages=lambda: {"h": {"url_pathname": "models"}}),
        )
        monkeypatch.setattr(session, "get_script_run_ctx", lambda **_: context)
        monkeypatch.setattr(session.config, "get_option", lambda name: address)
        monkeypatch.setattr(st, "context", SimpleNamespace(headers=dict.fromkeys(headers, "x")))
        if configured:
            monkeypatch.setattr(session, "sign_in", lambda: session.SignIn((None,), ("vitrine",)))
        return access.current()

    return sit


def configure(monkeypatch, **variables):
    for name, value in variables.items():
        monkeypatch.setenv(f"VITRINE_{name.upper()}", value)
    settings.cache_clear()


class TestWithoutSignIn:
    @pytest.mark.parametrize("address", ["127.0.0.1", "localhost", "::1", "127.8.8.8"])
    def test_alone_on_this_machine_one_is_admin(self, before, address):
        actor = before(address=address)
        assert (actor.role, actor.place) == ("admin", "models")

    @pytest.mark.parametrize("address", ["", "0.0.0.0", "::", "192.168.1.5", "example.org", "127.0.0.1.example.org"])
    def test_on_a_network_one_looks(self, before, address):
        assert before(address=address).role == "viewer"

    @pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-Ip", "X-Forwarded-Host"])
    def test_behind_a_proxy_one_looks(self, before, header):
        assert before(headers=[header]).role == "viewer"

    @pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0"])
    def test_a_role_by_setting(self, before, monkeypatch, address):
        configure(monkeypatch, role="presenter")
        assert before(address=address).role == "presenter"

    def test_sessions_are_told_apart_and_not_named(self, before):
        first, second = before(number="1"), before(number="2")
        assert first.id != second.id
        assert before(number="1").id == first.id
        assert "session-1" not in first.id

    def test_claims_mean_nothing(self, before, monkeypatch):
        configure(monkeypatch, role="viewer", roles_by_email='{"ann@example.org": "admin"}')
        assert before(claims()).role == "viewer"

    def test_without_a_page_the_local_program_asks(self, before, monkeypatch):
        before()
        monkeypatch.setattr(session, "get_script_run_ctx", lambda **_: None)
        assert access.current() == LOCAL

    def test_without_a_key_one_still_looks(self, before, home):
        home.mkdir()
        (home / "secret.key").write_text("damaged")
        assert before(address="").id == "session:unknown"


class TestSignedIn:
    @pytest.fixture(autouse=True)
    def _roles(self, monkeypatch):
        configure(
            monkeypatch,
            roles_by_email='{"ann@example.org": "presenter", "bob@example.org": "admin"}',
            role_claim="groups",
            roles_by_claim='{"lab-admins": "admin", "lab": "presenter"}',
        )

    @pytest.mark.parametrize(
        ("more", "role"),
        [
            ({}, "presenter"),
            ({"email": "ANN@Example.ORG"}, "presenter"),
            ({"email": "bob@example.org"}, "admin"),
            ({"email": "bob@example.org", "email_verified": False}, "viewer"),
            ({"email": "bob@example.org", "email_verified": None}, "viewer"),
            ({"email": "eve@example.org"}, "viewer"),
            ({"email": "eve@example.org", "groups": "lab"}, "presenter"),
            ({"groups": ["guests", "lab-admins"]}, "admin"),
            ({"email": ["ann@example.org"], "groups": {"lab-admins": 1}}, "viewer"),
            ({"groups": [["lab-admins"]]}, "presenter"),
        ],
    )
    def test_roles(self, before, more, role):
        actor = before(claims(**more), configured=True)
        assert (actor.role, actor.id) == (role, "id.example.org:7")

    def test_a_default_role(self, before, monkeypatch):
        configure(monkeypatch, signed_in_role="presenter")
        assert before(claims(email="eve@example.org"), configured=True).role == "presenter"

    @pytest.mark.parametrize(
        "more",
        [
            {"exp": 1},
            {"exp": None},
            {"exp": "9999999999"},
            {"exp": True},
            {"aud": "another-program"},
            {"aud": ["another-program"]},
            {"aud": None},
            {"sub": ""},
            {"is_logged_in": False},
            {"is_logged_in": "yes"},
        ],
    )
    def test_what_has_run_out_or_was_meant_for_others_counts_for_nothing(self, before, more):
        actor = before(claims(email="bob@example.org", **more), configured=True)
        assert actor.role == "viewer"
        assert actor.id.startswith("session:")

    def test_it_runs_out_in_the_midst_of_a_session(self, before, monkeypatch):
        assert before(claims(), configured=True).role == "presenter"
        later = time.time() + 601
        monkeypatch.setattr(session.time, "time", lambda: later)
        assert access.current().role == "viewer"

    def test_who_has_not_signed_in_looks_even_on_this_machine(self, before, monkeypatch):
        configure(monkeypatch, role="admin")
        assert before({}, configured=True).role == "viewer"

    def test_several_audiences(self, before):
        assert before(claims(aud=["x", "vitrine"]), configured=True).role == "presenter"


class TestStart:
    @pytest.fixture
    def secrets(self, monkeypatch, tmp_path):
        """`secrets(text)`: the server's secrets.toml."""

        def written(text):
            file = tmp_path / "secrets.toml"
            file.write_text(text)
            real = session.config.get_option
            monkeypatch.setattr(
                "streamlit.config.get_option", lambda name: [str(file)] if name == "secrets.files" else real(name)
            )
            st.secrets._reset()
            session.sign_in.cache_clear()

        yield written
        monkeypatch.undo()
        st.secrets._reset()
        session.sign_in.cache_clear()

    def auth(self, **changes):
        values = {"redirect_uri": "http://localhost:8501/oauth2callback", "cookie_secret": GOOD, "client_id": "vitrine"}
        values |= {"client_secret": "s", "server_metadata_url": "https://id.example.org/c"}
        return "[auth]\n" + "".join(
            f'{key} = "{value}"\n' for key, value in (values | changes).items() if value is not None
        )

    def test_without_secrets_and_with_good_ones_it_starts(self, secrets):
        session.check_start()
        secrets(self.auth())
        session.check_start()
        assert session.sign_in() == session.SignIn((None,), ("vitrine",))

    def test_named_providers(self, secrets):
        text = self.auth(client_id=None) + '[auth.lab]\nclient_id = "a"\n[auth.clinic]\nclient_id = "b"\n'
        secrets(text)
        session.check_start()
        assert session.sign_in() == session.SignIn(("lab", "clinic"), ("a", "b"))

    @pytest.mark.parametrize(
        "secret",
        [
            None,
            "",
            "xxx",
            "changeme",
            "secret",
            "a" * 64,
            "short-1234567890",
            "your-cookie-secret-goes-here-0123456789",
        ],
    )
    def test_with_a_cookie_secret_that_others_know_it_does_not(self, secrets, secret):
        secrets(self.auth(cookie_secret=secret))
        with pytest.raises(SystemExit) as caught:
            session.check_start()
        assert "cookie secret" in str(caught.value)
        if secret:
            assert secret not in str(caught.value).replace("cookie secret", "")

    @pytest.mark.parametrize("text", ["[auth", "[auth]\nredirect_uri = nonsense"])
    def test_with_secrets_that_cannot_be_read_it_does_not(self, secrets, text):
        secrets(text)
        with pytest.raises(SystemExit, match="cannot be read"):
            session.check_start()

    def test_without_a_provider_it_does_not(self, secrets):
        secrets(self.auth(client_id=None))
        with pytest.raises(SystemExit, match="no provider"):
            session.check_start()

    def test_the_setting_asks_for_it_or_turns_it_off(self, secrets, monkeypatch):
        configure(monkeypatch, sign_in="true")
        secrets("other = 1\n")
        with pytest.raises(SystemExit, match="VITRINE_SIGN_IN"):
            session.check_start()
        configure(monkeypatch, sign_in="false")
        secrets(self.auth(cookie_secret="xxx"))
        session.check_start()
        assert session.sign_in() is None


def a_page_with_a_button() -> None:
    import streamlit as st

    from core.errors import AppError
    from core.store.registry import registry
    from core.ui import session

    session.register()

    def promote() -> None:
        try:
            registry().promote("medical", 1, verdict={"result": "pass"})
        except AppError as error:
            st.session_state["refused"] = error.code

    st.button("Promote", on_click=promote, key="promote")
    st.write(st.session_state.get("refused", "nothing refused"))


class TestCallbacks:
    """A button's callback runs before the page; a raw message can press any button that the page once drew."""

    @pytest.mark.slow
    @pytest.mark.parametrize(("role", "champion"), [("viewer", 0), ("presenter", 1), ("admin", 1)])
    def test_the_service_asks_who_pressed(self, home, monkeypatch, role, champion):
        configure(monkeypatch, role=role)
        register_version(home, seed=1)
        page = AppTest.from_function(a_page_with_a_button, default_timeout=30).run()
        page.button(key="promote").click().run()
        assert not page.exception
        assert registry().resolve("medical").number == champion
        entry = audit.entries(1)[0]
        assert (entry.action, entry.role) == (("access.refused", role) if not champion else ("promote", role))
        assert entry.actor.startswith("session:")
        assert ("access.role" in page.markdown[0].value) == (not champion)
