"""A fresh database on the PostgreSQL server of VITRINE_TEST_POSTGRES_URL."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

URL = os.environ.get("VITRINE_TEST_POSTGRES_URL", "")
REASON = "needs a PostgreSQL server: run by .ci/with-postgres, or set VITRINE_TEST_POSTGRES_URL"


@contextmanager
def fresh_database() -> Iterator[str]:
    """Address of an empty database, dropped at the end whoever is still connected."""
    engine = create_engine(URL, isolation_level="AUTOCOMMIT")
    name = f"vitrine_{secrets.token_hex(6)}"
    try:
        with engine.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        try:
            yield make_url(URL).set(database=name).render_as_string(hide_password=False)
        finally:
            with engine.connect() as connection:
                connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    finally:
        engine.dispose()
