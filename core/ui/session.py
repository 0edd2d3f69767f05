"""Who sits before a page, and what they may do: by their sign-in where one is configured, else by where they come from.

The answer is taken anew from the session at every question, so that it also holds in a widget's callback, which runs
before the page does, and so that a sign-in which runs out counts no longer. `st.user` alone does not notice that.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import streamlit as st
from streamlit import config
from streamlit.runtime.scriptrunner import get_script_run_ctx

from core import access
from core.access import ROLES, Actor, Role
from core.contracts import N_, Message
from core.errors import AppError
from core.log import log_event
from core.settings import settings
from core.store.secret import keyed_hash
from core.ui.i18n import t

SECRET_MIN: Final = 32
_EXAMPLES: Final = ("xxx", "changeme", "change_me", "secret", "example", "placeholder", "your")
_FORWARDED: Final = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip")
_NOTED: Final = "session.noted"


@dataclass(frozen=True)
class SignIn:
    """The sign-in of this server: names for `st.login`, and the audiences that a token may be meant for."""

    providers: tuple[str | None, ...]
    audiences: tuple[str, ...]


def register() -> None:
    """Have every service ask here who acts; called at the start of the server and of every run."""
    access.ask_source(visitor)


def visitor() -> Actor | None:
    """Who sits before the page that is being drawn; None outside of a page."""
    context = get_script_run_ctx(suppress_warning=True)
    if context is None:
        return None
    place = _page(context)
    claims = _valid(context.user_info)
    if claims is not None:
        issuer = urlsplit(str(claims.get("iss", ""))).hostname or "oidc"
        return Actor(f"{issuer}:{claims['sub']}", _role_of(claims), place)
    return Actor(_anonymous(context.session_id), _role_without(), place)


def check_start() -> None:
    """Refuse to start with a sign-in that anybody could forge, or that cannot work.

    Raises:
        SystemExit: with what is wrong; whoever starts the server reads it.
    """
    problem = _problem()
    if problem:
        log_event("start_refused", level="ERROR", code="access.configuration")
        raise SystemExit(f"{problem} See the section on sign-in in SECURITY.md; then start again.")


def note_login() -> None:
    """Put the sign-in of this session on record, once; and once that it ran out."""
    context = get_script_run_ctx(suppress_warning=True)
    if context is None or not context.user_info.get("is_logged_in") or sign_in() is None:
        return
    state = "ok" if _valid(context.user_info) is not None else "access.expired"
    if st.session_state.get(_NOTED) != state:
        from core.store import audit

        st.session_state[_NOTED] = state
        audit.record("login", code=state)


def show_sign_in() -> None:
    """Draw into the sidebar who is signed in, and the way in or out; nothing where no sign-in is configured."""
    found = sign_in()
    context = get_script_run_ctx(suppress_warning=True)
    if found is None or context is None:
        return
    claims = _valid(context.user_info)
    if claims is not None:
        from core.ui.views import escape

        name = str(claims.get("name") or claims.get("email") or claims["sub"])
        st.caption(t("Signed in as {name}, role {role}", name=escape(name[:80]), role=t(_ROLE_NAMES[_role_of(claims)])))
        st.button(t("Sign out"), icon=":material/logout:", key="session.sign_out", on_click=st.logout, width="stretch")
        return
    if context.user_info.get("is_logged_in"):
        st.caption(t("Your sign-in has run out."))
    for provider in found.providers:
        st.button(
            t("Sign in") if len(found.providers) == 1 else t("Sign in with {provider}", provider=str(provider)),
            icon=":material/login:",
            key=f"session.sign_in.{provider or 'default'}",
            on_click=st.login,
            args=(provider,),
            width="stretch",
        )


@lru_cache(maxsize=1)
def sign_in() -> SignIn | None:
    """The sign-in in force: of `.streamlit/secrets.toml` unless the settings turn it off; read once."""
    if settings().sign_in is False or not st.secrets.load_if_toml_exists():
        return None
    section = st.secrets.get("auth")
    if not isinstance(section, Mapping):
        return None
    named = {name: part for name, part in section.items() if isinstance(part, Mapping) and "client_id" in part}
    clients: list[Mapping[str, Any]] = [section, *named.values()] if "client_id" in section else list(named.values())
    providers = [None, *named] if "client_id" in section else list(named)
    return SignIn(tuple(providers), tuple(str(client["client_id"]) for client in clients))


_ROLE_NAMES: Final[dict[Role, str]] = {
    "viewer": N_("viewer"),
    "presenter": N_("presenter"),
    "admin": N_("admin"),
}


def _valid(claims: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The claims of a sign-in that holds now and was meant for this program; None without one."""
    found = sign_in()
    if found is None or claims.get("is_logged_in") is not True or not claims.get("sub"):
        return None
    expires, audience = claims.get("exp"), claims.get("aud")
    if isinstance(expires, bool) or not isinstance(expires, int | float) or expires <= time.time():
        return None
    meant_for = audience if isinstance(audience, list) else [audience]
    return claims if set(found.audiences) & {str(name) for name in meant_for} else None


def _role_of(claims: Mapping[str, Any]) -> Role:
    """The highest role that the e-mail address or the role claim of somebody signed in gives."""
    rules = settings()
    roles: list[Role] = [rules.signed_in_role]
    email = claims.get("email")
    if isinstance(email, str) and claims.get("email_verified") is True:
        roles += [role for address, role in rules.roles_by_email.items() if address.casefold() == email.casefold()]
    given = claims.get(rules.role_claim) if rules.role_claim else None
    values = given if isinstance(given, list) else [given]
    roles += [
        rules.roles_by_claim[value] for value in values if isinstance(value, str) and value in rules.roles_by_claim
    ]
    return max(roles, key=ROLES.index)


def _role_without() -> Role:
    """The role of a visitor who has not signed in."""
    if sign_in() is not None:
        return "viewer"
    return settings().role or ("admin" if _alone() else "viewer")


def _alone() -> bool:
    """Whether only this machine can reach the server: it listens on loopback, and no proxy handed the visitor on."""
    return _loopback(str(config.get_option("server.address") or "")) and not any(
        name in st.context.headers for name in _FORWARDED
    )


def _loopback(address: str) -> bool:
    try:
        return address == "localhost" or ip_address(address).is_loopback
    except ValueError:
        return False


def _anonymous(session_id: str) -> str:
    try:
        return f"session:{keyed_hash('session', session_id)[:16]}"
    except AppError as error:  # looking goes on without the key; changes are refused by the audit log
        log_event("session_unnamed", level="WARNING", code=error.code)
        return "session:unknown"


def _page(context: Any) -> str:
    pages = context.pages_manager.get_pages()
    return str(pages.get(context.page_script_hash, {}).get("url_pathname", "")) or "home"


def _problem() -> Message | None:
    """What is wrong with the configuration of the sign-in."""
    files = [Path(file) for file in config.get_option("secrets.files")]
    if not st.secrets.load_if_toml_exists() and any(file.exists() for file in files):
        return Message(N_("The secrets of the server cannot be read."))
    found = sign_in()
    if found is None:
        return Message(N_("VITRINE_SIGN_IN is on, but no sign-in is configured.")) if settings().sign_in else None
    section = st.secrets["auth"]
    secret = str(section.get("cookie_secret", ""))
    weak = len(secret) < SECRET_MIN or len(set(secret)) < 10 or any(word in secret.lower() for word in _EXAMPLES)
    if weak:
        return Message(
            N_("The cookie secret of the sign-in is missing, an example or shorter than {n} characters."),
            {"n": SECRET_MIN},
        )
    if not found.providers or "redirect_uri" not in section:
        return Message(N_("The sign-in names no provider, or no redirect_uri."))
    return None
