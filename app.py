"""The entry: `streamlit run app.py`. Pages by the router, `/api` beside them, models loaded in the background."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import streamlit as st
from starlette.middleware import Middleware

from core.api import ROUTES
from core.jobs.keeping import start_janitor
from core.serving import warmup
from core.settings import settings
from core.ui import session
from core.ui.failures import on_script_error
from core.ui.quota import UploadQuota


@asynccontextmanager
async def warm_up(_app: st.App) -> AsyncIterator[dict[str, Any]]:
    """Load the champions behind the first page; with `VITRINE_WAIT_FOR_MODELS` be healthy only once they are there."""
    warmup.start(after_first_page=not settings().wait_for_models)
    start_janitor()
    if settings().wait_for_models:
        await asyncio.to_thread(warmup.wait, 300.0)
    yield {}


session.check_start()
session.register()
app = st.App(
    "core/ui/router.py",
    lifespan=warm_up,
    routes=ROUTES,
    middleware=[Middleware(UploadQuota)],
    on_script_error=on_script_error,
)
