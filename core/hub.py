"""Whether the model hub can be reached: asked once per process and within a second, so that nobody waits for it."""

from __future__ import annotations

import socket
import threading
from urllib.parse import urlsplit

from core.settings import settings

LIMIT_S = 1.0
"""For everything: looking up the name can take longer than connecting."""
_answers: dict[str, bool] = {}


def reachable(limit_s: float = LIMIT_S) -> bool:
    """Whether the hub's address takes connections; False when nothing is to be asked. Remembered from then on."""
    if settings().offline:
        return False
    endpoint = settings().hub_endpoint
    if endpoint not in _answers:
        _answers[endpoint] = _probe(endpoint, limit_s)
    return _answers[endpoint]


def known() -> bool | None:
    """What `reachable` found; None while nobody needed to know. Asks nothing."""
    return _answers.get(settings().hub_endpoint)


def forget() -> None:
    """Ask again at the next opportunity."""
    _answers.clear()


def _probe(endpoint: str, limit_s: float) -> bool:
    address = urlsplit(endpoint)
    target = (address.hostname or "", address.port or (443 if address.scheme == "https" else 80))
    answered = threading.Event()

    def connect() -> None:
        try:
            with socket.create_connection(target, timeout=limit_s):
                answered.set()
        except OSError:
            pass  # no answer is the answer

    # A resolver that does not answer cannot be interrupted, only left behind.
    thread = threading.Thread(target=connect, name="hub-probe", daemon=True)
    thread.start()
    thread.join(limit_s)
    return answered.is_set()
